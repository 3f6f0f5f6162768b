"""Matrix products, at every level that the processor has, and where BLAS takes over."""

from itertools import pairwise, product

import numpy as np
import pytest
import reference as ref
from numpy.testing import assert_allclose, assert_array_equal

from skmlp._network import kernel
from skmlp._network.network import Inputs, Network, Targets, Updates

DTYPES = [np.float64, np.float32]
COLUMNS = range(4, 71)
INNER = 128  # rows of B that are worked through at once
GUARD = 64

# Level 0 leaves products to BLAS.
every_level = pytest.mark.parametrize(
    "level", [*kernel.levels()[1:], None], indirect=True, ids="level {}".format
)


def draw(rng, shape, dtype, *, transposed=False):
    """A matrix between numbers that are not its own: NaN, which would spread."""
    size = shape[0] * shape[1]
    memory = np.full(size + 2 * GUARD, np.nan, dtype)
    memory[GUARD:-GUARD] = rng.standard_normal(size)
    inside = memory[GUARD:-GUARD]
    return inside.reshape(shape[::-1]).T if transposed else inside.reshape(shape)


def multiply(A, B, S, scale=1.0):
    """C = scale S + A B, after a check that nothing around C was written to."""
    memory = np.full(len(A) * B.shape[1] + 2 * GUARD, 7, A.dtype)
    C = memory[GUARD:-GUARD].reshape(len(A), B.shape[1])
    kernel.multiply(A, B, S, C, scale=scale)
    assert_array_equal(memory[:GUARD], 7)
    assert_array_equal(memory[-GUARD:], 7)
    return C


def assert_product(C, A, B, S):
    """C is S + A B to the rounding of a sum of so many numbers."""
    S = 0 if S is None else S
    error = abs(C - (A.astype(np.longdouble) @ B.astype(np.longdouble) + S))
    sizes = abs(A).astype(np.float64) @ abs(B).astype(np.float64) + abs(S)
    assert (error <= (A.shape[1] + 1) * np.finfo(C.dtype).eps * sizes).all()


@every_level
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transposed", [False, True])
def test_product_of_any_shape(transposed, dtype, level):
    rng = np.random.default_rng(0)
    for m, n, k in product([1, 2, 3, 4, 7, 8, 9, 15, 31], COLUMNS, [1, 2, 5]):
        A = draw(rng, (m, k), dtype, transposed=transposed)
        B = draw(rng, (k, n), dtype)
        assert_product(multiply(A, B, None), A, B, None)


@every_level
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [INNER - 1, INNER, INNER + 1, 3 * INNER + 5])
@pytest.mark.parametrize("n", [4, 10, 16, 50, 100, 131])
def test_product_starts_with_a_row_or_a_matrix(n, k, dtype, level):
    rng = np.random.default_rng(n)
    A, B = draw(rng, (13, k), dtype), draw(rng, (k, n), dtype)
    for S in (draw(rng, (1, n), dtype), draw(rng, (13, n), dtype)):
        assert_product(multiply(A, B, S), A, B, S)
        assert_product(multiply(A, B, S, 0.25), A, B, S / 4)


# A C of 1 MiB is asked for ahead, between the terms of sums that are long enough.
@every_level
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("k", [15, 70])
def test_product_that_no_near_cache_holds(k, transposed, dtype, level):
    rng = np.random.default_rng(k)
    m, n = 1027, 2**20 // np.dtype(dtype).itemsize // 1027 + 1
    A, B = draw(rng, (m, k), dtype, transposed=transposed), draw(rng, (k, n), dtype)
    for S in (None, draw(rng, (m, n), dtype)):
        C = multiply(A, B, S)
        assert_product(C, A, B, S)
        alone = slice(1020, 1021)
        assert_array_equal(
            C[alone], multiply(A[alone], B, S if S is None else S[alone])
        )


# From 64 rows on strips of B are copied, from 192 columns on blocks of a transposed A,
# of 512 rows at most.
@every_level
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("m", [64, 130, 263, 520])
def test_product_of_many_rows(m, transposed, dtype, level):
    rng = np.random.default_rng(m)
    for n, k in product([60, 191, 200], [3, INNER + 2, 2 * INNER + 2]):
        A = draw(rng, (m, k), dtype, transposed=transposed)
        B, S = draw(rng, (k, n), dtype), draw(rng, (m, n), dtype)
        assert_product(multiply(A, B, S), A, B, S)


@every_level
@pytest.mark.parametrize("dtype", DTYPES)
def test_product_is_added_in_place(dtype, level):
    rng = np.random.default_rng(0)
    for n in COLUMNS:
        A, B = draw(rng, (13, INNER + 1), dtype), draw(rng, (INNER + 1, n), dtype)
        S = draw(rng, (13, n), dtype)
        C = S.copy()
        kernel.multiply(A, B, C, C, scale=1)
        assert_array_equal(C, multiply(A, B, S))


@every_level
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [4, 10, 16, 50, 100])
def test_a_row_does_not_depend_on_the_others(n, dtype, level):
    rng = np.random.default_rng(n)
    A, B = draw(rng, (95, 200), dtype), draw(rng, (200, n), dtype)
    C = multiply(A, B, None)
    for row in range(len(A)):
        assert_array_equal(multiply(A[row : row + 1], B, None)[0], C[row])


