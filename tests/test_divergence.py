"""Training that diverges is an error, or starts anew at a lower learning rate."""

import copy
import re

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import assert_same_state, attributes, state, tiny_mlp
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# A few epochs are enough to diverge in.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
LABELS = rng.permutation(np.arange(40) % 3)
VALUES = X[:, 0] - X[:, 1]
TARGETS = {MLPClassifierSDM: LABELS, MLPRegressorSDM: VALUES}
both = pytest.mark.parametrize("estimator", TARGETS)


# --- Divergence is an error ---

DIVERGED = (
    r"diverged in epoch (\d+):.*learning rate 1e\+06.*scale X.*learning_rate_init"
)


@both
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_is_an_error_in_the_epoch_where_it_happens(
    estimator, early_stopping, dtype
):
    mlp = tiny_mlp(
        estimator,
        hidden_layer_sizes=(5, 5),
        learning_rate_init=1e6,
        max_iter=100,
        n_iter_no_change=np.inf,
        early_stopping=early_stopping,
    )
    x, y = X.astype(dtype), TARGETS[estimator]
    with pytest.raises(ValueError, match=DIVERGED) as error:
        mlp.fit(x, y)
    assert vars(mlp).keys() == mlp.get_params().keys()

    n_epochs = int(re.search(DIVERGED, str(error.value))[1])
    if n_epochs > 1:
        mlp.set_params(max_iter=n_epochs - 1).fit(x, y)
        assert np.isfinite(mlp.history_["loss"]).all()


@both
@pytest.mark.parametrize("early_stopping", [False, True])
def test_validation_loss_that_is_not_finite_is_an_error(estimator, early_stopping):
    y = TARGETS[estimator]
    mlp = tiny_mlp(estimator, early_stopping=early_stopping)
    with pytest.raises(ValueError, match=r"validation loss.*not finite"):
        mlp.fit(X, y, X_val=np.full_like(X, 1e308), y_val=y)
    assert vars(mlp).keys() == mlp.get_params().keys()


@both
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_divergence_in_a_second_call_leaves_no_trace(
    estimator, method, warm_start, early_stopping
):
    y = TARGETS[estimator]
    mlp = tiny_mlp(
        estimator,
        hidden_layer_sizes=(5, 5),
        warm_start=warm_start,
        early_stopping=early_stopping,
        learning_rate_init=0.01,
        max_iter=100,
        n_iter_no_change=np.inf,
    ).fit(X, y)
    twin, before = copy.deepcopy(mlp), attributes(mlp)
    mlp.set_params(learning_rate_init=1e6)
    # Which call raises is open: the one before it is what the model must be left at.
    with pytest.raises(ValueError, match=DIVERGED):  # noqa: PT012
        for _ in range(100):
            getattr(mlp, method)(X, y)
            before = attributes(mlp)
    assert_same_state(attributes(mlp), before)
    if method == "fit":
        mlp.set_params(learning_rate_init=0.01)
        assert_same_state(
            state(mlp.partial_fit(X, y), X), state(twin.partial_fit(X, y), X)
        )


def test_first_weights_that_overflow_are_an_error_at_once():
    mlp = tiny_mlp(MLPRegressorSDM, max_iter=20)
    with pytest.raises(ValueError, match="not finite before training; scale X"):
        mlp.fit(X, 1e200 * VALUES)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("weight_decay", [0.0, 1e-3])
@pytest.mark.parametrize("x", [0.0, 1.0], ids=["bias alone", "weights too"])
def test_last_update_that_overflows_is_an_error_though_the_loss_was_finite(
    x, weight_decay, dtype
):
    mlp = MLPRegressorSDM(
        (), batch_size="full", learning_rate_init=1e200, weight_decay=weight_decay
    )
    y = np.linspace(1e150, 2e150, 8) if dtype == np.float64 else np.arange(1.0, 9.0)
    with pytest.raises(ValueError, match=r"diverged in epoch 1.*weight is not finite"):
        mlp.fit(np.full((8, 2), x, dtype), y)


@pytest.mark.parametrize("solver", ["adagrad", "rmsprop", "adadelta", "adam"])
def test_squares_of_derivatives_that_overflow_are_an_error(solver):
    """Their weights would not move any more, and training would end by patience."""
    x = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32) * 1e12
    mlp = tiny_mlp(MLPRegressorSDM, hidden_layer_sizes=(), solver=solver, max_iter=30)
    mlp.set_params(learning_rate_init=0.05)
    with pytest.raises(ValueError, match="square of a derivative is not finite"):
        mlp.fit(x, x[:, 0])


