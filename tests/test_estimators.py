"""scikit-learn's common tests, with the defaults and with what changes the training."""

from inspect import Parameter, signature

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.utils.estimator_checks import (
    check_regressor_multioutput,
    parametrize_with_checks,
)

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# The checks stop after few epochs, and some have targets so large that training starts
# anew at a lower learning rate; what they check is neither.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training (stopped|diverged):sklearn.exceptions.ConvergenceWarning"
)


class SquashedRegressor(MLPRegressorSDM):
    """A regressor for the checks' targets, most of which no logistic output can reach.

    It learns expit(y) and predicts logit(o), so that all the rest can be checked.
    """

    def fit(self, X, y, sample_weight=None):
        return super().fit(X, squashed(y), sample_weight)

    def partial_fit(self, X, y, sample_weight=None):
        return super().partial_fit(X, squashed(y), sample_weight)

    def predict(self, X):
        # Outputs of exactly 0 and 1 would come out infinite.
        return logit(np.clip(super().predict(X), 1e-6, 1 - 1e-6))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = False
        return tags


def squashed(y):
    """expit(y), leaving what the estimator has to complain about as it is."""
    t = np.asarray(y)
    if y is None or t.dtype.kind == "c":
        return y
    t = t.astype(float)
    return expit(t) if np.isfinite(t).all() else y


ADAPTIVE_SOLVERS = ["adagrad", "rmsprop", "adadelta", "adam"]
# In more iterations on a handful of cases, rounding errors grow (the checks compare to
# 1e-7) and probabilities come to be 1 (which they do not expect).
LBFGS = {"solver": "lbfgs", "max_iter": 20}
CLASSIFIERS = [
    MLPClassifierSDM(),
    MLPClassifierSDM(batch_size=1),
    MLPClassifierSDM(batch_size="full"),
    MLPClassifierSDM(early_stopping=True),
    MLPClassifierSDM(hidden_layer_sizes=()),
    MLPClassifierSDM(loss="squared_error"),
    MLPClassifierSDM(warm_start=True),
    MLPClassifierSDM(n_init=2),
    *(MLPClassifierSDM(solver=solver) for solver in ADAPTIVE_SOLVERS),
    MLPClassifierSDM(**LBFGS),
]
REGRESSORS = [
    MLPRegressorSDM(),
    MLPRegressorSDM(batch_size=1),
    MLPRegressorSDM(batch_size="full"),
    MLPRegressorSDM(early_stopping=True),
    MLPRegressorSDM(hidden_layer_sizes=()),
    MLPRegressorSDM(loss="poisson"),
    SquashedRegressor(out_activation="logistic", learning_rate_init=0.1),
    MLPRegressorSDM(warm_start=True),
    *(MLPRegressorSDM(solver=solver) for solver in ADAPTIVE_SOLVERS),
    MLPRegressorSDM(**LBFGS),
]

WEIGHT_EQUIVALENCE = [
    "check_sample_weight_equivalence_on_dense_data",
    "check_sample_weight_equivalence_on_sparse_data",
]
FITTED_TWICE = [
    "check_classifiers_multilabel_representation_invariance",
    "check_supervised_y_2d",
]


def expected_failed_checks(estimator):
    """What cannot hold by the meaning of a parameter, with the reason."""
    checks, reason = [], ""
    if estimator.batch_size == 1:
        checks, reason = (
            WEIGHT_EQUIVALENCE,
            "a row repeated is another number of updates",
        )
    elif estimator.early_stopping:
        checks, reason = (
            WEIGHT_EQUIVALENCE,
            "rows repeated or removed are another split",
        )
    elif estimator.warm_start:
        checks = FITTED_TWICE
        reason = "fits one object twice, and a warm start goes on training"
    elif estimator.loss == "poisson":
        checks, reason = ["check_regressor_multioutput"], "its targets are negative"
    return dict.fromkeys(checks, reason)


common_tests = parametrize_with_checks(
    CLASSIFIERS + REGRESSORS, expected_failed_checks=expected_failed_checks
)
# Before 1.8 the cases come as a generator, which pytest deprecates.
names, cases = common_tests.args


@pytest.mark.parametrize(names, list(cases), **common_tests.kwargs)
def test_estimator_conforms_to_scikit_learn(estimator, check):
    check(estimator)


def test_poisson_fails_the_multioutput_check_for_its_targets_alone():
    with pytest.raises(ValueError, match="reaches only"):
        check_regressor_multioutput("MLPRegressorSDM", MLPRegressorSDM(loss="poisson"))


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(MLPClassifierSDM, MLPClassifier), (MLPRegressorSDM, MLPRegressor)],
)
def test_scripts_for_scikit_learns_networks_keep_their_parameters(ours, theirs):
    """All but `alpha`, which is divided by the batch size there."""
    first, *others = signature(ours).parameters.values()
    assert theirs().get_params().keys() - ours().get_params().keys() == {"alpha"}
    assert first.name == "hidden_layer_sizes"
    assert {parameter.kind for parameter in others} == {Parameter.KEYWORD_ONLY}