@every_level
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [4, 10, 16, 50])
def test_what_is_not_finite_spreads_as_in_the_formula(n, dtype, level):
    rng = np.random.default_rng(n)
    A, B = draw(rng, (9, 6), dtype), draw(rng, (6, n), dtype)
    S = draw(rng, (9, n), dtype)
    A[1, 2], A[3, 4], A[5, 5], S[8, n - 1] = 0, np.nan, np.inf, -np.inf
    B[2, 0], B[5, n - 1] = np.inf, 0
    with np.errstate(invalid="ignore"):
        expected = S + (A[:, :, np.newaxis] * B).sum(axis=1)
    C = multiply(A, B, S)
    assert np.isnan(C[[1, 3, 5], [0, 1, n - 1]]).all()
    assert_array_equal(np.isnan(C), np.isnan(expected))
    assert_array_equal(C[np.isinf(expected)], expected[np.isinf(expected)])


def test_operands_that_do_not_fit_are_refused():
    A, B, C = (np.ones(shape) for shape in [(2, 3), (3, 4), (2, 4)])
    kernel.multiply(A, B, None, C, scale=1)
    for operands in [
        (A, B[:2], None, C),
        (A, B, None, C[:1]),
        (A, np.ones((3, 3)), None, np.ones((2, 3))),
        (A, B, np.ones((1, 3)), C),
        (A, B, np.ones((3, 4)), C),
    ]:
        with pytest.raises(ValueError, match="must"):
            kernel.multiply(*operands, scale=1)


@pytest.mark.skipif(4 not in kernel.levels(), reason="needs AVX-512")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("transposed", [False, True])
def test_levels_with_fused_multiplication_give_the_same_bits(transposed, dtype):
    # So it does not matter which of them a processor does a product with. None differs
    # from level 4 on those that work through its vectors in halves.
    rng = np.random.default_rng(0)
    for m, n, k in product([3, 40, 70], [8, 10, 50, 75, 200, 300], [5, 32, 130, 300]):
        A = draw(rng, (m, k), dtype, transposed=transposed)
        B, S = draw(rng, (k, n), dtype), draw(rng, (m, n), dtype)
        results = []
        for level in 3, 4, None:
            kernel.use_level(level)
            results.append(multiply(A, B, S, 0.1))
        for C in results[1:]:
            assert_array_equal(C, results[0])


def test_levels_that_the_processor_lacks_are_refused():
    for level in {-1, 2, 5, max(kernel.levels()) + 1}:
        with pytest.raises(ValueError, match="level"):
            kernel.use_level(level)


@pytest.mark.parametrize("level", [0], indirect=True)
def test_the_lowest_level_has_no_products(level):
    A, B, C = (np.ones(shape) for shape in [(2, 3), (3, 4), (2, 4)])
    with pytest.raises(ValueError, match="level 0"):
        kernel.multiply(A, B, None, C, scale=1)


def assert_gradient(units, rows, dtype, n_threads=1):
    """The gradient of a network of so many units is that of the oracle."""
    rng = np.random.default_rng(rows)
    coefs = [rng.standard_normal(shape) / shape[0] ** 0.5 for shape in pairwise(units)]
    intercepts = [rng.standard_normal(n) for n in units[1:]]
    X, T = rng.standard_normal((rows, units[0])), rng.standard_normal((rows, units[-1]))
    activations = ("tanh",) * (len(units) - 2)
    net = ref.Network(activations, "identity", "squared_error")
    dW, db = ref.gradient(X, T, coefs, intercepts, net, weight_decay=0.1)

    network = Network(
        units,
        (*activations, "identity"),
        loss="squared_error",
        score="squared_residuals",
        batch_size=rows,
        itemsize=np.dtype(dtype).itemsize,
    )
    network.n_threads = n_threads
    parameters = np.empty(network.n_parameters, dtype)
    for views, values in zip(
        network.views(parameters), (coefs, intercepts), strict=True
    ):
        for view, value in zip(views, values, strict=True):
            view[...] = value
    # An update with eta = 1 from velocity 0 leaves the gradient in the velocity.
    velocity = np.zeros((1, network.n_parameters), dtype)
    kernel.train_rows(
        network,
        Updates("sgd", momentum=0, rho=0, beta_1=0, beta_2=0, epsilon=0),
        Inputs(X.astype(dtype)),
        Targets(values=T.astype(dtype), n_outputs=units[-1]),
        np.arange(rows),
        0,
        rows,
        rows,
        parameters,
        velocity,
        np.empty(network.n_parameters, dtype),
        np.empty(network.n_workspace, dtype),
        np.zeros(network.n_sums),
        np.empty(0),
        None,
        n_updates=0,
        learning_rate=1,
        weight_decay=0.1,
    )
    tolerance = {"rtol": 1e-10, "atol": 1e-12}
    if dtype == np.float32:
        tolerance = {"rtol": 1e-4, "atol": 1e-5}
    for views, values in zip(network.views(velocity[0]), (dW, db), strict=True):
        for view, value in zip(views, values, strict=True):
            assert_allclose(view, value, **tolerance)


# Weights on both sides of a mebibyte, where BLAS takes over or other matrices are
# transposed, and narrow layers.
@pytest.mark.parametrize("units", [(30, 530, 500, 3), (600, 500, 10), (5, 3, 2, 7, 1)])
@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 40, 300])
@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_of_networks_of_any_size(dtype, n_threads, rows, units, level):
    assert_gradient(units, rows, dtype, n_threads)


@pytest.mark.parametrize("rows", [1, 2, 7, 40])
@pytest.mark.parametrize("dtype", DTYPES)
def test_gradients_of_one_output_and_of_biases_of_any_width(dtype, rows, level):
    for width in range(1, 71):
        assert_gradient((2, width, 1), rows, dtype)