# GridSearchCV says that some fits failed, and that their score is not finite.
@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.FitFailedWarning",
    "ignore:One or more of the test scores:UserWarning",
)
@both
def test_grid_search_goes_on_where_a_candidate_diverges(estimator):
    mlp = tiny_mlp(
        estimator, hidden_layer_sizes=(5, 5), max_iter=50, n_iter_no_change=np.inf
    )
    grid = {"learning_rate_init": [0.01, 1e6]}
    search = GridSearchCV(mlp, grid, error_score=np.nan, cv=2).fit(
        X, TARGETS[estimator]
    )
    assert_array_equal(np.isnan(search.cv_results_["mean_test_score"]), [False, True])
    assert search.best_params_ == {"learning_rate_init": 0.01}


# --- What is an explosion ---


@pytest.mark.parametrize("early_stopping", [False, True])
def test_explosion_that_dead_units_keep_finite_is_an_error(early_stopping):
    """Too large a step kills the relus: nothing overflows, and nothing is learnt."""
    mlp = tiny_mlp(
        MLPRegressorSDM,
        hidden_layer_sizes=(5, 5),
        learning_rate_init=2.0,
        early_stopping=early_stopping,
        max_iter=50,
    )
    with pytest.raises(ValueError, match=r"diverged in epoch \d+.*has exploded.*scale"):
        mlp.fit(X, 10 * VALUES)
    assert not hasattr(mlp, "coefs_")


def test_explosion_shows_where_some_cases_have_no_weight():
    rng = np.random.default_rng(0)
    x, y = 30 * rng.normal(size=(400, 5)), rng.integers(2, size=400)
    mlp = tiny_mlp(MLPClassifierSDM, learning_rate_init=5.0, max_iter=8)
    with pytest.raises(ValueError, match="has exploded"):
        mlp.fit(x, y, np.arange(400) % 2)


WEIGHTS_THAT_VARY = {
    "the weight is on every second case": np.arange(400) % 2,
    "it is nearly": np.where(np.arange(400) % 2, 1.0, 1e-5),
    "it is on one case": np.where(np.arange(400) == 333, 1.0, 1e-6),
}


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize(
    "sample_weight", WEIGHTS_THAT_VARY.values(), ids=WEIGHTS_THAT_VARY
)
def test_weights_on_few_cases_are_no_explosion(sample_weight, solver):
    rng = np.random.default_rng(0)
    mlp = tiny_mlp(MLPClassifierSDM, solver=solver)
    mlp.fit(rng.normal(size=(400, 5)), np.tile([0, 1], 200), sample_weight)
    assert mlp.loss_ < 1


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_an_outlier_is_no_explosion(solver):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(1000, 5)), rng.normal(size=1000)
    x[1] = 1e5
    mlp = tiny_mlp(MLPRegressorSDM, solver=solver, learning_rate_init=1e-15).fit(x, y)
    assert mlp.stop_reason_ in ("max_iter", "converged")


def linear(**parameters):
    """A network whose error each update on X = 1 multiplies by 1 - 2 eta."""
    defaults = {"hidden_layer_sizes": (), "batch_size": "full", "momentum": 0}
    defaults |= {"weight_decay": 0, "max_iter": 2}
    return tiny_mlp(MLPRegressorSDM, **defaults | parameters)


def test_a_bump_of_the_loss_is_no_explosion_and_ten_thousand_times_the_loss_is():
    x, y = np.ones((40, 1)), np.ones(40)
    losses = linear(learning_rate_init=5.5).fit(x, y).loss_curve_
    assert losses[1] == pytest.approx(100 * losses[0])
    with pytest.raises(ValueError, match=r"diverged in epoch 2.*has exploded"):
        linear(learning_rate_init=50.5).fit(x, y)


def test_a_bump_of_next_to_no_loss_is_no_explosion():
    """The targets vary, and the loss is far below what the best constant has."""
    x = np.resize([-1.0, 1.0], (40, 1))
    mlp = linear(learning_rate_init=101, warm_start=True).partial_fit(x, x[:, 0])
    mlp.coefs_[0][:], mlp.intercepts_[0][:] = 1 + 1e-6, 0
    _, before, after = mlp.fit(x, x[:, 0]).loss_curve_
    assert after == pytest.approx(1e4 * before, rel=1e-3)


def test_weight_decay_that_ends_a_perfect_fit_is_no_explosion():
    x, y = np.ones((40, 1)), np.ones(40)
    mlp = linear(weight_decay=0.1, warm_start=True).partial_fit(x, y)
    mlp.coefs_[0][:], mlp.intercepts_[0][:] = 1, 0
    _, before, after = mlp.fit(x, y).loss_curve_
    assert before == 0 < after


# --- A new start at a lower learning rate ---


