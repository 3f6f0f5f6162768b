"""Save small fitted models, as this version of skmlp saves them: `models/VERSION.pkl`.

The tests load the files of all versions. A release adds its own:

    python -P tests/data/make_saved_models.py
"""

import pickle
import warnings
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

import skmlp
from skmlp import MLPClassifierSDM, MLPRegressorSDM

FOLDER = Path(__file__).with_name("models")
N_ROWS, N_FEATURES = 40, 4


def make_problems():
    """Estimators to fit, with their data: every solver, target, dtype and kind of X.

    Returns
    -------
    dict of tuples (estimator, X, y)
    """
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, N_FEATURES)) * (rng.random((N_ROWS, N_FEATURES)) < 0.7)
    values = X[:, :2] + rng.normal(size=(N_ROWS, 2))
    classes = np.array(["blue", "green", "red"])[np.digitize(values[:, 0], [-0.5, 0.5])]
    common = {
        "hidden_layer_sizes": (4, 3),
        "activation": "tanh",
        "batch_size": 8,
        "max_iter": 5,
        "warm_start": True,
        "random_state": 0,
    }
    watched = {"early_stopping": True, "validation_fraction": 0.25}
    return {
        "classes": (MLPClassifierSDM(**common | watched), X, classes),
        "two classes": (
            MLPClassifierSDM(
                solver="adam", class_weight="balanced", **common | watched
            ),
            X,
            values[:, 0] > 0,
        ),
        "several labels": (
            MLPClassifierSDM(solver="rmsprop", loss="squared_error", **common),
            X.astype(np.float32),
            (values > 0).astype(int),
        ),
        "softmax regression": (
            MLPClassifierSDM(**common | {"hidden_layer_sizes": ()}),
            sparse.csr_array(X),
            classes,
        ),
        "values": (
            MLPRegressorSDM(nesterovs_momentum=True, **common),
            X.astype(np.float32),
            values,
        ),
        "counts": (
            MLPRegressorSDM(loss="poisson", solver="adagrad", **common),
            X,
            rng.poisson(2.0, N_ROWS),
        ),
        "adaptive rate": (
            MLPRegressorSDM(
                solver="adadelta",
                learning_rate="adaptive",
                tol=1e3,
                n_iter_no_change=2,
                **common | watched,
            ),
            sparse.csr_array(X),
            values[:, 0],
        ),
    }


def outputs(mlp, X):
    """What the network says, as numbers."""
    return mlp.predict_proba(X) if hasattr(mlp, "classes_") else mlp.predict(X)


def main():
    """Fit and save; record what the models say, and what they say 5 epochs later."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    saved = {}
    for name, (mlp, X, y) in make_problems().items():
        mlp.fit(X, y)
        saved[name] = {"model": pickle.dumps(mlp, protocol=5), "X": X, "y": y}
        saved[name]["outputs"] = outputs(mlp, X)
        saved[name]["later outputs"] = outputs(mlp.fit(X, y), X)
    file = FOLDER / f"{skmlp.__version__}.pkl"
    file.write_bytes(pickle.dumps(saved, protocol=5))


if __name__ == "__main__":
    main()
