"""Labels, probabilities and class weights of the classifier."""

import tracemalloc
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from problems import assert_same_weights, small_mlp
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from skmlp import MLPClassifierSDM

# A few epochs show what is looked at.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 4))
TARGETS = {
    "binary": (X[:, 0] > 0).astype(int),
    "multiclass": np.digitize(X[:, 0], [-1, 0.5]),
    "multilabel": (X[:, :3] > 0).astype(int),
}
every_kind = pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS)
single_label = pytest.mark.parametrize("kind", ["binary", "multiclass"])
every_loss = pytest.mark.parametrize("loss", ["log_loss", "squared_error"])


def small(**parameters):
    return small_mlp(MLPClassifierSDM, **parameters)


# --- Labels ---


@pytest.mark.parametrize(
    "names",
    [
        np.array([-5, 3, 100]),
        np.array([0.0, 1.0, 7.0]),
        np.array(["ham", "jam", "spam"]),
        np.array(["ham", "jam", "spam"], dtype=object),
        np.array([False, True]),
        np.array([2, 3], dtype=np.uint8),
        np.array(["no", "yes"]),
    ],
    ids=lambda names: f"{len(names)}-{names.dtype}",
)
@pytest.mark.parametrize("container", [np.asarray, list, pd.Series])
def test_labels_come_back_as_they_were(names, container):
    numbers = TARGETS["multiclass" if len(names) == 3 else "binary"]
    mlp = small(max_iter=100).fit(X, container(names[numbers]))
    assert_array_equal(mlp.classes_, names)
    predicted = mlp.predict(X)
    assert predicted.dtype == mlp.classes_.dtype
    assert np.mean(predicted == names[numbers]) > 0.8
    assert mlp.score(X, names[numbers]) == np.mean(predicted == names[numbers])
    assert_same_weights(mlp, small(max_iter=100).fit(X, numbers))


def test_multilabel_targets_may_be_sparse():
    y = TARGETS["multilabel"]
    mlp = small(max_iter=100).fit(X, y)
    for container in (sparse.csr_array, sparse.csr_matrix, sparse.csc_matrix):
        assert_same_weights(mlp, small(max_iter=100).fit(X, container(y)))
    assert mlp.score(X, y) == np.mean(np.all(mlp.predict(X) == y, axis=1)) > 0.8
    assert_array_equal(mlp.classes_, [0, 1, 2])


def test_sparse_targets_need_little_more_memory_than_dense_ones():
    y = sparse.random_array((90, 5000), density=0.001, format="csr", random_state=0)
    y.data[:] = 1
    peaks = []
    for targets in y.toarray().astype(np.float32), y.astype(np.int64):
        tracemalloc.start()
        small(hidden_layer_sizes=1, max_iter=1).fit(X.astype(np.float32), targets)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 1.5 * 4 * y.shape[0] * y.shape[1]


def test_sparse_targets_whose_duplicates_make_two_are_refused():
    y = sparse.csr_array((np.ones(3), [0, 0, 1], [0, 2, 3]), shape=(2, 3))
    with pytest.raises(ValueError, match="indicator matrix of 0 and 1"):
        small().fit(X[:2], y)


def test_sparse_targets_may_say_twice_that_they_are_true():
    y = TARGETS["multilabel"].astype(bool)
    twice = sparse.csr_array(y)
    places = np.repeat(twice.indices, 2)
    twice = sparse.csr_array(
        (np.ones(len(places), bool), places, 2 * twice.indptr), shape=y.shape
    )
    assert_same_weights(small().fit(X, twice), small().fit(X, y))
    assert len(twice.data) == len(places)  # as they were


def test_messages_name_some_of_many_classes():
    mlp = small().partial_fit(X[:2], [0, 1], classes=np.arange(3000))
    with pytest.raises(ValueError, match=r"9, \.\.\.\] \(3000 in all\)") as error:
        mlp.partial_fit(X[:1], [5000])
    assert len(str(error.value)) < 400


