"""Validation data, patience, and which weights are kept."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from problems import assert_same_weights
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.metrics import get_scorer, log_loss
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# Most tests look at a given number of epochs.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped (at|by) :sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
X, X_val = rng.normal(size=(2, 100, 3))
y, y_val = (
    (x @ [1, 1, 0] + rng.normal(size=100) > 0).astype(float) for x in (X, X_val)
)
weights = rng.random(100)
VALIDATION = {"X_val": X_val, "y_val": y_val}
both = pytest.mark.parametrize("estimator", [MLPClassifierSDM, MLPRegressorSDM])


def small(estimator, **parameters):
    defaults = {
        "hidden_layer_sizes": 10,
        "learning_rate_init": 0.05,
        "early_stopping": True,
        "random_state": 0,
    }
    return estimator(**defaults | parameters)


def assert_same_curves(a, b):
    assert a.history_.keys() == b.history_.keys()
    for name, curve in a.history_.items():
        assert curve == pytest.approx(b.history_[name], nan_ok=True)


class Script:
    """A scorer that says what it is told, epoch after epoch, and keeps what it saw."""

    def __init__(self, scores=(0.0,)):
        self.scores = list(scores)
        self.calls = []

    def __call__(self, mlp, X, y, sample_weight=None):
        self.calls.append((X, y, sample_weight))
        return self.scores[min(len(self.calls), len(self.scores)) - 1]


# --- Patience ---


@both
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n_iter_no_change", [1, 2, 10])
def test_patience_is_exact(estimator, early_stopping, n_iter_no_change):
    mlp = small(
        estimator,
        early_stopping=early_stopping,
        n_iter_no_change=n_iter_no_change,
        tol=1e6,  # only the first epoch improves by more than that
    ).fit(X, y)
    assert mlp.n_iter_ == 1 + n_iter_no_change
    assert mlp.stop_reason_ == "patience"


@pytest.mark.parametrize(
    ("scores", "tol", "n_epochs"),
    [
        ([0, 1, 2, 2], 0, 6),  # no improvement is none, even with tol=0
        ([0, 1, 0, 2, 2], 0, 7),  # an improvement starts the count anew
        ([0, 4, 3, 2, 1, 5], 0, 5),
        ([0, 1, 2, 3, 4], 1, 4),  # improvements of exactly tol do not count
        ([0, 1.5, 3, 4.5], 1, 7),
        ([0, 0.75, 1.5, 2.25], 1, 4),  # each epoch is compared to the best one before
        ([-1, -2, -3], 0, 4),
    ],
)
def test_epochs_in_a_row_without_improvement_are_counted(scores, tol, n_epochs):
    mlp = small(MLPRegressorSDM, scoring=Script(scores), tol=tol, n_iter_no_change=3)
    mlp.fit(X, y)
    assert mlp.n_iter_ == n_epochs
    assert mlp.stop_reason_ == "patience"


@both
@pytest.mark.parametrize("early_stopping", [False, True])
def test_infinite_patience_never_stops(estimator, early_stopping):
    mlp = small(
        estimator,
        early_stopping=early_stopping,
        n_iter_no_change=np.inf,
        tol=1e6,
        max_iter=50,
    ).fit(X, y)
    assert mlp.n_iter_ == 50
    assert mlp.stop_reason_ == "max_iter"


@both
def test_without_early_stopping_loss_plus_penalty_is_watched(estimator):
    parameters = {"early_stopping": False, "weight_decay": 1.0, "n_iter_no_change": 3}
    mlp = small(estimator, **parameters, tol=1e-3).fit(X, y, **VALIDATION)
    loss, penalty = mlp.history_["loss"], mlp.history_["penalty"]
    objective = np.add(loss, penalty)
    best_before = np.minimum.accumulate(objective)[:-1]
    improved = objective[1:] < best_before - 1e-3
    assert not improved[-3:].any()
    stops = [not improved[i - 2 : i + 1].any() for i in range(2, len(improved))]
    assert stops.index(True) == len(stops) - 1
    assert mlp.stop_reason_ == "patience"


@both
def test_max_iter_is_one_warning_and_patience_is_none(estimator):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        mlp = small(estimator, max_iter=2).fit(X, y)
    assert mlp.stop_reason_ == "max_iter"
    assert [warning.category for warning in caught] == [ConvergenceWarning]
    assert "max_iter=2" in str(caught[0].message)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp = small(estimator, tol=1e6).fit(X, y)
    assert mlp.stop_reason_ == "patience"


def test_patience_that_ends_with_the_last_epoch_is_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp = small(MLPRegressorSDM, tol=1e6, n_iter_no_change=4, max_iter=5).fit(X, y)
    assert mlp.stop_reason_ == "patience"


# --- The best weights ---


def test_weights_of_the_epoch_with_the_lowest_validation_loss_are_restored():
    mlp = small(MLPClassifierSDM, n_iter_no_change=20, tol=0, batch_size=10)
    mlp.fit(X, y, **VALIDATION)
    losses = mlp.history_["validation_loss"]
    assert mlp.stop_reason_ == "patience"
    assert losses.index(min(losses)) == len(losses) - 21
    assert log_loss(y_val, mlp.predict_proba(X_val)) == pytest.approx(min(losses))


@pytest.mark.parametrize("weighted", [False, True])
def test_validation_loss_of_the_regressor_is_restored(weighted):
    sample_weight_val = weights if weighted else None
    mlp = small(MLPRegressorSDM, n_iter_no_change=20, tol=0, batch_size=10)
    mlp.fit(X, y, **VALIDATION, sample_weight_val=sample_weight_val)
    squares = (mlp.predict(X_val) - y_val) ** 2 / 2
    loss = np.average(squares, weights=sample_weight_val)
    assert mlp.stop_reason_ == "patience"
    assert loss == pytest.approx(min(mlp.history_["validation_loss"]))


@both
@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([3, 2, 1], 1),
        ([1, 5, 2], 2),
        ([1, 2, 5, 5, 5], 3),  # the first of equal ones
        ([1, 1.05, 1.1, 1], 3),  # better by less than tol is still the best
    ],
)
def test_weights_of_the_best_epoch_are_those_of_training_that_long(
    estimator, scores, best
):
    parameters = {"tol": 0.5, "n_iter_no_change": 4}
    mlp = small(estimator, **parameters, scoring=Script(scores)).fit(X, y)
    upward = Script(range(100))
    short = small(estimator, **parameters, scoring=upward, max_iter=best).fit(X, y)
    assert mlp.n_iter_ > best == short.n_iter_
    assert_same_weights(mlp, short)


@both
def test_best_weights_are_restored_at_max_iter_too(estimator):
    mlp = small(estimator, scoring=Script([1, 5, 2, 0]), max_iter=4).fit(X, y)
    assert mlp.stop_reason_ == "max_iter"
    short = small(estimator, scoring=Script([1, 5]), max_iter=2).fit(X, y)
    assert_same_weights(mlp, short)


# --- The validation data ---


def held_out(X, y, estimator=MLPClassifierSDM, **parameters):
    script = Script()
    mlp = small(estimator, scoring=script, n_iter_no_change=3, **parameters).fit(X, y)
    return mlp, script.calls


@pytest.mark.parametrize("names", [[0, 1, 2], ["few", "many", "some"]])
def test_split_is_stratified_by_class(names):
    labels = rng.permutation(np.repeat(names, [10, 60, 30]))
    _, calls = held_out(X, labels, validation_fraction=0.2)
    values, counts = np.unique(calls[0][1], return_counts=True)
    assert_array_equal(values, names)
    assert_array_equal(counts, [2, 12, 6])


@pytest.mark.parametrize("seed", range(5))
def test_each_class_has_its_share_of_the_validation_data(seed):
    frequencies = [0.5, 0.2, 0.13, 0.08, 0.05, 0.04]
    labels = np.random.default_rng(seed).choice(6, 300, p=frequencies)
    inputs = rng.normal(size=(300, 3))
    _, calls = held_out(inputs, labels, validation_fraction=0.15, random_state=seed)
    counts = np.bincount(calls[0][1], minlength=6)
    assert counts.sum() == 45
    assert (abs(counts - 0.15 * np.bincount(labels)) < 1).all()


def test_a_large_validation_set_leaves_one_of_each_class_for_training():
    labels = np.repeat([0, 1], [18, 2])
    _, calls = held_out(X[:20], labels, validation_fraction=0.9)
    assert_array_equal(np.bincount(calls[0][1]), [17, 1])


def test_classes_of_equal_size_take_turns_with_the_odd_row():
    labels = np.arange(30) % 2
    counts = [
        tuple(np.bincount(held_out(X[:30], labels, random_state=seed)[1][0][1]))
        for seed in range(30)
    ]
    assert set(counts) == {(1, 2), (2, 1)}


def test_a_warm_start_may_hold_out_rows_of_data_that_lack_a_class():
    mlp = small(MLPClassifierSDM, warm_start=True, max_iter=2)
    mlp.fit(X, np.arange(100) % 3)
    script = Script()
    mlp.set_params(scoring=script).fit(X[:4], [0, 0, 2, 2])
    assert sorted(script.calls[0][1]) == [0, 2]


@both
def test_cases_without_weight_are_not_held_out(estimator):
    """As many cases of bootstrap samples are."""
    labels = np.repeat([0, 1, 2], [50, 48, 2])
    s = np.arange(100) % 3 / 2
    s[-2:] = 0, 1  # the only one of its class that counts
    script = Script()
    mlp = small(estimator, scoring=script, n_iter_no_change=3, validation_fraction=0.2)
    mlp.fit(X, labels, s)
    _, watched, weights = script.calls[0]
    n_eligible = np.count_nonzero(s) - (estimator is MLPClassifierSDM)
    assert len(watched) == np.ceil(0.2 * n_eligible)
    assert (weights > 0).all()
    if estimator is MLPClassifierSDM:
        assert 2 not in watched


@both
@pytest.mark.parametrize(("fraction", "n_val"), [(0.1, 10), (0.25, 25), (0.333, 34)])
def test_validation_fraction_is_held_out(estimator, fraction, n_val):
    mlp, calls = held_out(X, y, estimator, validation_fraction=fraction)
    assert {len(x) for x, _, _ in calls} == {n_val}
    assert mlp.t_ == mlp.n_iter_ * (100 - n_val)


@both
@pytest.mark.parametrize("sample_weight", [None, weights])
def test_held_out_rows_are_the_same_all_the_time_and_not_trained_on(
    estimator, sample_weight
):
    """Training goes as if the user had split the data so."""
    script = Script()
    mlp = small(estimator, scoring=script, warm_start=True, max_iter=2)
    mlp.fit(X, y, sample_weight).fit(X, y, sample_weight)
    x_val, t_val, w_val = script.calls[0]
    assert len(script.calls) == 4
    for call in script.calls:
        assert_array_equal(call[0], x_val)
        assert_array_equal(call[1], t_val)

    rows = np.flatnonzero(~np.isin(X, x_val).all(axis=1))
    assert len(rows) == 90
    w = None if sample_weight is None else sample_weight[rows]
    told = small(estimator, scoring=Script(), max_iter=4)
    told.fit(X[rows], y[rows], w, X_val=x_val, y_val=t_val, sample_weight_val=w_val)
    assert_same_curves(mlp, told)
    assert_same_weights(mlp, told)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_split_does_not_depend_on_the_container(container):
    mlp = small(MLPClassifierSDM).fit(container(X), y)
    dense = small(MLPClassifierSDM).fit(X, y)
    assert_same_curves(mlp, dense)


@pytest.mark.parametrize("target", [np.c_[y, 1 - y], np.c_[y, y, y_val].astype(int)])
def test_several_outputs_can_be_held_out(target):
    estimator = MLPClassifierSDM if target.shape[1] == 3 else MLPRegressorSDM
    mlp = small(estimator).fit(X, target)
    assert mlp.stop_reason_ == "patience"


@both
def test_given_validation_data_leave_all_rows_for_training(estimator):
    mlp = small(estimator, tol=0).fit(X, y, **VALIDATION)
    losses = mlp.history_["validation_loss"]
    best = 1 + losses.index(min(losses))
    assert mlp.stop_reason_ == "patience"
    assert mlp.t_ == 100 * mlp.n_iter_

    free = {"early_stopping": False, "n_iter_no_change": np.inf}
    longer = small(estimator, **free, max_iter=mlp.n_iter_).fit(X, y)
    assert mlp.history_["loss"] == longer.history_["loss"]
    assert_same_weights(mlp, small(estimator, **free, max_iter=best).fit(X, y))


@both
@pytest.mark.parametrize("scoring", ["loss", "neg_mean_squared_error"])
def test_without_early_stopping_validation_data_are_only_recorded(estimator, scoring):
    parameters = {"early_stopping": False, "scoring": scoring}
    mlp = small(estimator, **parameters).fit(X, y, **VALIDATION)
    alone = small(estimator, **parameters).fit(X, y)
    assert_same_weights(mlp, alone)
    assert mlp.stop_reason_ == alone.stop_reason_
    assert len(mlp.history_.pop("validation_loss")) == mlp.n_iter_
    assert len(mlp.history_.pop("validation_score")) == mlp.n_iter_
    assert mlp.history_ == alone.history_


@both
def test_validation_weights_count_and_their_scale_does_not(estimator):
    mlp, scaled, ones, without = (
        small(estimator, max_iter=5).fit(X, y, **VALIDATION, sample_weight_val=w)
        for w in (weights, 8 * weights, np.full(100, 3), None)
    )
    huge = small(estimator, max_iter=5).fit(
        X, y, **VALIDATION, sample_weight_val=1e308 * weights
    )
    assert_same_curves(mlp, huge)
    assert_same_curves(mlp, scaled)
    assert_same_curves(ones, without)
    assert mlp.history_["validation_loss"] != ones.history_["validation_loss"]
    assert mlp.history_["validation_score"] != ones.history_["validation_score"]


@both
def test_rows_of_weight_0_in_the_validation_data_do_not_count(estimator):
    w = (np.arange(100) < 50).astype(float)
    mlp = small(estimator).fit(X, y, **VALIDATION, sample_weight_val=w)
    half = small(estimator).fit(X, y, X_val=X_val[:50], y_val=y_val[:50])
    assert_same_curves(mlp, half)


def test_partial_fit_holds_nothing_out():
    mlp = small(MLPRegressorSDM).partial_fit(X, y)
    alone = small(MLPRegressorSDM, early_stopping=False).partial_fit(X, y)
    assert mlp.history_ == alone.history_
    assert_same_weights(mlp, alone)


# --- Scoring ---


@pytest.mark.parametrize(
    ("estimator", "scoring"),
    [
        (MLPClassifierSDM, "accuracy"),
        (MLPClassifierSDM, "roc_auc"),
        (MLPClassifierSDM, "neg_log_loss"),
        (MLPRegressorSDM, "r2"),
        (MLPRegressorSDM, "neg_mean_absolute_error"),
    ],
)
@pytest.mark.parametrize("as_callable", [False, True])
@pytest.mark.parametrize("sample_weight_val", [None, weights])
def test_validation_score_is_the_scorers_and_the_highest_is_kept(
    estimator, scoring, as_callable, sample_weight_val
):
    scorer = get_scorer(scoring)
    keywords = {} if sample_weight_val is None else {"sample_weight": sample_weight_val}
    mlp = small(estimator, scoring=scorer if as_callable else scoring)
    mlp.fit(X, y, **VALIDATION, sample_weight_val=sample_weight_val)
    scores = mlp.history_["validation_score"]
    assert mlp.stop_reason_ == "patience"
    score = pytest.approx(scorer(mlp, X_val, y_val, **keywords), rel=1e-12)
    assert max(scores) == score
    assert mlp.best_validation_score_ == max(scores)

    last = small(estimator, early_stopping=False, max_iter=2).fit(X, y)
    score = pytest.approx(scorer(last, X_val, y_val, **keywords), rel=1e-12)
    assert scores[1] == score


@pytest.mark.parametrize("class_weight", ["balanced", {0: 5.0}], ids=str)
def test_scorers_do_not_count_class_weights(class_weight):
    mlp = small(MLPClassifierSDM, scoring="accuracy", class_weight=class_weight)
    mlp.fit(X, y, **VALIDATION)
    assert mlp.best_validation_score_ == mlp.score(X_val, y_val)


@both
def test_scorer_sees_data_frames_as_they_came(estimator):
    frame, target = pd.DataFrame(X, columns=list("abc")), pd.Series(y, name="target")
    mlp, calls = held_out(frame, target, estimator)
    assert list(calls[0][0].columns) == ["a", "b", "c"]
    assert calls[0][1].name == "target"
    assert_array_equal(calls[0][0].index, calls[0][1].index)
    assert_array_equal(calls[0][1], y[calls[0][0].index])
    assert mlp.feature_names_in_.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize("given", [False, True])
def test_data_frames_give_no_feature_name_warning(given):
    frame, frame_val = (pd.DataFrame(x, columns=list("abc")) for x in (X, X_val))
    validation = {"X_val": frame_val, "y_val": pd.Series(y_val)} if given else {}
    mlp = small(MLPClassifierSDM, scoring="accuracy")
    mlp.fit(frame, pd.Series(y), **validation)
    score = mlp.history_["validation_score"]
    arrays = VALIDATION if given else {}
    same = small(MLPClassifierSDM, scoring="accuracy").fit(X, y, **arrays)
    assert same.history_["validation_score"] == score


def test_string_labels_can_be_scored():
    labels = np.where(y > 0, "yes", "no")
    mlp = small(MLPClassifierSDM, scoring="balanced_accuracy").fit(X, labels)
    assert 0.5 < mlp.best_validation_score_ <= 1


@pytest.mark.parametrize(
    "before",
    [{"scoring": "accuracy"}, {"early_stopping": False, "scoring": "loss"}],
    ids=["scoring", "early_stopping"],
)
def test_patience_starts_anew_where_another_value_is_watched(before):
    # There the loss is the higher, the more is learnt.
    validation = {"X_val": X, "y_val": 1 - y}
    mlp = small(MLPClassifierSDM, warm_start=True, max_iter=20, n_iter_no_change=5)
    mlp.set_params(**before).fit(X, y)
    mlp.set_params(early_stopping=True, scoring="loss").fit(X, y, **validation)
    losses = mlp.history_["validation_loss"][-mlp.n_iter_ :]
    assert log_loss(1 - y, mlp.predict_proba(X)) == pytest.approx(min(losses))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"loss": "squared_error"}, {"loss": "log_loss"}),
        ({"class_weight": {0: 20}}, {"class_weight": None}),
        ({"activation": "relu"}, {"activation": "tanh"}),
    ],
    ids=lambda parameters: next(iter(parameters)),
)
def test_best_epoch_is_one_of_those_measured_alike(before, after):
    """The values before are lower, but say nothing about those after."""
    mlp = small(MLPClassifierSDM, hidden_layer_sizes=20, warm_start=True, **before)
    n_before = len(mlp.fit(X, y).history_["loss"])
    assert mlp.set_params(**after).fit(X, y).best_epoch_ > n_before


@pytest.mark.parametrize(
    ("parameters", "fit_parameters"),
    [
        ({"weight_decay": 0.01}, {}),
        ({"loss": np.str_("log_loss"), "activation": np.array(["relu"])}, {}),
        ({"scoring": "accuracy", "loss": "squared_error"}, {}),
        ({}, {"sample_weight": np.full(len(X), 3.0)}),
        ({}, {"sample_weight": np.full(len(X), 1e-300)}),
    ],
    ids=["weight_decay", "names of NumPy", "loss beside accuracy", "threes", "tiny"],
)
def test_patience_carries_on_where_values_are_measured_as_before(
    parameters, fit_parameters
):
    mlp = small(MLPClassifierSDM, warm_start=True, learning_rate_init=1e-9, tol=1)
    mlp.set_params(max_iter=4, n_iter_no_change=5)
    mlp.set_params(scoring=parameters.get("scoring", "loss")).fit(X, y)
    assert mlp.set_params(**parameters).fit(X, y, **fit_parameters).n_iter_ == 2


def test_a_warm_start_with_more_weight_decay_trains_until_it_has_converged():
    mlp = small(MLPClassifierSDM, early_stopping=False, tol=1e-4, max_iter=1000)
    mlp.set_params(warm_start=True, weight_decay=1e-5).fit(X, y)
    mlp.set_params(weight_decay=0.05).fit(X, y)
    cold = clone(mlp).fit(X, y)
    assert objective(mlp) == pytest.approx(objective(cold), rel=0.02)


def objective(mlp):
    return mlp.history_["loss"][-1] + mlp.history_["penalty"][-1]


def test_another_scorer_of_the_same_name_begins_anew():
    mlp = small(MLPRegressorSDM, warm_start=True, max_iter=5, n_iter_no_change=9)
    mlp.set_params(scoring=lambda mlp, X, y: 100.0).fit(X, y)
    mlp.set_params(scoring=lambda mlp, X, y: -len(mlp.history_["loss"])).fit(X, y)
    assert mlp.best_epoch_ == 6


def test_a_class_of_one_case_is_named_where_later_ones_are_absent():
    mlp = small(MLPClassifierSDM, early_stopping=False, warm_start=True)
    mlp.partial_fit(X, y, classes=[0, 1, 2]).set_params(early_stopping=True)
    rows = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:1]]
    with pytest.raises(ValueError, match=r"have one: \[1\]; drop or merge"):
        mlp.fit(X[rows], y[rows])


@both
def test_too_few_cases_with_a_weight_to_hold_out_are_an_error_that_says_so(estimator):
    mlp = small(estimator)
    with pytest.raises(ValueError, match=r"positive weight.*too few.*X_val"):
        mlp.fit(X, np.arange(100) % 3, np.arange(100) == 0)


def test_scorer_that_fails_is_an_error_that_names_it():
    mlp = MLPClassifierSDM(5, early_stopping=True, scoring="roc_auc", random_state=0)
    with pytest.raises(ValueError, match=r"scoring='roc_auc' fails.*multi_class"):
        mlp.fit(X, np.arange(100) % 3)


def test_score_that_the_validation_data_do_not_define_is_an_error():
    X = np.random.default_rng(0).standard_normal((40, 3))
    y = np.arange(40) % 2
    mlp = MLPClassifierSDM(5, early_stopping=True, scoring="roc_auc", random_state=0)
    with (
        pytest.warns(UndefinedMetricWarning),
        pytest.raises(ValueError, match=r"scoring='roc_auc' gives nan"),
    ):
        mlp.fit(X, y, X_val=X[::2], y_val=y[::2])
    assert not hasattr(mlp, "coefs_")


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
@both
def test_last_split_of_a_splitter_is_held_out(estimator, solver):
    splitter = TimeSeriesSplit(3)
    *_, (training, validation) = splitter.split(X)
    mlp = small(estimator, early_stopping=splitter, solver=solver).fit(X, y)
    given = small(estimator, solver=solver).fit(
        X[training], y[training], X_val=X[validation], y_val=y[validation]
    )
    assert_same_curves(mlp, given)


@pytest.mark.parametrize("row", [-1, len(X)])
@pytest.mark.parametrize("part", [0, 1])
@both
def test_splitter_that_names_rows_that_X_does_not_have(estimator, part, row):
    split = [np.arange(50), np.arange(50, 100)]
    split[part][0] = row

    class Splitter(KFold):
        def split(self, X, y=None, groups=None):
            yield tuple(split)

    with pytest.raises(ValueError, match=f"{row}.* of n_samples={len(X)}"):
        small(estimator, early_stopping=Splitter()).fit(X, y)


class Split:
    """A splitter with one split."""

    def __init__(self, training, validation):
        self.rows = training, validation

    def split(self, X, y=None, groups=None):
        yield self.rows

    def get_n_splits(self, X=None, y=None, groups=None):
        return 1


@both
def test_splitter_may_yield_masks(estimator):
    mask = rng.random(100) < 0.3
    rows = Split(np.flatnonzero(~mask), np.flatnonzero(mask))
    masks = small(estimator, early_stopping=Split(~mask, mask)).fit(X, y)
    assert_same_weights(masks, small(estimator, early_stopping=rows).fit(X, y))


@pytest.mark.parametrize(
    "rows", [[0.0, 1.5], [[0, 1], [2, 3]], np.ones(99, bool), list("ab")], ids=str
)
@both
def test_splitter_that_yields_no_row_numbers_is_an_error(estimator, rows):
    for split in (rows, [0, 1]), ([0, 1], rows):
        with pytest.raises(ValueError, match="two arrays of row numbers"):
            small(estimator, early_stopping=Split(*split)).fit(X, y)


@both
def test_scorer_sees_the_rows_of_a_bootstrap(estimator):
    """Which are as many as the data, but not the data."""
    validation = rng.integers(50, 100, 100)
    seen = []

    def scoring(mlp, X, y):
        seen.append((X, y))
        return 0.0

    splitter = Split(np.arange(50), validation)
    small(estimator, early_stopping=splitter, scoring=scoring).fit(X, y)
    assert_array_equal(seen[0][0], X[validation])
    assert_array_equal(seen[0][1], y[validation])


@both
def test_early_stopping_may_be_a_bool_of_numpy(estimator):
    mlp = small(estimator, early_stopping=np.True_).fit(X, y)
    assert_same_weights(mlp, small(estimator).fit(X, y))


@pytest.mark.parametrize("container", ["coo", "bsr", "lil", "csc"])
@both
def test_scorers_are_given_rows_of_any_sparse_matrix(estimator, container):
    dense, mlp = small(estimator), small(estimator, scoring=lambda mlp, X, y: 0.0)
    mlp.set_params(n_iter_no_change=3)
    given = sparse.csr_array(X).asformat(container)
    dense.set_params(**mlp.get_params()).fit(X, y)
    assert_same_curves(mlp.fit(given, y), dense)


@both
def test_one_weight_for_all_cases_with_a_scorer(estimator):
    scoring = "accuracy" if estimator is MLPClassifierSDM else "r2"
    mlp = small(estimator, scoring=scoring)
    assert_same_curves(clone(mlp).fit(X, y, 2.0), mlp.fit(X, y, np.full(100, 2.0)))


def test_sparse_labels_can_be_split():
    labels = (X > 0).astype(int)
    splitter = ShuffleSplit(1, random_state=0)
    mlp = small(MLPClassifierSDM, early_stopping=splitter, scoring="f1_micro")
    given = clone(mlp).fit(X, sparse.coo_array(labels))
    assert_same_curves(given, mlp.fit(X, labels))


def test_scorer_may_tidy_up_a_sparse_matrix():
    """Which gives it other arrays, while it is being read."""
    n = 4000
    columns, values = rng.integers(0, 10, (n, 20)), rng.normal(size=(n, 20))
    starts = np.arange(0, 20 * n + 1, 20)
    matrix = sparse.csr_matrix((values.ravel(), columns.ravel(), starts), (n, 10))
    matrix = matrix.copy()  # whose arrays are no views
    dense, labels = matrix.toarray(), rng.integers(0, 2, n)

    def scoring(mlp, X, y):
        if sparse.issparse(X):
            X.sum_duplicates()
        return 0.0

    mlp = small(MLPClassifierSDM, scoring=scoring, max_iter=3)
    given = clone(mlp).fit(matrix, labels, X_val=matrix, y_val=labels)
    assert_same_curves(given, mlp.fit(dense, labels, X_val=dense, y_val=labels))
    assert matrix.nnz < 20 * n


@pytest.mark.parametrize("score", [None, {"a": 1.0}, "high", np.zeros(2)], ids=str)
def test_scorer_that_returns_no_number_is_an_error(score):
    mlp = small(MLPClassifierSDM, scoring=lambda mlp, X, y: score)
    with pytest.raises(ValueError, match="a scorer that returns one number"):
        mlp.fit(X, y)


@pytest.mark.parametrize(
    ("early_stopping", "validation"),
    [(True, {}), (False, {}), (True, VALIDATION), (GroupShuffleSplit(1), VALIDATION)],
    ids=["a random part", "none", "given", "given beside a splitter"],
)
def test_groups_that_nothing_uses_are_a_warning(early_stopping, validation):
    mlp = small(MLPClassifierSDM, early_stopping=early_stopping, max_iter=2)
    match = "groups are ignored.*GroupShuffleSplit"
    with pytest.warns(UserWarning, match=match) as warned:
        mlp.fit(X, y, groups=np.arange(100) // 10, **validation)
    assert {w.filename for w in warned} == {__file__}


@both
def test_groups_stay_together(estimator):
    groups = np.repeat(np.arange(10), 10)
    splitter = GroupShuffleSplit(test_size=0.3, random_state=1)
    *_, (training, validation) = splitter.split(X, y, groups)
    mlp = small(estimator, early_stopping=splitter).fit(X, y, groups=groups)
    given = small(estimator).fit(
        X[training], y[training], X_val=X[validation], y_val=y[validation]
    )
    assert_same_curves(mlp, given)


@both
def test_groups_are_routed_to_the_splitter_in_a_grid_search(estimator):
    groups = np.repeat(np.arange(20), 5)
    seen = []

    class Splitter(GroupShuffleSplit):
        def split(self, X, y=None, groups=None):
            seen.append(groups)
            return super().split(X, y, groups)

    with config_context(enable_metadata_routing=True):
        mlp = small(estimator, early_stopping=Splitter(random_state=0), max_iter=2)
        mlp.set_fit_request(groups=True)
        pipeline = make_pipeline(StandardScaler(), mlp)
        grid = {f"{pipeline.steps[-1][0]}__weight_decay": [0.0, 0.1]}
        search = GridSearchCV(pipeline, grid, cv=GroupKFold(2), refit=False)
        search.fit(X, y, groups=groups)
    assert len(seen) == 4
    assert {len(np.unique(g)) for g in seen} == {10}


@pytest.mark.parametrize(
    "splitter",
    [
        lambda: ShuffleSplit(test_size=0.2, random_state=3),
        lambda: ShuffleSplit(test_size=0.2),
        lambda: ShuffleSplit(random_state=np.random.RandomState(3)),
        lambda: KFold(shuffle=True),
        lambda: KFold(),
    ],
    ids=["seed", "no seed", "generator", "shuffled folds", "folds"],
)
def test_splitter_goes_on_with_the_same_split(splitter):
    def fit(max_iter, times):
        mlp = small(
            MLPClassifierSDM,
            early_stopping=splitter(),
            warm_start=True,
            max_iter=max_iter,
        )
        for _ in range(times):
            mlp.fit(X, y)
        return mlp

    assert_same_curves(fit(6, 1), fit(3, 2))


def drawn(splitter, random_state=0):
    """The first feature of the rows that are held out."""
    parameters = {"early_stopping": splitter, "random_state": random_state}
    _, calls = held_out(X, y, **parameters)
    return calls[0][0][:, 0].tolist()


def test_a_splitter_stays_as_it_was():
    splitter = ShuffleSplit(test_size=0.2)
    assert drawn(splitter) == drawn(splitter) != drawn(splitter, 1)
    assert splitter.random_state is None
    generator = np.random.RandomState(3)
    splitter = ShuffleSplit(1, test_size=0.2, random_state=generator)
    first = drawn(splitter)
    assert first == drawn(splitter, 1)
    assert generator.get_state()[2] == np.random.RandomState(3).get_state()[2]
    *_, (_, validation) = splitter.split(X)
    assert first == X[validation, 0].tolist()


def test_a_splitter_of_ones_own_draws_as_it_likes():
    class Splitter:
        def __init__(self):
            self.random_state = np.random.default_rng(0)

        def split(self, X, y=None, groups=None):
            order = self.random_state.permutation(len(X))
            yield order[20:], order[:20]

        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

    splitter = Splitter()
    assert drawn(splitter) != drawn(splitter)
    assert drawn(Splitter()) == drawn(Splitter())


@pytest.mark.parametrize("splits", [[], [([0, 1], [])], [([], [0, 1])]])
def test_splitter_that_leaves_nothing_is_an_error(splits):
    class Splitter(KFold):
        def split(self, X, y=None, groups=None):
            return iter(splits)

    with pytest.raises(ValueError, match="last split of early_stopping=Splitter"):
        small(MLPClassifierSDM, early_stopping=Splitter()).fit(X, y)


def test_splitter_without_the_groups_it_needs_is_an_error():
    mlp = small(MLPClassifierSDM, early_stopping=GroupShuffleSplit())
    with pytest.raises(ValueError, match=r"(?s)GroupShuffleSplit.*pass groups to fit"):
        mlp.fit(X, y)
    with pytest.raises(ValueError, match=r"(?s)set_fit_request\(groups=True\)"):
        GridSearchCV(mlp, {}, cv=GroupKFold(2), error_score="raise").fit(
            X, y, groups=np.arange(len(X)) % 10
        )


@both
def test_groups_of_a_cross_validation_are_not_meant_for_the_network(estimator):
    groups = np.arange(len(X)) % 10
    with config_context(enable_metadata_routing=True):
        scores = cross_validate(
            small(estimator), X, y, cv=GroupKFold(3), params={"groups": groups}
        )
    assert len(scores["test_score"]) == 3


@pytest.mark.parametrize(
    ("early_stopping", "own_data"), [(True, False), (True, True), (False, False)]
)
@both
def test_a_warm_start_on_other_targets_is_measured_by_these(
    estimator, early_stopping, own_data
):
    mlp = small(estimator, early_stopping=early_stopping, warm_start=True, max_iter=50)

    def fit(column):
        validation = {"X_val": X_val, "y_val": X_val[:, column] > 0}
        return mlp.fit(X, X[:, column] > 0, **validation if own_data else {})

    n_before = len(fit(0).history_["loss"])
    assert fit(2).best_epoch_ > n_before
    assert mlp.score(X, X[:, 2] > 0) > (0.9 if estimator is MLPClassifierSDM else 0.3)


def test_the_best_of_several_networks_keeps_its_validation_rows():
    held_out = set()

    def scorer(mlp, X, y):
        held_out.add(X.tobytes())
        return mlp.score(X, y)

    mlp = small(MLPClassifierSDM, scoring=scorer, n_init=3, warm_start=True, max_iter=3)
    mlp.fit(X, y)
    assert np.argmin(mlp.n_init_history_["reached"]) > 0
    mlp.fit(X, y)
    assert len(held_out) == 1


@both
def test_a_scorer_that_takes_no_weights_is_named(estimator):
    def script(mlp, X, y):
        return mlp.score(X, y)

    mlp = small(estimator, scoring=script)
    with pytest.raises(ValueError, match=r"scoring=.*script.* fails .*sample_weight"):
        mlp.fit(X, y, weights)


@both
def test_best_epoch_is_that_of_the_weights(estimator):
    mlp = small(estimator).fit(X, y)
    assert mlp.best_epoch_ == 1 + np.argmin(mlp.history_["validation_loss"])
    assert mlp.best_epoch_ < mlp.n_iter_
    mlp.partial_fit(X, y)
    assert mlp.best_epoch_ == len(mlp.history_["loss"])
    alone = small(estimator, early_stopping=False).fit(X, y)
    assert alone.best_epoch_ == alone.n_iter_
