"""What is recorded per epoch is what can be computed from outside."""

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import small_mlp
from sklearn.metrics import log_loss, mean_squared_error

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# Curves of a few epochs are asked for.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

CURVES = {"loss", "penalty", "score", "learning_rate"}
VALIDATION_CURVES = {"validation_loss", "validation_score"}

rng = np.random.default_rng(0)
X, X_val = rng.normal(size=(2, 60, 4))
weights, weights_val = rng.random((2, 60)) * (rng.random((2, 60)) < 0.8)
mixing = rng.normal(size=(4, 3))
# Targets of each kind, of the training and of the validation data.
TARGETS = {
    "binary": (MLPClassifierSDM, lambda X: X[:, 0] > 0),
    "multiclass": (MLPClassifierSDM, lambda X: np.argmax(X @ mixing, axis=1)),
    "multilabel": (MLPClassifierSDM, lambda X: (X @ mixing > 0).astype(int)),
    "one output": (MLPRegressorSDM, lambda X: np.sin(X @ mixing[:, 0])),
    "several outputs": (MLPRegressorSDM, lambda X: np.sin(X @ mixing)),
}
every_kind = pytest.mark.parametrize(
    ("estimator", "target"), TARGETS.values(), ids=TARGETS
)
both = pytest.mark.parametrize("estimator", [MLPClassifierSDM, MLPRegressorSDM])


def mean_loss(mlp, X, y, sample_weight):
    """Compute the lecture's mean loss per case with scikit-learn's metrics."""
    if isinstance(mlp, MLPRegressorSDM):
        outputs = mlp.predict(X)
        squares = mean_squared_error(y, outputs, sample_weight=sample_weight)
        return squares * mlp.n_outputs_ / 2
    p = mlp.predict_proba(X)
    if y.ndim == 1:
        return log_loss(y, p, sample_weight=sample_weight)
    labels = [0, 1]
    return sum(
        log_loss(t, o, sample_weight=sample_weight, labels=labels)
        for t, o in zip(y.T, p.T, strict=True)
    )


@both
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("validation", [{}, {"X_val": X_val, "y_val": X_val[:, 0] > 0}])
def test_history_has_the_documented_curves_of_equal_length(
    estimator, early_stopping, validation
):
    mlp = small_mlp(estimator, early_stopping=early_stopping)
    mlp.fit(X, X[:, 0] > 0, **validation)
    expected = CURVES | (VALIDATION_CURVES if early_stopping or validation else set())
    assert mlp.history_.keys() == expected
    assert {len(curve) for curve in mlp.history_.values()} == {mlp.n_iter_}
    assert all(
        type(value) is float for curve in mlp.history_.values() for value in curve
    )


@every_kind
@pytest.mark.parametrize(
    "sample_weight", [None, weights], ids=["unweighted", "weighted"]
)
def test_running_loss_and_score_of_a_full_batch_are_those_before_the_update(
    estimator, target, sample_weight
):
    y = target(X)
    before = small_mlp(estimator, batch_size="full", max_iter=4).fit(
        X, y, sample_weight
    )
    after = small_mlp(estimator, batch_size="full", max_iter=5).fit(X, y, sample_weight)
    score = before.score(X, y, sample_weight)
    assert after.history_["score"][-1] == pytest.approx(score)
    assert after.loss_ == pytest.approx(mean_loss(before, X, y, sample_weight))


@every_kind
@pytest.mark.parametrize("batch_size", [1, 7, "auto"])
@pytest.mark.parametrize(
    "sample_weight", [None, weights], ids=["unweighted", "weighted"]
)
def test_running_loss_and_score_of_weights_that_hardly_change_are_theirs(
    estimator, target, batch_size, sample_weight
):
    y = target(X)
    mlp = small_mlp(
        estimator, batch_size=batch_size, learning_rate_init=1e-12, max_iter=1
    )
    mlp.fit(X, y, sample_weight)
    assert mlp.history_["score"] == pytest.approx([mlp.score(X, y, sample_weight)])
    assert mlp.loss_ == pytest.approx(mean_loss(mlp, X, y, sample_weight))


@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
def test_class_weights_count_in_loss_and_score(loss):
    y = TARGETS["multiclass"][1](X)
    class_weight = {0: 3.0, 1: 0.5, 2: 1.0}
    same = weights * np.vectorize(class_weight.get)(y)
    mlp = small_mlp(MLPClassifierSDM, loss=loss, class_weight=class_weight)
    told = small_mlp(MLPClassifierSDM, loss=loss).fit(X, y, same)
    assert mlp.fit(X, y, weights).history_ == told.history_