def test_partial_fit_knows_all_classes_from_the_first_call_on():
    y = np.array(["a", "b", "c"])[TARGETS["multiclass"]]
    first = y != "b"
    mlp = small().partial_fit(X[first], y[first], classes=["c", "b", "a"])
    assert mlp.classes_.tolist() == ["a", "b", "c"]
    assert mlp.predict_proba(X).shape == (90, 3)
    for _ in range(100):
        mlp.partial_fit(X, y)
    assert mlp.score(X, y) > 0.8


# --- Outputs ---


@every_kind
@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_dtypes_are_as_documented(y, loss, dtype):
    x = X.astype(dtype)
    mlp = small(loss=loss).fit(x, y)
    n_classes = 2 if y.max() == 1 and y.ndim == 1 else 3
    n_outputs = 1 if n_classes == 2 else 3
    assert mlp.predict(x).shape == y.shape
    assert mlp.predict(x).dtype == y.dtype
    z = mlp.decision_function(x)
    assert z.shape == ((90,) if n_outputs == 1 else (90, 3))
    assert mlp.predict_proba(x).shape == (90, n_classes)
    assert mlp.predict_log_proba(x).shape == (90, n_classes)
    for values in (z, mlp.predict_proba(x), mlp.predict_log_proba(x)):
        assert values.dtype == dtype
    assert isinstance(mlp.score(x, y), float)
    assert mlp.predict(x[:1]).shape == y[:1].shape


@single_label
@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_of_a_case_sum_to_1(kind, loss, dtype):
    x = X.astype(dtype)
    p = small(loss=loss).fit(x, TARGETS[kind]).predict_proba(100 * x)
    assert p.min() >= 0
    assert_allclose(p.sum(axis=1), 1, rtol=1e-5 if dtype == np.float32 else 1e-14)


@pytest.mark.parametrize(
    ("kind", "loss", "probabilities"),
    [
        ("binary", "log_loss", lambda z: np.c_[expit(-z), expit(z)]),
        ("binary", "squared_error", lambda z: np.c_[expit(-z), expit(z)]),
        ("multiclass", "log_loss", lambda z: softmax(z, axis=1)),
        (
            "multiclass",
            "squared_error",
            lambda z: expit(z) / expit(z).sum(axis=1, keepdims=True),
        ),
        ("multilabel", "log_loss", expit),
        ("multilabel", "squared_error", expit),
    ],
)
def test_probabilities_and_labels_follow_from_the_net_inputs(kind, loss, probabilities):
    mlp = small(loss=loss).fit(X, TARGETS[kind])
    p = mlp.predict_proba(X)
    assert_allclose(p, probabilities(mlp.decision_function(X)), rtol=1e-10)
    assert_allclose(mlp.predict_log_proba(X), np.log(p), rtol=1e-10)
    labels = p > 0.5 if kind == "multilabel" else mlp.classes_[p.argmax(axis=1)]
    assert_array_equal(mlp.predict(X), labels)


@every_kind
@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_net_inputs_neither_overflow_nor_underflow(y, loss, dtype):
    x = X.astype(dtype)
    mlp = small(loss=loss).fit(x, y)
    mlp.coefs_[-1] *= 1e5
    mlp.intercepts_[-1] *= 1e5
    log_p = mlp.predict_log_proba(x)
    assert log_p.min() < -1000
    assert np.isfinite(log_p).all()
    assert (log_p <= 0).all()
    p = mlp.predict_proba(x)
    assert ((p >= 0) & (p <= 1)).all()


# --- Class weights ---


