"""
Is it a 4? Which digit is it?
=============================

The two slides "Example Application" classify images of handwritten digits, first 4
against non-4 with one sigmoid output, then all ten with a softmax. (The slides' images
have 32×32 pixels, scikit-learn's have 8×8.)
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifierSDM

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X / 16, y, test_size=0.5, stratify=y, random_state=0
)

# %%
# 4 against non-4
# ---------------
# "One hidden layer and the sigmoid activation function": the output o is the
# probability of a 4. J = 16 hidden units.
mlp = MLPClassifierSDM(16, activation="logistic", batch_size=16, max_iter=500)
mlp.set_params(random_state=0)
o = mlp.fit(X_train, y_train == 4).predict_proba(X_test)[:, 1]
is_4 = y_test == 4
print(f"{is_4.sum()} of {len(o)} test images are a 4")
print(f"Missed: {np.sum(is_4 & (o < 0.5))}, taken for one: {np.sum(~is_4 & (o > 0.5))}")

# %%
# Ten digits
# ----------
# The same network, but targets from 0 to 9: it gets ten output units and the softmax.
# "What is J?" asks the slide; :ref:`sphx_glr_auto_examples_plot_digits_grid_search.py`
# finds an answer.
mlp.fit(X_train, y_train)
print(f"Ten digits: {mlp.score(X_test, y_test):.1%} of the test images are told right")

# %%
# Left: few images of either kind are on the wrong side of o = 1/2. Right: the outputs
# for the test image about which the network is surest, and for the three about which it
# is least sure. They sum to 1; the true digit's is orange.
plt.rc("axes", prop_cycle=plt.cycler(color=["#0072B2", "#D55E00"]))
fig = plt.figure(figsize=(9, 4), layout="constrained")
left, right = fig.subfigures(1, 2, width_ratios=[2, 3])
ax = left.subplots()
ax.hist([o[~is_4], o[is_4]], bins=10, range=(0, 1), label=["non-4", "4"])
ax.axvline(0.5, color="k", linestyle=":")
ax.set(yscale="log", xlabel="output o", ylabel="test images", title="4 against non-4")
ax.legend()

outputs = mlp.predict_proba(X_test)
order = np.argsort(outputs.max(axis=1))
axes = right.subplots(2, 4, sharey="row")
for (above, below), i in zip(axes.T, [order[-1], *order[:3]], strict=True):
    above.imshow(X_test[i].reshape(8, 8), cmap="gray_r")
    above.set(title=f"a {y_test[i]}", xticks=[], yticks=[])
    below.bar(range(10), outputs[i])
    below.bar(y_test[i], outputs[i, y_test[i]])
    below.set(xticks=range(0, 10, 3), xlabel="digit k")
axes[1, 0].set(ylabel="output $o_k$", ylim=(0, 1))
right.suptitle("Ten digits: the surest output, and the three least sure")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "digit_4.png", dpi=170)
