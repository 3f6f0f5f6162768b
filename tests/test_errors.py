"""Bad input is a clear error or has a right answer, and an error leaves no trace."""

import copy
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import assert_same_state, put, state, tiny_mlp
from scipy import sparse
from sklearn import config_context
from sklearn.model_selection import KFold

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# A few epochs are enough to go wrong in.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
LABELS = rng.permutation(np.arange(40) % 3)
TWENTY = np.arange(40) % 20
VALUES = X[:, 0] - X[:, 1]
INDICATOR = (X > 0).astype(int)
WEIGHTS = np.ones(40)
ONE_LONELY = np.r_[LABELS[:-1], 9]
TARGETS = {MLPClassifierSDM: LABELS, MLPRegressorSDM: VALUES}
both = pytest.mark.parametrize("estimator", TARGETS)


def partial_fit(mlp, X, y, **keywords):
    """One epoch; a classifier is told the classes in the first call."""
    if isinstance(mlp, MLPClassifierSDM) and not hasattr(mlp, "classes_"):
        keywords["classes"] = np.unique(LABELS)
    return mlp.partial_fit(X, y, **keywords)


# --- Parameters ---

NOT_POSITIVE_INTS = [0, -1, 2.5, "a", None]
NOT_BOOLS = [2, "yes", None]
BAD_PARAMETERS = {
    "hidden_layer_sizes": [
        *NOT_POSITIVE_INTS,
        [3, 0],
        [3, -1],
        (3, 2.5),
        (3, "a"),
        [[3, 3]],
        [(3, 3), (3,)],
        np.array(3),
        {3, 4},
        {3: 1},
        list,
    ],
    "activation": [
        "sigmoid",
        None,
        3,
        [],
        ["relu"] * 2,
        ["sigmoid"],
        [None],
        [["relu"]],
        np.array([["relu"]]),
    ],
    "loss": ["hinge", None, 1],
    "out_activation": ["softmax", "exp", None, ["identity"]],
    "solver": ["newton", None, 1],
    "weight_decay": [-1, np.nan, np.inf, "a", None],
    "batch_size": [*NOT_POSITIVE_INTS, np.inf],
    "learning_rate": ["exponential", None, 0.1],
    "learning_rate_init": [0, -1, np.nan, np.inf, "a", None],
    "power_t": [-1, np.nan, np.inf, "a", None],
    "momentum": [-0.1, 1, 1.5, np.nan, "a", None],
    "nesterovs_momentum": NOT_BOOLS,
    "rho": [-0.1, 1, 1.5, np.nan, "a", None],
    "beta_1": [-0.1, 1, 1.5, np.nan, "a", None],
    "beta_2": [-0.1, 1, 1.5, np.nan, "a", None],
    "epsilon": [0, -1, np.nan, np.inf, "a", None],
    "max_iter": [*NOT_POSITIVE_INTS, np.inf],
    "max_fun": [*NOT_POSITIVE_INTS, np.inf],
    "shuffle": NOT_BOOLS,
    "random_state": [-1, 2.5, "a"],
    "tol": [-1, np.nan, "a", None],
    "n_iter_no_change": [*NOT_POSITIVE_INTS, np.nan, -np.inf],
    "early_stopping": [*NOT_BOOLS, [([0], [1])]],
    "validation_fraction": [0, 1, -1, 1.5, np.nan, "a", None],
    "scoring": ["nope", None, 3],
    "class_weight": ["unbalanced", 3, [1, 2, 3]],
    "n_init": [*NOT_POSITIVE_INTS, np.inf],
    "n_jobs": [2.5, "a"],
    "warm_start": NOT_BOOLS,
    "record_batches": NOT_BOOLS,
    "verbose": [-1, 2.5, "a", None],
}


@both
def test_every_parameter_has_bad_values_in_this_file(estimator):
    assert estimator().get_params().keys() <= BAD_PARAMETERS.keys()


@pytest.mark.parametrize(
    ("estimator", "name", "value"),
    [
        pytest.param(
            estimator, name, value, id=f"{estimator.__name__}-{name}-{value!r}"
        )
        for estimator in TARGETS
        for name in estimator().get_params().keys() & BAD_PARAMETERS.keys()
        for value in BAD_PARAMETERS[name]
    ],
)
def test_bad_value_of_a_parameter_is_an_error_that_names_it(estimator, name, value):
    mlp = tiny_mlp(estimator, **{name: value})
    with pytest.raises(ValueError, match=f"{name}.*({re.escape(str(value))}|names)"):
        mlp.fit(X, TARGETS[estimator])


