"""
Which words tell what a text is about?
======================================

Counted words make a large matrix that is almost all zeros. The network takes it as it
is, a CSR matrix, and never fills in the zeros. The texts are the manual pages of
SciPy's functions, the docstrings, and the question is which part of SciPy a page
belongs to.
"""

import sys
from importlib import import_module

import matplotlib.pyplot as plt
import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

from skmlp import MLPClassifierSDM
from skmlp.inspection import input_gradient

# %%
# The texts
# ---------
# They come with SciPy, and so depend a little on its version.
parts = ["linalg", "ndimage", "optimize", "signal", "special", "stats"]
pages, y = [], []
for part in parts:
    module = import_module(f"scipy.{part}")
    for name in module.__all__:
        pages.append(getattr(module, name).__doc__ or "")
        y.append(part)
pages_train, pages_test, y_train, y_test = train_test_split(
    pages, y, stratify=y, random_state=0
)

# %%
# The network
# -----------
# The names of the parts would give the answer away, and are left out. Each page becomes
# a row with a number for each word.
words = TfidfVectorizer(
    token_pattern="[a-z]{3,}", min_df=3, stop_words=["scipy", *parts]
)
mlp = MLPClassifierSDM(20, batch_size=20, weight_decay=1e-3, random_state=0)
model = make_pipeline(words, mlp).fit(pages_train, y_train)
X = words.transform(pages_train)
print(f"{X.shape[0]} pages, {X.shape[1]} words, {X.nnz / np.prod(X.shape):.1%} not 0")
print(f"Right for {model.score(pages_test, y_test):.1%} of the test pages")

# %%
# The words
# ---------
# ``input_gradient`` leads the error signal of an output unit on to the inputs (slide
# "Backpropagation"): how much would its net input rise with a little more of this word?
# Below is the mean over all pages, in comparison with the mean over all parts.
slopes = np.array([input_gradient(mlp, X, part).mean(axis=0) for part in parts])
slopes -= slopes.mean(axis=0)
names = words.get_feature_names_out()
fig, axes = plt.subplots(2, 3, figsize=(9, 5), layout="constrained", sharex=True)
for ax, part, slope in zip(axes.flat, parts, slopes, strict=True):
    top = np.argsort(slope)[-7:]
    print(f"{part}: {', '.join(names[top[::-1]])}")
    ax.barh(names[top], slope[top], color="#0072B2")
    ax.set_title(f"speaks for {part}")
for ax in axes[1]:
    ax.set_xlabel("slope of the net input")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "sparse_text.png", dpi=170)
