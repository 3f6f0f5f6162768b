"""
Do two inputs have the same value?
==================================

The slide "Limitations of Linear Classifiers" asks this of two inputs that are 0 or 1.
No line separates the cases with the answer yes from those with the answer no: a network
without hidden units fails, and two hidden units are enough.
"""

import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.inspection import DecisionBoundaryDisplay

from skmlp import MLPClassifierSDM
from skmlp.inspection import layer_outputs

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array(["same", "different", "different", "same"])

# %%
# Both networks learn the four cases by batch gradient descent. The output o is the
# probability of "same". Without hidden units no weights do better than o = 1/2 for all
# cases, and training stops close to that, of which `fit` would warn.
warnings.filterwarnings("ignore", "training stopped by patience")
mlp = MLPClassifierSDM(2, activation="tanh", weight_decay=0)
mlp.set_params(learning_rate_init=0.5, tol=1e-6, max_iter=5000)
linear = clone(mlp).set_params(hidden_layer_sizes=(), random_state=1).fit(X, y)
hidden = clone(mlp).set_params(random_state=1).fit(X, y)
print("Output for the four cases")
print(f"  without hidden units:  {linear.predict_proba(X)[:, 1].round(2)}")
print(f"  with two hidden units: {hidden.predict_proba(X)[:, 1].round(2)}")

# %%
# That two units are enough does not mean that gradient descent finds their weights:
# half of the starts end elsewhere, most of them in a local minimum, some where the loss
# is so flat that patience runs out. More units make that rare.
for J in 2, 4, 8:
    mlp.set_params(hidden_layer_sizes=J)
    scores = [mlp.set_params(random_state=i).fit(X, y).score(X, y) for i in range(50)]
    print(f"{J} hidden units: {np.mean(np.equal(scores, 1)):.0%} of 50 starts succeed")

# %%
# Right: what the two hidden units make of the inputs. They put both cases of "same" in
# one corner, where a line does separate them, and the output unit draws that line.
fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
styles = {"same": ("o", "#5e3c99"), "different": ("s", "#b35806")}
colours = {"plot_method": "pcolormesh", "cmap": "PuOr", "vmin": 0, "vmax": 1}
for ax, network in zip(axes, (linear, hidden), strict=False):
    surface = DecisionBoundaryDisplay.from_estimator(
        network, X, ax=ax, eps=0.4, response_method="predict_proba", **colours
    )
    ax.set(xlabel="$x_1$", ylabel="$x_2$", xticks=[0, 1], yticks=[0, 1])
fig.colorbar(surface.surface_, ax=axes[:2], label="output o", ticks=[0, 0.5, 1])
h = layer_outputs(hidden, X)[0]
W, b = hidden.coefs_[1][:, 0], hidden.intercepts_[1][0]
axes[2].axline((0, -b / W[1]), slope=-W[0] / W[1], color="k", linewidth=1)
axes[2].set(xlabel="$h_1$", ylabel="$h_2$", title="Seen by the output unit")
for ax, places in zip(axes, (X, X, h), strict=True):
    for answer, (marker, colour) in styles.items():
        at = places[y == answer].T
        ax.scatter(*at, s=90, c=colour, marker=marker, edgecolors="w", label=answer)
axes[0].set_title("Without hidden units")
axes[1].set_title("With two hidden units")
axes[2].legend(title="the inputs are")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "xnor.png", dpi=170)
