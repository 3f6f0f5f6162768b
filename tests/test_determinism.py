"""The same random_state gives the same bits, in any memory layout and any thread."""

import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from problems import LAYOUTS, wide_indices
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info, threadpool_limits

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp._mini_batches import MANY_CASES
from skmlp._training import Training

# A few epochs show what is looked at.
pytestmark = [
    pytest.mark.filterwarnings("ignore:training stopped at max_iter"),
    pytest.mark.usefixtures("short_rows_sit_out"),
]

N = 300
ESTIMATORS = [MLPClassifierSDM, MLPRegressorSDM]
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)
every_dtype = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def make_data(estimator, n=N, n_features=8, dtype=np.float64):
    rng = np.random.default_rng(0)
    X = (rng.normal(size=(n, n_features)) * (rng.random((n, n_features)) < 0.7)).astype(
        dtype
    )
    y = X[:, 0] + X[:, 1] * X[:, 2] + 0.5 * rng.normal(size=n)
    return X, (y > np.median(y)).astype(int) if estimator is MLPClassifierSDM else y


def make_mlp(estimator, **parameters):
    defaults = {
        "hidden_layer_sizes": (12, 6),
        "batch_size": 32,
        "learning_rate_init": 0.02,
        "max_iter": 4,
        "random_state": 0,
    }
    return estimator(**{**defaults, **parameters})


def bits(mlp, X):
    """All that a fit leaves to be seen, predictions included."""
    predict = mlp.predict_proba if isinstance(mlp, MLPClassifierSDM) else mlp.predict
    return [*mlp.coefs_, *mlp.intercepts_, *mlp.history_.values(), predict(X)]


def assert_same_bits(actual, expected):
    for a, e in zip(actual, expected, strict=True):
        assert_array_equal(a, e)


# Random state


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"batch_size": 1},
        {"batch_size": "full"},
        {"early_stopping": True},
        {"shuffle": False},
        {"learning_rate_init": "auto"},
    ],
    ids=str,
)
@every_estimator
def test_same_random_state_same_bits(estimator, parameters):
    X, y = make_data(estimator)
    mlp = make_mlp(estimator, **parameters)
    once = bits(clone(mlp).fit(X, y), X)
    np.random.default_rng(1).random(7)
    assert_same_bits(bits(clone(mlp).fit(X, y), X), once)
    assert_same_bits(bits(mlp.fit(X, y), X), once)
    assert_same_bits(bits(mlp.fit(X, y), X), once)
    # An int stands for the generator with this seed.
    generator = clone(mlp).set_params(random_state=np.random.RandomState(0))
    assert_same_bits(bits(generator.fit(X, y), X), once)


@every_estimator
def test_random_state_decides_weights_shuffles_and_split(estimator):
    X, y = make_data(estimator)
    held_out = []

    def scoring(mlp, X, y):
        held_out.append(X)
        return 0.0

    mlp = make_mlp(estimator, early_stopping=True, scoring=scoring, max_iter=1)
    fits = [clone(mlp).set_params(random_state=seed).fit(X, y) for seed in (0, 1)]
    assert abs(fits[0].coefs_[0] - fits[1].coefs_[0]).max() > 0.1
    assert not np.array_equal(*held_out)
    # From the same weights on, the order of the rows is what differs.
    first, second = (
        make_mlp(estimator, random_state=seed, momentum=0, warm_start=True).fit(X, y)
        for seed in (0, 1)
    )
    second.coefs_ = [W.copy() for W in first.coefs_]
    second.intercepts_ = [b.copy() for b in first.intercepts_]
    assert abs(first.fit(X, y).coefs_[0] - second.fit(X, y).coefs_[0]).max() > 1e-6


@every_estimator
def test_global_random_state_is_neither_used_nor_changed(estimator):
    X, y = make_data(estimator)
    mlp = make_mlp(estimator, early_stopping=True)
    results = []
    for seed in (0, 1):
        state = np.random.RandomState(seed).get_state()
        # NumPy's global state is what must make no difference, and be left alone.
        np.random.set_state(state)  # noqa: NPY002
        results.append(bits(clone(mlp).fit(X, y), X))
        assert_array_equal(np.random.get_state()[1], state[1])  # noqa: NPY002
    assert_same_bits(*results)


@every_estimator
def test_generator_given_as_random_state_moves_on(estimator):
    X, y = make_data(estimator)
    mlp = make_mlp(estimator, random_state=np.random.RandomState(0))
    first, second = mlp.fit(X, y).coefs_[0], mlp.fit(X, y).coefs_[0]
    assert abs(first - second).max() > 0.1