@every_kind
@pytest.mark.parametrize(
    "sample_weight_val", [None, weights_val], ids=["unweighted", "weighted"]
)
def test_validation_loss_and_score_are_those_at_the_end_of_the_epoch(
    estimator, target, sample_weight_val
):
    y, y_val = target(X), target(X_val)
    validation = {
        "X_val": X_val,
        "y_val": y_val,
        "sample_weight_val": sample_weight_val,
    }
    mlp = small_mlp(estimator).fit(X, y, **validation)
    score = mlp.score(X_val, y_val, sample_weight_val)
    assert mlp.history_["validation_score"][-1] == pytest.approx(score)
    loss = mean_loss(mlp, X_val, y_val, sample_weight_val)
    assert mlp.history_["validation_loss"][-1] == pytest.approx(loss)


@both
def test_penalty_is_that_of_the_weights_at_the_end_of_the_epoch(estimator):
    mlp = small_mlp(estimator, weight_decay=0.3).fit(X, X[:, 0] > 0)
    mlp.intercepts_[0] += 100  # biases have no part in it
    penalty = 0.15 * sum(np.sum(W**2) for W in mlp.coefs_)
    assert mlp.history_["penalty"][-1] == pytest.approx(penalty)


@both
def test_losses_leave_the_penalty_out(estimator):
    parameters = {"learning_rate_init": 1e-12, "max_iter": 1}
    without = small_mlp(estimator, weight_decay=0, **parameters).fit(X, X[:, 0] > 0)
    with_penalty = small_mlp(estimator, weight_decay=10, **parameters).fit(
        X, X[:, 0] > 0
    )
    assert with_penalty.loss_ == pytest.approx(without.loss_)
    assert without.history_["penalty"] == [0]


@both
def test_summaries_agree_with_the_history(estimator):
    mlp = small_mlp(estimator, early_stopping=True).fit(X, X[:, 0] > 0)
    assert mlp.loss_curve_ == mlp.history_["loss"]
    assert mlp.loss_ == mlp.history_["loss"][-1]
    assert mlp.best_loss_ == min(mlp.history_["loss"])
    assert mlp.validation_scores_ == mlp.history_["validation_score"]
    assert mlp.best_validation_score_ == max(mlp.history_["validation_score"])


def test_validation_loss_is_that_of_the_epoch_kept():
    scores = iter([0.0, 2.0, 1.0, 1.0])
    mlp = small_mlp(MLPRegressorSDM, early_stopping=True, max_iter=4)
    mlp.set_params(scoring=lambda mlp, X, y: next(scores)).fit(X, X[:, 0])
    losses = mlp.history_["validation_loss"]
    assert mlp.validation_loss_ == losses[1] > min(losses)


@both
def test_there_are_no_validation_scores_without_validation_data(estimator):
    mlp = small_mlp(estimator).fit(X, X[:, 0] > 0)
    assert mlp.validation_scores_ is None
    assert mlp.best_validation_score_ is None


@both
def test_epochs_and_cases_are_counted(estimator):
    y = X[:, 0] > 0
    mlp = small_mlp(estimator, max_iter=3, warm_start=True).fit(X, y)
    assert (mlp.n_iter_, mlp.t_, len(mlp.loss_curve_)) == (3, 3 * 60, 3)
    mlp.set_params(max_iter=2).fit(X, y)
    assert (mlp.n_iter_, mlp.t_, len(mlp.loss_curve_)) == (2, 5 * 60, 5)
    mlp.partial_fit(X[:10], y[:10])
    assert (mlp.n_iter_, mlp.t_, len(mlp.loss_curve_)) == (1, 5 * 60 + 10, 6)
    mlp.set_params(warm_start=False).fit(X, y)
    assert (mlp.n_iter_, mlp.t_, len(mlp.loss_curve_)) == (2, 2 * 60, 2)


@both
def test_held_out_cases_are_not_counted(estimator):
    mlp = small_mlp(
        estimator, early_stopping=True, validation_fraction=0.25, max_iter=3
    )
    assert mlp.fit(X, X[:, 0] > 0).t_ == 3 * 45


@both
def test_a_curve_holds_nan_for_epochs_without_its_data(estimator):
    y = X[:, 0] > 0
    mlp = small_mlp(estimator, warm_start=True, max_iter=2).fit(X, y)
    mlp.fit(X, y, X_val=X_val, y_val=y).fit(X, y)
    for name in VALIDATION_CURVES:
        assert_array_equal(
            np.isnan(mlp.history_[name]), np.repeat([True, False, True], 2)
        )
    assert mlp.best_validation_score_ == max(mlp.history_["validation_score"][2:4])


