"""Training goes on where it stopped: warm starts, partial_fit, pickles."""

import pickle
from copy import copy, deepcopy
from itertools import chain, combinations

import numpy as np
import pytest
import reference as ref
from numpy.testing import assert_allclose, assert_array_equal
from problems import assert_same_weights
from scipy import sparse
from sklearn.base import clone

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# A few epochs show what is looked at.
pytestmark = [
    pytest.mark.filterwarnings("ignore:training stopped at max_iter"),
    pytest.mark.usefixtures("short_rows_sit_out"),
]

N = 90
KINDS = ["classifier", "regressor"]
CONTAINERS = {"dense": np.asarray, "csr": sparse.csr_array}
SCHEDULES = {
    "constant": {},
    "invscaling": {"learning_rate": "invscaling"},
    # Nothing improves by 1000: the rate falls after the epochs 4, 7 and 10, that is,
    # two epochs of patience are still to come when the first five end.
    "adaptive": {"learning_rate": "adaptive", "tol": 1e3, "n_iter_no_change": 3},
}
THROUGH = {
    "same object": lambda mlp: mlp,
    "pickle": lambda mlp: pickle.loads(pickle.dumps(mlp)),
}
TINY = 1e-300  # a learning rate at which no weight changes by a bit

every_kind = pytest.mark.parametrize("kind", KINDS)
every_container = pytest.mark.parametrize("container", CONTAINERS)
with_and_without_early_stopping = pytest.mark.parametrize(
    "early_stopping", [False, True], ids=["no stopping", "early stopping"]
)
through_a_pickle_or_not = pytest.mark.parametrize("through", THROUGH)
every_batch_size = pytest.mark.parametrize("batch_size", [1, 32, "full"])


def make_data(kind, container="dense", dtype=np.float64):
    """Noise, so that the validation loss soon gets worse."""
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(N, 6)) * (rng.random((N, 6)) < 0.7)).astype(dtype)
    y = (
        rng.permutation(np.arange(N) % 3)
        if kind == "classifier"
        else rng.normal(size=N)
    )
    return CONTAINERS[container](X), y


def make_mlp(kind, **parameters):
    defaults = {
        "hidden_layer_sizes": (8,),
        "activation": "tanh",
        "batch_size": 32,
        "learning_rate_init": 0.01 if parameters.get("batch_size") == 1 else 0.1,
        "max_iter": 5,
        "random_state": 0,
        "n_iter_no_change": np.inf,
        "warm_start": True,
    }
    estimator = MLPClassifierSDM if kind == "classifier" else MLPRegressorSDM
    return estimator(**{**defaults, **parameters})


def weights(mlp):
    return [*mlp.coefs_, *mlp.intercepts_]


def partial_fit(mlp, X, y, sample_weight=None):
    classes = {"classes": np.unique(y)} if isinstance(mlp, MLPClassifierSDM) else {}
    return mlp.partial_fit(X, y, sample_weight=sample_weight, **classes)


def assert_same(actual, expected, X):
    """Bit for bit."""
    assert_same_weights(actual, expected)
    assert actual.history_ == expected.history_
    assert actual.t_ == expected.t_
    assert_array_equal(actual.predict(X), expected.predict(X))
    if isinstance(actual, MLPClassifierSDM):
        assert_array_equal(actual.predict_proba(X), expected.predict_proba(X))


# Warm starts


@through_a_pickle_or_not
@with_and_without_early_stopping
@pytest.mark.parametrize("schedule", SCHEDULES)
@every_batch_size
@every_container
@every_kind
def test_5_and_5_epochs_are_10(
    kind, container, batch_size, schedule, early_stopping, through
):
    X, y = make_data(kind, container)
    mlp = make_mlp(
        kind,
        batch_size=batch_size,
        early_stopping=early_stopping,
        **SCHEDULES[schedule],
    )
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    parts = THROUGH[through](mlp.fit(X, y)).fit(X, y)
    assert_same(parts, whole, X)
    assert (parts.n_iter_, whole.n_iter_) == (5, 10)


