"""
Which way do the solvers go?
============================

All of them follow the gradient that back-propagation finds; they differ in what they
make of it (slides "Ways to Use Weight Derivatives" and "Comparing Optimization
Methods"). This example draws their ways over an error surface of two parameters, and
their losses on images of handwritten digits, from the same first weights. It takes
about ten seconds and saves the figure as ``compare_solvers.png``, or under the name
given on the command line.
"""

# %%
# An error surface that can be drawn
# ----------------------------------
# A network with one input, one output and no hidden unit has two parameters, w and b.
# The inputs are far from zero, so w and b can make up for each other, and the surface
# is a long valley: the gradient points across it, seldom along.
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM, MLPRegressorSDM

warnings.simplefilter("ignore", ConvergenceWarning)  # all have the same few epochs

rng = np.random.default_rng(0)
x = rng.normal(1.5, 1, 100)
t = 2.5 - 1.5 * x + 0.1 * rng.normal(size=100)

# Parameters, and for each a learning rate with which its way can be seen well.
solvers = {
    "gradient descent": {"momentum": 0.0, "learning_rate_init": 0.3},
    "momentum": {"learning_rate_init": 0.02},
    "Nesterov's momentum": {"nesterovs_momentum": True, "learning_rate_init": 0.02},
    "adagrad": {"solver": "adagrad", "learning_rate_init": 0.6},
    "rmsprop": {"solver": "rmsprop", "learning_rate_init": 0.05},
    "adadelta": {"solver": "adadelta", "learning_rate_init": 30.0},
    "adam": {"solver": "adam", "learning_rate_init": 0.15},
    "lbfgs": {"solver": "lbfgs"},
}


def way(parameters, n_updates=120):
    """The points (w, b) before and after each of the updates with all cases."""
    mlp = MLPRegressorSDM((), batch_size="full", weight_decay=0, random_state=4, tol=0)
    mlp.set_params(**parameters)
    points = [(1.6178, 0.0)]  # what random_state=4 draws
    for n in range(1, n_updates + 1):
        mlp.set_params(max_iter=n).fit(x[:, None], t)
        points.append((mlp.coefs_[0].item(), mlp.intercepts_[0].item()))
    return np.array(points)


ways = {name: way(parameters) for name, parameters in solvers.items()}
for name, points in ways.items():
    far = (np.hypot(*(points[:-1] - ways["lbfgs"][-1]).T) > 0.1).sum()
    print(f"{name:20}{far:4} updates start more than 0.1 away from the minimum")

# %%
# Ten digits
# ----------
# The same solvers on a real problem, in mini-batches, each with its automatic learning
# rate ("gradient descent" has that of momentum, and is slower for it). "lbfgs" uses all
# cases for each of its iterations.
X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)
losses = {}
for name, parameters in solvers.items():
    mlp = MLPClassifierSDM(50, max_iter=40, batch_size=100, random_state=0, tol=0)
    mlp.set_params(**parameters | {"learning_rate_init": "auto"}).fit(X, y)
    losses[name] = mlp.history_["loss"]
    print(f"{name:20} loss after {mlp.n_iter_} epochs: {mlp.loss_:.4f}")

# %%
# Left: gradient descent crosses the valley, comes back, and then follows it in ever
# smaller steps. Momentum swings from one side of the valley to the other, Nesterov's
# less far. The adaptive solvers set out diagonally, because their first steps are as
# long in w as in b, and then turn into the valley; adam, which has a momentum too,
# swings wider. lbfgs learns the curvature from a few gradients and is there after five
# updates. For the others the number of updates says more about the learning rate than
# about the solver: with twice its rate rmsprop would need 66.
#
# Right: after 40 epochs the loss of each adaptive solver and of lbfgs is below that of
# momentum, on which Nesterov's lies. adadelta and lbfgs are lowest; rmsprop and adam
# pass momentum only after a dozen epochs or more. (The loss of lbfgs rises where the
# penalty falls by more: it never lets their sum rise.)
colours = ["#000000", "#0072B2", "#56B4E9", "#E69F00", "#D55E00", "#CC79A7", "#009E73"]
cycle = plt.cycler(color=[*colours, "#7F7F7F"], linestyle=["-", "--", "-.", ":"] * 2)
plt.rc("axes", prop_cycle=cycle)
fig, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.8), layout="constrained")

w, b = np.meshgrid(np.linspace(-2.6, 2.4, 200), np.linspace(-2.2, 4.2, 200))
errors = 0.5 * ((w[..., None] * x + b[..., None] - t) ** 2).mean(axis=-1)
levels = np.geomspace(0.01, 40, 14)
left.contour(w, b, errors, levels, colors="0.8", linewidths=0.8, zorder=0)
for points in ways.values():
    left.plot(*points.T, marker=".", markersize=4, linewidth=1.2)
left.plot(*ways["lbfgs"][0], "ks", markersize=7)
left.plot(*ways["lbfgs"][-1], "k*", markersize=13)
left.set(xlabel="weight $w$", ylabel="bias $b$", title="Ways over an error surface")
for name, curve in losses.items():
    width = 4 if name == "momentum" else 1.5
    right.semilogy(range(1, len(curve) + 1), curve, label=name, linewidth=width)
right.set(xlabel="epoch", ylabel="training loss", title="Ten digits")
fig.legend(loc="outside lower center", ncols=4)

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "compare_solvers.png", dpi=170)
