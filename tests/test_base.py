"""What both estimators share: kinds of input, case weights, scikit-learn's tools."""

import pathlib
import re
import shutil
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from problems import assert_same_weights, small_mlp, wide_indices
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import get_scorer
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import skmlp
from skmlp import MLPClassifierSDM, MLPRegressorSDM

# A few epochs show what is looked at.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
# Numbers that float16 holds, many of them 0.
X = (rng.integers(-8, 9, size=(80, 6)) / 4) * (rng.random((80, 6)) < 0.6)
y = (X @ rng.normal(size=6) > 0).astype(int)
weights = rng.random(80) * (rng.random(80) < 0.8)
both = pytest.mark.parametrize("estimator", [MLPClassifierSDM, MLPRegressorSDM])


def test_import_leaves_to_others_what_takes_long_to_import():
    code = "import sys, skmlp; print(*sys.modules)"
    modules = subprocess.check_output([sys.executable, "-P", "-c", code], text=True)
    assert not {"sklearn.metrics", "sklearn.model_selection"} & set(modules.split())


def test_source_that_is_not_compiled_says_so(tmp_path):
    package = pathlib.Path(skmlp.__file__).parent
    compiled = shutil.ignore_patterns("*.so", "*.pyd")
    shutil.copytree(package, tmp_path / "skmlp", ignore=compiled)
    code = (
        "import sys; sys.path.insert(0, '.');"
        # An editable installation would be found before the folder.
        "sys.meta_path[:] = [f for f in sys.meta_path if not hasattr(f, '_rebuild')];"
        "import skmlp"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    assert done.stderr.splitlines()[-1].startswith("ImportError")
    assert "is compiled for this Python" in done.stderr


# --- Inputs ---


def untidy(X):
    """CSR with unsorted and repeated columns, and zeros that are stored."""
    n, D = X.shape
    columns = np.tile(np.r_[np.arange(D)[::-1], np.arange(D)], n)
    data = np.hstack([X[:, ::-1] - 1, np.ones_like(X)]).ravel()
    return sparse.csr_array((data, columns, np.arange(n + 1) * 2 * D), shape=(n, D))


def memory_mapped(X, path="X.npy"):
    np.save(path, X)
    return np.load(path, mmap_mode="r")


SPARSE = {
    "CSR": sparse.csr_array,
    "CSR matrix": sparse.csr_matrix,
    "CSR with 64-bit indices": wide_indices,
    "CSR, untidy": untidy,
    "CSC": sparse.csc_array,
    "COO": sparse.coo_array,
    "LIL": sparse.lil_array,
}
SAME_NUMBERS = {
    "F-ordered": np.asfortranarray,
    "every other column": lambda X: np.repeat(X, 2, axis=1)[:, ::2],
    "backwards in memory": lambda X: X[::-1].copy()[::-1],
    "the other byte order": lambda X: X.astype(X.dtype.newbyteorder()),
    "memory-mapped": memory_mapped,
    "list": np.ndarray.tolist,
    "DataFrame": pd.DataFrame,
    "float16": np.float16,
    "long double": np.longdouble,
    "objects": lambda X: X.astype(object),
}


@both
@pytest.mark.parametrize("batch_size", [1, 20])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("container", SPARSE.values(), ids=SPARSE)
def test_sparse_input_equals_dense(estimator, batch_size, dtype, container):
    x = X.astype(dtype)
    dense = small_mlp(estimator, batch_size=batch_size).fit(x, y)
    mlp = small_mlp(estimator, batch_size=batch_size).fit(container(x), y)
    rtol = 1e-4 if dtype == np.float32 else 1e-11
    assert_same_weights(mlp, dense, rtol)
    assert_allclose(mlp.predict(container(x)), dense.predict(x), rtol=rtol, atol=rtol)


@both
@pytest.mark.parametrize("container", SAME_NUMBERS.values(), ids=SAME_NUMBERS)
def test_the_same_numbers_give_the_same_bits(
    estimator, container, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    x = container(X)
    mlp, plain = small_mlp(estimator).fit(x, y), small_mlp(estimator).fit(X, y)
    assert_same_weights(mlp, plain)
    assert_array_equal(mlp.predict(x), plain.predict(X))


@both
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint16, bool])
def test_integers_are_read_as_float64(estimator, dtype):
    x = (4 * abs(X)).astype(dtype)
    mlp = small_mlp(estimator).fit(x, y)
    assert_same_weights(mlp, small_mlp(estimator).fit(x.astype(float), y))
    assert mlp.coefs_[0].dtype == np.float64


