"""Weights of features that no case of a batch has come out as if all had moved."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp._mini_batches import SHORT_ROW
from skmlp._network import kernel
from skmlp._network.network import Inputs, Network

# A few epochs show what is looked at.
pytestmark = [
    pytest.mark.filterwarnings("ignore:training stopped at max_iter"),
    pytest.mark.usefixtures("short_rows_sit_out"),
]

SOLVERS = {
    "plain": {"momentum": 0.0},
    "momentum": {},
    "nesterov": {"nesterovs_momentum": True},
    "adagrad": {"solver": "adagrad"},
    "adagrad without decay": {"solver": "adagrad", "weight_decay": 0.0},
    "adam": {"solver": "adam"},
}


@pytest.fixture(autouse=True, params=[False, True], ids=["one slab", "slabs"])
def _slabs(request, monkeypatch):
    """All tests run with batches that threads share, too."""
    share = "skmlp._mini_batches.MiniBatchTraining.worth_sharing"
    monkeypatch.setattr(share, lambda training: request.param)


@pytest.mark.parametrize(("n_hidden", "sits_out"), [(3, False), (60, True)])
def test_short_rows_do_not_sit_out_updates(n_hidden, sits_out, monkeypatch):
    """To find out which can takes longer than to update all."""
    made = []

    class Skipping(kernel.Skipping):
        def __init__(self, *args, **kwargs):
            made.append(self)

    monkeypatch.setattr("skmlp._mini_batches.SHORT_ROW", SHORT_ROW)
    monkeypatch.setattr(kernel, "Skipping", Skipping)
    X, y = make_data(60, 100)
    MLPRegressorSDM(n_hidden, batch_size=10, max_iter=1).fit(X, y)
    assert bool(made) == sits_out


every_solver = pytest.mark.parametrize("solver", SOLVERS)


def make_data(n_rows, n_features, n_words=4, dtype=np.float64, seed=0):
    """Rows of few words; most words are rare, and some never occur."""
    rng = np.random.default_rng(seed)
    words = (n_features * rng.random((n_rows, n_words)) ** 3).astype(int)
    X = sparse.lil_array((n_rows, n_features), dtype=dtype)
    for row, columns in enumerate(words):
        X[row, columns] = rng.normal(size=n_words)
    y = np.asarray(X.sum(axis=1)).ravel() + 0.1 * rng.normal(size=n_rows)
    return X.tocsr(), y


def fit(X, y, solver, **parameters):
    defaults = {
        "hidden_layer_sizes": 6,
        "activation": "tanh",
        "weight_decay": 0.02,
        "batch_size": 3,
        "learning_rate_init": 0.02,
        "max_iter": 4,
        "random_state": 0,
    }
    return MLPRegressorSDM(**{**defaults, **SOLVERS[solver], **parameters}).fit(X, y)


def assert_agree(actual, expected, rtol=1e-9):
    for a, e in zip(
        actual.coefs_ + actual.intercepts_,
        expected.coefs_ + expected.intercepts_,
        strict=True,
    ):
        assert_allclose(a, e, rtol=rtol, atol=rtol * abs(e).max())
    for curve, values in expected.history_.items():
        assert_allclose(actual.history_[curve], values, rtol=rtol)


@pytest.mark.parametrize("batch_size", [1, 3, 50, "full"])
@every_solver
def test_same_weights_as_with_dense_input(solver, batch_size):
    X, y = make_data(80, 300)
    parameters = {"batch_size": batch_size, "learning_rate": "invscaling"}
    assert_agree(
        fit(X, y, solver, **parameters), fit(X.toarray(), y, solver, **parameters)
    )


@every_solver
def test_same_weights_where_a_batch_is_more_than_a_block(solver):
    X, y = make_data(1500, 3000)
    parameters = {"batch_size": 700, "max_iter": 3}
    assert_agree(
        fit(X, y, solver, **parameters), fit(X.toarray(), y, solver, **parameters)
    )


@every_solver
def test_same_weights_in_float32(solver):
    X, y = make_data(80, 300, dtype=np.float32)
    actual, expected = fit(X, y, solver), fit(X.toarray(), y, solver)
    assert actual.coefs_[0].dtype == np.float32
    assert_agree(actual, expected, rtol=2e-3 if solver == "adam" else 1e-4)


@pytest.mark.parametrize(
    "n_units", [1, 2, 3, 5, 8, 13, 15, 16, 21, 30, 37, 60, 64, 100, 120, 130]
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_weights_with_rows_of_any_length(n_units, dtype, level):
    X, y = make_data(40, 100, dtype=dtype)
    rtol = 1e-9 if dtype == np.float64 else 1e-4
    parameters = {"hidden_layer_sizes": n_units, "batch_size": 5, "max_iter": 2}
    mlp = fit(X, y, "momentum", **parameters)
    assert_agree(mlp, fit(X.toarray(), y, "momentum", **parameters), rtol)
    assert_allclose(mlp.predict(X), mlp.predict(X.toarray()), rtol, rtol)


# Fewer features than cases: rows cannot wait for a whole epoch, or cannot wait at all.
@pytest.mark.parametrize(("n_words", "batch_size"), [(4, 3), (1, 50)])
@every_solver
def test_same_weights_where_features_are_few(solver, n_words, batch_size):
    X, y = make_data(400, 60, n_words)
    parameters = {"batch_size": batch_size, "max_iter": 2}
    assert_agree(
        fit(X, y, solver, **parameters), fit(X.toarray(), y, solver, **parameters)
    )


@pytest.mark.parametrize(("n_rows", "n_features"), [(5000, 40), (2500, 2400)])
@pytest.mark.parametrize("solver", ["momentum", "nesterov"])
def test_rows_that_sit_out_thousands_of_updates(solver, n_rows, n_features):
    X, y = make_data(n_rows, n_features, n_words=1)
    parameters = {"batch_size": 1, "max_iter": 2, "weight_decay": 1e-4}
    assert_agree(
        fit(X, y, solver, **parameters), fit(X.toarray(), y, solver, **parameters)
    )


@every_solver
def test_features_without_a_case_only_decay(solver):
    X, y = make_data(60, 50)
    wide = sparse.hstack([X, sparse.csr_array((60, 5))]).tocsr()
    mlp = fit(wide, y, solver)
    dense = fit(wide.toarray(), y, solver)
    assert_allclose(mlp.coefs_[0][50:], dense.coefs_[0][50:], rtol=1e-9)


@pytest.mark.parametrize("indices", [np.int32, np.int64])
def test_repeated_and_unsorted_indices_add_up(indices):
    X, y = make_data(60, 50)
    messy = X.copy()
    rows = [slice(*messy.indptr[n : n + 2]) for n in range(60)]
    columns = np.concatenate([np.tile(messy.indices[r][::-1], 2) for r in rows])
    values = np.concatenate([np.tile(messy.data[r][::-1] / 2, 2) for r in rows])
    messy = sparse.csr_array(
        (values, columns.astype(indices), (2 * messy.indptr).astype(indices)),
        shape=X.shape,
    )
    assert messy.nnz == 2 * X.nnz
    assert_agree(fit(messy, y, "momentum"), fit(X, y, "momentum"))


def test_rows_that_a_splitter_repeats():
    X, y = make_data(60, 3000)
    X = sparse.vstack([sparse.csr_array(np.full((1, 3000), 0.01)), X]).tocsr()
    y = np.append(1.0, y)
    rows = np.append(np.zeros(40, int), np.arange(1, 50))

    class Repeats:
        def split(self, X, y, groups):
            yield rows, np.arange(50, 61)

        def get_n_splits(self):
            return 1

    parameters = {"batch_size": 40, "early_stopping": Repeats(), "max_iter": 2}
    parameters["learning_rate_init"] = 0.001
    assert_agree(
        fit(X, y, "momentum", **parameters),
        fit(X.toarray(), y, "momentum", **parameters),
    )


def test_going_on_gives_the_same_bits():
    X, y = make_data(80, 300)
    whole = fit(X, y, "momentum", max_iter=6)
    halves = fit(X, y, "momentum", max_iter=3, warm_start=True).fit(X, y)
    assert_array_equal(halves.coefs_[0], whole.coefs_[0])


def test_chunks_of_other_cases():
    X, y = make_data(90, 200)
    sparse_mlp, dense_mlp = (
        MLPRegressorSDM(4, batch_size=5, learning_rate_init=0.01, random_state=0)
        for _ in range(2)
    )
    for start in range(0, 90, 30):
        rows = slice(start, start + 30)
        sparse_mlp.partial_fit(X[rows], y[rows])
        dense_mlp.partial_fit(X[rows].toarray(), y[rows])
    assert_allclose(sparse_mlp.coefs_[0], dense_mlp.coefs_[0], rtol=1e-9)


def test_an_interrupted_epoch_leaves_every_row_up_to_date(monkeypatch):
    """After as many updates as there was time for, all weights have had them."""
    X, y = make_data(400, 300)
    parameters = {"batch_size": 5, "shuffle": False, "max_iter": 1}

    def stop_after(n_slices):
        def check_cancelled(training):
            # It is also looked at before training starts, and before the first slice.
            training.n_slices = getattr(training, "n_slices", -2) + 1
            if training.n_slices == n_slices:
                raise KeyboardInterrupt

        monkeypatch.setattr("skmlp._training.Training.check_cancelled", check_cancelled)
        monkeypatch.setattr("skmlp._mini_batches.slice_rows", lambda *args: 52)

    interrupted = []
    for container in X, X.toarray():
        mlp = MLPClassifierSDM(
            4, learning_rate_init=0.1, weight_decay=0.1, random_state=0
        ).set_params(**parameters)
        stop_after(2)
        with pytest.raises(KeyboardInterrupt):
            mlp.fit(container, y > 0)
        interrupted.append(mlp)
    assert_allclose(interrupted[0].coefs_[0], interrupted[1].coefs_[0], rtol=1e-9)


def make_network(n_features, *, sparse):
    return Network(
        [n_features, 16, 2],
        ["tanh", "identity"],
        loss="squared_error",
        score="squared_residuals",
        batch_size=1000,
        itemsize=8,
        sparse=sparse,
    )


def test_no_room_is_made_for_dense_rows():
    narrow, wide = (make_network(n, sparse=True).n_workspace for n in (10, 2**20))
    assert wide <= narrow
    assert make_network(2**20, sparse=False).n_workspace > 256 * 2**20


@pytest.mark.parametrize("batch_size", [32, "full"])
@pytest.mark.parametrize("dense", ["X", "X_val"])
def test_dense_and_sparse_data_together(dense, batch_size):
    """Training data of one kind and validation data of the other."""
    X, y = make_data(400, 50)
    mlp = MLPRegressorSDM(6, batch_size=batch_size, max_iter=5, random_state=0)
    both = clone(mlp).fit(X, y, X_val=X, y_val=y)
    x, x_val = (X.toarray(), X) if dense == "X" else (X, X.toarray())
    assert_agree(mlp.fit(x, y, X_val=x_val, y_val=y), both)


def test_a_workspace_without_room_for_dense_rows_is_not_used_for_them():
    network = make_network(5, sparse=True)
    arrays = np.zeros(network.n_parameters), np.zeros(network.n_workspace)
    with pytest.raises(ValueError, match="no room for dense inputs"):
        kernel.forward_rows(
            network, Inputs(np.ones((3, 5))), np.arange(3), *arrays, np.zeros((3, 2))
        )