@single_label
@every_loss
@pytest.mark.parametrize("sample_weight", [None, rng.random(90)])
def test_class_weights_equal_weights_of_the_cases(kind, loss, sample_weight):
    y = np.array(["a", "b", "c"])[TARGETS[kind]]
    class_weight = {"a": 0.5, "b": 3.0} | ({"c": 2.0} if kind == "multiclass" else {})
    mlp = small(loss=loss, class_weight=class_weight).fit(X, y, sample_weight)
    of_class = np.vectorize(class_weight.get)(y)
    s = of_class if sample_weight is None else of_class * sample_weight
    assert_same_weights(mlp, small(loss=loss).fit(X, y, s))


@single_label
def test_balanced_class_weights_are_those_of_the_frequencies(kind):
    y = TARGETS[kind]
    classes = np.unique(y)
    w = compute_class_weight("balanced", classes=classes, y=y)
    mlp = small(class_weight="balanced").fit(X, y)
    told = small(class_weight=dict(zip(classes, w, strict=True))).fit(X, y)
    assert_same_weights(mlp, told)
    assert_same_weights(mlp, small().fit(X, y, w[np.searchsorted(classes, y)]), 1e-12)


def test_class_left_out_of_class_weight_has_weight_1():
    y = TARGETS["multiclass"]
    mlp = small(class_weight={1: 5.0}).fit(X, y)
    assert_same_weights(mlp, small(class_weight={0: 1, 1: 5, 2: 1}).fit(X, y))


def test_balanced_class_weights_where_a_later_call_lacks_a_class():
    y = TARGETS["multiclass"]
    mlp = small(class_weight="balanced", warm_start=True).fit(X, y)
    told = deepcopy(mlp).set_params(class_weight=None)
    some = (y == 0) | ((y == 2) & (X[:, 1] > 0))  # in other proportions, too
    mlp.fit(X[some], y[some])
    s = compute_sample_weight("balanced", y[some])
    assert_same_weights(mlp, told.fit(X[some], y[some], s), 1e-12)


def test_balanced_class_weights_are_those_of_the_training_data():
    y = TARGETS["multiclass"]
    some = np.r_[:30, 30:90:3]
    mlp = small(class_weight="balanced").fit(X, y, X_val=X[some], y_val=y[some])
    w = compute_class_weight("balanced", classes=np.arange(3), y=y)
    assert_allclose(mlp.class_weight_, w)


def test_balanced_class_weights_where_a_class_has_no_weight():
    """As in the bootstrap samples of a `BaggingClassifier`."""
    y = TARGETS["multiclass"]
    s, some = np.where(y == 1, 0.0, 1 + np.arange(len(y)) % 3), y != 1
    w = compute_class_weight(
        "balanced", classes=np.array([0, 2]), y=y[some], sample_weight=s[some]
    )
    told = small(class_weight={0: w[0], 1: 1.0, 2: w[1]}).fit(X, y, s)
    assert_same_weights(small(class_weight="balanced").fit(X, y, s), told)


def test_class_weights_are_forgotten_where_they_have_no_part():
    y = TARGETS["multiclass"]
    mlp = small(class_weight="balanced").fit(X, y)
    mlp.set_params(class_weight=None).fit(X, y)
    assert not hasattr(mlp, "class_weight_")


def test_class_weights_count_in_partial_fit():
    y = TARGETS["multiclass"]
    w = np.array([0.5, 3.0, 2.0])
    mlp = small(class_weight=dict(enumerate(w)))
    told = small()
    for rows in (y != 1, y != 2):
        mlp.partial_fit(X[rows], y[rows], classes=[0, 1, 2])
        told.partial_fit(X[rows], y[rows], classes=[0, 1, 2], sample_weight=w[y[rows]])
    assert_same_weights(mlp, told)


def test_a_heavier_class_is_predicted_more_often():
    y = (X[:, 0] + rng.normal(size=90) > 1).astype(int)
    plain = small(max_iter=100).fit(X, y)
    heavier = small(max_iter=100, class_weight={1: 20}).fit(X, y)
    assert heavier.predict(X).sum() > plain.predict(X).sum()


# --- It learns ---