@every_estimator
def test_curves_are_in_the_same_order_in_every_process(estimator):
    X, y = make_data(estimator)
    mlp = make_mlp(estimator, early_stopping=True).fit(X, y)
    curves = ["loss", "penalty", "score", "learning_rate"]
    assert list(mlp.history_) == [*curves, "validation_loss", "validation_score"]


# From one version to the next

# Written by data/make_golden_training.py.
GOLDEN = json.loads(
    (Path(__file__).parent / "data" / "golden_training.json").read_text()
)


def golden_id(golden):
    parameters = golden["parameters"]
    nesterov = "-nesterov" * parameters.get("nesterovs_momentum", False)
    restarts = "-restarts" * (parameters.get("n_init", 1) > 1)
    return (
        f"{golden['estimator']}-{golden['dtype']}-{parameters['solver']}{nesterov}"
        f"{restarts}-{parameters['batch_size']}"
    )


@pytest.mark.parametrize("golden", GOLDEN["trained"], ids=golden_id)
def test_training_comes_to_what_it_came_to(golden):
    """On any machine, to rounding: other BLAS kernels and vectors add otherwise.

    Those of four processors differed by 1e-14 in float64 and 4e-6 in float32.
    """
    X = np.array(GOLDEN["X"], dtype=golden["dtype"])
    (estimator,) = (e for e in ESTIMATORS if e.__name__ == golden["estimator"])
    mlp = estimator(**golden["parameters"]).fit(X, GOLDEN["y"][golden["estimator"]])
    tolerance = 1e-11 if golden["dtype"] == "float64" else 1e-4
    for curve, values in golden["history"].items():
        assert_allclose(mlp.history_[curve], values, tolerance, tolerance)
    for a, total, square in zip(
        mlp.coefs_ + mlp.intercepts_, golden["sums"], golden["squares"], strict=True
    ):
        a = a.astype(np.float64)
        assert_allclose((a**2).sum(), square, tolerance)
        assert_allclose(a.sum(), total, atol=tolerance * np.sqrt(a.size * square))


# Slices


