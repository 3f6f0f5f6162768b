"""What holds for every network and all data, tried on drawn ones.

By default a few examples are drawn, always the same ones; many new ones by

    python -m pytest tests/test_properties.py --hypothesis-profile=thorough
"""

import copy
import pickle
import re
from contextlib import contextmanager
from tempfile import TemporaryFile

import numpy as np
import pytest
import reference as ref
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.testing import assert_allclose, assert_array_equal
from problems import LAYOUTS, PAIRS, TINY, Problem, assert_weights_close, outputs
from scipy import sparse
from scipy.optimize import minimize
from sklearn.base import clone

from skmlp.inspection import loss_gradient

pytestmark = [
    # A few epochs show what is looked at.
    pytest.mark.filterwarnings("ignore:training stopped at max_iter"),
    # Random data has nothing to learn.
    pytest.mark.filterwarnings("ignore:training stopped by patience"),
    # scikit-learn sums X up in search of NaN.
    pytest.mark.filterwarnings("ignore:invalid value encountered in reduce"),
]

SOLVERS = ["sgd", "adagrad", "rmsprop", "adadelta", "adam"]


def memory_mapped(X):
    with TemporaryFile() as file:
        file.write(X.tobytes("F"))
        file.flush()
        return np.memmap(file, X.dtype, mode="r", shape=X.shape, order="F")


CONTAINERS = {
    **LAYOUTS,
    "memory-mapped": memory_mapped,
    "csr_array": sparse.csr_array,
    "csr_matrix": sparse.csr_matrix,
    "csc_array": sparse.csc_array,
}

layers = st.lists(
    st.tuples(st.integers(1, 9) | st.just(150), st.sampled_from(list(ref.ACTIVATIONS))),
    max_size=5,
)
shapes = st.fixed_dictionaries(
    {
        "pair": st.sampled_from(list(PAIRS)),
        "n": st.integers(1, 40) | st.just(300),
        "n_features": st.integers(1, 9) | st.just(300),
        "seed": st.integers(0, 999),
    }
)
updates = st.one_of(
    st.fixed_dictionaries(
        {
            "solver": st.just("sgd"),
            "momentum": st.sampled_from([0, 0.5, 0.9]),
            "nesterovs_momentum": st.booleans(),
        }
    ),
    st.fixed_dictionaries({"solver": st.sampled_from(SOLVERS[1:])}),
)
# Beside the rules per mini-batch: what has no oracle here, or no exact continuation.
trainings = updates | st.sampled_from([{"solver": "lbfgs"}, {"n_init": 3}])
batch_sizes = st.sampled_from(["auto", "full", 1, 2, 299]) | st.integers(1, 45)
schedules = st.sampled_from(["constant", "invscaling", "adaptive"])
dtypes = st.sampled_from([np.float64, np.float32])
containers = st.sampled_from(list(CONTAINERS))
weightings = st.sampled_from(["none", "some zero", "every fifth", "huge", "tiny"])