@pytest.mark.parametrize(
    "parameters",
    [
        {"hidden_layer_sizes": ()},
        {"hidden_layer_sizes": (5, 4, 3), "activation": ["relu", "tanh", "logistic"]},
        {"momentum": 0},
        {"nesterovs_momentum": True},
        {"shuffle": False},
        {"batch_size": "auto"},
        {"learning_rate_init": "auto"},
        {"early_stopping": True, "scoring": "balanced_accuracy"},
        {"loss": "squared_error", "class_weight": "balanced"},
    ],
    ids=str,
)
@through_a_pickle_or_not
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_5_and_5_epochs_are_10_with_any_parameters(parameters, through, dtype):
    X, y = make_data("classifier", dtype=dtype)
    mlp = make_mlp("classifier", **parameters)
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    parts = THROUGH[through](mlp.fit(X, y)).fit(X, y)
    assert_same(parts, whole, X)
    assert parts.coefs_[0].dtype == dtype


@with_and_without_early_stopping
@every_kind
def test_5_and_5_epochs_are_10_with_weights_and_validation_data(kind, early_stopping):
    X, y = make_data(kind)
    s = np.arange(N) % 3
    given = {
        "sample_weight": s[:60],
        "X_val": X[60:],
        "y_val": y[60:],
        "sample_weight_val": s[60:],
    }
    mlp = make_mlp(kind, early_stopping=early_stopping)
    whole = clone(mlp).set_params(max_iter=10).fit(X[:60], y[:60], **given)
    parts = mlp.fit(X[:60], y[:60], **given).fit(X[:60], y[:60], **given)
    assert_same(parts, whole, X)


@with_and_without_early_stopping
@through_a_pickle_or_not
def test_5_and_5_epochs_are_10_with_a_random_state_instance(through, early_stopping):
    X, y = make_data("classifier")
    parts, whole = (
        make_mlp(
            "classifier",
            random_state=np.random.RandomState(3),
            early_stopping=early_stopping,
            max_iter=max_iter,
        ).fit(X, y)
        for max_iter in (5, 10)
    )
    assert_same(THROUGH[through](parts).fit(X, y), whole, X)


@pytest.mark.filterwarnings("ignore:training stopped by patience")  # so early
@with_and_without_early_stopping
@through_a_pickle_or_not
@every_kind
def test_patience_carries_on(kind, through, early_stopping):
    X, y = make_data(kind)
    # Nothing improves by 1000: patience runs out after the first epoch and 6 more.
    mlp = make_mlp(kind, early_stopping=early_stopping, tol=1e3, n_iter_no_change=6)
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    parts = THROUGH[through](mlp.fit(X, y))
    assert (parts.n_iter_, parts.stop_reason_) == (5, "max_iter")
    parts.fit(X, y)
    assert (parts.n_iter_, parts.stop_reason_) == (2, "patience")
    assert (whole.n_iter_, whole.stop_reason_) == (7, "patience")
    assert_same(parts, whole, X)


@every_kind
def test_epochs_are_counted_per_call_and_recorded_for_all(kind):
    X, y = make_data(kind)
    mlp = make_mlp(kind).fit(X, y)
    mlp.set_params(max_iter=3).fit(X[:50], y[:50])
    assert mlp.n_iter_ == 3
    partial_fit(mlp, X[:20], y[:20])
    assert mlp.n_iter_ == 1
    assert {len(curve) for curve in mlp.history_.values()} == {9}
    assert mlp.t_ == 5 * N + 3 * 50 + 20

    mlp.set_params(warm_start=False).fit(X, y)
    assert mlp.n_iter_ == 3
    assert {len(curve) for curve in mlp.history_.values()} == {3}
    assert mlp.t_ == 3 * N


@every_kind
def test_held_out_rows_are_not_among_the_samples_seen(kind):
    X, y = make_data(kind)
    mlp = (
        make_mlp(kind, early_stopping=True, validation_fraction=0.2).fit(X, y).fit(X, y)
    )
    assert mlp.t_ == 10 * (N - 18)