@every_dtype
@pytest.mark.parametrize("n", [MANY_CASES // 5, MANY_CASES], ids="{} cases".format)
@pytest.mark.parametrize("nesterovs_momentum", [False, True])
@pytest.mark.parametrize("hidden", [(), (1,), (2,), (7, 3), (16,), (35, 18), (100,)])
@every_estimator
def test_where_an_epoch_is_interrupted_does_not_matter(
    estimator, hidden, nesterovs_momentum, n, dtype, level, monkeypatch
):
    X, y = make_data(estimator, dtype=dtype)
    X, y = X[:n], y[:n]
    mlp = make_mlp(
        estimator,
        hidden_layer_sizes=hidden,
        nesterovs_momentum=nesterovs_momentum,
        learning_rate_init=0.001,
        batch_size=1,
        record_batches=True,
    )
    expected = bits(clone(mlp).fit(X, y), X)
    for rows in [1, 7]:
        monkeypatch.setattr("skmlp._mini_batches.slice_rows", lambda *args, n=rows: n)
        assert_same_bits(bits(clone(mlp).fit(X, y), X), expected)


# Memory layout


@every_dtype
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("batch_size", [1, 32])
@every_estimator
def test_memory_layout_of_X_does_not_matter(estimator, batch_size, layout, dtype):
    X, y = make_data(estimator, dtype=dtype)
    laid_out = LAYOUTS[layout](X)
    assert_array_equal(laid_out, X, strict=True)
    mlp = make_mlp(estimator, batch_size=batch_size, early_stopping=True)
    expected = bits(clone(mlp).fit(X, y), X)
    assert_same_bits(bits(clone(mlp).fit(X, y), laid_out), expected)
    assert_same_bits(bits(mlp.fit(laid_out, y), X), expected)


@every_dtype
@pytest.mark.parametrize("order", ["C", "F"])
@every_estimator
def test_memory_mapped_X_gives_the_same_bits(estimator, order, dtype, tmp_path):
    X, y = make_data(estimator, dtype=dtype)
    np.save(tmp_path / "X.npy", np.asarray(X, order=order))
    np.save(tmp_path / "y.npy", y)
    mapped = [np.load(tmp_path / name, mmap_mode="r") for name in ("X.npy", "y.npy")]
    mlp = make_mlp(estimator)
    expected = bits(clone(mlp).fit(X, y), X)
    assert_same_bits(bits(mlp.fit(*mapped), mapped[0]), expected)


def read_only_csr(X):
    X = sparse.csr_array(X)
    for part in (X.data, X.indices, X.indptr):
        part.flags.writeable = False
    return X


def with_index_dtypes(*dtypes):
    def make(X):
        X = sparse.csr_array(X)
        X.indices, X.indptr = map(np.ndarray.astype, (X.indices, X.indptr), dtypes)
        return X

    make.__name__ = f"indices in {' and '.join(dtypes)}"
    return make


def columns_of_a_table(X):
    """Non-zeros that lie between other numbers, as in records read from a file."""
    X = sparse.csr_array(X)
    for part in ("data", "indices", "indptr"):
        array = getattr(X, part)
        setattr(X, part, np.column_stack([array, np.full_like(array, -9)])[:, 0])
    return X


@every_dtype
@pytest.mark.parametrize(
    "make",
    [
        sparse.csr_matrix,
        wide_indices,
        read_only_csr,
        columns_of_a_table,
        with_index_dtypes("int16", "int16"),
        with_index_dtypes(">i4", ">i8"),
        with_index_dtypes("int32", "int64"),
        sparse.csc_array,
    ],
)
@pytest.mark.parametrize(
    "parameters",
    [{"batch_size": 1}, {"batch_size": 32}, {"solver": "lbfgs"}],
    ids=str,
)
@every_estimator
def test_kind_of_sparse_X_does_not_matter(estimator, parameters, make, dtype):
    X, y = make_data(estimator, dtype=dtype)
    mlp = make_mlp(estimator, **parameters)
    csr = sparse.csr_array(X)
    expected = bits(clone(mlp).fit(csr, y), csr)
    assert_same_bits(bits(mlp.fit(make(X), y), make(X)), expected)


@pytest.mark.parametrize("layout", ["Fortran order", "every second row", "read-only"])
def test_memory_layout_of_y_and_weights_does_not_matter(layout):
    X, y = make_data(MLPRegressorSDM)
    Y, s = np.column_stack([y, -y, y**2]), np.arange(N) % 3.0
    mlp = make_mlp(MLPRegressorSDM)
    expected = bits(clone(mlp).fit(X, Y, s), X)
    change = LAYOUTS[layout]
    assert_same_bits(bits(mlp.fit(X, change(Y), change(s)), X), expected)


@every_estimator
def test_predictions_do_not_depend_on_the_rows_beside(estimator):
    # Not bit for bit: a single row is not multiplied by the same code as many.
    X, y = make_data(estimator)
    mlp = make_mlp(estimator).fit(X, y)
    one_by_one = np.concatenate([bits(mlp, X[n : n + 1])[-1] for n in range(N)])
    assert_allclose(one_by_one, bits(mlp, X)[-1], rtol=1e-10, atol=1e-12)


# Data are read only


@pytest.mark.parametrize("make", [np.array, np.asfortranarray, sparse.csr_array])
@every_dtype
@every_estimator
def test_fit_and_predict_do_not_change_their_data(estimator, dtype, make):
    X, y = make_data(estimator, dtype=dtype)
    s = np.arange(N) % 3.0
    given = [make(X), y.copy(), s.copy()]
    validation = {"X_val": make(X), "y_val": y.copy(), "sample_weight_val": s.copy()}
    mlp = make_mlp(estimator, early_stopping=True)
    mlp.fit(*given)
    mlp.fit(*given, **validation)
    mlp.partial_fit(*given[:2], sample_weight=given[2])
    mlp.predict(given[0])
    for data in (given, validation.values()):
        for actual, expected in zip(data, (X, y, s), strict=True):
            actual = actual.toarray() if sparse.issparse(actual) else actual
            assert_array_equal(actual, expected)
            assert actual.dtype == expected.dtype


@every_estimator
def test_room_to_spare_in_a_sparse_matrix_stays(estimator):
    X, y = make_data(estimator)
    X = sparse.csr_array(X)
    n_non_zeros, n = X.nnz, X.nnz + 50
    X.data, X.indices = np.resize(X.data, n), np.resize(X.indices, n)
    mlp = make_mlp(estimator).fit(X, y)
    mlp.predict(X)
    assert len(X.data) == len(X.indices) == n
    assert X.nnz == n_non_zeros


# Threads and processes


def search(estimator, X, y, n_jobs):
    """Scores and weights of a small grid search that refits its best estimator."""
    grid = {"hidden_layer_sizes": [(5,), (100, 50)], "batch_size": [1, 120]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = GridSearchCV(
            make_mlp(
                estimator, learning_rate_init="auto", max_iter=2, early_stopping=True
            ),
            grid,
            cv=2,
            n_jobs=n_jobs,
        ).fit(X, y)
    return [found.cv_results_["mean_test_score"], *bits(found.best_estimator_, X)]


@pytest.mark.parametrize("backend", ["loky", "threading"])
@every_estimator
def test_grid_search_in_parallel_gives_the_same_bits(estimator, backend):
    X, y = make_data(estimator)
    expected = search(estimator, X, y, n_jobs=1)
    # From 1 byte on, joblib hands X to its processes as a read-only memory map.
    with parallel_config(backend, max_nbytes=1):
        assert_same_bits(search(estimator, X, y, n_jobs=2), expected)


@every_dtype
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array])
@every_estimator
def test_number_of_blas_threads_does_not_matter(estimator, make, dtype):
    # Large enough for a BLAS to share the work between its threads.
    X, y = make_data(estimator, n=600, n_features=100, dtype=dtype)
    mlp = make_mlp(
        estimator, hidden_layer_sizes=(150, 100), batch_size=256, early_stopping=True
    )
    results = []
    for limit in (1, 2):
        with threadpool_limits(limit, user_api="blas"):
            results.append(bits(clone(mlp).fit(make(X), y), make(X)))
    assert_same_bits(*results)


def blas_threads():
    return [
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]


def test_what_was_learnt_is_looked_at_with_one_blas_thread(monkeypatch):
    evaluate_kept, threads = Training.evaluate_kept, []

    def evaluate(training):
        threads.extend(blas_threads())
        return evaluate_kept(training)

    monkeypatch.setattr(Training, "evaluate_kept", evaluate)
    X, y = make_data(MLPClassifierSDM)
    mlp = make_mlp(MLPClassifierSDM, weight_decay=1.0, max_iter=1000)
    with (
        threadpool_limits(2, user_api="blas"),
        pytest.warns(ConvergenceWarning, match="training stopped by patience"),
    ):
        mlp.fit(X, y)
    assert set(threads) == {1}


@pytest.mark.parametrize("n_threads", [1, 4])
@every_estimator
def test_fits_in_other_threads_give_the_bits_of_serial_ones(estimator, n_threads):
    X, y = make_data(estimator, n=600, n_features=60)
    mlps = [
        make_mlp(
            estimator,
            hidden_layer_sizes=(100, 50),
            batch_size=batch_size,
            learning_rate_init="auto",
            max_iter=2 + seed,
            random_state=seed,
        )
        for batch_size in (1, 256)
        for seed in range(4)
    ]

    def work(mlp):
        return bits(clone(mlp).fit(X, y), X)

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        serial = [work(mlp) for mlp in mlps]
        with ThreadPoolExecutor(n_threads) as pool:
            elsewhere = list(pool.map(work, mlps))
        assert blas_threads() == before
    for actual, expected in zip(elsewhere, serial, strict=True):
        assert_same_bits(actual, expected)


@pytest.mark.parametrize("first_in", ["this thread", "another thread"])
def test_overlapping_fits_have_one_blas_thread_and_give_the_others_back(first_in):
    # The second fit, in a thread of its own, begins within the first and outlives it.
    X, y = make_data(MLPRegressorSDM)
    second_began, first_ended = Event(), Event()
    threads, second_fit = [], []

    def score_of_first(*_):
        if not second_fit:
            second_fit.append(pool.submit(second.fit, X, y))
            second_began.wait(60)
        threads.extend(blas_threads())
        return 0.0

    def score_of_second(*_):
        second_began.set()
        first_ended.wait(60)
        threads.extend(blas_threads())
        return 0.0

    first, second = (
        make_mlp(MLPRegressorSDM, early_stopping=True, scoring=scoring)
        for scoring in (score_of_first, score_of_second)
    )
    with threadpool_limits(2, user_api="blas"), ThreadPoolExecutor(2) as pool:
        before = blas_threads()
        if first_in == "this thread":
            first.fit(X, y)
        else:
            pool.submit(first.fit, X, y).result()
        first_ended.set()
        second_fit[0].result()
        assert blas_threads() == before
    assert set(threads) <= {1}


@every_estimator
def test_concurrent_predictions_of_one_estimator_give_the_same_bits(estimator):
    X, y = make_data(estimator, n=5000)
    mlp = make_mlp(estimator, hidden_layer_sizes=(100, 50), max_iter=1).fit(X, y)
    expected = bits(mlp, X)
    with ThreadPoolExecutor(8) as pool:
        for actual in pool.map(lambda _: bits(mlp, X), range(24)):
            assert_same_bits(actual, expected)
