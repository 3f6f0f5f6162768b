"""The same fit by scikit-learn and by skmlp."""

import time

from cases import MOMENTUM, WEIGHT_DECAY, is_regression
from sklearn.neural_network import MLPClassifier, MLPRegressor

import skmlp


def starting_from(cls, start):
    """Return a model of scikit-learn's that starts from the given weights."""
    layers = iter(start)

    def first_weights(self, fan_in, fan_out, dtype):
        return [array.copy() for array in next(layers)]

    return type(cls.__name__, (cls,), {"_init_coef": first_weights})()


def fit_sklearn(case, X, y, start, **changes):
    """Return scikit-learn's fitted model and its seconds per epoch."""
    model = starting_from(MLPRegressor if is_regression(y) else MLPClassifier, start)
    return fit(model, case, X, y, alpha=WEIGHT_DECAY * case.batch_size, **changes)


def fit_skmlp(case, X, y, **changes):
    """Return our fitted model and its seconds per epoch."""
    cls = skmlp.MLPRegressorSDM if is_regression(y) else skmlp.MLPClassifierSDM
    return fit(cls(), case, X, y, weight_decay=WEIGHT_DECAY, **changes)


def fit(model, case, X, y, **changes):
    """Return the model, fitted for exactly max_iter epochs, and seconds per epoch."""
    shared = dict(
        hidden_layer_sizes=case.hidden,
        activation=case.activation,
        solver="sgd",
        batch_size=case.batch_size,
        learning_rate_init=case.learning_rate,
        max_iter=case.epochs,
        momentum=MOMENTUM,
        nesterovs_momentum=False,
        random_state=0,
        tol=0,
        n_iter_no_change=10**6,
    )
    model.set_params(**shared | changes)
    begin = time.process_time()
    model.fit(X, y)
    seconds = time.process_time() - begin
    if model.n_iter_ != model.max_iter:
        raise RuntimeError(f"{model} stopped after {model.n_iter_} epochs")
    return model, seconds / model.max_iter