@both
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("other", [np.float32, np.float64, np.int64])
def test_prediction_takes_any_dtype(estimator, container, dtype, other):
    mlp = small_mlp(estimator).fit(X.astype(dtype), y)
    x = np.round(X)
    expected = mlp.predict(container(x.astype(dtype)))
    assert_array_equal(mlp.predict(container(x.astype(other))), expected)


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_is_done_in_the_dtype_of_X(estimator, dtype):
    mlp = small_mlp(estimator).fit(X.astype(dtype), y)
    assert {array.dtype for array in mlp.coefs_ + mlp.intercepts_} == {np.dtype(dtype)}


@both
def test_column_vector_y_warns_and_counts_as_a_column(estimator):
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        mlp = small_mlp(estimator).fit(X, y[:, None])
    assert_same_weights(mlp, small_mlp(estimator).fit(X, y))
    assert mlp.predict(X).shape == (80,)


@both
def test_input_is_left_as_it_was(estimator):
    arrays = [np.array(a, dtype=float) for a in (X, y, weights)]
    copies = [a.copy() for a in arrays]
    small_mlp(estimator).fit(*arrays)
    for array, copy in zip(arrays, copies, strict=True):
        assert_array_equal(array, copy)


# --- Weights of the cases ---


@both
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("scale", [2.0**-30, 0.3, 1e200])
def test_scale_of_the_weights_does_not_matter_in_fit(estimator, early_stopping, scale):
    mlp = small_mlp(estimator, early_stopping=early_stopping).fit(X, y, weights)
    scaled = small_mlp(estimator, early_stopping=early_stopping).fit(
        X, y, scale * weights
    )
    assert_same_weights(mlp, scaled, rtol=0 if scale == 2.0**-30 else 1e-9)


@both
def test_scale_of_the_weights_counts_in_partial_fit(estimator):
    classes = {"classes": [0, 1]} if estimator is MLPClassifierSDM else {}
    parameters = {"batch_size": "full", "learning_rate_init": 0.01, "weight_decay": 0}
    start, once, twice = (
        small_mlp(estimator, **parameters | {"learning_rate_init": eta}).partial_fit(
            X, y, sample_weight=w, **classes
        )
        for eta, w in [(1e-200, weights), (0.01, weights), (0.01, 2 * weights)]
    )
    for W, W1, W2 in zip(start.coefs_, once.coefs_, twice.coefs_, strict=True):
        assert_allclose(W2 - W, 2 * (W1 - W), atol=1e-14)


@both
@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_whole_weights_equal_repeated_rows_for_a_full_batch(estimator, container):
    times = rng.integers(0, 4, size=80)
    parameters = {"batch_size": "full", "max_iter": 20}
    mlp = small_mlp(estimator, **parameters).fit(container(X), y, times)
    rows = np.repeat(np.arange(80), times)
    repeated = small_mlp(estimator, **parameters).fit(container(X)[rows], y[rows])
    assert_same_weights(mlp, repeated, rtol=1e-10)


@both
@pytest.mark.parametrize("kind", [np.float32, np.ndarray.tolist, pd.Series])
def test_weights_of_any_kind_are_read(estimator, kind):
    whole = np.round(10 * weights)
    mlp = small_mlp(estimator).fit(X, y, kind(whole))
    assert_same_weights(mlp, small_mlp(estimator).fit(X, y, whole))


@both
@pytest.mark.parametrize("batch_size", [1, 20])
def test_cases_of_weight_0_do_not_count(estimator, batch_size):
    """Whatever is in them."""
    other = np.where(weights[:, None] > 0, X, 100)
    mlp = small_mlp(estimator, batch_size=batch_size).fit(X, y, weights)
    assert_same_weights(
        mlp, small_mlp(estimator, batch_size=batch_size).fit(other, y, weights)
    )


# --- scikit-learn's tools ---


@both
def test_clone_is_unfitted_and_learns_the_same(estimator):
    mlp = small_mlp(estimator, activation=["tanh"], scoring="r2").fit(X, y)
    copy = clone(mlp)
    assert copy.get_params() == mlp.get_params()
    assert not hasattr(copy, "coefs_")
    assert_same_weights(copy.fit(X, y), mlp)


@both
def test_grid_search_over_network_and_weight_decay_in_a_pipeline(estimator):
    pipeline = Pipeline([("scale", StandardScaler()), ("mlp", small_mlp(estimator))])
    grid = {
        "mlp__hidden_layer_sizes": [(), 4, (4, 4)],
        "mlp__weight_decay": [0, 1e-2, 10],
    }
    search = GridSearchCV(pipeline, grid, cv=3, error_score="raise").fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(X).shape == (80,)


