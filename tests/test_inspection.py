"""Activations and gradients against the lecture's formulas and finite differences."""

import tracemalloc

import numpy as np
import pytest
import reference as ref
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp._network import kernel
from skmlp._network.network import Network
from skmlp.inspection import (
    check_gradient,
    input_gradient,
    layer_outputs,
    loss_gradient,
)

# A few epochs show what is looked at.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 5)) * (rng.random((60, 5)) < 0.7)
two, three = np.arange(60) % 2, np.array(["a", "b", "c"])[np.arange(60) % 3]
labels = (rng.random((60, 3)) < 0.4).astype(int)
outputs = rng.random((60, 3))
weights = rng.random(60) * (rng.random(60) < 0.8)

# Name: estimator with its own parameters, targets, T.
PROBLEMS = {
    "two classes": (MLPClassifierSDM(), two, two),
    "three classes": (MLPClassifierSDM(), three, ref.one_of_k(np.arange(60) % 3, 3)),
    "multilabel": (MLPClassifierSDM(), labels, labels),
    "squared error, two classes": (MLPClassifierSDM(loss="squared_error"), two, two),
    "squared error, three classes": (
        MLPClassifierSDM(loss="squared_error"),
        three,
        ref.one_of_k(np.arange(60) % 3, 3),
    ),
    "one output": (MLPRegressorSDM(), outputs[:, 0], outputs[:, 0]),
    "identity": (MLPRegressorSDM(), outputs, outputs),
    "logistic": (MLPRegressorSDM(out_activation="logistic"), outputs, outputs),
    "tanh": (MLPRegressorSDM(out_activation="tanh"), outputs, outputs),
    "relu": (MLPRegressorSDM(out_activation="relu"), outputs, outputs),
    "poisson": (MLPRegressorSDM(loss="poisson"), outputs, outputs),
}
HIDDEN = [
    (),
    ("identity",),
    ("logistic",),
    ("tanh",),
    ("relu",),
    ("tanh", "relu", "logistic"),
]
CONTAINERS = [np.asarray, np.asfortranarray, sparse.csr_array]
each_problem = pytest.mark.parametrize("name", PROBLEMS)
each_container = pytest.mark.parametrize("container", CONTAINERS)


def fitted(name, hidden=("tanh", "logistic"), X=X, **parameters):
    """An estimator after two epochs, its weights made large enough to matter."""
    estimator, y, _ = PROBLEMS[name]
    estimator = type(estimator)(
        **estimator.get_params()
        | {
            "hidden_layer_sizes": range(4, 4 + len(hidden)),
            "activation": hidden or "relu",
            "weight_decay": 0.1,
            "max_iter": 2,
            "random_state": 0,
        }
        | parameters
    ).fit(X, y)
    rng = np.random.default_rng(1)
    for b in estimator.intercepts_:
        # No net input is at the kink of relu, not even where all inputs are 0.
        b += rng.normal(size=b.shape) / 2
    return estimator


def reference_network(estimator):
    return ref.Network(
        tuple(estimator._layer_activations()[:-1]),
        estimator.out_activation_,
        estimator.loss,
    )


def reference_outputs(estimator, X):
    net = reference_network(estimator)
    h, z = ref.forward(X, estimator.coefs_, estimator.intercepts_, net.activations)
    return [*h[1:], ref.OUTPUT_ACTIVATIONS[net.out_activation](z)]


def assert_all_close(actual, expected, **tolerance):
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape
        assert_allclose(a, e, **tolerance)


# --- Activations ---


@each_container
@pytest.mark.parametrize("hidden", HIDDEN)
@each_problem
def test_layer_outputs_are_those_of_the_lecture(name, hidden, container):
    estimator = fitted(name, hidden)
    actual = layer_outputs(estimator, container(X))
    assert_all_close(actual, reference_outputs(estimator, X), atol=1e-13)


@each_problem
def test_last_layer_agrees_with_prediction(name):
    estimator = fitted(name)
    o = layer_outputs(estimator, X)[-1]
    if not hasattr(estimator, "predict_proba"):
        expected = estimator.predict(X).reshape(o.shape)
    else:
        expected = estimator.predict_proba(X)
        if name == "squared error, three classes":
            o /= o.sum(axis=1, keepdims=True)
        if o.shape[1] == 1:
            expected = expected[:, 1:]
    assert_allclose(o, expected, rtol=1e-12)