def test_defaults_recognise_digits():
    digits, labels = load_digits(return_X_y=True)
    split = train_test_split(digits, labels, random_state=0, stratify=labels)
    mlp = make_pipeline(StandardScaler(), MLPClassifierSDM(random_state=0))
    X_train, X_test, y_train, y_test = split
    assert mlp.fit(X_train, y_train).score(X_test, y_test) > 0.95


@every_loss
@pytest.mark.parametrize("activation", ["logistic", "tanh", "relu"])
def test_exclusive_or_is_learnt_with_hidden_units_only(loss, activation):
    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5)
    y = corners[:, 0] ^ corners[:, 1]
    parameters = {"loss": loss, "learning_rate_init": 0.5, "max_iter": 2000}
    parameters |= {"weight_decay": 0, "n_iter_no_change": np.inf}
    mlp = small(activation=activation, **parameters).fit(corners, y)
    assert mlp.score(corners, y) == 1
    linear = small(hidden_layer_sizes=(), **parameters).fit(corners, y)
    assert linear.score(corners, y) < 1


@every_loss
@every_kind
@pytest.mark.parametrize("s", [None, np.linspace(1, 3, 90)], ids=["", "weighted"])
def test_patience_with_a_useless_network_is_a_warning(s, y, loss):
    mlp = small(loss=loss, max_iter=1000, n_iter_no_change=30, weight_decay=1.0)
    with pytest.warns(ConvergenceWarning, match="no lower than that of the class freq"):
        mlp.fit(X, y, s)
    assert mlp.stop_reason_ == "patience"
    mlp.set_params(weight_decay=1e-4).fit(X, y, s)
    assert mlp.stop_reason_ == "patience"


@pytest.mark.parametrize("early_stopping", [False, True])
def test_inputs_that_are_not_scaled_are_a_warning(early_stopping):
    X, y = load_breast_cancer(return_X_y=True)
    mlp = small(hidden_layer_sizes=20, max_iter=1000, early_stopping=early_stopping)
    with pytest.warns(ConvergenceWarning, match=r"scale X \(StandardScaler\)"):
        mlp.fit(X, y)
    assert mlp.score(X, y) < 0.7
    assert make_pipeline(StandardScaler(), mlp).fit(X, y).score(X, y) > 0.95


def test_what_an_epoch_records_of_its_beginning_is_no_reason_for_a_warning():
    X, y = load_digits(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    mlp = small(weight_decay=1, early_stopping=True, max_iter=100)
    mlp.set_params(hidden_layer_sizes=100).fit(X, y)
    assert mlp.stop_reason_ == "patience"
    assert mlp.history_["loss"][mlp.best_epoch_ - 1] > 0.9995 * np.log(10)
    assert mlp.score(X, y) > 0.5


def test_a_useless_epoch_that_early_stopping_keeps_is_a_warning():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 10))
    y = rng.random(5000) < expit(X[:, 0] - np.log(99))
    mlp = small(early_stopping=True, scoring="accuracy", max_iter=100)
    with pytest.warns(ConvergenceWarning, match="no lower than that of the class freq"):
        mlp.fit(X, y)
    assert mlp.history_["loss"][-1] < mlp.history_["loss"][mlp.best_epoch_ - 1]


def test_a_warning_of_lbfgs_names_no_learning_rate():
    X, y = load_digits(return_X_y=True)
    mlp = small(solver="lbfgs", early_stopping=True, loss="squared_error", max_iter=200)
    mlp.set_params(hidden_layer_sizes=20)
    with pytest.warns(ConvergenceWarning, match="lower tol") as warnings:
        mlp.fit(X, y)
    assert "learning_rate" not in str(warnings[0].message)


def test_a_class_without_weight_is_no_reason_for_a_warning():
    y = TARGETS["binary"]
    mlp = small(max_iter=1000, batch_size="full", n_iter_no_change=3).fit(X, y, 1.0 * y)
    assert mlp.stop_reason_ == "patience"
