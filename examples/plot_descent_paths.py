"""
How often should the weights be updated?
========================================

After a full sweep through the training data, after each training case, or after a
mini-batch: the slide "Ways to Use Weight Derivatives" names the three. A network with
one input and no hidden units has two numbers to learn, so that its error is a surface
over a plane, and training is a path that can be seen.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPRegressorSDM

rng = np.random.default_rng(0)
X = rng.normal(0.5, 1, size=(64, 1))
t = 2 * X[:, 0] - 1 + rng.normal(0, 0.7, size=64)

# %%
# The path
# --------
# ``partial_fit`` updates the weights once for each mini-batch that it is given, and
# ``coefs_`` and ``intercepts_`` may be written to, so that all paths can start from the
# same point. Momentum is 0, to see the updates alone. The slide sums the derivatives
# over the cases; here, as everywhere in the package, an update takes their mean.


def descend(batch_size, epochs, start=(-1.5, 1.5)):
    """The weight and the bias before the first update and after each."""
    mlp = MLPRegressorSDM((), batch_size=batch_size, learning_rate_init=0.15)
    mlp.set_params(momentum=0, weight_decay=0).partial_fit(X, t)
    mlp.coefs_[0][:], mlp.intercepts_[0][:] = start
    path, order = [start], np.random.default_rng(1)
    for _ in range(epochs):
        for rows in np.split(order.permutation(64), 64 // batch_size):
            mlp.partial_fit(X[rows], t[rows])
            path.append((mlp.coefs_[0].item(), mlp.intercepts_[0].item()))
    return np.array(path)


# %%
# The error surface
# -----------------
# Each panel shows eight sweeps through the training data with the same learning rate.
# Batch gradient descent goes straight down and is not half way yet. Updates after each
# case arrive in the first sweep and then never settle, for no two cases agree where the
# minimum is. Mini-batches arrive, too, and hardly stray.
w, b = np.meshgrid(np.linspace(-2, 4, 100), np.linspace(-3, 2, 100))
errors = w[..., np.newaxis] * X[:, 0] + b[..., np.newaxis] - t
E = np.mean(errors**2, axis=-1) / 2
fig, axes = plt.subplots(1, 3, figsize=(9, 3.5), layout="constrained", sharey=True)
sizes = {"Batch": 64, "Stochastic": 1, "Mini-batches of 8": 8}
for ax, (name, batch_size) in zip(axes, sizes.items(), strict=True):
    path = descend(batch_size, epochs=8)
    print(f"{name}: {len(path) - 1} updates, to w, b = {path[-1].round(2)}")
    ax.contour(w, b, E, levels=np.geomspace(0.3, 15, 12), colors="0.75", linewidths=0.8)
    ax.plot(*path.T, ".-", color="#0072B2", markersize=4, linewidth=1)
    ax.plot(*path[0], "s", color="#0072B2", label="start")
    ax.plot(
        w.flat[E.argmin()], b.flat[E.argmin()], "X", color="#D55E00", label="minimum"
    )
    ax.set(title=f"{name}: {len(path) - 1} updates", xlabel="weight w")
axes[0].set_ylabel("bias b")
axes[0].legend(loc="lower left")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "descent_paths.png", dpi=170)
