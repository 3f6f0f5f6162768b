"""Patience, the values that are watched, and which weights are kept."""

import warnings

import numpy as np
import pandas as pd
import pytest
from problems import Script, assert_same_curves, assert_same_weights, early_stopper
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.metrics import get_scorer, log_loss

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


# --- Patience ---


@both
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("n_iter_no_change", [1, 2, 10])
def test_patience_is_exact(estimator, early_stopping, n_iter_no_change):
    mlp = early_stopper(
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
    mlp = early_stopper(
        MLPRegressorSDM, scoring=Script(scores), tol=tol, n_iter_no_change=3
    )
    mlp.fit(X, y)
    assert mlp.n_iter_ == n_epochs
    assert mlp.stop_reason_ == "patience"


@both
@pytest.mark.parametrize("early_stopping", [False, True])
def test_infinite_patience_never_stops(estimator, early_stopping):
    mlp = early_stopper(
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
    mlp = early_stopper(estimator, **parameters, tol=1e-3).fit(X, y, **VALIDATION)
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
        mlp = early_stopper(estimator, max_iter=2).fit(X, y)
    assert mlp.stop_reason_ == "max_iter"
    assert [warning.category for warning in caught] == [ConvergenceWarning]
    assert "max_iter=2" in str(caught[0].message)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp = early_stopper(estimator, tol=1e6).fit(X, y)
    assert mlp.stop_reason_ == "patience"


def test_patience_that_ends_with_the_last_epoch_is_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        mlp = early_stopper(
            MLPRegressorSDM, tol=1e6, n_iter_no_change=4, max_iter=5
        ).fit(X, y)
    assert mlp.stop_reason_ == "patience"


# --- The best weights ---


def test_weights_of_the_epoch_with_the_lowest_validation_loss_are_restored():
    mlp = early_stopper(MLPClassifierSDM, n_iter_no_change=20, tol=0, batch_size=10)
    mlp.fit(X, y, **VALIDATION)
    losses = mlp.history_["validation_loss"]
    assert mlp.stop_reason_ == "patience"
    assert losses.index(min(losses)) == len(losses) - 21
    assert log_loss(y_val, mlp.predict_proba(X_val)) == pytest.approx(min(losses))


@pytest.mark.parametrize("weighted", [False, True])
def test_validation_loss_of_the_regressor_is_restored(weighted):
    sample_weight_val = weights if weighted else None
    mlp = early_stopper(MLPRegressorSDM, n_iter_no_change=20, tol=0, batch_size=10)
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
    mlp = early_stopper(estimator, **parameters, scoring=Script(scores)).fit(X, y)
    upward = Script(range(100))
    short = early_stopper(estimator, **parameters, scoring=upward, max_iter=best).fit(
        X, y
    )
    assert mlp.n_iter_ > best == short.n_iter_
    assert_same_weights(mlp, short)


@both
def test_best_weights_are_restored_at_max_iter_too(estimator):
    mlp = early_stopper(estimator, scoring=Script([1, 5, 2, 0]), max_iter=4).fit(X, y)
    assert mlp.stop_reason_ == "max_iter"
    short = early_stopper(estimator, scoring=Script([1, 5]), max_iter=2).fit(X, y)
    assert_same_weights(mlp, short)


@both
def test_best_epoch_is_that_of_the_weights(estimator):
    mlp = early_stopper(estimator).fit(X, y)
    assert mlp.best_epoch_ == 1 + np.argmin(mlp.history_["validation_loss"])
    assert mlp.best_epoch_ < mlp.n_iter_
    mlp.partial_fit(X, y)
    assert mlp.best_epoch_ == len(mlp.history_["loss"])
    alone = early_stopper(estimator, early_stopping=False).fit(X, y)
    assert alone.best_epoch_ == alone.n_iter_


@both
def test_early_stopping_may_be_a_bool_of_numpy(estimator):
    mlp = early_stopper(estimator, early_stopping=np.True_).fit(X, y)
    assert_same_weights(mlp, early_stopper(estimator).fit(X, y))


# --- What a later call watches ---


@pytest.mark.parametrize(
    "before",
    [{"scoring": "accuracy"}, {"early_stopping": False, "scoring": "loss"}],
    ids=["scoring", "early_stopping"],
)
def test_patience_starts_anew_where_another_value_is_watched(before):
    # There the loss is the higher, the more is learnt.
    validation = {"X_val": X, "y_val": 1 - y}
    mlp = early_stopper(
        MLPClassifierSDM, warm_start=True, max_iter=20, n_iter_no_change=5
    )
    mlp.set_params(**before).fit(X, y)
    mlp.set_params(early_stopping=True, scoring="loss").fit(X, y, **validation)
    losses = mlp.history_["validation_loss"][-mlp.n_iter_ :]
    assert log_loss(1 - y, mlp.predict_proba(X)) == pytest.approx(min(losses))


def test_another_scorer_of_the_same_name_begins_anew():
    mlp = early_stopper(
        MLPRegressorSDM, warm_start=True, max_iter=5, n_iter_no_change=9
    )
    mlp.set_params(scoring=lambda mlp, X, y: 100.0).fit(X, y)
    mlp.set_params(scoring=lambda mlp, X, y: -len(mlp.history_["loss"])).fit(X, y)
    assert mlp.best_epoch_ == 6


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
    mlp = early_stopper(
        MLPClassifierSDM, hidden_layer_sizes=20, warm_start=True, **before
    )
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
    mlp = early_stopper(
        MLPClassifierSDM, warm_start=True, learning_rate_init=1e-9, tol=1
    )
    mlp.set_params(max_iter=4, n_iter_no_change=5)
    mlp.set_params(scoring=parameters.get("scoring", "loss")).fit(X, y)
    assert mlp.set_params(**parameters).fit(X, y, **fit_parameters).n_iter_ == 2


def test_a_warm_start_with_more_weight_decay_trains_until_it_has_converged():
    mlp = early_stopper(MLPClassifierSDM, early_stopping=False, tol=1e-4, max_iter=1000)
    mlp.set_params(warm_start=True, weight_decay=1e-5).fit(X, y)
    mlp.set_params(weight_decay=0.05).fit(X, y)
    cold = clone(mlp).fit(X, y)
    assert objective(mlp) == pytest.approx(objective(cold), rel=0.02)


def objective(mlp):
    return mlp.history_["loss"][-1] + mlp.history_["penalty"][-1]


@pytest.mark.parametrize(
    ("early_stopping", "own_data"), [(True, False), (True, True), (False, False)]
)
@both
def test_a_warm_start_on_other_targets_is_measured_by_these(
    estimator, early_stopping, own_data
):
    mlp = early_stopper(
        estimator, early_stopping=early_stopping, warm_start=True, max_iter=50
    )

    def fit(column):
        validation = {"X_val": X_val, "y_val": X_val[:, column] > 0}
        return mlp.fit(X, X[:, column] > 0, **validation if own_data else {})

    n_before = len(fit(0).history_["loss"])
    assert fit(2).best_epoch_ > n_before
    assert mlp.score(X, X[:, 2] > 0) > (0.9 if estimator is MLPClassifierSDM else 0.3)


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
    mlp = early_stopper(estimator, scoring=scorer if as_callable else scoring)
    mlp.fit(X, y, **VALIDATION, sample_weight_val=sample_weight_val)
    scores = mlp.history_["validation_score"]
    assert mlp.stop_reason_ == "patience"
    score = pytest.approx(scorer(mlp, X_val, y_val, **keywords), rel=1e-12)
    assert max(scores) == score
    assert mlp.best_validation_score_ == max(scores)

    last = early_stopper(estimator, early_stopping=False, max_iter=2).fit(X, y)
    score = pytest.approx(scorer(last, X_val, y_val, **keywords), rel=1e-12)
    assert scores[1] == score


@pytest.mark.parametrize("class_weight", ["balanced", {0: 5.0}], ids=str)
def test_scorers_do_not_count_class_weights(class_weight):
    mlp = early_stopper(MLPClassifierSDM, scoring="accuracy", class_weight=class_weight)
    mlp.fit(X, y, **VALIDATION)
    assert mlp.best_validation_score_ == mlp.score(X_val, y_val)


@both
def test_one_weight_for_all_cases_with_a_scorer(estimator):
    scoring = "accuracy" if estimator is MLPClassifierSDM else "r2"
    mlp = early_stopper(estimator, scoring=scoring)
    assert_same_curves(clone(mlp).fit(X, y, 2.0), mlp.fit(X, y, np.full(100, 2.0)))


@pytest.mark.parametrize("given", [False, True])
def test_data_frames_give_no_feature_name_warning(given):
    frame, frame_val = (pd.DataFrame(x, columns=list("abc")) for x in (X, X_val))
    validation = {"X_val": frame_val, "y_val": pd.Series(y_val)} if given else {}
    mlp = early_stopper(MLPClassifierSDM, scoring="accuracy")
    mlp.fit(frame, pd.Series(y), **validation)
    score = mlp.history_["validation_score"]
    arrays = VALIDATION if given else {}
    same = early_stopper(MLPClassifierSDM, scoring="accuracy").fit(X, y, **arrays)
    assert same.history_["validation_score"] == score


def test_string_labels_can_be_scored():
    labels = np.where(y > 0, "yes", "no")
    mlp = early_stopper(MLPClassifierSDM, scoring="balanced_accuracy").fit(X, labels)
    assert 0.5 < mlp.best_validation_score_ <= 1


@pytest.mark.parametrize("container", ["coo", "bsr", "lil", "csc"])
@both
def test_scorers_are_given_rows_of_any_sparse_matrix(estimator, container):
    dense, mlp = (
        early_stopper(estimator),
        early_stopper(estimator, scoring=lambda mlp, X, y: 0.0),
    )
    mlp.set_params(n_iter_no_change=3)
    given = sparse.csr_array(X).asformat(container)
    dense.set_params(**mlp.get_params()).fit(X, y)
    assert_same_curves(mlp.fit(given, y), dense)


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

    mlp = early_stopper(MLPClassifierSDM, scoring=scoring, max_iter=3)
    given = clone(mlp).fit(matrix, labels, X_val=matrix, y_val=labels)
    assert_same_curves(given, mlp.fit(dense, labels, X_val=dense, y_val=labels))
    assert matrix.nnz < 20 * n


def test_scorer_that_fails_is_an_error_that_names_it():
    mlp = MLPClassifierSDM(5, early_stopping=True, scoring="roc_auc", random_state=0)
    with pytest.raises(ValueError, match=r"scoring='roc_auc' fails.*multi_class"):
        mlp.fit(X, np.arange(100) % 3)


@both
def test_a_scorer_that_takes_no_weights_is_named(estimator):
    def script(mlp, X, y):
        return mlp.score(X, y)

    mlp = early_stopper(estimator, scoring=script)
    with pytest.raises(ValueError, match=r"scoring=.*script.* fails .*sample_weight"):
        mlp.fit(X, y, weights)


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


@pytest.mark.parametrize("score", [None, {"a": 1.0}, "high", np.zeros(2)], ids=str)
def test_scorer_that_returns_no_number_is_an_error(score):
    mlp = early_stopper(MLPClassifierSDM, scoring=lambda mlp, X, y: score)
    with pytest.raises(ValueError, match="a scorer that returns one number"):
        mlp.fit(X, y)