def test_sparse_rows_take_no_room_of_dense_ones():
    columns = np.random.default_rng(0).integers(2**18, size=3000)
    wide = sparse.csr_array(
        (np.ones(3000), (np.arange(3000) % 300, columns)), shape=(300, 2**18)
    )
    labels = np.arange(300) % 2
    estimator = MLPClassifierSDM(2, max_iter=1, tol=0)
    with pytest.warns(ConvergenceWarning):
        estimator.fit(wide, labels)
    tracemalloc.start()
    layer_outputs(estimator, wide)
    loss_gradient(estimator, wide, labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * 8 * estimator.n_parameters_


@pytest.mark.parametrize("n_rows", [1, 1024, 1025, 3000])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_blocks(container, n_rows):
    many = np.resize(X, (n_rows, 5))
    estimator = fitted("three classes")
    assert_all_close(
        layer_outputs(estimator, container(many)),
        reference_outputs(estimator, many),
        atol=1e-13,
    )
    actual = input_gradient(estimator, container(many), "b")
    expected = input_gradient(estimator, X, "b")
    assert_allclose(actual, np.resize(expected, (n_rows, 5)), atol=1e-13)


# --- Gradient with respect to the parameters ---


@each_container
@each_problem
def test_loss_gradient_is_that_of_the_lecture(name, container):
    estimator, T = fitted(name), PROBLEMS[name][2]
    actual = loss_gradient(estimator, container(X), PROBLEMS[name][1], weights)
    problem = X, T, estimator.coefs_, estimator.intercepts_
    options = {"weight_decay": 0.1, "sample_weight": weights / weights.mean()}
    net = reference_network(estimator)
    assert actual.loss == pytest.approx(ref.objective(*problem, net, **options))
    dW, db = ref.gradient(*problem, net, **options)
    assert_all_close(actual.coefs, dW, atol=1e-13)
    assert_all_close(actual.intercepts, db, atol=1e-13)


def test_loss_is_that_of_history():
    mlp = MLPClassifierSDM(5, batch_size="full", weight_decay=0.1, random_state=0)
    mlp.partial_fit(X, three, classes=["a", "b", "c"])
    # A full batch's loss is recorded before its update, the penalty after it.
    loss = loss_gradient(mlp, X, three).loss
    penalty = mlp.history_["penalty"][0]
    mlp.partial_fit(X, three)
    assert mlp.history_["loss"][1] + penalty == pytest.approx(loss)


def test_gradient_over_more_rows_than_a_block():
    estimator = fitted("three classes")
    once = loss_gradient(estimator, X, three, weights)
    X_50, y_50 = np.tile(X, (50, 1)), np.tile(three, 50)
    often = loss_gradient(estimator, X_50, y_50, np.tile(weights, 50))
    assert often.loss == pytest.approx(once.loss)
    assert_all_close(often.coefs, once.coefs, atol=1e-13)
    assert_all_close(often.intercepts, once.intercepts, atol=1e-13)


def test_class_weight_is_what_fit_learnt():
    class_weight = {"a": 1, "b": 5, "c": 2}
    estimator = fitted("three classes", class_weight=class_weight)
    s = np.vectorize(class_weight.get)(three)
    expected = fitted("three classes").set_params(class_weight=None)
    expected.coefs_, expected.intercepts_ = estimator.coefs_, estimator.intercepts_
    # On half of the rows: the weights are those of the classes in `fit`.
    actual = loss_gradient(estimator, X[:31], three[:31], weights[:31])
    expected = loss_gradient(expected, X[:31], three[:31], weights[:31] * s[:31])
    assert actual.loss == pytest.approx(expected.loss)
    assert_all_close(actual.coefs, expected.coefs, atol=1e-13)
    assert check_gradient(estimator, X, three, weights) < 1e-6


def test_class_weight_set_after_fit_counts():
    estimator = fitted("three classes").set_params(class_weight="balanced")
    s = compute_sample_weight("balanced", three[:31])
    value = loss_gradient(estimator, X[:31], three[:31]).loss
    assert not hasattr(estimator, "class_weight_")
    estimator.set_params(class_weight=None)
    expected = loss_gradient(estimator, X[:31], three[:31], s).loss
    assert value == pytest.approx(expected)


@pytest.mark.parametrize("function", [loss_gradient, check_gradient])
@pytest.mark.parametrize(
    ("name", "value"), [("out_activation", "softmax"), ("loss", "poison")]
)
def test_bad_value_after_fit_is_an_error(function, name, value):
    estimator = fitted("one output").set_params(**{name: value})
    with pytest.raises(ValueError, match=f"'{name}' parameter.*'{value}'"):
        function(estimator, X, outputs[:, 0])


def test_estimator_is_left_as_it_is():
    estimator = fitted("one output")
    before, coefs = dict(vars(estimator)), [W.copy() for W in estimator.coefs_]
    for function in loss_gradient, check_gradient:
        function(estimator, X, outputs[:, 0])
    estimator.set_params(out_activation="tanh")
    gradient = loss_gradient(estimator, X, outputs[:, 0])
    gradient.coefs[0][:] = 0
    assert estimator.out_activation_ == "identity"
    assert vars(estimator) == before | {"out_activation": "tanh"}
    assert_all_close(estimator.coefs_, coefs, rtol=0)


# --- Finite differences ---


@pytest.mark.parametrize("hidden", HIDDEN)
@each_problem
def test_check_gradient(name, hidden):
    estimator, y = fitted(name, hidden), PROBLEMS[name][1]
    gradient = loss_gradient(estimator, X, y)
    assert all(g.any() for g in gradient.intercepts), "dead units prove nothing"
    assert check_gradient(estimator, X, y, max_parameters=None) < 1e-6


def test_check_gradient_draws_parameters():
    estimator = fitted("three classes", hidden_layer_sizes=(60, 30))
    calls = [
        check_gradient(estimator, X, three, max_parameters=1, random_state=seed)
        for seed in (0, 0, *range(1, 9))
    ]
    assert calls[0] == calls[1]
    assert len(set(calls)) > 1
    assert max(calls) < 1e-6


@each_container
def test_check_gradient_of_converged_network(container):
    # The gradient is nearly 0, and what is left of it not to be compared with noise.
    options = {"batch_size": "full", "weight_decay": 0.1, "learning_rate_init": 0.1}
    options |= {"n_iter_no_change": np.inf, "max_iter": 500}
    estimator = MLPClassifierSDM((), **options).fit(X, three)
    assert max(abs(g).max() for g in loss_gradient(estimator, X, three).coefs) < 1e-6
    assert check_gradient(estimator, container(X), three) < 1e-6


@pytest.mark.parametrize("estimator", [MLPClassifierSDM, MLPRegressorSDM])
@pytest.mark.parametrize("seed", range(3))
def test_check_gradient_where_relus_have_converged(estimator, seed):
    """The minimum is on kinks: some net inputs are next to zero."""
    y = three if estimator is MLPClassifierSDM else outputs[:, 0]
    parameters = {"solver": "lbfgs", "weight_decay": 1e-2, "max_iter": 5000}
    mlp = estimator(16, random_state=seed, **parameters).fit(X, y)
    z = X @ mlp.coefs_[0] + mlp.intercepts_[0]
    assert abs(z).min() < 1e-5
    assert check_gradient(mlp, X, y, max_parameters=None) < 1e-6


def test_check_gradient_close_to_a_kink():
    estimator = fitted("one output", ("relu",))
    # The first unit is 5e-6 above its kink for the first row.
    estimator.coefs_[0][:, 0] = 1
    estimator.intercepts_[0][0] = 5e-6 - X[0].sum()
    assert check_gradient(estimator, X, outputs[:, 0]) < 1e-6


@pytest.mark.parametrize("hidden", ["tanh", "relu"])
@pytest.mark.parametrize("layer", [0, 1])
@pytest.mark.parametrize("kind", ["coefs", "intercepts"])
def test_check_gradient_finds_a_wrong_derivative(monkeypatch, kind, layer, hidden):
    def wrong(network, *args, **keywords):
        right(network, *args, **keywords)
        coefs, intercepts = network.views(args[4])
        # One element of one array is a percent too large.
        array = {"coefs": coefs, "intercepts": intercepts}[kind][layer]
        array[np.unravel_index(abs(array).argmax(), array.shape)] *= 1.01

    right = kernel.add_rows_gradient
    monkeypatch.setattr(kernel, "add_rows_gradient", wrong)
    estimator = fitted("three classes", (hidden,))
    assert check_gradient(estimator, X, three) == pytest.approx(0.01 / 1.01, rel=1e-3)


def test_check_gradient_finds_a_derivative_that_is_wrongly_0(monkeypatch):
    def wrong(network, *args, **keywords):
        right(network, *args, **keywords)
        network.views(args[4])[1][-1][:] = 0

    right = kernel.add_rows_gradient
    monkeypatch.setattr(kernel, "add_rows_gradient", wrong)
    estimator = fitted("one output")
    assert check_gradient(estimator, X, outputs[:, 0] + 1) == pytest.approx(1)


def test_check_gradient_where_nothing_is_left_to_learn():
    estimator = MLPRegressorSDM((), max_iter=1).fit(X, outputs)
    for w in estimator.coefs_ + estimator.intercepts_:
        w[:] = 0
    assert check_gradient(estimator, X, 0 * outputs) == 0


def test_check_gradient_of_weights_that_are_read_only():
    estimator = fitted("three classes")
    expected = check_gradient(estimator, X, three)
    for w in estimator.coefs_ + estimator.intercepts_:
        w.flags.writeable = False
    estimator.coefs_[0].base.flags.writeable = False
    assert check_gradient(estimator, X, three) == expected


def numeric_input_gradient(function, X, step=1e-5):
    steps = step * np.eye(X.shape[1])
    columns = [(function(X + e) - function(X - e)) / (2 * step) for e in steps]
    return np.stack(columns, axis=-1)


@each_container
@pytest.mark.parametrize("hidden", HIDDEN)
@each_problem
def test_input_gradient_of_outputs(name, hidden, container):
    estimator = fitted(name, hidden)
    one_of_k = name.endswith("three classes")
    expected = numeric_input_gradient(lambda X: layer_outputs(estimator, X)[-1], X)
    for k in range(expected.shape[1]):
        unit = estimator.classes_[k] if one_of_k else k
        unit = None if expected.shape[1] == 1 else unit
        actual = input_gradient(estimator, container(X), unit, kind="output")
        assert type(actual) is np.ndarray
        assert_allclose(actual, expected[:, k], rtol=1e-6, atol=1e-8)


@each_container
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("name", ["two classes", "three classes", "multilabel"])
def test_input_gradient_of_net_inputs(name, hidden, container):
    estimator = fitted(name, hidden)
    expected = numeric_input_gradient(
        lambda X: estimator.decision_function(X).reshape(len(X), -1), X
    )
    for k in range(expected.shape[1]):
        unit = estimator.classes_[1 if name == "two classes" else k]
        actual = input_gradient(estimator, container(X), unit)
        assert_allclose(actual, expected[:, k], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", ["net_input", "output"])
def test_winner_of_each_row(kind):
    estimator = fitted("three classes")
    winner = estimator.decision_function(X).argmax(axis=1)
    assert len(set(winner)) > 1
    all_units = [input_gradient(estimator, X, c, kind=kind) for c in "abc"]
    expected = np.array(all_units)[winner, np.arange(len(X))]
    assert_allclose(input_gradient(estimator, X, kind=kind), expected, atol=1e-15)


@pytest.mark.parametrize("kind", ["net_input", "output"])
def test_two_classes_mirror_each_other(kind):
    estimator = fitted("two classes")
    second = input_gradient(estimator, X, 1, kind=kind)
    assert second.any()
    assert_array_equal(input_gradient(estimator, X, kind=kind), second)
    assert_array_equal(input_gradient(estimator, X, 0, kind=kind), -second)


def test_label_is_not_the_number_of_the_unit():
    y = np.array([7, 5, 0])[np.arange(60) % 3]
    estimator = MLPClassifierSDM(4, max_iter=2, random_state=0).fit(X, y)
    expected = numeric_input_gradient(estimator.decision_function, X)[:, 1]
    assert_allclose(input_gradient(estimator, X, 5), expected, atol=1e-8)
    with pytest.raises(
        ValueError, match=r"output=1 is unknown; use one of \[0, 5, 7\]"
    ):
        input_gradient(estimator, X, 1)


# --- Kinds of input and estimator ---


@each_container
def test_float32(container):
    X32 = container(X.astype(np.float32))
    single = fitted("three classes", X=X32)
    assert single.coefs_[0].dtype == np.float32
    double = fitted("three classes")
    for name in "coefs_", "intercepts_":
        for a, b in zip(getattr(double, name), getattr(single, name), strict=True):
            a[...] = b
    for function, arguments in [
        (layer_outputs, ()),
        (input_gradient, ("a",)),
        (loss_gradient, (three, weights)),
    ]:
        # X of either dtype is taken in that of training.
        for given in X32, container(X):
            actual = function(single, given, *arguments)
            expected = function(double, X, *arguments)
            if function is input_gradient:
                actual, expected = [actual], [expected]
            if function is loss_gradient:
                assert actual.loss == pytest.approx(expected.loss, rel=1e-6)
                actual, expected = actual.coefs, expected.coefs
            assert {a.dtype for a in actual} == {np.dtype(np.float32)}
            assert_all_close(actual, expected, rtol=1e-4, atol=1e-6)
    assert check_gradient(single, X32, three) < 1e-6


def test_pipeline_transforms_x_first():
    shifted = 3 * X + 1
    scaler = StandardScaler()
    mlp = MLPClassifierSDM(4, activation="tanh", max_iter=3, random_state=0)
    pipeline = make_pipeline(scaler, mlp).fit(shifted, three)
    x = scaler.transform(shifted)
    assert_all_close(layer_outputs(pipeline, shifted), layer_outputs(mlp, x), rtol=0)
    assert_array_equal(input_gradient(pipeline, shifted), input_gradient(mlp, x))
    actual = loss_gradient(pipeline, shifted, three, weights)
    assert_all_close(actual.coefs, loss_gradient(mlp, x, three, weights).coefs, rtol=0)
    assert check_gradient(pipeline, shifted, three) < 1e-6

    alone = make_pipeline(mlp)
    assert_all_close(layer_outputs(alone, x), layer_outputs(mlp, x), rtol=0)


def test_pipeline_with_data_frames():
    pd = pytest.importorskip("pandas", reason="the data frames are its")
    frame = pd.DataFrame(X, columns=list("vwxyz"))
    pipeline = make_pipeline(
        StandardScaler(), MLPClassifierSDM(4, max_iter=2, random_state=0)
    ).set_output(transform="pandas")
    assert layer_outputs(pipeline.fit(frame, three), frame)[0].shape == (60, 4)
    with pytest.raises(ValueError, match="feature names should match"):
        layer_outputs(pipeline, frame.rename(columns={"v": "u"}))


def test_arrays_that_the_user_has_put_there():
    estimator = fitted("one output", ("tanh",))
    estimator.coefs_ = [[[0.5] * 4] * 5, np.ones((4, 1))]
    estimator.coefs_ = [np.array(W) for W in estimator.coefs_]
    actual = layer_outputs(estimator, X)
    assert_all_close(actual, reference_outputs(estimator, X), atol=1e-13)
    assert check_gradient(estimator, X, outputs[:, 0]) < 1e-6


# --- Errors ---

FUNCTIONS = [
    lambda estimator, X=X: layer_outputs(estimator, X),
    lambda estimator, X=X: loss_gradient(estimator, X, three),
    lambda estimator, X=X: input_gradient(estimator, X),
    lambda estimator, X=X: check_gradient(estimator, X, three),
]
each_function = pytest.mark.parametrize("function", FUNCTIONS)


@each_function
def test_unfitted(function):
    for estimator in (
        MLPClassifierSDM(),
        make_pipeline(StandardScaler(), MLPClassifierSDM()),
    ):
        with pytest.raises(
            NotFittedError, match="MLPClassifierSDM instance is not fit"
        ):
            function(estimator)


@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifier(),
        MLPClassifierSDM,
        make_pipeline(StandardScaler(), LogisticRegression()),
        GridSearchCV(MLPClassifierSDM(), {}),
        None,
    ],
)
@each_function
def test_wrong_type_of_estimator(function, estimator):
    with pytest.raises(TypeError, match="must be a fitted MLPClassifierSDM or MLPReg"):
        function(estimator)


