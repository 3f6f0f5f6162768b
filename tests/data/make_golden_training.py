"""Record what training comes to, for each solver and dtype: `golden_training.json`.

The tests train the same networks and compare. Run it only where results are meant to
change, and say so in the changelog:

    python -P tests/data/make_golden_training.py
"""

import json
import warnings
from itertools import product
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

import skmlp

FILE = Path(__file__).with_name("golden_training.json")
RULES = {
    "sgd": {"solver": "sgd"},
    "nesterov": {"solver": "sgd", "nesterovs_momentum": True},
    "adagrad": {"solver": "adagrad"},
    "rmsprop": {"solver": "rmsprop"},
    "adadelta": {"solver": "adadelta"},
    "adam": {"solver": "adam"},
    "lbfgs": {"solver": "lbfgs"},
    "restarts": {"solver": "sgd", "n_init": 3},
}
CALLS = [
    {"batch_size": 1, "early_stopping": True},
    {"batch_size": 16, "learning_rate": "invscaling"},
    {"batch_size": "full"},
]
COMMON = {
    "hidden_layer_sizes": [8, 6],
    "activation": ["tanh", "relu"],
    "epsilon": 1e-3,
    "weight_decay": 0.01,
    "max_iter": 5,
    "random_state": 0,
}


def sums(mlp):
    """The curves, and the sum of the numbers and of their squares in each array."""
    arrays = [a.astype(np.float64) for a in mlp.coefs_ + mlp.intercepts_]
    return {
        "history": mlp.history_,
        "sums": [a.sum() for a in arrays],
        "squares": [(a**2).sum() for a in arrays],
    }


def main():
    """Train and write the file, one line for each network."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    random = np.random.RandomState(0)
    X = np.round(random.normal(size=(60, 5)) * 16) / 16
    labels = np.digitize(X[:, 0] + X[:, 1] * X[:, 2], [-0.5, 0.5])
    targets = {"MLPClassifierSDM": labels, "MLPRegressorSDM": X[:, 0] - X[:, 1] ** 2}
    trained = []
    for name, rule, call, dtype in product(
        targets, RULES, CALLS, ["float64", "float32"]
    ):
        parameters = COMMON | RULES[rule] | call
        mlp = getattr(skmlp, name)(**parameters).fit(X.astype(dtype), targets[name])
        trained.append(
            {"estimator": name, "dtype": dtype, "parameters": parameters, **sums(mlp)}
        )
    recorded = {"X": X.tolist(), "trained": trained}
    recorded["y"] = {name: y.tolist() for name, y in targets.items()}
    text = json.dumps(recorded).replace('{"estimator"', '\n{"estimator"')
    FILE.write_text(text + "\n")
    print(f"{FILE}: {len(trained)} networks, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
