"""
Which cure for overfitting?
===========================

The slide "Preventing Overfitting" names three ways to limit the capacity of a network:
limit the number of hidden units, limit the norm of the weights, stop the learning
before it has time to overfit. Here are all three on the same data, divided as the slide
"Using a Validation Set" has it.
"""

import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.datasets import make_moons
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss

from skmlp import MLPClassifierSDM

# %%
# Three subsets
# -------------
# Training data for the weights, validation data for the strength of each cure, test
# data for the final estimate. (That there are so many of the last is a luxury of
# artificial data.)
X, y = make_moons(2200, noise=0.35, random_state=5)
(X, X_val, X_test), (y, y_val, y_test) = (np.split(a, [100, 200]) for a in (X, y))

# %%
# No cure
# -------
# 64 hidden units and a thousand epochs for a hundred cases. All networks train for the
# whole of it, unless they are stopped early, hence no patience, and no warning that it
# has not run out.
warnings.filterwarnings("ignore", category=ConvergenceWarning)
mlp = MLPClassifierSDM(64, activation="tanh", solver="adam", learning_rate_init=0.02)
mlp.set_params(batch_size=10, max_iter=1000, n_iter_no_change=np.inf, random_state=0)
mlp.set_params(weight_decay=0)


def loss(network, X, y):
    return log_loss(y, network.predict_proba(X))


# %%
# The cures
# ---------
# The strength of each cure is the one with the lowest validation loss. Early stopping
# needs one training for that, the others one for each strength.
strengths = {
    "hidden_layer_sizes": [1, 2, 3, 4, 6, 8, 16, 32, 64],
    "weight_decay": np.geomspace(1e-5, 1e-1, 13),
}
networks = {
    parameter: [clone(mlp).set_params(**{parameter: v}).fit(X, y) for v in values]
    for parameter, values in strengths.items()
}
stopped = clone(mlp).set_params(early_stopping=True)
stopped = stopped.fit(X, y, X_val=X_val, y_val=y_val)

# %%
# All three cures help; which one helps most is not the same on other data. (The test
# data count only now.)
plt.rc("axes", prop_cycle=plt.cycler(color=["#0072B2", "#D55E00"]))
fig, axes = plt.subplots(2, 2, figsize=(9, 6.5), layout="constrained")
chosen = {"none": mlp.fit(X, y)}
cures = "fewer hidden units", "weight decay"
for ax, cure, parameter in zip(axes[0], cures, strengths, strict=True):
    validation = [loss(network, X_val, y_val) for network in networks[parameter]]
    best = np.argmin(validation)
    chosen[cure] = networks[parameter][best]
    ax.plot(
        strengths[parameter], [loss(network, X, y) for network in networks[parameter]]
    )
    ax.plot(strengths[parameter], validation)
    ax.axvline(strengths[parameter][best], color="0.7", zorder=0)
chosen["early stopping"] = stopped
epochs = np.arange(1, 1001)
axes[1, 0].plot(epochs, stopped.history_["loss"], label="training")
axes[1, 0].plot(epochs, stopped.history_["validation_loss"], label="validation")
axes[1, 0].axvline(stopped.best_epoch_, color="0.7", zorder=0, label="chosen")
axes[1, 0].legend(loc="upper left")
axes[0, 0].set(title="Limit the number of hidden units", xlabel="hidden units J")
axes[0, 1].set(title="Limit the norm of the weights", xlabel=r"weight decay $\lambda$")
axes[1, 0].set(title="Stop the learning", xlabel="epoch")
for ax in axes.flat[:3]:
    ax.set(xscale="log", ylim=(0, 1.5), ylabel="loss")

test = [loss(network, X_test, y_test) for network in chosen.values()]
for (cure, network), value in zip(chosen.items(), test, strict=True):
    print(f"{cure}: validation {loss(network, X_val, y_val):.2f}, test {value:.2f}")
bars = axes[1, 1].barh(list(chosen), test, color="0.6")
axes[1, 1].bar_label(bars, fmt="%.2f", padding=3)
axes[1, 1].set(title="The result", xlabel="loss on the test data", xlim=(0, 1.5))
axes[1, 1].invert_yaxis()

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "overfitting.png", dpi=170)