@each_function
def test_wrong_number_of_features(function):
    with pytest.raises(ValueError, match="X has 4 features"):
        function(fitted("three classes"), X[:, :4])


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(
    "function",
    [
        layer_outputs,
        input_gradient,
        lambda estimator, X: input_gradient(estimator, X, kind="output"),
    ],
)
def test_overflow_is_an_error_and_not_nan(function, container):
    estimator = fitted("three classes", ("relu",))
    large = np.ones((1030, 5))
    large[1027] = np.finfo(float).max / 10
    estimator.coefs_[0] *= 100
    with pytest.raises(ValueError, match="net input for row 1027 of X is not finite"):
        function(estimator, container(large))


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("function", [loss_gradient, check_gradient])
def test_loss_that_overflows_has_no_gradient(function, container):
    estimator = fitted("one output", ("relu",))
    with pytest.raises(ValueError, match="loss or its gradient is not finite; scale X"):
        function(estimator, container(1e300 * X), 1e300 * outputs[:, 0])


def test_gradient_that_overflows_where_the_loss_does_not_is_an_error():
    estimator = fitted("one output", ("relu",), X.astype(np.float32))
    with pytest.raises(ValueError, match="loss or its gradient is not finite; scale X"):
        loss_gradient(estimator, 1e25 * X.astype(np.float32), outputs[:, 0])


