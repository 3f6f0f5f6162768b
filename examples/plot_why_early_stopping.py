"""
Why does early stopping work?
=============================

While the weights are very small, every hidden unit is in its linear range, and a
network with a large layer of them has no more capacity than one without hidden units.
As the weights grow, the units start to use their non-linear ranges, and the capacity
grows. So says the slide "Why Early Stopping Works", and this example watches it happen.
"""

import sys
from copy import deepcopy

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.metrics import log_loss

from skmlp import MLPClassifierSDM
from skmlp.inspection import layer_outputs

X, y = make_moons(300, noise=0.35, random_state=0)
X, X_val, y, y_val = X[:100], X[100:], y[:100], y[100:]
linear = MLPClassifierSDM((), max_iter=1000, random_state=0).fit(X, y)

# %%
# Very small weights
# ------------------
# The package's first weights are larger than the "very small weights" of the slide
# before. So the first call of ``partial_fit``, whose step is too small to count, only
# makes the arrays ``coefs_``, which are then scaled down. From there on, copies of the
# network are kept, the same number in each tenfold of epochs.
mlp = MLPClassifierSDM(100, activation="tanh", batch_size=10, random_state=0)
mlp.set_params(weight_decay=0, learning_rate_init=1e-12)
mlp.partial_fit(X, y, classes=[0, 1]).set_params(learning_rate_init=0.03)
for W in mlp.coefs_:
    W *= 0.01
kept = np.unique(np.geomspace(1, 3000, 120).astype(int))
networks = []
for epoch in range(1, kept[-1] + 1):
    mlp.partial_fit(X, y)
    if epoch in kept:
        networks.append(deepcopy(mlp))

# %%
# What is watched
# ---------------
# A unit counts as outside its linear range where \|h\| > 1/2: there tanh(u) differs
# from u by more than 9 %.
training = np.array([log_loss(y, n.predict_proba(X)) for n in networks])
validation = np.array([log_loss(y_val, n.predict_proba(X_val)) for n in networks])
weights = [np.sqrt(np.mean(n.coefs_[0] ** 2)) for n in networks]
outside = [np.mean(np.abs(layer_outputs(n, X)[0]) > 0.5) for n in networks]
best = validation.argmin()
stages = np.searchsorted(kept, 50), best, len(kept) - 1
for stage in stages:
    print(f"epoch {kept[stage]:4}: validation loss {validation[stage]:.3f}, ", end="")
    print(f"{outside[stage]:.0%} of the activations outside the linear range")

# %%
# From epoch 10 to 300 the loss stays where a network without hidden units ends, and the
# network is one: its boundary is a line. Then the weights grow, units leave their
# linear ranges, and the boundary bends to the two moons, here with the lowest
# validation loss. At the end it bends around single cases.
plt.rc("axes", prop_cycle=plt.cycler(color=["#0072B2", "#D55E00"]))
fig, axes = plt.subplots(2, 3, figsize=(9, 6), layout="constrained")
axes[0, 0].plot(kept, training, label="training")
axes[0, 0].plot(kept, validation, label="validation")
no_hidden = log_loss(y, linear.predict_proba(X))
axes[0, 0].axhline(no_hidden, color="k", linestyle=":", label="no hidden units")
axes[0, 0].set(title="Loss", ylim=(0, 1.4))
axes[0, 0].legend(loc="upper left")
axes[0, 1].plot(kept, weights)
axes[0, 1].set(yscale="log", title="Size of the weights (rms)")
axes[0, 2].plot(kept, outside)
axes[0, 2].set(ylabel="share of activations", title="Outside the linear range")
for ax in axes[0]:
    ax.axvline(kept[best], color="0.7", zorder=0)
    ax.set(xscale="log", xlabel="epoch")
colours = {"plot_method": "pcolormesh", "cmap": "PuOr", "alpha": 0.6}
for ax, stage in zip(axes[1], stages, strict=True):
    DecisionBoundaryDisplay.from_estimator(
        networks[stage], X, ax=ax, response_method="predict_proba", **colours
    )
    ax.scatter(*X.T, c=y, cmap="PuOr", edgecolors="w", s=25)
    ax.set(title=f"Epoch {kept[stage]}", xlabel="$x_1$", ylabel="$x_2$")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "why_early_stopping.png", dpi=170)