@with_and_without_early_stopping
@every_kind
def test_without_warm_start_fit_starts_anew(kind, early_stopping):
    X, y = make_data(kind)
    mlp = make_mlp(kind, warm_start=False, early_stopping=early_stopping)
    once = clone(mlp).fit(X, y)
    assert_same(mlp.fit(X, y).fit(X, y), once, X)
    assert_same(clone(mlp).fit(X, y), once, X)


@pytest.mark.parametrize("copied", [copy, deepcopy, THROUGH["pickle"]])
@with_and_without_early_stopping
@every_kind
def test_training_a_copy_leaves_the_original_alone(kind, early_stopping, copied):
    X, y = make_data(kind)
    mlp = make_mlp(kind, early_stopping=early_stopping).fit(X, y)
    before = pickle.loads(pickle.dumps(mlp))
    copied = copied(mlp).fit(X, y)
    partial_fit(copied, X, y)
    assert_same(mlp, before, X)
    assert_same(mlp.fit(X, y), before.fit(X, y), X)


def oracle_of_chunks(mlp, X, T, parts, net, **options):
    """The lecture's training, an epoch for each of `parts`, from the first weights."""
    first = clone(mlp).set_params(learning_rate_init=TINY, max_iter=1).fit(X, T)
    return ref.train(
        X,
        T,
        first.coefs_,
        [np.zeros_like(b) for b in first.intercepts_],
        net,
        orders=parts,
        batch_size=7,
        gamma=0.9,
        weight_decay=mlp.weight_decay,
        **options,
    )


def assert_close_to_oracle(mlp, trained):
    coefs, intercepts, _, history = trained
    for a, e in zip(weights(mlp), coefs + intercepts, strict=True):
        assert_allclose(a, e, rtol=1e-10, atol=1e-10 * abs(e).max())
    assert_allclose(mlp.history_["loss"], history["loss"], rtol=1e-10)


CHUNKS = np.split(np.arange(N), [40, 75])
REGRESSION = ref.Network(("tanh",), "identity", "squared_error")


@through_a_pickle_or_not
def test_velocity_carries_on_to_other_rows_and_learning_rates(through):
    X, y = make_data("regressor")
    mlp = make_mlp("regressor", batch_size=7, shuffle=False, max_iter=2)
    etas = [0.03, 0.01, 0.05]
    parts = list(chain.from_iterable([chunk] * 2 for chunk in CHUNKS))
    trained = oracle_of_chunks(mlp, X, y, parts, REGRESSION, eta=np.repeat(etas, 2))
    for eta, chunk in zip(etas, CHUNKS, strict=True):
        mlp = THROUGH[through](mlp.set_params(learning_rate_init=eta))
        mlp.fit(X[chunk], y[chunk])
    assert_close_to_oracle(mlp, trained)


# The best epoch's weights, and the user's


def fitted_past_its_best(kind, **parameters):
    X, y = make_data(kind)
    mlp = make_mlp(kind, early_stopping=True, max_iter=10, **parameters).fit(X, y)
    assert np.argmin(mlp.history_["validation_loss"]) < 8, "should have got worse again"
    return mlp, X, y


@every_kind
def test_early_stopping_shows_the_weights_of_the_best_epoch(kind):
    mlp, X, y = fitted_past_its_best(kind)
    best_epoch = 1 + np.argmin(mlp.history_["validation_loss"])
    best = clone(mlp).set_params(max_iter=best_epoch).fit(X, y)
    assert_same_weights(mlp, best)


class Falling:
    """A scorer: the first epoch is the best. Its name tells where it lies in memory."""

    def __init__(self):
        self.score = 0.0

    def __call__(self, mlp, X, y):
        self.score -= 1
        return self.score