@both
def test_class_of_a_splitter_is_an_error_that_says_so(estimator):
    mlp = tiny_mlp(estimator, early_stopping=KFold)
    with pytest.raises(ValueError, match=r"is the class KFold.*KFold\(\)"):
        mlp.fit(X, TARGETS[estimator])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("solver", "newton"),
        ("loss", "hinge"),
        ("learning_rate_init", -1),
        ("learning_rate", "exponential"),
    ],
)
@both
def test_bad_value_between_two_calls_is_an_error(estimator, name, value):
    mlp = tiny_mlp(estimator)
    partial_fit(mlp, X, TARGETS[estimator])
    before = copy.deepcopy(mlp)
    mlp.set_params(**{name: value})
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        partial_fit(mlp, X, TARGETS[estimator])
    mlp.set_params(**before.get_params())
    assert_same_state(state(mlp, X), state(before, X))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (name, value)
        for name in ("hidden_layer_sizes", "activation", "loss")
        for value in BAD_PARAMETERS[name]
    ],
    ids=str,
)
@both
def test_bad_value_after_fit_is_an_error_of_predict(estimator, name, value):
    mlp = tiny_mlp(estimator).fit(X, TARGETS[estimator]).set_params(**{name: value})
    with pytest.raises(ValueError, match=f"{name}.*({re.escape(str(value))}|names)"):
        mlp.predict(X)


def test_batch_size_is_checked_even_where_parameters_are_not():
    with config_context(skip_parameter_validation=True):
        for batch_size in (0, -5):
            with pytest.raises(ValueError, match="batch_size must be at least 1"):
                tiny_mlp(MLPClassifierSDM, batch_size=batch_size).fit(X, LABELS)


@both
def test_parameters_are_not_checked_where_scikit_learn_is_told_so(estimator):
    mlp = tiny_mlp(estimator)
    partial_fit(mlp, X, TARGETS[estimator])
    mlp.set_params(validation_fraction=5)  # which partial_fit has no use for
    with config_context(skip_parameter_validation=True):
        partial_fit(mlp, X, TARGETS[estimator])
    with pytest.raises(ValueError, match="validation_fraction"):
        partial_fit(mlp, X, TARGETS[estimator])


# --- Data ---

