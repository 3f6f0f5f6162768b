"""Predictions for data of any kind are right or a clear error, and never NaN."""

import copy

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import put, tiny_mlp
from scipy import sparse
from sklearn.exceptions import NotFittedError

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp._forward import PREDICT_ROWS

# A few epochs are enough to predict after.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
LABELS = rng.permutation(np.arange(40) % 3)
VALUES = X[:, 0] - X[:, 1]
TARGETS = {MLPClassifierSDM: LABELS, MLPRegressorSDM: VALUES}
both = pytest.mark.parametrize("estimator", TARGETS)

METHODS = [
    (MLPClassifierSDM, "predict"),
    (MLPClassifierSDM, "predict_proba"),
    (MLPClassifierSDM, "predict_log_proba"),
    (MLPClassifierSDM, "decision_function"),
    (MLPRegressorSDM, "predict"),
]


@pytest.mark.parametrize(("estimator", "method"), METHODS)
def test_prediction_before_fit_is_an_error(estimator, method):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        getattr(tiny_mlp(estimator), method)(X)


# scikit-learn sums X up in search of NaN.
sums = pytest.mark.filterwarnings("ignore:invalid value encountered in reduce")


@sums
@pytest.mark.parametrize(("estimator", "method"), METHODS)
def test_prediction_of_bad_data_is_an_error(estimator, method):
    mlp = tiny_mlp(estimator).fit(X, TARGETS[estimator])
    for bad, message in [
        (X[:, :2], "2 features.*3 features"),
        (X[0], "Expected 2D array"),
        (X[:0], "0 sample"),
        (put(X, np.nan), "NaN"),
        (put(X, np.inf), "infinity"),
        (np.r_[put(X, np.inf), put(X, -np.inf)], "infinity"),  # whose sum is NaN
    ]:
        for container in (np.asarray, sparse.csr_array)[: bad.ndim]:
            with pytest.raises(ValueError, match=message):
                getattr(mlp, method)(container(bad))


@both
@pytest.mark.parametrize(
    "container",
    [
        lambda X: X.tolist(),
        lambda X: X.astype(int),
        lambda X: X.astype(np.float16),
        lambda X: X.astype(object),
        lambda X: X.astype(">f8"),
        np.ma.masked_array,
        sparse.csc_array,
        sparse.coo_array,
        lambda X: sparse.csr_array(X.astype(int)),
    ],
)
def test_prediction_for_any_kind_of_numbers(estimator, container):
    mlp, whole = tiny_mlp(estimator).fit(X, TARGETS[estimator]), np.round(4 * X)
    assert_array_equal(mlp.predict(container(whole)), mlp.predict(whole))


@both
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (X.astype(complex), "Complex data"),
        (X.view(np.matrix), r"np\.matrix"),
        (X.astype(str).astype("O") + "a", "could not convert"),
    ],
    ids=["complex", "matrix", "text"],
)
def test_prediction_for_other_arrays_is_an_error(estimator, bad, message):
    mlp = tiny_mlp(estimator).fit(X, TARGETS[estimator])
    with pytest.raises((ValueError, TypeError), match=message):
        mlp.predict(bad)


@both
def test_prediction_for_an_array_warns_where_fit_had_names(estimator):
    pandas = pytest.importorskip("pandas", reason="the data frames are its")
    mlp = tiny_mlp(estimator).fit(pandas.DataFrame(X), TARGETS[estimator])
    assert_array_equal(mlp.predict(pandas.DataFrame(X)), mlp.predict(X))
    mlp.fit(pandas.DataFrame(X, columns=[*"abc"]), TARGETS[estimator])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        mlp.predict(X)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        mlp.predict(sparse.csr_array(X))


@both
@pytest.mark.parametrize(
    "convert", [np.ndarray.tolist, np.int64, np.float32, np.asfortranarray]
)
def test_weights_of_any_kind_of_numbers_are_used(estimator, convert):
    y = TARGETS[estimator]
    mlp = tiny_mlp(estimator).fit(X, y)
    same = copy.deepcopy(mlp)
    mlp.coefs_ = [np.round(3 * W) for W in mlp.coefs_]  # whole numbers
    same.coefs_ = [convert(W) for W in mlp.coefs_]
    assert_allclose(same.predict(X), mlp.predict(X), rtol=1e-4)


# --- The largest and the smallest numbers ---


@both
def test_prediction_of_numbers_whose_sum_overflows_is_no_error(estimator):
    mlp = tiny_mlp(estimator).fit(X, TARGETS[estimator])
    mlp.coefs_ = [np.zeros_like(W) for W in mlp.coefs_]
    with np.errstate(all="raise"):
        for container in np.asarray, sparse.csr_array:
            large = container(np.full_like(X, np.finfo(float).max))
            assert_array_equal(mlp.predict(large), mlp.predict(X))


@sums
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(("estimator", "method"), METHODS)
def test_prediction_that_overflows_is_an_error_and_not_nan(
    estimator, method, container, dtype
):
    mlp = tiny_mlp(estimator).fit(X.astype(dtype), TARGETS[estimator])
    large = np.sign(X, dtype=dtype)
    large[30:] *= np.finfo(dtype).max
    message = r"net input for row 3\d of X is not finite.*scale X"
    with pytest.raises(ValueError, match=message):
        getattr(mlp, method)(container(large))


@pytest.mark.parametrize(("estimator", "method"), METHODS)
def test_row_that_overflows_is_named_in_any_block(estimator, method):
    mlp = tiny_mlp(estimator).fit(X, TARGETS[estimator])
    large = np.ones((PREDICT_ROWS + 9, 3))
    large[PREDICT_ROWS + 5] = np.finfo(float).max
    with pytest.raises(ValueError, match=rf"for row {PREDICT_ROWS + 5} of X"):
        getattr(mlp, method)(large)


def test_net_inputs_as_far_apart_as_numbers_can_be_are_certain():
    mlp = tiny_mlp(MLPClassifierSDM, hidden_layer_sizes=()).fit(X, LABELS)
    mlp.coefs_ = [np.zeros((3, 3))]
    mlp.intercepts_ = [np.array([1, -1, 0]) * np.finfo(float).max]
    assert_array_equal(mlp.predict_proba(X), np.tile([1.0, 0, 0], (40, 1)))
    assert_array_equal(mlp.predict(X), np.zeros(40))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss", ["log_loss", "squared_error"])
def test_probabilities_that_underflow_are_no_error(loss, dtype):
    mlp = tiny_mlp(MLPClassifierSDM, hidden_layer_sizes=(), loss=loss)
    mlp.fit(X.astype(dtype), LABELS)
    smallest = np.log(np.finfo(dtype).smallest_normal)
    mlp.intercepts_[0][:] = [0, -1, smallest - 1]
    mlp.coefs_[0][:] = 0
    with np.errstate(all="raise"):
        assert (mlp.predict_proba(X).argmax(axis=1) == 0).all()
        assert np.isfinite(mlp.predict_log_proba(X)).all()