@pytest.mark.parametrize("through", [THROUGH["pickle"], deepcopy])
def test_best_epoch_is_remembered_by_a_copy_with_a_scorer_of_its_own(through):
    X, y = make_data("regressor")
    mlp = MLPRegressorSDM(
        5, early_stopping=True, scoring=Falling(), max_iter=3, warm_start=True
    ).fit(X, y)
    best = mlp.coefs_[0].copy()
    mlp = through(mlp).fit(X, y)
    assert mlp.best_epoch_ == 1
    assert_array_equal(mlp.coefs_[0], best)


@through_a_pickle_or_not
@every_kind
def test_training_goes_on_from_the_last_update_not_from_the_best_epoch(kind, through):
    mlp, X, y = fitted_past_its_best(kind)
    mlp = THROUGH[through](mlp)
    whole = clone(mlp).set_params(max_iter=13).fit(X, y)
    restored = [w.copy() for w in weights(mlp)]
    mlp.set_params(max_iter=3).fit(X, y)
    assert mlp.history_ == whole.history_

    # None of the 3 epochs was better than the best of the 10.
    assert np.argmin(mlp.history_["validation_loss"]) < 10
    for a, e in zip(weights(mlp), restored, strict=True):
        assert_array_equal(a, e)
    assert_same(mlp, whole, X)


@every_kind
def test_partial_fit_goes_on_from_the_last_update_not_from_the_best_epoch(kind):
    mlp, X, y = fitted_past_its_best(kind, momentum=0)
    restored = [w.copy() for w in weights(mlp)]
    mlp.set_params(learning_rate_init=TINY)
    last = deepcopy(mlp).set_params(early_stopping=False, max_iter=1).fit(X, y)
    assert_same_weights(partial_fit(mlp, X, y), last)
    assert all(
        abs(a - b).max() > 1e-3 for a, b in zip(weights(mlp), restored, strict=True)
    )


@every_kind
def test_partial_fit_in_between_does_not_forget_the_best_epoch(kind):
    X, y = make_data(kind)
    mlp = make_mlp(kind, early_stopping=True, scoring=Falling(), max_iter=3).fit(X, y)
    best = [w.copy() for w in weights(mlp)]
    partial_fit(mlp, X, y)
    assert abs(mlp.coefs_[0] - best[0]).max() > 1e-3
    assert mlp.fit(X, y).best_epoch_ == 1
    for a, e in zip(weights(mlp), best, strict=True):
        assert_array_equal(a, e)


def change_in_place(mlp):
    mlp.coefs_[0] *= 2


def change_one_bias(mlp):
    mlp.intercepts_[-1][0] += 1


def replace_one_array(mlp):
    mlp.coefs_[1] = 2 * mlp.coefs_[1]


def replace_all_arrays(mlp):
    mlp.coefs_ = [np.asfortranarray(2 * W) for W in mlp.coefs_]
    mlp.intercepts_ = [b + 1 for b in mlp.intercepts_]


def replace_by_strided_arrays(mlp):
    mlp.coefs_ = [np.repeat(2 * W, 2, axis=1)[:, ::2] for W in mlp.coefs_]


def net_inputs(mlp, X):
    if isinstance(mlp, MLPClassifierSDM):
        return mlp.decision_function(X)
    return mlp.predict(X)[:, np.newaxis]


def oracle_net_inputs(weights, X):
    _, z = ref.forward(X, weights[:2], weights[2:], ["tanh"])
    return z


CHANGES = [
    change_in_place,
    change_one_bias,
    replace_one_array,
    replace_all_arrays,
    replace_by_strided_arrays,
]
every_change = pytest.mark.parametrize("change", CHANGES)


