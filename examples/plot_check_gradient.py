"""
What does a wrong derivative look like?
=======================================

Back-propagation with a slip in it often still learns something, only worse, and no
error message tells. Central differences tell: they need nothing but the objective
itself. This example writes back-propagation out in NumPy, once right and once with a
slip that is easily made, and compares both with central differences. It takes a few
seconds and saves the figure as ``check_gradient.png``, or under the name given on the
command line.
"""

# %%
# A network
# ---------
# One epoch on scikit-learn's images of handwritten digits is enough: a derivative is
# right or wrong at any weights. A few rows are enough, too.
import sys

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import softmax
from sklearn.datasets import load_digits

from skmlp import MLPClassifierSDM
from skmlp.inspection import check_gradient, layer_outputs, loss_gradient

X, y = load_digits(return_X_y=True)
X = X / 16
mlp = MLPClassifierSDM(16, activation="tanh", batch_size=32, random_state=0)
mlp.partial_fit(X, y, classes=np.arange(10))
X, y, T = X[:50], y[:50], np.eye(10)[y[:50]]
V, W = mlp.coefs_
b, c = mlp.intercepts_

# %%
# The objective and its derivative
# --------------------------------
# With softmax outputs o and the log loss, the error signal is o - t: the slide
# "Backpropagation" has it as p(c|x) - t. The slide "Multi-class Classification" has the
# slip: it multiplies by o (1 - o), which belongs to logistic outputs and the squared
# error.


def objective(V):
    o = softmax(np.tanh(X @ V + b) @ W + c, axis=1)
    penalty = mlp.weight_decay / 2 * ((W**2).sum() + (V**2).sum())
    return -np.mean(np.log(o[T == 1])) + penalty


def gradient_of_V(slip):
    h, o = layer_outputs(mlp, X)
    delta = (o - T) * o * (1 - o) if slip else o - T
    delta_below = delta @ W.T * (1 - h**2)
    return X.T @ delta_below / len(X) + mlp.weight_decay * V


right, wrong = gradient_of_V(slip=False), gradient_of_V(slip=True)

# %%
# Central differences
# -------------------
# Two evaluations of the objective for each weight: far too slow for training, but
# nothing that could be derived wrongly.


def central_differences(epsilon):
    numeric = np.empty_like(V)
    for i in np.ndindex(V.shape):
        step = np.zeros_like(V)
        step[i] = epsilon
        numeric[i] = (objective(V + step) - objective(V - step)) / (2 * epsilon)
    return numeric


steps = 10.0 ** np.arange(-12, 1)
numeric = [central_differences(step) for step in steps]
best = numeric[7]  # epsilon = 1e-5


def relative_difference(gradient, numeric):
    return abs(gradient - numeric).max() / abs(numeric).max()


# %%
# The package does the same for all its weights and biases, and its gradient is the
# right one:
package = loss_gradient(mlp, X, y).coefs[0]
print("Largest relative difference from central differences")
print(f"  right, o - t:                    {relative_difference(right, best):.0e}")
print(f"  with the slip, (o - t) o (1-o):  {relative_difference(wrong, best):.0e}")
print(f"  skmlp's loss_gradient:           {relative_difference(package, best):.0e}")
print(f"  skmlp's check_gradient, all:     {check_gradient(mlp, X, y):.0e}")
same_sign = np.mean(np.sign(wrong) == np.sign(best))
print(f"The slip leaves the sign of {same_sign:.0%} of the derivatives as it is")

# %%
# Left: the slip leaves most signs right, which is why such a network still learns.
# Right: the difference of a right derivative falls with the square of the step, until
# the objective's rounding errors, divided by ever smaller steps, take over. The
# difference of a wrong one stays where it is, whatever the step.
fig, axes = plt.subplots(1, 2, figsize=(9.6, 4.2), layout="constrained")
for name, gradient, style in (
    ("with the slip", wrong, {"marker": "s", "color": "#D55E00"}),
    ("right", right, {"marker": "o", "color": "#0072B2"}),
):
    axes[0].plot(best, gradient, linestyle="", markersize=3, **style)
    differences = [relative_difference(gradient, n) for n in numeric]
    axes[1].loglog(steps, differences, markersize=5, label=name, **style)
axes[0].axline((0, 0), slope=1, color="k", linewidth=0.8, zorder=0)
axes[0].set(xlabel="central difference", ylabel="back-propagation")
axes[0].set(title="The derivative for each weight")
axes[1].set(xlabel=r"step $\epsilon$", ylabel="largest relative difference")
axes[1].set(title="The difference against the step", ylim=(1e-12, 10))
axes[1].legend()

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "check_gradient.png", dpi=170)
