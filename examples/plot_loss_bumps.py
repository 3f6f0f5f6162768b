"""
Where do the bumps come from?
=============================

The slide "Monitor Loss During Training" shows what a real loss looks like during
training, and asks: "What are the bumps caused by? How could we get a more smooth loss?"
With ``record_batches=True`` the loss of every update is kept. This example looks at it
for three sizes of mini-batches. It takes a few seconds and saves the figure as
``loss_bumps.png``, or under the name given on the command line.
"""

import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM
from skmlp.plotting import TrainingCurveDisplay

X, y = load_digits(return_X_y=True)
X, y = StandardScaler().fit_transform(X)[:1792], y[:1792]  # 7 * 256: no small last one

# %%
# The learning rate is proportional to the size B, so that all three get as far in an
# epoch, and so low that the weights hardly move from one update to the next. What
# differs is the mini-batch: its loss is the mean over B cases, some of them easy and
# some hard, and such a mean scatters as 1 / sqrt(B).
warnings.simplefilter("ignore", ConvergenceWarning)
mlps = {
    B: MLPClassifierSDM(
        32,
        batch_size=B,
        learning_rate_init=5e-5 * B,
        max_iter=10,
        random_state=0,
        record_batches=True,
    ).fit(X, y)
    for B in (4, 32, 256)
}
for B, mlp in mlps.items():
    steps = np.diff(mlp.batch_loss_curve_)
    print(
        f"B = {B:3}: from one update to the next the loss differs by {steps.std():.2f}"
    )

# %%
# Left: the tallest bump comes once an epoch, whenever it is the turn of one image that
# is hard to read. Larger mini-batches give a smoother loss, and so does a running mean
# (dashed): below the bumps the loss falls as steadily with small ones. The price of a
# larger mini-batch is that there are fewer updates in an epoch.
fig, axes = plt.subplots(1, 3, figsize=(9.6, 3.4), sharey=True, layout="constrained")
for ax, (B, mlp) in zip(axes, mlps.items(), strict=True):
    TrainingCurveDisplay.from_estimator(
        mlp, metrics="loss", batches=True, legend=False, ax=ax
    )
    ax.set_title(f"B = {B}: {len(mlp.batch_loss_curve_)} updates")
    ax.legend(loc="upper right")
    ax.label_outer()

path = sys.argv[1] if len(sys.argv) > 1 else "loss_bumps.png"
fig.savefig(path, dpi=110)
print(f"Figure saved as {path}")