def make_problem(shape, container="C order", dtype=np.float64):
    """A problem with a row that is all zero, and a constant column."""
    n_classes = PAIRS[shape["pair"]][2]
    problem = Problem(**{**shape, "n": max(shape["n"], n_classes)})
    problem.X /= max(1, shape["n_features"] / 5) ** 0.5  # else training is unstable
    problem.X[len(problem.X) // 2] = 0
    problem.X[:, -1] = 1 if shape["seed"] % 2 else 0
    problem.X = CONTAINERS[container](problem.X.astype(dtype))
    return problem


def make_weights(kind, n):
    """Weights of the cases, or None."""
    if kind == "none":
        return None
    s = np.arange(n) % 3.0
    s[-1] = 1
    return {
        "some zero": s,
        "every fifth": (np.arange(n) % 5 == 0) * 1.0,
        "huge": 1e300 * s,
        "tiny": 1e-300 * s,
    }[kind]


def make_mlp(problem, hidden, **parameters):
    solver = parameters.get("solver", "sgd")
    return problem.mlp(
        **{
            "hidden_layer_sizes": [units for units, _ in hidden],
            "activation": [name for _, name in hidden],
            # Higher ones are unstable for large networks: rounding errors would grow.
            "learning_rate_init": 0.1 if solver == "adadelta" else 0.001,
            # Not smaller, or rounding errors of gradients near 0 would count.
            "epsilon": 1e-3,
            "max_iter": 3,
            **parameters,
        }
    )


def assert_same(actual, expected, X):
    """Bit for bit."""
    for a, e in zip(
        [*actual.coefs_, *actual.intercepts_],
        [*expected.coefs_, *expected.intercepts_],
        strict=True,
    ):
        assert_array_equal(a, e, strict=True)
    assert actual.history_.keys() == expected.history_.keys()
    for curve, values in expected.history_.items():
        assert_array_equal(actual.history_[curve], values)
    assert_array_equal(outputs(actual, X), outputs(expected, X))


@contextmanager
def an_error_is_clear():
    """Numbers too large may be refused, in words, and without a trace."""
    try:
        yield
    except ValueError as error:
        clear = "diverged in epoch|not finite|too large for float32|weights of all"
        if not re.search(clear, str(error)):
            raise AssertionError("this error is not clear") from error


# The formulas


@given(
    shapes, layers, updates, batch_sizes, containers, dtypes, weightings, st.just(0.01)
)
def test_training_is_that_of_the_lecture_and_the_papers(
    shape, hidden, update, batch_size, container, dtype, weighting, weight_decay
):
    problem = make_problem(shape, container, dtype)
    s = make_weights(weighting, problem.X.shape[0])
    mlp = make_mlp(
        problem, hidden, batch_size=batch_size, weight_decay=weight_decay, **update
    )
    if s is not None:
        s = s / s.max()
    problem.score = None
    coefs, intercepts, _, history = problem.train(mlp, s)
    mlp.fit(problem.X, problem.y, s)
    tolerance = 1e-8 if dtype is np.float64 else 5e-3
    assert_weights_close(mlp, coefs, intercepts, tolerance)
    assert_allclose(mlp.history_["loss"], history["loss"], tolerance, tolerance)
    assert_allclose(mlp.history_["penalty"], history["penalty"], tolerance)


@given(shapes, layers, containers, weightings)
def test_lbfgs_minimises_the_objective_of_the_lecture(
    shape, hidden, container, weighting
):
    problem = make_problem(shape, container)
    s = make_weights(weighting, problem.X.shape[0])
    s = None if s is None else s / s.max()
    first = make_mlp(problem, hidden, learning_rate_init=TINY, max_iter=1)
    first.fit(problem.X, problem.y)
    # Where all units are dead, decay leads to weights of 0 but for rounding, which then
    # decides what the derivative of relu is.
    assume(np.any(outputs(first, problem.X)))
    mlp = make_mlp(problem, hidden, solver="lbfgs").fit(problem.X, problem.y, s)
    net = ref.Network(tuple(mlp.activation), problem.out_activation, mlp.loss)
    options = {"sample_weight": None if s is None else s / s.mean()}
    options["weight_decay"] = mlp.weight_decay
    X, sizes = problem.X.astype(float), [W.size for W in first.coefs_]
    ends = np.cumsum(sizes + [b.size for b in first.intercepts_])

    def objective(w):
        arrays = np.split(w, ends[:-1])
        coefs = [a.reshape(W.shape) for a, W in zip(arrays, first.coefs_, strict=False)]
        arguments = X, problem.T, coefs, arrays[len(coefs) :], net
        dW, db = ref.gradient(*arguments, **options)
        gradient = np.concatenate([g.ravel() for g in dW + db])
        return ref.objective(*arguments, **options), gradient

    start = np.zeros(ends[-1])
    start[: sum(sizes)] = np.concatenate([W.ravel() for W in first.coefs_])
    limits = {"maxiter": mlp.max_iter, "gtol": mlp.tol}
    result = minimize(objective, start, jac=True, method="L-BFGS-B", options=limits)
    reached = mlp.history_["loss"][-1] + mlp.history_["penalty"][-1]
    assert_allclose(reached, result.fun, 1e-6, 1e-9)


@given(shapes, layers, containers, weightings, st.sampled_from([0, 1e-300, 1, 30, 1e4]))
def test_objective_and_gradient_are_right_at_any_scale_of_the_outputs(
    shape, hidden, container, weighting, scale
):
    problem = make_problem(shape, container)
    if problem.out_activation == "exp":
        scale = min(scale, 1)  # exp overflows
    s = make_weights(weighting, problem.X.shape[0])
    s = None if s is None else s / s.max()
    mlp = make_mlp(problem, hidden, max_iter=1).fit(problem.X, problem.y)
    mlp.coefs_[-1] *= scale
    mlp.intercepts_[-1] += scale
    net = ref.Network(tuple(mlp.activation), problem.out_activation, mlp.loss)
    arguments = problem.X.astype(float), problem.T, mlp.coefs_, mlp.intercepts_, net
    # As fit scales them.
    options = {"sample_weight": None if s is None else s / s.mean()}
    options["weight_decay"] = mlp.weight_decay
    objective, dW, db = loss_gradient(mlp, problem.X, problem.y, s)
    assert_allclose(objective, ref.objective(*arguments, **options), 1e-9, 1e-12)
    expected_dW, expected_db = ref.gradient(*arguments, **options)
    for actual, expected in zip(dW + db, expected_dW + expected_db, strict=True):
        assert_allclose(actual, expected, 1e-8, 1e-10 * max(1, abs(expected).max()))


# Bits


@given(
    shapes,
    layers,
    trainings,
    batch_sizes,
    schedules,
    dtypes,
    weightings,
    containers,
    st.booleans(),
)
def test_memory_layout_changes_no_bit(
    shape,
    hidden,
    training,
    batch_size,
    schedule,
    dtype,
    weighting,
    container,
    shuffle,
):
    problem = make_problem(shape, dtype=dtype)
    X = problem.X
    laid_out = CONTAINERS[container](X)
    if sparse.issparse(laid_out):
        X = sparse.csr_array(X)
    s = make_weights(weighting, X.shape[0])
    mlp = make_mlp(
        problem,
        hidden,
        batch_size=batch_size,
        learning_rate=schedule,
        shuffle=shuffle,
        **training,
    )
    expected = clone(mlp).fit(X, problem.y, s)
    assert_same(mlp.fit(laid_out, problem.y, s), expected, X)
    assert_array_equal(outputs(mlp, laid_out), outputs(expected, X))


@given(
    shapes,
    layers,
    updates,
    batch_sizes,
    schedules,
    dtypes,
    st.sampled_from(["C order", "csr_array"]),
    st.integers(1, 4),
    st.integers(1, 4),
    st.booleans(),
    st.sampled_from([1, 3, np.inf]),
)
def test_k_and_m_epochs_are_k_plus_m(
    shape,
    hidden,
    update,
    batch_size,
    schedule,
    dtype,
    container,
    k,
    m,
    early_stopping,
    patience,
):
    problem = make_problem({**shape, "n": shape["n"] + 20}, container, dtype)
    mlp = make_mlp(
        problem,
        hidden,
        batch_size=batch_size,
        learning_rate=schedule,
        shuffle=True,
        early_stopping=early_stopping,
        n_iter_no_change=patience,
        warm_start=True,
        **update,
    )
    whole = clone(mlp).set_params(max_iter=k + m).fit(problem.X, problem.y)
    parts = mlp.set_params(max_iter=k).fit(problem.X, problem.y)
    if parts.stop_reason_ == "patience":
        assert_same(parts, whole, problem.X)
        return
    parts = pickle.loads(pickle.dumps(parts)).set_params(max_iter=m)
    assert_same(parts.fit(problem.X, problem.y), whole, problem.X)


def call(mlp, method, X, y):
    """Train by that method, or by `fit` where the solver never sees a part only."""
    getattr(mlp, method if hasattr(mlp, method) else "fit")(X, y)


class LifeOfAnEstimator(RuleBasedStateMachine):
    """Calls in any order: copies, predictions and calls that fail leave no trace."""

    @initialize(
        pair=st.sampled_from(["multiclass log loss", "identity regression of 3"]),
        batch_size=st.sampled_from([1, 7, "full"]),
        training=trainings,
        early_stopping=st.booleans(),
        schedule=schedules,
        dtype=dtypes,
    )
    def start(self, pair, batch_size, training, early_stopping, schedule, dtype):
        problem = Problem(pair, n=30)
        self.X, self.y = problem.X.astype(dtype), problem.y
        self.mlp = make_mlp(
            problem,
            [(4, "tanh")],
            batch_size=batch_size,
            early_stopping=early_stopping,
            learning_rate=schedule,
            warm_start=True,
            n_iter_no_change=2,
            **training,
        )
        self.twin = clone(self.mlp)  # sees nothing but the calls that count
        self.train("fit", 30)

    @rule(
        method=st.sampled_from(["fit", "partial_fit"]), n=st.sampled_from([12, 21, 30])
    )
    def train(self, method, n):
        for mlp in self.mlp, self.twin:
            call(mlp, method, self.X[:n], self.y[:n])

    @rule(
        parameters=st.fixed_dictionaries(
            {},
            optional={
                "max_iter": st.integers(1, 4),
                "batch_size": st.sampled_from([1, 7, "full"]),
                "solver": st.sampled_from([*SOLVERS, "lbfgs"]),
                "n_init": st.integers(1, 2),
                "learning_rate_init": st.sampled_from(["auto", 0.003]),
                "early_stopping": st.booleans(),
                "scoring": st.sampled_from(["loss"]),
                "warm_start": st.booleans(),
                "shuffle": st.booleans(),
            },
        )
    )
    def set_params(self, parameters):
        for mlp in self.mlp, self.twin:
            mlp.set_params(**parameters)

    @rule()
    def discard_training_state(self):
        for mlp in self.mlp, self.twin:
            mlp.discard_training_state()

    @rule(factor=st.sampled_from([-1.0, 0.5]))
    def change_weights(self, factor):
        for mlp in self.mlp, self.twin:
            mlp.coefs_[0] *= factor

    @rule(through=st.sampled_from(["pickle", "deepcopy", "copy"]))
    def copy(self, through):
        self.mlp = {
            "pickle": lambda mlp: pickle.loads(pickle.dumps(mlp)),
            "deepcopy": copy.deepcopy,
            "copy": copy.copy,
        }[through](self.mlp)

    @rule()
    def train_a_copy(self):
        copied = copy.deepcopy(self.mlp)
        copied.fit(self.X, self.y)
        call(copied, "partial_fit", self.X, self.y)

    @rule(
        method=st.sampled_from(["fit", "partial_fit"]),
        mistake=st.sampled_from(
            ["learning_rate_init", "features", "NaN", "solver", "hidden_layer_sizes"]
        ),
    )
    def fail(self, method, mistake):
        X, parameters = self.X, {"warm_start": True}
        if mistake == "learning_rate_init":
            parameters |= {"learning_rate_init": 1e300, "weight_decay": 1.0}
            if self.mlp.solver == "lbfgs":  # which has no learning rate
                parameters["solver"] = "sgd"
        elif mistake == "features":
            X = X[:, 1:]
        elif mistake == "NaN":
            X = np.full_like(X, np.nan)
        elif mistake == "solver":
            parameters["solver"] = "newton"
        else:
            parameters["hidden_layer_sizes"] = 3, 3
            parameters["activation"] = "relu"
        before = self.mlp.get_params()
        self.mlp.set_params(**parameters)
        with pytest.raises(ValueError, match=r"."):
            call(self.mlp, method, X, self.y)
        self.mlp.set_params(**before)

    @invariant()
    def leaves_no_trace(self):
        if hasattr(self, "mlp"):
            assert_same(self.mlp, self.twin, self.X)
            assert {len(curve) for curve in self.mlp.history_.values()} == {
                len(self.mlp.loss_curve_)
            }
            assert self.mlp.t_ == self.twin.t_
            assert np.isfinite(outputs(self.mlp, self.X)).all()


TestLifeOfAnEstimator = LifeOfAnEstimator.TestCase


# Extreme values

EXTREMES = {
    np.float64: [0, 1, -1, 5e-324, 1e-300, 1e4, -1e4, 1e150, 1e300, -1.7e308],
    np.float32: [0, 1, -1, 1e-45, 1e-38, 1e4, -1e4, 1e19, 1e38, -3.4e38],
}


@given(
    shapes,
    layers,
    trainings,
    batch_sizes,
    dtypes,
    weightings,
    st.sets(st.integers(0, 9), min_size=1),
    st.sets(st.integers(0, 9)),
    st.sampled_from(["auto", 0.01]),
    st.booleans(),
    st.booleans(),
)
# The automatic learning rate may have to start anew at a lower one, and says so.
@pytest.mark.filterwarnings("ignore:training diverged")
def test_extreme_values_have_an_answer_or_are_a_clear_error(
    shape,
    hidden,
    training,
    batch_size,
    dtype,
    weighting,
    in_X,
    in_y,
    learning_rate,
    early_stopping,
    csr,
):
    problem = make_problem({**shape, "n": shape["n"] + 20}, dtype=dtype)
    rng = np.random.default_rng(shape["seed"])
    X = rng.choice(np.array(EXTREMES[dtype])[list(in_X)], problem.X.shape).astype(dtype)
    X = sparse.csr_array(X) if csr else X
    y = problem.y
    if problem.out_activation == "identity" and in_y:
        y = rng.choice(np.array(EXTREMES[np.float64])[list(in_y)], y.shape)
    s = make_weights(weighting, X.shape[0])
    mlp = make_mlp(
        problem,
        hidden,
        batch_size=batch_size,
        learning_rate_init=learning_rate,
        early_stopping=early_stopping,
        epsilon="auto",
        **training,
    )
    with an_error_is_clear():
        mlp.fit(X, y, s)
    if not hasattr(mlp, "coefs_"):
        assert vars(mlp).keys() == mlp.get_params().keys()
        return
    curves = [
        curve
        for name, curve in mlp.history_.items()
        if (mlp.solver, name) != ("lbfgs", "learning_rate")
    ]
    for numbers in [*mlp.coefs_, *mlp.intercepts_, *curves]:
        assert np.isfinite(numbers).all()
    with an_error_is_clear():
        assert not np.isnan(outputs(mlp, X)).any()
        assert len(mlp.predict(X)) == X.shape[0]


@given(shapes, layers, dtypes, st.lists(st.floats(0, 1), min_size=1), st.booleans())
def test_predictions_of_extreme_values_are_numbers_or_a_clear_error(
    shape, hidden, dtype, exponents, csr
):
    problem = make_problem(shape, dtype=dtype)
    mlp = make_mlp(problem, hidden, max_iter=1).fit(problem.X, problem.y)
    largest = float(np.finfo(dtype).max)
    X = np.resize(largest ** np.array(exponents), problem.X.shape)
    X = (X * np.sign(problem.X)).astype(dtype)
    X = sparse.csr_array(X) if csr else X
    with an_error_is_clear():
        assert not np.isnan(outputs(mlp, X)).any()
        assert len(mlp.predict(X)) == X.shape[0]