@every_change
@with_and_without_early_stopping
@through_a_pickle_or_not
@every_kind
def test_weights_of_the_user_count_in_predict_and_training(
    kind, through, early_stopping, change
):
    X, y = make_data(kind)
    mlp = make_mlp(kind, early_stopping=early_stopping, momentum=0, max_iter=10).fit(
        X, y
    )
    mlp = THROUGH[through](mlp)
    change(mlp)
    changed = [w.copy() for w in weights(mlp)]
    assert_allclose(net_inputs(mlp, X), oracle_net_inputs(changed, X), atol=1e-12)

    mlp = THROUGH[through](mlp).set_params(learning_rate_init=TINY).fit(X, y)
    for a, e in zip(weights(mlp), changed, strict=True):
        assert_array_equal(a, e)
    partial_fit(mlp, X, y)
    for a, e in zip(weights(mlp), changed, strict=True):
        assert_array_equal(a, e)


@every_change
@with_and_without_early_stopping
@every_kind
def test_weights_of_the_user_count_in_partial_fit(kind, early_stopping, change):
    X, y = make_data(kind)
    mlp = make_mlp(kind, early_stopping=early_stopping, momentum=0, max_iter=10).fit(
        X, y
    )
    change(mlp)
    changed = [w.copy() for w in weights(mlp)]
    partial_fit(mlp.set_params(learning_rate_init=TINY), X, y)
    for a, e in zip(weights(mlp), changed, strict=True):
        assert_array_equal(a, e)


@pytest.mark.parametrize("without_stopping", ["fit", "partial_fit"])
@every_kind
def test_weights_of_the_user_count_against_an_earlier_best_epoch(
    kind, without_stopping
):
    mlp, X, y = fitted_past_its_best(kind, momentum=0)
    getattr(mlp.set_params(early_stopping=False), without_stopping)(X, y)
    replace_all_arrays(mlp)
    changed = [w.copy() for w in weights(mlp)]
    mlp.set_params(early_stopping=True, learning_rate_init=TINY).fit(X, y)
    for a, e in zip(weights(mlp), changed, strict=True):
        assert_array_equal(a, e)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("other_dtype", [np.float32, np.float64, np.float16, np.int64])
@pytest.mark.parametrize("layers", [(0,), (1,), (0, 1)])
def test_weights_of_the_user_may_have_another_dtype(layers, other_dtype, dtype):
    X, y = make_data("regressor", dtype=dtype)
    mlp = make_mlp("regressor", momentum=0).fit(X, y)
    for layer in layers:
        mlp.coefs_[layer] = np.rint(3 * mlp.coefs_[layer]).astype(other_dtype)
    changed = [w.astype(np.float64) for w in weights(mlp)]
    # Loose, as both float32 and float64 would be right.
    assert_allclose(net_inputs(mlp, X), oracle_net_inputs(changed, X), atol=1e-4)

    mlp.set_params(learning_rate_init=TINY)
    for train in (mlp.fit, mlp.partial_fit):
        train(X, y)
        for a, e in zip(weights(mlp), changed, strict=True):
            assert_allclose(a, e, rtol=1e-6, atol=1e-290)


# partial_fit


@through_a_pickle_or_not
@pytest.mark.parametrize("batch_size", [1, 32, "full", "auto"])
@every_container
@every_kind
def test_partial_fit_k_times_is_fit_for_k_epochs(kind, container, batch_size, through):
    X, y = make_data(kind, container)
    mlp = make_mlp(kind, batch_size=batch_size, warm_start=False)
    fitted = clone(mlp).fit(X, y)
    for _ in range(5):
        mlp = THROUGH[through](partial_fit(mlp, X, y))
    assert_same(mlp, fitted, X)
    assert mlp.n_iter_ == 1


@pytest.mark.parametrize("learning_rate", ["constant", "invscaling"])
@through_a_pickle_or_not
@every_kind
def test_fit_and_partial_fit_continue_each_other(kind, through, learning_rate):
    X, y = make_data(kind)
    mlp = make_mlp(kind, learning_rate=learning_rate)
    whole = clone(mlp).set_params(max_iter=9).fit(X, y)
    mlp = THROUGH[through](partial_fit(mlp, X, y)).fit(X, y)
    for _ in range(3):
        mlp = partial_fit(THROUGH[through](mlp), X, y)
    assert_same(mlp, whole, X)