def test_automatic_learning_rate_that_diverges_starts_anew_at_a_tenth():
    mlp = tiny_mlp(MLPRegressorSDM, max_iter=20)
    auto = mlp.fit(X, VALUES).history_["learning_rate"][0]
    with pytest.warns(
        ConvergenceWarning, match="diverged.*auto.*anew.*scale X"
    ) as caught:
        mlp.fit(X, 1e4 * VALUES)
    (restart,) = (str(w.message) for w in caught if "anew" in str(w.message))
    eta = mlp.history_["learning_rate"][0]
    n_restarts = np.log10(auto / eta)
    assert n_restarts > 0.5
    assert n_restarts == pytest.approx(round(n_restarts))
    assert f"with {eta:g};" in restart
    assert mlp.history_["learning_rate"] == [eta] * 20
    assert mlp.n_iter_ == 20

    told = tiny_mlp(MLPRegressorSDM, max_iter=20, learning_rate_init=eta)
    assert_same_state(state(mlp, X), state(told.fit(X, 1e4 * VALUES), X))


def test_automatic_learning_rate_starts_anew_where_validation_shows_divergence():
    """The loss of an epoch is from before its last update, that of validation after."""
    rng = np.random.default_rng(20)
    x = 3 * rng.normal(size=(150, 3))
    y = rng.poisson(20, 150)
    mlp = MLPRegressorSDM(
        20, loss="poisson", batch_size="full", random_state=0, max_iter=30
    )
    with pytest.warns(ConvergenceWarning, match="started anew"):
        alone = clone(mlp).fit(x, y)
    with pytest.warns(ConvergenceWarning, match="started anew"):
        mlp.fit(x, y, X_val=x, y_val=y)
    assert mlp.history_["learning_rate"] == alone.history_["learning_rate"]


def test_automatic_learning_rate_does_not_throw_away_an_earlier_call():
    mlp = tiny_mlp(MLPRegressorSDM, warm_start=True).fit(X, VALUES)
    before = state(mlp, X)
    with pytest.raises(ValueError, match=r"diverged in epoch [4-6]"):
        mlp.fit(X, 1e150 * VALUES)
    assert_same_state(state(mlp, X), before)


def test_patience_and_the_lower_rate_carry_on_after_a_start_anew():
    # Nothing improves by 1e12: patience runs out after the first epoch and 12 more.
    mlp = tiny_mlp(MLPRegressorSDM, max_iter=10, tol=1e12, n_iter_no_change=12)
    mlp.set_params(warm_start=True)
    with pytest.warns(ConvergenceWarning, match="anew"):
        mlp.fit(X, 1e4 * VALUES)
    assert (mlp.n_iter_, mlp.stop_reason_) == (10, "max_iter")
    mlp.fit(X, 1e4 * VALUES)
    assert (mlp.n_iter_, mlp.stop_reason_) == (3, "patience")
    assert len(set(mlp.history_["learning_rate"])) == 1


def test_another_solver_has_its_own_automatic_rate_after_a_start_anew():
    mlp = tiny_mlp(MLPRegressorSDM, warm_start=True)
    with pytest.warns(ConvergenceWarning, match="anew"):
        mlp.fit(X, 1e4 * VALUES)
    adam = tiny_mlp(MLPRegressorSDM, solver="adam").fit(X, VALUES)
    mlp.set_params(solver="adam").fit(X, VALUES)
    rates = (m.history_["learning_rate"][-1] for m in (mlp, adam))
    assert len(set(rates)) == 1


# Not shared with other files: warnings are to point to this one.
def partial_fit(mlp, X, y, **keywords):
    """One epoch; a classifier is told the classes in the first call."""
    if isinstance(mlp, MLPClassifierSDM) and not hasattr(mlp, "classes_"):
        keywords["classes"] = np.unique(LABELS)
    return mlp.partial_fit(X, y, **keywords)


@pytest.mark.parametrize(
    ("estimator", "train", "scale"),
    [
        (MLPClassifierSDM, MLPClassifierSDM.fit, 1e10),
        (MLPRegressorSDM, MLPRegressorSDM.fit, 1e5),
        # One epoch is enough to overflow in.
        (MLPClassifierSDM, partial_fit, 1e156),
        (MLPRegressorSDM, partial_fit, 1e5),
    ],
)
@pytest.mark.filterwarnings("default:training stopped at max_iter")
def test_warnings_point_to_the_call(estimator, train, scale):
    mlp = tiny_mlp(estimator, hidden_layer_sizes=(), batch_size=1)
    with pytest.warns(ConvergenceWarning, match="anew") as caught:
        train(mlp, scale * X, TARGETS[estimator])
    assert len(caught) == (1 if train is partial_fit else 2)
    assert {warning.filename for warning in caught} == {__file__}


@both
@pytest.mark.filterwarnings("error")
def test_a_warning_of_a_new_start_that_is_an_error_leaves_what_was_learnt(estimator):
    mlp = tiny_mlp(estimator, batch_size="full", max_iter=2)
    with pytest.raises(ConvergenceWarning, match="anew"):
        mlp.fit(1e4 * X, TARGETS[estimator])
    assert mlp.n_iter_ == 2
    assert np.isfinite(mlp.predict(X)).all()
