"""The oracle is tested by what it must satisfy, and by numbers worked out by hand."""

from itertools import pairwise

import numpy as np
import pytest
import reference as ref
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from scipy.optimize import check_grad
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, mean_poisson_deviance, r2_score

PAIRS = [
    ("logistic", "log_loss"),
    ("softmax", "log_loss"),
    ("identity", "squared_error"),
    ("logistic", "squared_error"),
    ("tanh", "squared_error"),
    ("relu", "squared_error"),
    ("exp", "poisson"),
]
HIDDEN = [
    (),
    ("identity",),
    ("logistic",),
    ("tanh",),
    ("relu",),
    ("tanh", "relu", "logistic"),
]


def make_problem(net, n=7, n_features=5, n_outputs=3, seed=0):
    """Draw a sparse X, targets in the range of the outputs, weights and biases."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_features)) * (rng.random((n, n_features)) < 0.7)
    if net.loss == "log_loss":
        T = ref.one_of_k(rng.permutation(np.arange(n) % n_outputs), n_outputs)
    elif net.loss == "poisson":
        T = rng.permutation(np.arange(n * n_outputs) % 4.0).reshape(n, n_outputs)
    else:
        T = rng.random((n, n_outputs))
    sizes = [n_features, *range(4, 4 + len(net.activations)), n_outputs]
    coefs = [rng.normal(size=shape) / shape[0] for shape in pairwise(sizes)]
    # Biases that are not 0 keep every net input off the kink of relu.
    intercepts = [rng.normal(size=size) / 2 for size in sizes[1:]]
    return X, T, coefs, intercepts


def flatten(arrays):
    return np.concatenate([a.ravel() for a in arrays])


def unflatten(w, like):
    ends = np.cumsum([a.size for a in like])[:-1]
    return [
        part.reshape(a.shape) for part, a in zip(np.split(w, ends), like, strict=True)
    ]


def assert_all_close(actual, expected, **tolerance):
    for a, e in zip(actual, expected, strict=True):
        assert_allclose(a, e, **tolerance)


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("activations", HIDDEN)
@pytest.mark.parametrize(("out_activation", "loss"), PAIRS)
def test_gradient_is_the_derivative_of_the_objective(
    out_activation, loss, activations, container
):
    net = ref.Network(activations, out_activation, loss)
    X, T, coefs, intercepts = make_problem(net)
    X = container(X)
    options = {"weight_decay": 0.3, "sample_weight": [1, 0, 2.5, 0.5, 0, 1, 3]}
    parameters, depth = coefs + intercepts, len(coefs)

    def objective(w):
        w = unflatten(w, parameters)
        return ref.objective(X, T, w[:depth], w[depth:], net, **options)

    def gradient(w):
        w = unflatten(w, parameters)
        dW, db = ref.gradient(X, T, w[:depth], w[depth:], net, **options)
        return flatten(dW + db)

    _, db = ref.gradient(X, T, coefs, intercepts, net, **options)
    assert all(g.any() for g in db), "a layer of dead units would prove nothing"
    assert check_grad(objective, gradient, flatten(parameters)) < 1e-6


@pytest.mark.parametrize("activations", HIDDEN)
@pytest.mark.parametrize(("out_activation", "loss"), PAIRS)
def test_float32_stays_float32(out_activation, loss, activations):
    net = ref.Network(activations, out_activation, loss)
    X, T, coefs, intercepts = make_problem(net)
    X = X.astype(np.float32)
    coefs = [W.astype(np.float32) for W in coefs]
    intercepts = [b.astype(np.float32) for b in intercepts]
    options = {"weight_decay": 0.1, "sample_weight": np.ones(len(X))}

    dW, db = ref.gradient(X, T, coefs, intercepts, net, **options)
    value = ref.objective(X, T, coefs, intercepts, net, **options)
    assert {g.dtype for g in [value, *dW, *db]} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ref.ACTIVATIONS)
def test_derivative_of_activation(name):
    f, derivative = ref.ACTIVATIONS[name]
    z = np.linspace(-3, 3, 20)  # 0 is not among them
    slope = (f(z + 1e-6) - f(z - 1e-6)) / 2e-6
    assert_allclose(derivative(f(z)), slope, atol=1e-8)


def test_relu_is_flat_at_0():
    f, derivative = ref.ACTIVATIONS["relu"]
    assert_array_equal(derivative(f(np.array([-1.0, 0.0, 2.0]))), [0, 0, 1])


# A network of rectified linear units that computes XNOR: h_1 = AND, h_2 = NOR.
XNOR_X = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
XNOR_T = np.array([1.0, 0, 0, 1])
XNOR_COEFS = [np.array([[1.0, -1], [1, -1]]), np.array([[2.0], [2]])]
XNOR_INTERCEPTS = [np.array([-1.0, 1]), np.array([-1.0])]


def test_forward_pass_of_xnor():
    h, z = ref.forward(XNOR_X, XNOR_COEFS, XNOR_INTERCEPTS, ["relu"])
    assert h[0] is XNOR_X
    assert_array_equal(h[1], [[0, 1], [0, 0], [0, 0], [1, 0]])
    assert_array_equal(z, [[1], [-1], [-1], [1]])

    net = ref.Network(("relu",), "logistic", "log_loss")
    # All four cases are on their right side by the same margin.
    assert_allclose(ref.losses(z, XNOR_T[:, None], net), np.log1p(np.exp(-1.0)))


def test_backward_pass_of_xnor():
    net = ref.Network(("relu",), "identity", "squared_error")
    problem = XNOR_X, np.zeros(4), XNOR_COEFS, XNOR_INTERCEPTS

    # Targets 0 and outputs 1, -1, -1, 1: each l_n = 1/2, and delta = o.
    assert ref.objective(*problem, net) == 0.5
    dW, db = ref.gradient(*problem, net)
    # h_1 = 1 in the last case only, h_2 = 1 in the first, and each has delta = 1.
    assert_array_equal(dW[1], [[1 / 4], [1 / 4]])
    assert_array_equal(db[1], [0])
    # Back through W = 2: delta is (0, 2) for the first case, x = (0, 0), and (2, 0)
    # for the last, x = (1, 1); between them both hidden units stand at z = 0.
    assert_array_equal(dW[0], [[2 / 4, 0], [2 / 4, 0]])
    assert_array_equal(db[0], [2 / 4, 2 / 4])

    # sum w^2 = 4 + 8
    assert ref.objective(*problem, net, weight_decay=0.5) == 0.5 + 0.25 * 12
    decayed, db_decayed = ref.gradient(*problem, net, weight_decay=0.5)
    assert_array_equal(decayed[1], [[1 / 4 + 1], [1 / 4 + 1]])
    assert_array_equal(decayed[0], [[1, -0.5], [1, -0.5]])
    assert_array_equal(flatten(db_decayed), flatten(db))


@pytest.mark.parametrize(
    ("nesterov", "w", "b", "velocities"),
    [(False, 0.69, 0.42, [-0.59, -0.32]), (True, 0.94, 0.5575, [-0.56, -0.305])],
)
def test_momentum_by_hand(nesterov, w, b, velocities):
    # One linear unit, two cases, one update each; eta = 0.1, gamma = 0.5.
    #
    # x = 1, t = 1: z = 0, delta = -1, so v = (-0.1, -0.1) and
    #   classical  w = b = 0.1
    #   Nesterov   w = b = 0.05 + 0.1 = 0.15
    # x = 2, t = 3:
    #   classical  z = 0.3, delta = -2.7, v = (-0.05 - 0.54, -0.05 - 0.27)
    #   Nesterov   z = 0.45, delta = -2.55, v = (-0.05 - 0.51, -0.05 - 0.255),
    #              w = 0.15 + 0.28 + 0.51, b = 0.15 + 0.1525 + 0.255
    coefs, intercepts, v, history = ref.train(
        np.array([[1.0], [2.0]]),
        [1, 3],
        [np.zeros((1, 1))],
        [np.zeros(1)],
        ref.Network((), "identity", "squared_error"),
        orders=[[0, 1]],
        batch_size=1,
        eta=0.1,
        gamma=0.5,
        nesterov=nesterov,
    )
    assert_allclose([coefs[0].item(), intercepts[0].item()], [w, b])
    assert_allclose(flatten(v), velocities)
    delta = -2.55 if nesterov else -2.7
    assert_allclose(history["loss"], [(1 / 2 + delta**2 / 2) / 2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_losses_agree_with_the_formula_and_do_not_overflow(dtype):
    rng = np.random.default_rng(1)
    z, y = rng.normal(scale=3, size=(50, 4)).astype(dtype), rng.integers(4, size=50)
    T = ref.one_of_k(y, 4, dtype)
    rtol = 1e-4 if dtype == np.float32 else 1e-12

    binary = ref.Network((), "logistic", "log_loss")
    o = 1 / (1 + np.exp(-z))
    naive = -(T * np.log(o) + (1 - T) * np.log(1 - o)).sum(axis=1)
    assert_allclose(ref.losses(z, T, binary), naive, rtol=rtol)

    multiclass = ref.Network((), "softmax", "log_loss")
    o = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    naive = -(T * np.log(o)).sum(axis=1)
    assert_allclose(ref.losses(z, T, multiclass), naive, rtol=rtol)

    z, T = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype), np.array([[0, 1], [0, 1]])
    assert_array_equal(ref.losses(z, T.astype(dtype), binary), [2e4, 0])
    assert_array_equal(ref.losses(z, T.astype(dtype), multiclass), [2e4, 0])
    for net in binary, multiclass:
        assert_array_equal(ref.output_delta(z, T, net), [[1, -1], [0, 0]])


def test_tiny_log_loss_keeps_its_digits():
    z, T = np.array([[50.0], [-50.0]]), np.array([[1.0], [0.0]])
    net = ref.Network((), "logistic", "log_loss")
    assert_allclose(ref.losses(z, T, net), np.exp(-50.0))


def test_error_signals_of_the_outputs():
    rng = np.random.default_rng(2)
    z, T = rng.normal(size=(6, 3)), ref.one_of_k([0, 1, 2, 2, 1, 0], 3)

    def delta(out_activation, loss):
        return ref.output_delta(z, T, ref.Network((), out_activation, loss))

    assert_allclose(delta("softmax", "log_loss"), softmax(z, axis=1) - T)
    assert_allclose(delta("logistic", "log_loss"), expit(z) - T)
    assert_allclose(delta("exp", "poisson"), np.exp(z) - T)
    o = expit(z)
    assert_allclose(delta("logistic", "squared_error"), (o - T) * o * (1 - o))


def test_poisson_loss_is_half_the_deviance():
    rng = np.random.default_rng(3)
    z, t = rng.normal(size=(9, 1)), np.arange(9.0)  # t = 0 included
    net = ref.Network((), "exp", "poisson")
    loss = ref.losses(z, t[:, None], net)
    assert_allclose(loss.mean(), mean_poisson_deviance(t, np.exp(z)) / 2)
    perfect = ref.losses(np.log(t[1:, None]), t[1:, None], net)
    assert_allclose(perfect, 0, atol=1e-14)


def test_impossible_pair_is_refused():
    net, z = ref.Network((), "softmax", "squared_error"), np.zeros((1, 2))
    with pytest.raises(ValueError, match="'softmax', 'squared_error'"):
        ref.losses(z, z, net)


def test_one_of_k():
    assert_array_equal(ref.one_of_k([2, 0, 1], 3), [[0, 0, 1], [1, 0, 0], [0, 1, 0]])
    assert_array_equal(ref.one_of_k([1, 0, 1], 2), [[1], [0], [1]])


@pytest.mark.parametrize(("out_activation", "loss"), PAIRS)
def test_integer_weights_are_repeated_rows(out_activation, loss):
    net = ref.Network(("tanh",), out_activation, loss)
    X, T, coefs, intercepts = make_problem(net)
    counts = np.array([1, 0, 2, 3, 1, 0, 4])
    repeated = np.repeat(np.arange(len(X)), counts)
    options = {"batch_size": 100, "eta": 0.1, "weight_decay": 0.01}

    # As `fit` scales them, weights have mean 1: then the penalty's share is the same.
    weighted = ref.train(
        X,
        T,
        coefs,
        intercepts,
        net,
        orders=[np.arange(len(X))] * 3,
        sample_weight=counts / counts.mean(),
        **options,
    )
    plain = ref.train(X, T, coefs, intercepts, net, orders=[repeated] * 3, **options)
    for actual, expected in zip(weighted[:3], plain[:3], strict=True):
        assert_all_close(actual, expected)
    for curve in "loss", "penalty":
        assert_allclose(weighted[3][curve], plain[3][curve])


@pytest.mark.parametrize("activations", [(), ("tanh", "relu")])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_train_is_one_gradient_step_after_the_other(activations, container, dtype):
    net = ref.Network(activations, "softmax", "log_loss")
    X, T, coefs, intercepts = make_problem(net, n=11)
    s = np.linspace(0, 2, 11)
    rng = np.random.default_rng(4)
    orders = [rng.permutation(11), rng.permutation(11)[:9]]
    etas = [0.5, 0.25]
    before = flatten(coefs + intercepts)

    actual = ref.train(
        container(X.astype(dtype)),
        T,
        coefs,
        intercepts,
        net,
        orders=orders,
        batch_size=4,
        eta=etas,
        weight_decay=0.1,
        sample_weight=s,
        score_kind="accuracy",
    )
    assert_array_equal(flatten(coefs + intercepts), before)

    losses = []
    for order, eta in zip(orders, etas, strict=True):
        loss = 0
        # The last batches have three rows and one.
        for rows in np.split(order, [4, 8]):
            batch = X[rows], T[rows], coefs, intercepts, net
            loss += len(rows) * ref.objective(*batch, sample_weight=s[rows])
            dW, db = ref.gradient(*batch, weight_decay=0.1, sample_weight=s[rows])
            coefs = [W - eta * g for W, g in zip(coefs, dW, strict=True)]
            intercepts = [b - eta * g for b, g in zip(intercepts, db, strict=True)]
        losses.append(loss / len(order))

    tolerance = {"rtol": 1e-4, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-12}
    assert_all_close(actual[0] + actual[1], coefs + intercepts, **tolerance)
    assert all(w.dtype == dtype for part in actual[:3] for w in part)
    history = actual[3]
    assert_allclose(history["loss"], losses, **tolerance)
    assert_allclose(history["penalty"][-1], ref.penalty(coefs, 0.1), **tolerance)
    assert len(history["score"]) == 2


def test_weights_count_in_batches_of_one():
    net = ref.Network((), "identity", "squared_error")
    X, T, coefs, intercepts = make_problem(net, n=1)
    once, _ = ref.gradient(X, T, coefs, intercepts, net)
    twice, _ = ref.gradient(X, T, coefs, intercepts, net, sample_weight=[2])
    assert_allclose(twice[0], 2 * once[0])


def test_train_learns_xnor():
    rng = np.random.default_rng(5)
    coefs = [rng.normal(size=(2, 4)), rng.normal(size=(4, 1))]
    _, _, _, history = ref.train(
        XNOR_X,
        XNOR_T,
        coefs,
        [np.zeros(4), np.zeros(1)],
        ref.Network(("tanh",), "logistic", "log_loss"),
        orders=[np.arange(4)] * 200,
        batch_size=4,
        eta=0.3,
        gamma=0.9,
        score_kind="accuracy",
    )
    assert history["loss"][-1] < 0.01
    assert history["score"][-1] == 1


def test_learning_rate():
    assert ref.learning_rate("constant", 0.2, 7) == 0.2
    assert ref.learning_rate("invscaling", 0.2, 1) == 0.2
    assert ref.learning_rate("invscaling", 0.2, 4) == 0.1
    assert_allclose(ref.learning_rate("invscaling", 0.2, 10, power_t=1), 0.02)
    assert_allclose(ref.learning_rate("adaptive", 0.2, 7, reductions=2), 0.008)


def test_scores_are_those_of_scikit_learn():
    rng = np.random.default_rng(6)
    z, s = rng.normal(size=(40, 3)), rng.integers(4, size=40).astype(float)
    softmax_net = ref.Network((), "softmax", "log_loss")
    logistic_net = ref.Network((), "logistic", "log_loss")
    tanh_net = ref.Network((), "tanh", "squared_error")

    y = rng.integers(3, size=40)
    assert_allclose(
        ref.score("accuracy", z, ref.one_of_k(y, 3), s, softmax_net),
        accuracy_score(y, z.argmax(axis=1), sample_weight=s),
    )
    y = rng.integers(2, size=40)
    assert_allclose(
        ref.score("accuracy", z[:, :1], ref.one_of_k(y, 2), s, logistic_net),
        accuracy_score(y, z[:, 0] > 0, sample_weight=s),
    )
    Y = rng.integers(2, size=(40, 3))
    assert_allclose(
        ref.score("multilabel", z, Y, s, logistic_net),
        accuracy_score(Y, z > 0, sample_weight=s),
    )
    T = rng.normal(size=(40, 3))
    assert_allclose(
        ref.score("r2", z, T, s, tanh_net),
        r2_score(T, np.tanh(z), sample_weight=s),
    )