@every_kind
def test_partial_fit_is_deterministic(kind):
    X, y = make_data(kind)
    one, other = make_mlp(kind), make_mlp(kind)
    for chunk in CHUNKS * 2:
        for mlp in one, other:
            partial_fit(mlp, X[chunk], y[chunk])
    assert_same(one, other, X)


@through_a_pickle_or_not
@every_kind
def test_consecutive_calls_of_partial_fit_see_different_shuffles(kind, through):
    X, y = make_data(kind)
    mlp = make_mlp(kind, batch_size=1, momentum=0)
    first = weights(partial_fit(clone(mlp).set_params(learning_rate_init=TINY), X, y))
    ends = []
    for _ in range(4):
        mlp = THROUGH[through](partial_fit(mlp, X, y))
        ends.append(mlp.coefs_[0].copy())
        for w, w_0 in zip(weights(mlp), first, strict=True):
            w[...] = w_0
    for one, other in combinations(ends, 2):
        assert abs(one - other).max() > 1e-6


@pytest.mark.parametrize("weighted", [False, True])
def test_partial_fit_of_chunks_is_the_oracle_with_weights_as_they_come(weighted):
    X, y = make_data("regressor")
    s = np.arange(N) % 4 * 0.8 if weighted else None
    mlp = make_mlp("regressor", batch_size=7, shuffle=False, learning_rate_init=0.02)
    parts = CHUNKS * 2
    trained = oracle_of_chunks(mlp, X, y, parts, REGRESSION, eta=0.02, sample_weight=s)
    for chunk in parts:
        mlp.partial_fit(X[chunk], y[chunk], None if s is None else s[chunk])
    assert_close_to_oracle(mlp, trained)


@every_kind
def test_partial_fit_with_doubled_weights_goes_twice_as_far(kind):
    X, y = make_data(kind)
    mlp = make_mlp(kind, batch_size="full", momentum=0, weight_decay=0)
    first = weights(partial_fit(clone(mlp).set_params(learning_rate_init=TINY), X, y))
    once = weights(partial_fit(clone(mlp), X, y, np.full(N, 1.0)))
    twice = weights(partial_fit(clone(mlp), X, y, np.full(N, 2.0)))
    for w_0, w_1, w_2 in zip(first, once, twice, strict=True):
        assert_allclose(w_2 - w_0, 2 * (w_1 - w_0), rtol=1e-8, atol=1e-12)


# Memory


@with_and_without_early_stopping
@through_a_pickle_or_not
def test_weights_start_with_a_page_of_memory_wherever_they_come_from(
    through, early_stopping
):
    # Elsewhere the time of an update would depend on where there happens to be memory.
    X, y = make_data("classifier")
    mlp = make_mlp("classifier", early_stopping=early_stopping).fit(X, y)
    mlp = THROUGH[through](mlp).fit(X, y)
    assert_starts_with_a_page(mlp._state.update_state)
    partial_fit(mlp, X, y)
    assert_starts_with_a_page(mlp.coefs_[0])
    mlp.coefs_ = [np.arange(W.size + 1.0)[1:].reshape(W.shape) for W in mlp.coefs_]
    partial_fit(mlp, X, y)
    assert_starts_with_a_page(mlp.coefs_[0])


def assert_starts_with_a_page(array):
    assert array.ctypes.data % 4096 == 0


# Calls that fail


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden_layer_sizes": (9,)}, "warm_start"),
        ({"hidden_layer_sizes": ()}, "warm_start"),
        ({"hidden_layer_sizes": (8, 8)}, "warm_start"),
        ({"activation": ["tanh", "tanh"]}, "activation"),
        ({"learning_rate_init": 1e200}, "diverged"),
    ],
    ids=str,
)
@with_and_without_early_stopping
@through_a_pickle_or_not
@every_kind
def test_a_warm_start_that_fails_leaves_the_estimator_as_it_was(
    kind, through, early_stopping, parameters, message
):
    X, y = make_data(kind)
    mlp = make_mlp(kind, early_stopping=early_stopping)
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    mlp = THROUGH[through](mlp.fit(X, y))
    before, proper = deepcopy(mlp), mlp.get_params()
    mlp.set_params(**parameters)
    with pytest.raises(ValueError, match=message):
        mlp.fit(X, y)
    with pytest.raises(ValueError, match=message):
        partial_fit(mlp, X, y)
    mlp.set_params(**proper)
    assert_same(mlp, before, X)
    assert_same(mlp.fit(X, y), whole, X)


