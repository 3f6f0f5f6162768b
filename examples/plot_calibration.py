"""
Can the probabilities be believed?
==================================

A logistic or softmax output is a probability: of all cases with o = 0.8, four in five
should be of the class. A network that has overfitted is too sure of itself; weight
decay, or a calibration afterwards, mends that. (Slides "Choosing Activation and Loss
Functions" and "Overfitting".)
"""

import sys

import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV, CalibrationDisplay
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from skmlp import MLPClassifierSDM

# %%
# A thousand training cases, a tenth of them with a random label: there is noise to fit.
# The test data are many, to measure probabilities well.
X, y = make_classification(
    20_000, n_informative=8, flip_y=0.1, class_sep=0.7, random_state=0
)
X, X_test, y, y_test = train_test_split(X, y, train_size=1000, random_state=0)

# %%
# ``CalibratedClassifierCV`` splits off data itself, five times, and learns from them
# how to bend the outputs of the overfitted network. Weight decay keeps it from
# overfitting in the first place.
overfitted = MLPClassifierSDM(batch_size=20, weight_decay=0, random_state=0)
models = {
    "overfitted": overfitted,
    "calibrated afterwards": CalibratedClassifierCV(overfitted),
    "weight decay": clone(overfitted).set_params(weight_decay=0.02),
}

# %%
# Left: where the overfitted network says almost 0, one case in six is of the class.
# Right: and that is what it mostly says, or almost 1. With calibration and with weight
# decay the outputs are, if anything, too modest; with weight decay they are also more
# often on the right side of 1/2.
plt.rc("axes", prop_cycle=plt.cycler(color=["#D55E00", "#009E73", "#0072B2"]))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
for name, model in models.items():
    o = model.fit(X, y).predict_proba(X_test)[:, 1]
    loss, accuracy = log_loss(y_test, o), model.score(X_test, y_test)
    print(f"{name}: test loss {loss:.2f}, accuracy {accuracy:.1%}")
    CalibrationDisplay.from_predictions(y_test, o, n_bins=10, ax=left, name=name)
    right.hist(o, bins=20, histtype="step", linewidth=1.5)
left.set(xlabel="output o", ylabel="share of the class", title="Said and true")
right.set(xlabel="output o", ylabel="test cases", title="How often it is said")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "calibration.png", dpi=170)
