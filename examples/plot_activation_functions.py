"""
What does an activation function do?
====================================

A neuron, here called a unit, computes f(w x + b) (slide "Mathematical Model of a
Neuron"). This example draws the three functions f of the slide "Activation Functions"
with their derivatives, and what the weight w and the bias b of a single unit with one
input make of each.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPRegressorSDM
from skmlp.inspection import input_gradient, layer_outputs

x = np.linspace(-5, 5, 501)
X = x[:, np.newaxis]

# %%
# A single unit
# -------------
# It is a network with one hidden unit, whose output is passed on as it is. The call of
# ``partial_fit`` is there to make the arrays ``coefs_`` and ``intercepts_``, into which
# the weights are written.


def unit(activation, w=1.0, b=0.0):
    mlp = MLPRegressorSDM(1, activation=activation).partial_fit([[0.0]], [0.0])
    mlp.coefs_[0][:], mlp.intercepts_[0][:] = w, b
    mlp.coefs_[1][:], mlp.intercepts_[1][:] = 1, 0
    return mlp


# %%
# Useful derivatives
# ------------------
# With w = 1 and b = 0 the derivative of the output with respect to the input is f'(x),
# and back-propagation finds it. It is that of the slide "Useful Derivatives".
names = {"logistic": "sigmoid", "tanh": "tanh", "relu": "ReLU"}
sigma = 1 / (1 + np.exp(-x))
formulas = {
    "logistic": sigma * (1 - sigma),
    "tanh": 1 / np.cosh(x) ** 2,
    "relu": np.where(x > 0, 1.0, 0.0),
}
for activation, formula in formulas.items():
    slope = input_gradient(unit(activation), X)[:, 0]
    print(f"{names[activation]:7} f'(0) = {slope[250]:.2f}, f'(5) = {slope[-1]:.4f}")
    assert np.allclose(slope, formula)

# %%
# What weight and bias do
# -----------------------
# Top: sigmoid and tanh saturate on both sides, where their derivatives vanish and
# little of an error signal gets through. The derivative of the sigmoid is never above
# 1/4, another reason why it learns slowly. ReLU lets all through or nothing.
#
# Middle: the weight is the steepness. A small one keeps sigmoid and tanh close to their
# linear range, a large one makes them a step, a negative one mirrors them. Bottom: the
# bias moves the curve along x. The middle of sigmoid and tanh, and the kink of ReLU,
# are where w x + b = 0.
plt.rc(
    "axes", prop_cycle=plt.cycler(color=["#0072B2", "#D55E00", "#000000", "#009E73"])
)
fig, axes = plt.subplots(
    3, 3, figsize=(9, 7), sharex=True, sharey="col", layout="constrained"
)
for column, activation in zip(axes.T, names, strict=True):
    of_x, of_weight, of_bias = column
    mlp = unit(activation)
    of_x.plot(x, layer_outputs(mlp, X)[0], label="$f$")
    of_x.plot(x, input_gradient(mlp, X), "--", label="$f'$")
    for w in 0.3, 1, 5, -1:
        of_weight.plot(x, layer_outputs(unit(activation, w), X)[0], label=f"$w={w}$")
    for b in -4, 0, 4:
        h = layer_outputs(unit(activation, 2, b), X)[0]
        of_bias.plot(x, h, label=f"$b={b}$")
    for ax in column:
        ax.axhline(0, color="0.8", linewidth=0.8, zorder=0)
        ax.axvline(0, color="0.8", linewidth=0.8, zorder=0)
    of_x.set(title=names[activation], xticks=range(-4, 5, 2))
    of_bias.set_xlabel("input $x$")
axes[0, 2].set_ylim(-0.2, 3.2)
for row, what in zip(axes, ("$f(x)$", "$f(w x)$", "$f(2 x + b)$"), strict=True):
    row[0].set_ylabel(what)
    row[2].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "activation_functions.png", dpi=170)