@every_kind
def test_a_warm_start_that_fails_leaves_no_new_curve(kind):
    X, y = make_data(kind)
    scores = iter([0.0, 0.0, np.nan])
    mlp = make_mlp(kind, scoring=lambda mlp, X, y: next(scores)).fit(X, y)
    before = deepcopy(mlp)
    with pytest.raises(ValueError, match="gives nan"):
        mlp.fit(X, y, X_val=X, y_val=y)
    assert_same(mlp, before, X)


def test_a_warm_start_on_another_scale_has_not_diverged():
    X, y = make_data("regressor")
    mlp = make_mlp("regressor", learning_rate_init=1e-3).fit(X, y)
    first = mlp.fit(X, 100 * y).history_["loss"]
    assert first[5] > 1000 * first[0]
    assert mlp.fit(X, 100 * y).loss_ < first[5]


def test_a_warm_start_from_next_to_no_loss_has_not_diverged_where_it_rises():
    """The loss that the first call started from is the measure."""
    X, y = np.ones((40, 1)), np.ones(40)
    parameters = {"hidden_layer_sizes": (), "batch_size": "full", "weight_decay": 0}
    mlp = make_mlp("regressor", momentum=0, **parameters).fit(X, y)
    mlp.coefs_[0][:], mlp.intercepts_[0][:] = 1 + 1e-6, 0
    # Each update multiplies the error by 1 - 2 eta.
    mlp.set_params(max_iter=2, learning_rate_init=500.5).fit(X, y)
    assert mlp.loss_curve_[-2:] == pytest.approx([5e-13, 5e-7], rel=1e-3)


@pytest.mark.filterwarnings("ignore:training stopped by patience")  # so early
@every_kind
def test_a_warm_start_that_fails_late_uses_up_no_patience(kind):
    X, y = make_data(kind)
    broken, n_calls = False, 0

    def scoring(mlp, X, y):
        nonlocal n_calls
        n_calls += 1
        if broken and n_calls == 7:
            raise RuntimeError("in the seventh epoch")
        return 0.0

    # Nothing improves: patience runs out after the first epoch and 6 more.
    mlp = make_mlp(kind, early_stopping=True, scoring=scoring, n_iter_no_change=6)
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    n_calls = len(mlp.fit(X, y).history_["loss"])
    broken = True
    with pytest.raises(RuntimeError, match="seventh"):
        mlp.fit(X, y)
    broken = False
    assert mlp.fit(X, y).n_iter_ == 2
    assert_same(mlp, whole, X)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        *((kind, lambda X, y: (X[:, 1:], y), "features") for kind in KINDS),
        ("classifier", lambda X, y: (X, y + 1), "labels.*not among"),
        ("classifier", lambda X, y: (X, np.eye(3)[y]), "one column"),
        ("regressor", lambda X, y: (X, np.column_stack([y, y])), "outputs"),
    ],
)
def test_data_of_another_shape_leaves_the_estimator_as_it_was(kind, change, message):
    X, y = make_data(kind)
    mlp = make_mlp(kind)
    whole = clone(mlp).set_params(max_iter=10).fit(X, y)
    mlp.fit(X, y)
    with pytest.raises(ValueError, match=message):
        mlp.fit(*change(X, y))
    with pytest.raises(ValueError, match=message):
        mlp.partial_fit(*change(X, y))
    assert_same(mlp.fit(X, y), whole, X)