BAD_DATA = {
    "X is empty": (lambda m, y: m.fit(X[:0], y[:0]), "0 sample"),
    "X has no features": (lambda m, y: m.fit(X[:, :0], y), "0 feature"),
    "X is 1-D": (lambda m, y: m.fit(X[:, 0], y), "Expected 2D array.*\n*Reshape"),
    "X is 3-D": (lambda m, y: m.fit(X[None], y[:1]), "dim 3"),
    "X is text": (lambda m, y: m.fit(X.astype(str) + "a", y), "string to float"),
    "X has NaN": (lambda m, y: m.fit(put(X, np.nan), y), "X contains NaN"),
    "X has inf": (lambda m, y: m.fit(put(X, np.inf), y), "X contains infinity"),
    "X in CSR has NaN": (
        lambda m, y: m.fit(sparse.csr_array(put(X, np.nan)), y),
        "X contains NaN",
    ),
    "y is None": (lambda m, y: m.fit(X, None), "requires y"),
    "y has NaN": (lambda m, y: m.fit(X, put(y, np.nan)), "y contains NaN"),
    "y has inf": (lambda m, y: m.fit(X, put(y, -np.inf)), "y contains infinity"),
    "y is 3-D": (lambda m, y: m.fit(X, np.zeros((40, 2, 2))), "dim"),
    "y is short": (lambda m, y: m.fit(X, y[:-1]), r"inconsistent.*\[40, 39\]"),
    "weights have NaN": (
        lambda m, y: m.fit(X, y, put(WEIGHTS, np.nan)),
        "sample_weight contains NaN",
    ),
    "weights have inf": (
        lambda m, y: m.fit(X, y, put(WEIGHTS, np.inf)),
        "sample_weight contains infinity",
    ),
    "weights are negative": (
        lambda m, y: m.fit(X, y, put(WEIGHTS, -1)),
        "Negative values.*sample_weight",
    ),
    "weights are all zero": (lambda m, y: m.fit(X, y, 0 * WEIGHTS), "weight.*zero"),
    "weights of a chunk are all zero": (
        lambda m, y: partial_fit(m, X, y, sample_weight=0 * WEIGHTS),
        "weight.*zero",
    ),
    "weights are short": (
        lambda m, y: m.fit(X, y, WEIGHTS[:-1]),
        r"sample_weight.*\(39,\).*\(40,\)",
    ),
    "X_val alone": (
        lambda m, y: m.fit(X, y, X_val=X),
        "y_val is missing.*X_val and y_val",
    ),
    "y_val alone": (
        lambda m, y: m.fit(X, y, y_val=y),
        "X_val is missing.*X_val and y_val",
    ),
    "sample_weight_val alone": (
        lambda m, y: m.fit(X, y, sample_weight_val=WEIGHTS),
        "sample_weight_val.*X_val",
    ),
    "X_val has other features": (
        lambda m, y: m.fit(X, y, X_val=X[:, :2], y_val=y),
        "X_val.*2 features.*3 features",
    ),
    "X_val has NaN": (
        lambda m, y: m.fit(X, y, X_val=put(X, np.nan), y_val=y),
        "X_val.*NaN",
    ),
    "X_val is empty": (
        lambda m, y: m.fit(X, y, X_val=X[:0], y_val=y[:0]),
        "X_val.*0 sample",
    ),
    "y_val has NaN": (
        lambda m, y: m.fit(X, y, X_val=X, y_val=put(y, np.nan)),
        "y_val.*NaN",
    ),
    "y_val is short": (
        lambda m, y: m.fit(X, y, X_val=X, y_val=y[:-1]),
        r"y_val.*inconsistent.*\[40, 39\]",
    ),
    "y_val has more columns": (
        lambda m, y: m.fit(X, y, X_val=X, y_val=INDICATOR),
        "y_val.*(one column|3 outputs)",
    ),
    "sample_weight_val is all zero": (
        lambda m, y: m.fit(X, y, X_val=X, y_val=y, sample_weight_val=0 * WEIGHTS),
        "(sample_weight_val|validation).*zero",
    ),
    "sample_weight_val is negative": (
        lambda m, y: m.fit(X, y, X_val=X, y_val=y, sample_weight_val=-WEIGHTS),
        "sample_weight_val.*Negative",
    ),
}


@both
@pytest.mark.parametrize(("call", "message"), BAD_DATA.values(), ids=BAD_DATA)
def test_bad_data_is_an_error_that_says_what_was_wrong(estimator, call, message):
    mlp = tiny_mlp(estimator)
    with pytest.raises(ValueError, match=f"(?s){message}"):
        call(mlp, TARGETS[estimator])
    assert vars(mlp).keys() == mlp.get_params().keys()


@both
@pytest.mark.parametrize("index", [-1, 3])
def test_csr_whose_indices_point_outside_it_is_an_error(estimator, index):
    y = TARGETS[estimator]
    mlp, bad = tiny_mlp(estimator).fit(X, y), sparse.csr_array(X)
    bad.indices[5] = index
    for call in (
        lambda: mlp.predict(bad),
        lambda: mlp.fit(bad, y),
        lambda: mlp.fit(X, y, X_val=bad, y_val=y),
        lambda: mlp.partial_fit(bad, y),
    ):
        with pytest.raises(ValueError, match=r"(indices|index values) must be"):
            call()


BAD_VALUES = {
    "None": ([None, *VALUES[1:]], "y contains NaN"),
    "inf among objects": (np.array([np.inf, *VALUES[1:]], object), "y contains inf"),
    "nan as text": (np.array(["nan", *VALUES[1:]], object), "y contains NaN"),
    "dates": (np.arange(40).astype("datetime64[D]"), "datetime64.*numbers"),
}


