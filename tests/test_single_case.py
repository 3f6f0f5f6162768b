"""Updates by single cases, in layers of any width, at every level of the processor."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import Problem, assert_trains_like_the_lecture
from scipy.sparse import csr_array
from sklearn.base import clone

from skmlp._mini_batches import MANY_CASES
from skmlp._network import kernel
from skmlp._network.network import Inputs, Network, Targets, Updates

# Training here ends after two epochs, long before it has converged.
pytestmark = [
    pytest.mark.filterwarnings("ignore:training stopped at max_iter"),
    pytest.mark.usefixtures("level"),
]

# A vector holds up to 16 numbers, and of more than 8 vectors rows are read as they lie.
WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129, 135]


# Few updates are done in place, many on copies with padded rows.
FEW, MANY = 12, MANY_CASES

every_width = pytest.mark.parametrize("width", WIDTHS)
both_rules = pytest.mark.parametrize("nesterovs_momentum", [False, True])
few_and_many = pytest.mark.parametrize("n", [FEW, MANY])


def problem_and_mlp(width, nesterovs_momentum, *, n=MANY, hidden_layer_sizes=None):
    problem = Problem("tanh regression of 3", n=n, n_features=width)
    mlp = problem.mlp(
        hidden_layer_sizes=hidden_layer_sizes or (width, width),
        activation="tanh",
        batch_size=1,
        weight_decay=0.01,
        nesterovs_momentum=nesterovs_momentum,
        max_iter=2,
    )
    return problem, mlp


@few_and_many
@both_rules
@every_width
def test_layers_of_any_width(width, nesterovs_momentum, n):
    problem, mlp = problem_and_mlp(width, nesterovs_momentum, n=n)
    assert_trains_like_the_lecture(problem, mlp, problem.weights)


@few_and_many
@both_rules
@pytest.mark.parametrize("sizes", [(5, 17, 3, 9), (1, 6, 2, 33), (40, 1, 7)], ids=str)
def test_layers_of_different_widths(sizes, nesterovs_momentum, n):
    # What a wide layer leaves in memory must not reach the padding of a narrow one.
    problem, mlp = problem_and_mlp(4, nesterovs_momentum, n=n, hidden_layer_sizes=sizes)
    assert_trains_like_the_lecture(problem, mlp, problem.weights)


@few_and_many
@both_rules
@every_width
def test_float32_is_float64_to_rounding(width, nesterovs_momentum, n):
    problem, mlp = problem_and_mlp(width, nesterovs_momentum, n=n)
    X = problem.X.astype(np.float32)
    single = clone(mlp).fit(X, problem.y)
    mlp.fit(X.astype(np.float64), problem.y)
    assert single.coefs_[0].dtype == np.float32
    for w32, w64 in zip(
        single.coefs_ + single.intercepts_, mlp.coefs_ + mlp.intercepts_, strict=True
    ):
        assert abs(w32 - w64).max() < 1e-5 * max(1, abs(w64).max())


def make_network(units, dtype=np.float64):
    return Network(
        units,
        ("tanh",) * (len(units) - 2) + ("identity",),
        loss="squared_error",
        score="squared_residuals",
        batch_size=1,
        itemsize=np.dtype(dtype).itemsize,
    )


def train(network, dtype, single_cases, make_inputs=Inputs):
    """Train on six rows."""
    n_features, n_outputs = network.layer_units[0], network.n_outputs
    rng = np.random.default_rng(n_features)
    T = rng.standard_normal((6, n_outputs)).astype(dtype)
    kernel.train_single_cases(
        network,
        make_inputs(rng.standard_normal((6, n_features)).astype(dtype)),
        Targets(values=T, n_outputs=n_outputs),
        np.arange(6),
        0,
        6,
        single_cases,
        np.empty(network.n_workspace, dtype),
        np.zeros(network.n_sums),
        np.empty(0),
    )


def start_epoch(single_cases, parameters, state, solver="sgd"):
    updates = Updates(solver, momentum=0.9, rho=0.9, beta_1=0, beta_2=0, epsilon=0)
    rates = {"learning_rate": 0.01, "weight_decay": 0.1}
    single_cases.start_epoch(updates, parameters, state, **rates)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@every_width
def test_nothing_is_written_beside_the_weights(width, dtype, padded):
    network = make_network((width, width, width, 2), dtype)
    rng = np.random.default_rng(width)
    guard = 64

    def guarded(n):
        memory = np.full(n + 2 * guard, np.nan, dtype)
        memory[guard:-guard] = 0.1 * rng.standard_normal(n)
        return memory

    memory = [guarded(network.n_parameters) for _ in range(2)]
    parameters, velocity = (m[guard:-guard] for m in memory)
    state = velocity[np.newaxis]
    single_cases = kernel.SingleCases(network, parameters.dtype, padded=padded)
    start_epoch(single_cases, parameters, state)
    before = parameters.copy()
    train(network, dtype, single_cases)
    single_cases.end_epoch(parameters, state)
    assert not np.array_equal(parameters, before)
    for m in memory:
        assert_array_equal(m[:guard], np.nan)
        assert_array_equal(m[-guard:], np.nan)
        assert np.isfinite(m[guard:-guard]).all()


@pytest.mark.parametrize("padded", [False, True])
def test_what_does_not_fit_is_refused(padded):
    network = make_network((3, 2, 1))
    parameters, velocity = np.zeros((2, network.n_parameters))
    state = velocity[np.newaxis]
    own = kernel.SingleCases(network, parameters.dtype, padded=padded)
    with pytest.raises(ValueError, match="started an epoch"):
        train(network, parameters.dtype, own)
    with pytest.raises(ValueError, match="dtype"):
        start_epoch(own, parameters.astype(np.float32), state.astype(np.float32))
    with pytest.raises(ValueError, match="momentum or Nesterov"):
        start_epoch(own, parameters, state, "rmsprop")
    start_epoch(own, parameters, state)
    train(network, parameters.dtype, own)
    with pytest.raises(ValueError, match="dense"):
        train(network, parameters.dtype, own, lambda X: Inputs(csr_array(X)))
    with pytest.raises(ValueError, match="of this network"):
        train(make_network((3, 4, 1)), parameters.dtype, own)
    no_state = np.zeros((0, network.n_parameters))
    for call in start_epoch, kernel.SingleCases.end_epoch:
        with pytest.raises(ValueError, match="n_parameters"):
            call(own, parameters[1:], state)
        with pytest.raises(ValueError, match="n_parameters"):
            call(own, parameters, state[:, 1:])
        with pytest.raises(ValueError, match="one row"):
            call(own, parameters, no_state)
    own.end_epoch(parameters, state)
    with pytest.raises(ValueError, match="started an epoch"):
        train(network, parameters.dtype, own)


@both_rules
def test_an_interrupted_epoch_leaves_the_weights_of_its_last_update(
    nesterovs_momentum, monkeypatch
):
    problem, mlp = problem_and_mlp(5, nesterovs_momentum)
    mlp.set_params(shuffle=False, max_iter=1)
    done = FEW + 1
    expected = clone(mlp).fit(problem.X[:done], problem.y[:done])

    def check_cancelled(training):
        # It is also looked at before training starts, and before the first slice.
        training.n_slices = getattr(training, "n_slices", -2) + 1
        if training.n_slices == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr("skmlp._training.Training.check_cancelled", check_cancelled)
    monkeypatch.setattr("skmlp._mini_batches.slice_rows", lambda *args: done)
    with pytest.raises(KeyboardInterrupt):
        mlp.fit(problem.X, problem.y)
    for actual, weights in zip(mlp.coefs_, expected.coefs_, strict=True):
        assert_allclose(actual, weights, rtol=1e-9)