@pytest.mark.parametrize(
    ("name", "output"),
    [
        ("two classes", 2),
        ("three classes", "d"),
        ("three classes", 0),
        ("three classes", ["a"]),
        ("multilabel", -1),
        ("one output", 1),
        ("identity", 3),
        ("identity", "first"),
    ],
)
def test_unknown_output(name, output):
    with pytest.raises(ValueError, match=r"output=.* is unknown; use one of \["):
        input_gradient(fitted(name), X, output)


@pytest.mark.parametrize("name", ["multilabel", "identity"])
def test_output_must_be_picked_where_none_wins(name):
    with pytest.raises(
        ValueError, match=r"3 outputs .* pass output, an int from 0 to 2"
    ):
        input_gradient(fitted(name), X)


def test_unknown_kind():
    with pytest.raises(
        ValueError, match="kind must be 'net_input' or 'output', got 'z'"
    ):
        input_gradient(fitted("one output"), X, kind="z")


@pytest.mark.parametrize("max_parameters", [0, 2.5, True, "all"])
def test_bad_max_parameters(max_parameters):
    with pytest.raises(ValueError, match="max_parameters must be an int of at least 1"):
        check_gradient(fitted("two classes"), X, two, max_parameters=max_parameters)


@pytest.mark.parametrize("function", [loss_gradient, check_gradient])
def test_bad_targets_and_weights(function):
    estimator = fitted("three classes")
    with pytest.raises(ValueError, match=r"labels \['d'\]"):
        function(estimator, X[:2], ["a", "d"])
    with pytest.raises(ValueError, match="zero"):  # the words are of scikit-learn 1.9
        function(estimator, X, three, np.zeros(60))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        function(estimator, X, three[:-1])


