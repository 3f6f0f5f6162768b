"""Updates by single cases, in layers of any width, at every level of the processor."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from problems import Problem, assert_trains_like_the_lecture
from sklearn.base import clone

from skmlp._network import network as kernel

# Training here ends after two epochs, long before it has converged.
pytestmark = [
    pytest.mark.filterwarnings("ignore:training stopped at max_iter"),
    pytest.mark.usefixtures("level"),
]

# A vector holds up to 16 numbers, and of more than 8 vectors rows are read as they lie.
WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129, 135]


every_width = pytest.mark.parametrize("width", WIDTHS)
both_rules = pytest.mark.parametrize("nesterovs_momentum", [False, True])


def problem_and_mlp(width, nesterovs_momentum):
    problem = Problem("tanh regression of 3", n=12, n_features=width)
    mlp = problem.mlp(
        hidden_layer_sizes=(width, width),
        activation="tanh",
        batch_size=1,
        weight_decay=0.01,
        nesterovs_momentum=nesterovs_momentum,
        max_iter=2,
    )
    return problem, mlp


@both_rules
@every_width
def test_layers_of_any_width(width, nesterovs_momentum):
    problem, mlp = problem_and_mlp(width, nesterovs_momentum)
    assert_trains_like_the_lecture(problem, mlp, problem.weights)


@both_rules
@every_width
def test_float32_is_float64_to_rounding(width, nesterovs_momentum):
    problem, mlp = problem_and_mlp(width, nesterovs_momentum)
    X = problem.X.astype(np.float32)
    single = clone(mlp).fit(X, problem.y)
    mlp.fit(X.astype(np.float64), problem.y)
    assert single.coefs_[0].dtype == np.float32
    for w32, w64 in zip(
        single.coefs_ + single.intercepts_, mlp.coefs_ + mlp.intercepts_, strict=True
    ):
        assert abs(w32 - w64).max() < 1e-5 * max(1, abs(w64).max())


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@every_width
def test_nothing_is_written_beside_the_weights(width, dtype):
    units = (width, width, width, 2)
    network = kernel.Network(
        units,
        ("tanh", "tanh", "identity"),
        loss="squared_error",
        score="squared_residuals",
        batch_size=1,
        itemsize=np.dtype(dtype).itemsize,
    )
    rng = np.random.default_rng(width)
    guard = 64

    def guarded(n):
        memory = np.full(n + 2 * guard, np.nan, dtype)
        memory[guard:-guard] = 0.1 * rng.standard_normal(n)
        return memory

    memory = [guarded(network.n_parameters) for _ in range(2)]
    parameters, velocity = (m[guard:-guard] for m in memory)
    updates = kernel.Updates("sgd", momentum=0.9, rho=0, beta_1=0, beta_2=0, epsilon=0)
    single_cases = kernel.SingleCases(network, np.dtype(dtype))
    single_cases.start_epoch(network, updates, parameters, velocity[np.newaxis])
    kernel.train_rows(
        network,
        updates,
        kernel.Inputs(rng.standard_normal((6, width)).astype(dtype)),
        kernel.Targets(values=rng.standard_normal((6, 2)).astype(dtype), n_outputs=2),
        np.arange(6),
        0,
        6,
        1,
        parameters,
        velocity[np.newaxis],
        np.empty(network.n_parameters, dtype),
        np.empty(network.n_workspace, dtype),
        np.zeros(network.n_sums),
        np.empty(0),
        None,
        single_cases,
        n_updates=0,
        learning_rate=0.01,
        weight_decay=0.1,
    )
    single_cases.end_epoch(network, parameters, velocity[np.newaxis])
    for m in memory:
        assert_array_equal(m[:guard], np.nan)
        assert_array_equal(m[-guard:], np.nan)
        assert np.isfinite(m[guard:-guard]).all()
