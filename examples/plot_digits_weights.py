"""
What do hidden units look at?
=============================

A hidden unit multiplies each pixel with a weight, so its weights are a picture: of the
strokes that excite it (red) and of those that it must not see (blue). This example
draws them for a network that reads the digits, without and with weight decay. It takes
a few seconds and saves the figure as ``digits_weights.png``, or under the name given on
the command line.
"""

import sys

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifierSDM
from skmlp.plotting import WeightsDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, stratify=y, random_state=0
)

# %%
# Both networks start from the same random weights.
mlps = [
    MLPClassifierSDM(
        24, batch_size=32, weight_decay=lambda_, max_iter=500, random_state=0
    ).fit(X_train, y_train)
    for lambda_ in (0, 3e-3)
]
for mlp in mlps:
    print(
        f"lambda = {mlp.weight_decay:g}: accuracy {mlp.score(X_train, y_train):.3f} on "
        f"the training data, {mlp.score(X_test, y_test):.3f} on the test data"
    )

# %%
# Left: the pixels at the left and right edge are empty in most images. Nothing is
# learnt there, and the noise that the weights were drawn from is still to be seen;
# some units, 10 and 19 say, have hardly left it. Right: weight decay "prevents the
# network from using weights that it does not need" (slide "The Effect of
# Weight-decay"), those of whole units included. What is left are strokes.
fig, axes = plt.subplots(1, 2, figsize=(9.6, 3.5), layout="constrained")
for ax, mlp in zip(axes, mlps, strict=True):
    WeightsDisplay.from_estimator(mlp, image_shape=(8, 8), n_columns=6, ax=ax)
    ax.set_title(rf"weight decay $\lambda$ = {mlp.weight_decay:g}")

path = sys.argv[1] if len(sys.argv) > 1 else "digits_weights.png"
fig.savefig(path, dpi=130)
print(f"Figure saved as {path}")
