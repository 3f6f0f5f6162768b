"""
Which rows may be held out?
===========================

Where several rows come from one person, a random part of the rows is no validation set:
the network has seen everybody in it, and is judged by what it remembers of them. Early
stopping then never sees it overfit. This example holds out rows at random, and whole
persons, and tests both networks on persons that neither has seen. It takes a second and
saves the figure as ``groups_in_early_stopping.png``, or under the name given on the
command line.
"""

# %%
# A hundred persons, twenty rows each
# -----------------------------------
# Each person has a place of their own among the inputs, which tells the network who it
# is, and a habit of their own, which has nothing to do with the rest of the world. Only
# the first two inputs say something about the label of anybody.
import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GroupShuffleSplit
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM
from skmlp.plotting import TrainingCurveDisplay

rng = np.random.default_rng(0)


def rows_of(n_persons, rows_each=20):
    """Inputs, labels and persons."""
    persons = np.repeat(np.arange(n_persons), rows_each)
    places = rng.normal(size=(n_persons, 10))[persons]
    habits = 1.5 * rng.normal(size=n_persons)[persons]
    common = rng.normal(size=(len(persons), 2))
    X = np.hstack([common, places + 0.1 * rng.normal(size=places.shape)])
    z = common @ [1.5, -1.5] + habits + 0.5 * rng.normal(size=len(persons))
    return X, z > 0, persons


X, y, persons = rows_of(100)
X_test, y_test, _ = rows_of(200)
scaler = StandardScaler().fit(X)
X, X_test = scaler.transform(X), scaler.transform(X_test)

# %%
# Two ways to hold out a fifth
# ----------------------------
# ``early_stopping=True`` takes rows at random; a splitter of scikit-learn's takes what
# it was made for, here whole groups.
splitter = GroupShuffleSplit(1, test_size=0.2, random_state=0)
models = {}
for name, early_stopping, groups in [
    ("rows", True, None),
    ("persons", splitter, persons),
]:
    mlp = MLPClassifierSDM(
        (100, 100),
        early_stopping=early_stopping,
        validation_fraction=0.2,
        n_iter_no_change=20,
        max_iter=500,
        random_state=0,
    )
    mlp.fit(X, y, groups=groups)
    models[f"{name} held out"] = mlp
    promised = mlp.history_["validation_score"][mlp.best_epoch_ - 1]
    print(
        f"{name:7} held out: epoch {mlp.best_epoch_} kept, accuracy {promised:.2f} on"
    )
    print(f"  them and {mlp.score(X_test, y_test):.2f} on persons never seen")

# %%
# The validation loss over rows promises much, and falls as long as the network learns
# persons by heart. That over persons turns early, is honest, and leaves a better
# network to those who come later (dotted: the accuracy on them).
display = TrainingCurveDisplay.from_estimator(models, curves="validation")
for name, line in zip(models, display.lines_[-2:], strict=True):
    accuracy = models[name].score(X_test, y_test)
    display.axes_[1].axhline(accuracy, color=line.get_color(), linestyle=":")

path = sys.argv[1] if len(sys.argv) > 1 else "groups_in_early_stopping.png"
plt.savefig(path, dpi=170)
print(f"Figure saved as {path}")