@both
def test_cross_validation_gives_a_score_per_fold(estimator):
    scores = cross_val_score(small_mlp(estimator), X, y, cv=4)
    assert scores.shape == (4,)
    assert np.isfinite(scores).all()


@both
def test_sample_weight_is_routed_through_a_pipeline(estimator):
    scaled = StandardScaler().fit_transform(X)
    direct = small_mlp(estimator).fit(scaled, y, weights)
    with config_context(enable_metadata_routing=True):
        mlp = small_mlp(estimator).set_fit_request(sample_weight=True)
        mlp.set_score_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, mlp)
        pipeline.fit(X, y, sample_weight=weights)
        score = pipeline.score(X, y, sample_weight=weights)
        scorer = get_scorer("r2").set_score_request(sample_weight=True)
        params = {"sample_weight": weights}
        folds = cross_validate(pipeline, X, y, scoring=scorer, params=params, cv=3)
    assert_same_weights(pipeline[-1], direct)
    assert score == direct.score(scaled, y, weights)
    assert np.isfinite(folds["test_score"]).all()


@both
def test_validation_data_are_routed_and_transformed_by_a_pipeline(estimator):
    scaler = StandardScaler().fit(X[:50])
    direct = small_mlp(estimator, early_stopping=True)
    validation = {"X_val": scaler.transform(X[50:]), "y_val": y[50:]}
    direct.fit(scaler.transform(X[:50]), y[:50], **validation)
    with config_context(enable_metadata_routing=True):
        mlp = small_mlp(estimator, early_stopping=True)
        mlp.set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(StandardScaler(), mlp, transform_input=["X_val"])
        pipeline.fit(X[:50], y[:50], X_val=X[50:], y_val=y[50:])
    assert_same_weights(pipeline[-1], direct)
    assert pipeline[-1].history_ == direct.history_


@both
def test_validation_data_pass_a_grid_search_whole(estimator):
    with config_context(enable_metadata_routing=True):
        mlp = small_mlp(estimator, early_stopping=True)
        mlp.set_fit_request(X_val=True, y_val=True)
        pipeline = make_pipeline(StandardScaler(), mlp, transform_input=["X_val"])
        grid = {f"{pipeline.steps[-1][0]}__weight_decay": [0.0, 0.1]}
        search = GridSearchCV(pipeline, grid, cv=2, refit=False, error_score="raise")
        validation = {"X_val": X[50:], "y_val": y[50:]}
        search.fit(X[:50], y[:50], **validation)
    scores = search.cv_results_["split0_test_score"]
    first = KFold(2) if estimator is MLPRegressorSDM else StratifiedKFold(2)
    training, test = next(first.split(X[:50], y[:50]))
    scaler = StandardScaler().fit(X[training])
    for score, weight_decay in zip(scores, [0.0, 0.1], strict=True):
        direct = small_mlp(estimator, early_stopping=True, weight_decay=weight_decay)
        direct.fit(
            scaler.transform(X[training]),
            y[training],
            X_val=scaler.transform(X[50:]),
            y_val=y[50:],
        )
        assert score == direct.score(scaler.transform(X[test]), y[test])


@both
def test_partial_fit_request_can_be_set(estimator):
    with config_context(enable_metadata_routing=True):
        mlp = small_mlp(estimator).set_partial_fit_request(sample_weight=True)
        routing = mlp.get_metadata_routing()
    assert routing.partial_fit.requests["sample_weight"] is True


# Diagrams


@both
def test_diagram_links_to_our_reference(estimator):
    address = rf"https://[\w./]+/api/generated/skmlp.{estimator.__name__}.html"
    assert re.fullmatch(address, estimator()._get_doc_link())
    assert re.search(f'href="{address}"', estimator()._repr_html_())


@pytest.mark.skipif(
    tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 9),
    reason="scikit-learn shows what was learnt since 1.9",
)
@both
def test_diagram_shows_what_was_learnt(estimator):
    mlp = small_mlp(estimator, hidden_layer_sizes=(8, 6), early_stopping=True).fit(X, y)
    text = re.sub(r"<[^>]*>|\s", " ", mlp._repr_html_()).replace(", ", ",")
    units = [X.shape[1], 8, 6, mlp.n_outputs_]
    shown = {
        "layer_units_": str(tuple(units)).replace(" ", ""),
        "n_parameters_": str(sum((a + 1) * b for a, b in pairwise(units))),
        "n_iter_": "5",
        "loss_": f"{mlp.history_['loss'][-1]:.4g}",
        "validation_loss_": f"{min(mlp.history_['validation_loss']):.4g}",
    }
    for name, value in shown.items():
        assert re.search(rf" {name} .*? {re.escape(value)} ", text), name