@pytest.mark.parametrize(("y", "message"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_bad_values_are_an_error_that_says_what_was_wrong(y, message):
    with pytest.raises(ValueError, match=message):
        tiny_mlp(MLPRegressorSDM).fit(X, y)
    with pytest.raises(ValueError, match=f"y_val.*{message}"):
        tiny_mlp(MLPRegressorSDM).fit(X, VALUES, X_val=X, y_val=y)


BAD_LABELS = {
    "set of classes": (
        lambda m: m.partial_fit(X, LABELS, {0, 1, 2}),
        "classes must be a 1-D array.*{0, 1, 2}",
    ),
    "indicator of 1 and 2": (
        lambda m: m.fit(X, INDICATOR + 1),
        "(several columns|0 and 1).*indicator|indicator.*0 and 1",
    ),
    "one class": (lambda m: m.fit(X, 0 * LABELS), r"one class.*\[0\].*at least 2"),
    "one sample": (lambda m: m.fit(X[:1], LABELS[:1]), "one class"),
    "continuous": (lambda m: m.fit(X, VALUES), "continuous"),
    "two columns of classes": (
        lambda m: m.fit(X, np.c_[LABELS, LABELS]),
        "several columns.*one column.*indicator",
    ),
    "unseen in y_val": (
        lambda m: m.fit(X, LABELS, X_val=X, y_val=LABELS + 1),
        r"y_val.*\[3\].*not among.*\[0, 1, 2\]",
    ),
    "text in y_val for numbers in y": (
        lambda m: m.fit(X, TWENTY, X_val=X, y_val=TWENTY.astype(str)),
        r"y_val.*\['0', '1', '10',.*20 in all.*not among.*\[0, 1, 2,",
    ),
    "numbers in y_val for text in y": (
        lambda m: m.fit(X, TWENTY.astype(str), X_val=X, y_val=TWENTY),
        r"y_val.*\[0, 1, 2,.*20 in all.*not among.*\['0', '1', '10'",
    ),
    "text in a later call": (
        lambda m: m.partial_fit(X, TWENTY.astype(str), np.arange(20)),
        r"\['0', '1', '10',.*20 in all.*not among.*\[0, 1, 2,",
    ),
    "class_weight of an unknown class": (
        lambda m: m.set_params(class_weight={0: 1, 7: 2}).fit(X, LABELS),
        "class_weight",
    ),
    "class_weight below 0": (
        lambda m: m.set_params(class_weight={0: -1}).fit(X, LABELS),
        "class_weight",
    ),
    "class_weight of NaN": (
        lambda m: m.set_params(class_weight={0: np.nan}).fit(X, LABELS),
        "class_weight",
    ),
    "class_weight of 0 for all": (
        lambda m: m.set_params(class_weight=dict.fromkeys(range(3), 0)).fit(X, LABELS),
        "weights.*zero.*class_weight",
    ),
    "class_weight of 0 for all of a chunk": (
        lambda m: m.set_params(class_weight={0: 0}).partial_fit(
            X[LABELS == 0], LABELS[LABELS == 0], [0, 1, 2]
        ),
        "weight.*zero",
    ),
    "class_weight for several labels": (
        lambda m: m.set_params(class_weight={0: 2}).fit(X, INDICATOR),
        "class_weight.*multilabel.*sample_weight",
    ),
    "balanced several labels": (
        lambda m: m.set_params(class_weight="balanced").fit(X, INDICATOR),
        "class_weight.*multilabel.*sample_weight",
    ),
    "balanced partial_fit": (
        lambda m: m.set_params(class_weight="balanced").partial_fit(
            X, LABELS, [0, 1, 2]
        ),
        "balanced.*partial_fit.*dict.*sample_weight",
    ),
    "partial_fit without classes": (
        lambda m: m.partial_fit(X, LABELS),
        "classes must be passed to the first call",
    ),
    "partial_fit with a label unseen": (
        lambda m: m.partial_fit(X, LABELS, [0, 1]),
        r"\[2\].*not among.*\[0, 1\].*`classes`",
    ),
    "partial_fit with one class": (
        lambda m: m.partial_fit(X, 0 * LABELS, [0]),
        "one class",
    ),
    "partial_fit with classes that are not the columns": (
        lambda m: m.partial_fit(X, INDICATOR, [0, 1, 2, 3]),
        "classes",
    ),
    "a class with one member": (
        lambda m: m.set_params(early_stopping=True).fit(X, ONE_LONELY),
        r"at least 2 samples of each class.*\[9\].*X_val and y_val",
    ),
    "too few rows to hold out": (
        lambda m: m.set_params(early_stopping=True, validation_fraction=0.99).fit(
            X, LABELS
        ),
        "validation_fraction=0.99.*n_samples=40.*X_val and y_val",
    ),
}


@pytest.mark.parametrize(("call", "message"), BAD_LABELS.values(), ids=BAD_LABELS)
# Training may start anew at a lower learning rate, and says so.
@pytest.mark.filterwarnings("ignore:training diverged")
def test_bad_labels_are_an_error_that_says_what_was_wrong(call, message):
    mlp = tiny_mlp(MLPClassifierSDM)
    with pytest.raises(ValueError, match=message):
        call(mlp)
    assert vars(mlp).keys() == mlp.get_params().keys()


@pytest.mark.parametrize(
    ("parameters", "low", "high"),
    [
        ({"out_activation": "logistic"}, 0, 1),
        ({"out_activation": "tanh"}, -1, 1),
        ({"out_activation": "relu"}, 0, 1e6),
        ({"loss": "poisson"}, 0, 1e6),
    ],
)
@pytest.mark.parametrize(
    "where",
    [
        lambda m, reached, y: m.fit(X, y),
        lambda m, reached, y: m.fit(X, reached, X_val=X, y_val=y),
        lambda m, reached, y: m.partial_fit(X, reached).partial_fit(X, y),
    ],
    ids=["y", "y_val", "second call"],
)
def test_target_out_of_reach_is_an_error_and_the_ends_are_within(
    parameters, low, high, where
):
    [(name, value)] = parameters.items()
    reached = np.resize([low, min(high, 1)], 40)
    tiny_mlp(MLPRegressorSDM, **parameters).fit(X, reached)
    for beyond in [low - 0.1] + [high + 0.1] * (high == 1):
        mlp = tiny_mlp(MLPRegressorSDM, **parameters)
        y = put(reached, beyond)
        message = f"{beyond:g}.*{name}='{value}' reaches only.*{low}.*scale y.*{name}"
        with pytest.raises(ValueError, match=message):
            where(mlp, reached, y)


def test_values_too_large_for_float32_are_an_error():
    with pytest.raises(ValueError, match="y has values too large for float32"):
        tiny_mlp(MLPRegressorSDM).fit(X.astype(np.float32), 1e39 * VALUES)


def test_a_regressor_refuses_text():
    with pytest.raises(ValueError, match="string to float"):
        tiny_mlp(MLPRegressorSDM).fit(X, ["a"] * 40)


def test_a_regressor_refuses_sparse_targets():
    with pytest.raises(ValueError, match=r"y is sparse.*y.toarray\(\)"):
        tiny_mlp(MLPRegressorSDM).fit(X, sparse.csr_array(INDICATOR))


def test_one_row_cannot_be_held_out():
    mlp = tiny_mlp(MLPRegressorSDM, early_stopping=True)
    with pytest.raises(ValueError, match=r"n_samples=1.*X_val and y_val"):
        mlp.fit(X[:1], VALUES[:1])


# --- What looks bad and has a right answer ---


def assert_usable(mlp, X):
    assert np.isfinite(mlp.history_["loss"]).all()
    assert np.isfinite(mlp.history_["score"]).all()
    assert len(mlp.predict(X)) == len(X)


def test_constant_target_is_learnt():
    mlp = tiny_mlp(MLPRegressorSDM, max_iter=300, n_iter_no_change=np.inf)
    mlp.fit(X, np.full(40, 3.0))
    assert_usable(mlp, X)
    assert set(mlp.history_["score"]) == {0.0}  # it is not met exactly
    assert abs(mlp.predict(X) - 3).mean() < 0.5


def test_constant_target_that_is_met_exactly_scores_1():
    mlp = tiny_mlp(MLPRegressorSDM).fit(0 * X, 0 * VALUES)
    assert mlp.history_["score"] == [1.0] * 3


def test_one_sample_is_enough_for_regression():
    assert_usable(tiny_mlp(MLPRegressorSDM).fit(X[:1], VALUES[:1]), X[:1])


@both
def test_one_feature_is_enough(estimator):
    assert_usable(tiny_mlp(estimator).fit(X[:, :1], TARGETS[estimator]), X[:, :1])


def test_labels_that_are_always_on_or_off_are_learnt():
    mlp = tiny_mlp(MLPClassifierSDM, max_iter=100).fit(X, np.resize([0, 1], (40, 2)))
    assert_usable(mlp, X)
    assert_array_equal(mlp.predict(X), np.resize([0, 1], (40, 2)))


def test_more_classes_than_validation_rows_hold_out_one_row_of_each():
    held_out = []

    def scoring(mlp, X, y):
        held_out[:] = y
        return 0.0

    mlp = tiny_mlp(MLPClassifierSDM, early_stopping=True, scoring=scoring)
    mlp.fit(X, np.arange(40) % 15)
    assert sorted(held_out) == list(range(15))


def test_validation_data_may_lack_a_class():
    some = LABELS < 2
    mlp = tiny_mlp(MLPClassifierSDM, class_weight="balanced")
    mlp.fit(X, LABELS, X_val=X[some], y_val=LABELS[some])
    assert np.isfinite(mlp.history_["validation_loss"]).all()


# --- A fitted estimator ---


@both
@pytest.mark.parametrize("method", ["predict", "fit", "partial_fit"])
@pytest.mark.parametrize(
    ("name", "arrays"),
    [
        ("coefs_", [np.zeros((2, 5)), np.zeros((5, 1))]),
        ("coefs_", [np.zeros((3, 5))]),
        ("coefs_", []),
        ("intercepts_", [np.zeros(4), np.zeros(1)]),
        ("intercepts_", [np.zeros((5, 1)), np.zeros(1)]),
    ],
)
def test_weights_of_a_wrong_shape_are_an_error(estimator, method, name, arrays):
    y = TARGETS[estimator]
    mlp = tiny_mlp(estimator, warm_start=True).fit(X, y)
    setattr(mlp, name, arrays)
    with pytest.raises(ValueError, match=rf"{name}.*shape.*needs \[\("):
        mlp.predict(X) if method == "predict" else getattr(mlp, method)(X, y)


SECOND_CALLS = {
    "other number of features": (lambda m, y: (X[:, :2], y), "2 features.*3 features"),
    "NaN": (lambda m, y: (put(X, np.nan), y), "NaN"),
    "y short": (lambda m, y: (X, y[:-1]), "inconsistent"),
    "negative weights": (lambda m, y: (X, y, put(WEIGHTS, -1)), "Negative"),
    "other kind of y": (lambda m, y: (X, INDICATOR), "one column of labels|3 outputs"),
    "NaN in y": (lambda m, y: (X, put(y, np.nan)), "NaN"),
}


def fail(method, mlp, X, y, sample_weight=None):
    keywords = {} if sample_weight is None else {"sample_weight": sample_weight}
    return getattr(mlp, method)(X, y, **keywords)


@both
@pytest.mark.parametrize("first", ["fit", "partial_fit", "early stopping"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("arguments", "message"), SECOND_CALLS.values(), ids=SECOND_CALLS
)
def test_bad_data_in_a_second_call_leaves_no_trace(
    estimator, first, method, arguments, message
):
    y = TARGETS[estimator]
    mlp = tiny_mlp(estimator, warm_start=True, early_stopping=first == "early stopping")
    partial_fit(mlp, X, y) if first == "partial_fit" else mlp.fit(X, y)
    twin, before = copy.deepcopy(mlp), state(mlp, X)
    with pytest.raises(ValueError, match=message):
        fail(method, mlp, *arguments(mlp, y))
    assert_same_state(state(mlp, X), before)
    assert_same_state(state(mlp.partial_fit(X, y), X), state(twin.partial_fit(X, y), X))


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_label_unseen_by_the_first_call_leaves_no_trace(method):
    mlp = tiny_mlp(MLPClassifierSDM, warm_start=True).partial_fit(X, LABELS, [0, 1, 2])
    before = state(mlp, X)
    with pytest.raises(ValueError, match=r"\[3\].*not among.*\[0, 1, 2\]"):
        getattr(mlp, method)(X, LABELS + 1)
    assert_same_state(state(mlp, X), before)


def test_classes_that_differ_from_the_first_call_leave_no_trace():
    mlp = tiny_mlp(MLPClassifierSDM).partial_fit(X, LABELS, [0, 1, 2])
    before = state(mlp, X)
    with pytest.raises(ValueError, match=r"classes=\[0, 1, 2, 3\].*\[0, 1, 2\]"):
        mlp.partial_fit(X, LABELS, [0, 1, 2, 3])
    assert_same_state(state(mlp, X), before)
    mlp.partial_fit(X, LABELS, [2, 1, 0])