def test_kernel_refuses_what_does_not_fit():
    network = Network(
        [5, 4, 3],
        ["tanh", "identity"],
        loss="squared_error",
        score="squared_residuals",
        batch_size=10,
        itemsize=8,
    )
    parameters = np.zeros(network.n_parameters)
    workspace = np.zeros(network.n_workspace)
    delta, gradient = np.zeros((10, 3)), np.zeros((10, 5))
    kernel.backward_to_inputs(network, parameters, workspace, delta, gradient)
    for bad in [
        (parameters[1:], workspace, delta, gradient),
        (parameters, workspace[1:], delta, gradient),
        (parameters, workspace, delta[:0], gradient[:0]),
        (parameters, workspace, np.zeros((11, 3)), np.zeros((11, 5))),
        (parameters, workspace, np.zeros((10, 2)), gradient),
        (parameters, workspace, delta, gradient[1:]),
        (parameters, workspace, delta, np.zeros((10, 4))),
    ]:
        with pytest.raises(ValueError, match="must have"):
            kernel.backward_to_inputs(network, *bad)
    with pytest.raises(ValueError, match="at most block_rows rows"):
        network.hidden_views(workspace, 11)
    with pytest.raises(ValueError, match="the same shape"):
        kernel.multiply_by_derivative("tanh", delta, delta[1:])