@pytest.mark.parametrize(
    ("target", "parameters", "n_outputs", "out_activation"),
    [
        ("binary", {}, 1, "logistic"),
        ("multiclass", {}, 3, "softmax"),
        ("multilabel", {}, 3, "logistic"),
        ("binary", {"loss": "squared_error"}, 1, "logistic"),
        ("multiclass", {"loss": "squared_error"}, 3, "logistic"),
        ("one output", {}, 1, "identity"),
        ("several outputs", {}, 3, "identity"),
        ("one output", {"out_activation": "tanh"}, 1, "tanh"),
        ("binary as counts", {"loss": "poisson"}, 1, "exp"),
    ],
)
@pytest.mark.parametrize(("hidden", "n_layers"), [((), 2), (5, 3), ((5, 4), 4)])
def test_layers_and_outputs_are_as_documented(
    target, parameters, n_outputs, out_activation, hidden, n_layers
):
    estimator, draw = TARGETS.get(target, (MLPRegressorSDM, lambda X: X[:, 0] > 0))
    mlp = small_mlp(estimator, hidden_layer_sizes=hidden, **parameters).fit(X, draw(X))
    assert mlp.n_layers_ == n_layers == len(mlp.coefs_) + 1
    assert mlp.n_outputs_ == n_outputs == len(mlp.intercepts_[-1])
    assert mlp.out_activation_ == out_activation
    units = [4, *np.atleast_1d(hidden).astype(int), n_outputs]
    assert [W.shape for W in mlp.coefs_] == list(pairwise(units))
    assert [len(b) for b in mlp.intercepts_] == units[1:]


def losses_of_cases(mlp, X, y):
    """The lecture's loss of each case, for two classes or one output."""
    if isinstance(mlp, MLPRegressorSDM):
        return (mlp.predict(X) - y) ** 2 / 2
    return -np.log(mlp.predict_proba(X)[np.arange(len(X)), y.astype(int)])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("batch_size", [1, 7, 20, 60])
@both
def test_loss_of_each_batch_is_recorded_before_its_update(
    estimator, batch_size, weighted
):
    y = X[:, 0] > 0
    s = (weights + 0.1) / (weights + 0.1).mean() if weighted else np.ones(60)
    parameters = {
        "batch_size": batch_size,
        "shuffle": False,
        "learning_rate_init": 0.01,
    }
    mlp = small_mlp(estimator, record_batches=True, max_iter=2, **parameters).fit(
        X, y, s
    )
    # The same updates one by one, from the same weights.
    twin = small_mlp(estimator, max_iter=1, tol=0, learning_rate_init=1e-300).fit(X, y)
    twin.set_params(learning_rate_init=0.01, batch_size="full")
    expected = []
    for start in 2 * list(range(0, 60, batch_size)):
        rows = slice(start, start + batch_size)
        losses = losses_of_cases(twin, X[rows], y[rows])
        expected.append(np.mean(s[rows] * losses))
        twin.partial_fit(X[rows], y[rows], sample_weight=s[rows])
    assert mlp.batch_loss_curve_ == pytest.approx(expected)


@both
def test_batch_losses_of_an_epoch_average_to_its_loss(estimator):
    y = X[:, 0] > 0
    mlp = small_mlp(estimator, batch_size=20, record_batches=True).fit(X, y)
    means = [np.mean(losses) for losses in mlp.history_["batch_loss"]]
    assert means == pytest.approx(mlp.history_["loss"])
    alone = small_mlp(estimator, batch_size=20).fit(X, y)
    assert_array_equal(mlp.coefs_[0], alone.coefs_[0])


@both
def test_batch_losses_are_recorded_on_demand(estimator):
    y = X[:, 0] > 0
    mlp = small_mlp(estimator, batch_size=20, warm_start=True).fit(X, y)
    with pytest.raises(AttributeError, match="record_batches=True"):
        mlp.batch_loss_curve_  # noqa: B018
    mlp.set_params(record_batches=True).fit(X, y)
    curve = mlp.batch_loss_curve_
    assert np.isnan(curve[:5]).all()
    assert np.isfinite(curve[5:]).all()
    assert len(curve) == 5 + 5 * 3


def test_loss_of_a_batch_larger_than_a_block():
    X = np.random.default_rng(0).normal(size=(3000, 2))
    y = X[:, 0]
    mlp = small_mlp(
        MLPRegressorSDM, batch_size=2000, record_batches=True, shuffle=False
    )
    mlp.set_params(max_iter=1, learning_rate_init=1e-300).fit(X, y)
    losses = losses_of_cases(mlp, X, y)
    expected = [losses[:2000].mean(), losses[2000:].mean()]
    assert mlp.batch_loss_curve_ == pytest.approx(expected)
