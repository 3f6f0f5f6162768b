"""
Is the learning rate right?
===========================

The slide "Monitor Loss During Training" tells good and bad learning rates by the curve
of the loss. This example trains the same network for the digits at four of them. It
takes a few seconds and saves the figure as ``learning_rates.png``, or under the name
given on the command line.
"""

import sys
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM
from skmlp.plotting import TrainingCurveDisplay

X, y = load_digits(return_X_y=True)
X = StandardScaler().fit_transform(X)

# %%
# All four start from the same weights and run for 30 epochs, converged or not. Units
# with tanh are bounded, so that even the highest rate can be watched: with relu units
# ``fit`` stops such a training with an error.
warnings.simplefilter("ignore", ConvergenceWarning)
rates = {"too low": 0.0003, "good": 0.1, "too high": 1.0, "far too high": 10.0}
mlps = {
    f"{name}, $\\eta$ = {rate:g}": MLPClassifierSDM(
        32,
        activation="tanh",
        batch_size=32,
        learning_rate_init=rate,
        max_iter=30,
        n_iter_no_change=np.inf,
        random_state=0,
    ).fit(X, y)
    for name, rate in rates.items()
}
for name, mlp in zip(rates, mlps.values(), strict=True):
    first, last = mlp.history_["loss"][0], mlp.history_["loss"][-1]
    print(
        f"{name + ':':14}loss {first:7.3f} in the first epoch, {last:7.3f} in the last"
    )

# %%
# Too low a rate gets there, but slowly. A good one falls fast and keeps falling. Too
# high a rate soon steps to and fro over the minimum, without getting much lower. Far
# too high, steps end higher than they started, and the loss stays large. The accuracy
# shows the same, but hardly what lies between good and very good: watch the loss.
display = TrainingCurveDisplay.from_estimator(mlps, log_scale=True)

path = sys.argv[1] if len(sys.argv) > 1 else "learning_rates.png"
display.figure_.savefig(path, dpi=130)
print(f"Figure saved as {path}")
