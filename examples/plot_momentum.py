"""
What does momentum do?
======================

Where the error surface is a narrow valley, its steep walls allow gradient descent only
a small learning rate, with which it creeps along the floor. Momentum (slide "Ways to
Use Weight Derivatives") adds up what the updates have in common, the way along the
valley, while their steps from wall to wall cancel.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPRegressorSDM

# %%
# A narrow valley
# ---------------
# A network with one input and no hidden units learns its weight w and its bias b. All
# inputs lie around 1: more weight and less bias make almost no difference, and the
# error surface is a valley. (Here standardising the inputs would do away with it. The
# valleys of a network with hidden units cannot be seen beforehand.)
rng = np.random.default_rng(0)
X = rng.normal(1, 0.15, size=(100, 1))
t = 2 * X[:, 0] - 1 + rng.normal(0, 0.1, size=100)


def error(w, b):
    o = w[..., np.newaxis] * X[:, 0] + b[..., np.newaxis]
    return np.mean((o - t) ** 2, axis=-1) / 2


# %%
# Batch gradient descent
# ----------------------
# Each sweep through the data is one update, v <- gamma v + eta dE/dw; w <- w - v, with
# the same eta for all. The first call of ``partial_fit`` is there to make the arrays
# ``coefs_`` and ``intercepts_``, into which the start is written; its step is too small
# to count.


def descend(momentum, nesterov=False, start=(0, 2.5)):
    mlp = MLPRegressorSDM((), batch_size="full", weight_decay=0, momentum=momentum)
    mlp.set_params(nesterovs_momentum=nesterov, learning_rate_init=1e-12)
    mlp.partial_fit(X, t).set_params(learning_rate_init=0.25)
    mlp.coefs_[0][:], mlp.intercepts_[0][:] = start
    path = [start]
    for _ in range(200):
        mlp.partial_fit(X, t)
        path.append((mlp.coefs_[0].item(), mlp.intercepts_[0].item()))
    return np.transpose(path)


paths = {
    "momentum 0": descend(0),
    "momentum 0.5": descend(0.5),
    "momentum 0.9": descend(0.9),
    "Nesterov's, 0.9": descend(0.9, nesterov=True),
}

# %%
# Left and middle: the first 100 updates. With momentum the path swings from wall to
# wall at first, and arrives. Right: how far the error is above its minimum. Nesterov's
# momentum, which takes the gradient to be that of where the velocity leads, swings
# less.
plt.rc(
    "axes", prop_cycle=plt.cycler(color=["#0072B2", "#E69F00", "#D55E00", "#000000"])
)
fig, axes = plt.subplots(1, 3, figsize=(9, 3.6), layout="constrained")
w, b = np.meshgrid(np.linspace(-1.5, 3.5, 100), np.linspace(-2.5, 3, 100))
minimum = np.polyfit(X[:, 0], t, 1)
for ax, name, colour in (axes[0], "momentum 0", "C0"), (axes[1], "momentum 0.9", "C2"):
    ax.contour(w, b, error(w, b), np.geomspace(0.006, 10, 14), colors="0.8")
    ax.plot(*paths[name][:, :101], ".-", color=colour, markersize=4, linewidth=1)
    ax.plot(*minimum, "kX", label="minimum")
    ax.set(xlabel="weight w", ylabel="bias b", title=f"{name.capitalize()}")
axes[0].legend(loc="lower left")
for name, path in paths.items():
    above = error(*path) - error(*minimum)
    axes[2].semilogy(above, label=name, linewidth=1)
    print(f"{name}: {above[-1]:.0e} above the minimum after {len(above) - 1} updates")
axes[2].set(xlabel="updates", ylim=(1e-13, 9), title="Error above its minimum")
axes[2].legend(loc="lower left")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "momentum.png", dpi=170)
