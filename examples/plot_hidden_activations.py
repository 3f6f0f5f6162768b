"""
What do the hidden units see?
=============================

Nobody tells the hidden units of a network what to compute (slide "Key Idea behind
Backpropagation": "We don't have targets for a hidden unit"). With a hidden layer of
only two units one can see what they have made of the images of handwritten digits.
"""

import sys

import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skmlp import MLPClassifierSDM
from skmlp.inspection import layer_outputs

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.5, stratify=y, random_state=0
)

# %%
# A bottleneck
# ------------
# 64 relu units, 2 tanh units, 64 relu units: all that the upper layers learn of an
# image must pass through two numbers. They are enough to tell most digits of the test
# data, far more than two principal components are, which are chosen without the
# targets.
above = MLPClassifierSDM(
    64, batch_size=32, solver="adam", max_iter=1000, random_state=0
)
mlp = clone(above).set_params(
    hidden_layer_sizes=(64, 2, 64), activation=("relu", "tanh", "relu")
)
mlp.fit(X_train, y_train)
pca = make_pipeline(PCA(2), above).fit(X_train, y_train)
print(f"Accuracy through two hidden units:         {mlp.score(X_test, y_test):.0%}")
print(f"Accuracy through two principal components: {pca.score(X_test, y_test):.0%}")

# %%
# The hidden activations
# ----------------------
# ``layer_outputs`` has them, layer by layer. Every digit below is a test image; the
# hidden units have given each digit a place of its own.
h = layer_outputs(mlp, X_test)[1]
panels = {"Two principal components": pca[0].transform(X_test), "Two hidden units": h}
fig, axes = plt.subplots(1, 2, figsize=(9, 4.6), layout="constrained")
for ax, (title, places) in zip(axes, panels.items(), strict=True):
    for digit in range(10):
        at = places[y_test == digit].T
        ax.scatter(*at, marker=f"${digit}$", s=25, linewidths=0.3, color=f"C{digit}")
    ax.set_title(title)
axes[0].set(xlabel="first component", ylabel="second component")
axes[1].set(xlabel="$h_1$", ylabel="$h_2$")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "hidden_activations.png", dpi=170)
