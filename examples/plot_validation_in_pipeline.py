"""
How does a validation set of one's own pass the pipeline?
=========================================================

Early stopping needs validation data (slides "Using a Validation Set" and "Preventing
Overfitting by Early Stopping"). Where one's own are given, in place of a random part of
the training data, they must pass the same steps as these, with what the steps learnt
from the training data alone. scikit-learn's metadata routing does that. This example
takes a second and saves the figure as ``validation_in_pipeline.png``, or under the name
given on the command line.
"""

# %%
# Training data, validation data, test data
# -----------------------------------------
# The digits again; but somebody was tired, and a tenth of the labels that we learn from
# are wrong.
import sys

import numpy as np
from sklearn import config_context
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM
from skmlp.plotting import TrainingCurveDisplay

X, y = load_digits(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
rng = np.random.default_rng(0)
y = np.where(rng.random(len(y)) < 0.1, rng.integers(10, size=len(y)), y)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.5, random_state=0)

# %%
# The request and the route
# -------------------------
# The network asks for the validation data; ``transform_input`` says that ``X_val`` goes
# through the scaler first, as X does.
with config_context(enable_metadata_routing=True):
    mlp = MLPClassifierSDM(
        200,
        batch_size=20,
        early_stopping=True,
        learning_rate_init=0.002,
        n_iter_no_change=40,
        random_state=0,
    ).set_fit_request(X_val=True, y_val=True)
    model = make_pipeline(StandardScaler(), mlp, transform_input=["X_val"])
    model.fit(X_train, y_train, X_val=X_val, y_val=y_val)

print(f"Trained for {mlp.n_iter_} epochs, of which number {mlp.best_epoch_} is kept")
print(f"Accuracy on the test data: {model.score(X_test, y_test):.3f}")

# %%
# The loss of the training data falls on, because the network learns the wrong labels by
# heart; that of the validation data has its lowest point before, and the weights of
# that epoch are kept.
display = TrainingCurveDisplay.from_estimator(model)

path = sys.argv[1] if len(sys.argv) > 1 else "validation_in_pipeline.png"
display.figure_.savefig(path, dpi=170)
print(f"Figure saved as {path}")
