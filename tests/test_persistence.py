"""Saved models say what they said and go on where they stopped; old ones load."""

import copy
import pickle
import tracemalloc
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import cloudpickle
import joblib
import numpy as np
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal, assert_equal
from problems import outputs
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM, MLPRegressorSDM, __version__

# A few epochs show what is looked at.
pytestmark = pytest.mark.filterwarnings("ignore:training stopped at max_iter")

RELEASED = sorted((Path(__file__).parent / "data" / "models").glob("*.pkl"))
ESTIMATORS = [MLPClassifierSDM, MLPRegressorSDM]
SOLVERS = ["sgd", "adagrad", "rmsprop", "adadelta", "adam", "lbfgs"]
TRAININGS = {**{name: {"solver": name} for name in SOLVERS}, "restarts": {"n_init": 3}}

every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS)
every_training = pytest.mark.parametrize(
    "training", TRAININGS.values(), ids=TRAININGS.keys()
)
with_and_without_early_stopping = pytest.mark.parametrize(
    "early_stopping", [False, True], ids=["no stopping", "early stopping"]
)


def make_data(estimator, n_features=6):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, n_features))
    y = X[:, 0] + rng.normal(size=90)
    if estimator is MLPClassifierSDM:
        y = np.array(["a", "b", "c"])[np.digitize(y, [-0.5, 0.5])]
    return X, y


def make_mlp(estimator, **parameters):
    defaults = {
        "hidden_layer_sizes": (8, 5),
        "batch_size": 16,
        "learning_rate_init": 0.05,
        "max_iter": 10,
        "n_iter_no_change": np.inf,
        "warm_start": True,
        "random_state": 0,
    }
    return estimator(**defaults | parameters)


def fitted(estimator, **parameters):
    X, y = make_data(estimator)
    return make_mlp(estimator, **parameters).fit(X, y), X, y


def assert_same(actual, expected, X):
    """Bit for bit."""
    for a, e in zip(
        [*actual.coefs_, *actual.intercepts_],
        [*expected.coefs_, *expected.intercepts_],
        strict=True,
    ):
        assert_array_equal(a, e, strict=True)
    for histories in "history_", "n_init_history_":
        assert_equal(*(getattr(mlp, histories, None) for mlp in (actual, expected)))
    assert_array_equal(outputs(actual, X), outputs(expected, X), strict=True)
    assert_array_equal(actual.predict(X), expected.predict(X), strict=True)


def own_types(estimator):
    return [f"{estimator.__module__}.{estimator.__name__}"]


def through_joblib(mlp, folder, mmap_mode=None):
    joblib.dump(mlp, folder / "model.joblib")
    return joblib.load(folder / "model.joblib", mmap_mode=mmap_mode)


def through_skops(mlp, folder):
    skops.io.dump(mlp, folder / "model.skops")
    return skops.io.load(folder / "model.skops", trusted=own_types(type(mlp)))


WAYS = {
    "pickle": lambda mlp, folder: pickle.loads(pickle.dumps(mlp)),
    "cloudpickle": lambda mlp, folder: cloudpickle.loads(cloudpickle.dumps(mlp)),
    "joblib": through_joblib,
    "joblib, memory-mapped": lambda mlp, folder: through_joblib(mlp, folder, "r"),
    "skops": through_skops,
    "deepcopy": lambda mlp, folder: copy.deepcopy(mlp),
    "copy": lambda mlp, folder: copy.copy(mlp),
}
every_way = pytest.mark.parametrize("way", WAYS)


# Ways to save and copy


@with_and_without_early_stopping
@every_training
@every_estimator
@every_way
def test_saved_model_says_the_same_and_goes_on(
    way, estimator, training, early_stopping, tmp_path
):
    X, y = make_data(estimator)
    mlp = make_mlp(estimator, **training, early_stopping=early_stopping)
    unsaved = clone(mlp).fit(X, y)
    loaded = WAYS[way](mlp.fit(X, y), tmp_path)
    assert_same(loaded, unsaved, X)
    assert_same(loaded.fit(X, y), unsaved.fit(X, y), X)


@every_estimator
@every_way
def test_estimator_that_is_not_fitted_keeps_its_parameters(way, estimator, tmp_path):
    mlp = make_mlp(estimator, solver="adam", validation_fraction=0.3)
    loaded = WAYS[way](mlp, tmp_path)
    assert loaded.get_params() == mlp.get_params()
    assert vars(loaded).keys() == vars(mlp).keys()
    with pytest.raises(NotFittedError):
        loaded.predict([[0.0]])


@every_estimator
@every_way
def test_clone_of_a_saved_model_is_not_fitted(way, estimator, tmp_path):
    mlp, X, y = fitted(estimator)
    cloned = clone(WAYS[way](mlp, tmp_path))
    assert vars(cloned).keys() == mlp.get_params().keys()
    assert_same(cloned.fit(X, y), mlp, X)


@with_and_without_early_stopping
@every_training
@every_estimator
def test_skops_needs_trust_in_the_estimator_alone(
    estimator, training, early_stopping, tmp_path
):
    mlp, _, _ = fitted(estimator, **training, early_stopping=early_stopping)
    file = tmp_path / "model.skops"
    skops.io.dump(mlp, file)
    assert skops.io.get_untrusted_types(file=file) == own_types(estimator)


def test_pipeline_goes_through_skops(tmp_path):
    X, y = make_data(MLPClassifierSDM)
    pipeline = make_pipeline(StandardScaler(), make_mlp(MLPClassifierSDM)).fit(X, y)
    skops.io.dump(pipeline, tmp_path / "model.skops")
    loaded = skops.io.load(
        tmp_path / "model.skops", trusted=own_types(MLPClassifierSDM)
    )
    assert_array_equal(loaded.predict_proba(X), pipeline.predict_proba(X))


@with_and_without_early_stopping
@every_estimator
def test_training_on_leaves_a_memory_mapped_file_alone(
    estimator, early_stopping, tmp_path
):
    mlp, X, y = fitted(estimator, early_stopping=early_stopping)
    loaded = through_joblib(mlp, tmp_path, "r")
    before = (tmp_path / "model.joblib").read_bytes()
    loaded.fit(X, y).partial_fit(X, y)
    loaded.coefs_[0] *= 2
    assert (tmp_path / "model.joblib").read_bytes() == before
    # What has gone on is not tied to the file any more.
    (tmp_path / "model.joblib").unlink()
    again = pickle.loads(pickle.dumps(loaded))
    assert_array_equal(outputs(again, X), outputs(loaded, X))
    assert {type(w) for w in loaded.coefs_ + loaded.intercepts_} == {np.ndarray}


@pytest.mark.parametrize(
    "change",
    [
        lambda mlp: setattr(mlp, "coefs_", [(2 * W).tolist() for W in mlp.coefs_]),
        lambda mlp: mlp.coefs_.__setitem__(0, mlp.coefs_[0].astype(np.float32)),
        lambda mlp: setattr(mlp, "coefs_", [np.asfortranarray(W) for W in mlp.coefs_]),
        lambda mlp: setattr(mlp, "intercepts_", tuple(mlp.intercepts_)),
    ],
    ids=["lists", "another dtype", "Fortran order", "tuple"],
)
@every_way
def test_weights_of_the_user_are_saved(way, change, tmp_path):
    mlp, X, _ = fitted(MLPRegressorSDM)
    change(mlp)
    assert_array_equal(WAYS[way](mlp, tmp_path).predict(X), mlp.predict(X))


def test_weights_of_a_wrong_number_are_saved_and_refused_as_before():
    mlp, X, _ = fitted(MLPRegressorSDM)
    mlp.intercepts_ = mlp.intercepts_[:-1]
    with pytest.raises(ValueError, match="intercepts_ has arrays of shapes"):
        pickle.loads(pickle.dumps(mlp)).predict(X)


@every_way
def test_loaded_model_predicts_without_copying_its_weights(way, tmp_path):
    X, y = make_data(MLPRegressorSDM)
    mlp = make_mlp(MLPRegressorSDM, hidden_layer_sizes=(400, 400), max_iter=1)
    loaded = WAYS[way](mlp.fit(X, y), tmp_path)
    loaded.predict(X[:1])
    tracemalloc.start()
    loaded.predict(X[:1])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < sum(W.nbytes for W in mlp.coefs_) / 4


# Versions


@every_estimator
def test_model_of_a_newer_format_is_an_error_that_says_so(estimator):
    mlp, _, _ = fitted(estimator)
    state = mlp.__getstate__()
    state["_saved_by"] = {"format": 99, "version": "9.1"}
    with pytest.raises(
        ValueError,
        match=rf"saved by skmlp 9\.1 in format 99.*{__version__}.*up to \d+",
    ):
        estimator.__new__(estimator).__setstate__(state)


@every_estimator
def test_newer_version_of_the_same_format_is_read(estimator):
    mlp, X, _ = fitted(estimator)
    state = mlp.__getstate__()
    state["_saved_by"] = {**state["_saved_by"], "version": "9.1"}
    loaded = estimator.__new__(estimator)
    loaded.__setstate__(state)
    assert_same(loaded, mlp, X)


@every_estimator
def test_parameter_that_an_older_version_did_not_have_gets_its_default(estimator):
    mlp, X, y = fitted(estimator)
    state = mlp.__getstate__()
    del state["nesterovs_momentum"]
    loaded = estimator.__new__(estimator)
    loaded.__setstate__(state)
    assert loaded.get_params() == mlp.get_params()
    assert_same(loaded.fit(X, y), mlp.fit(X, y), X)


def saved_models(file):
    return pickle.loads(file.read_bytes())


@pytest.mark.parametrize("file", RELEASED, ids=lambda file: file.stem)
def test_models_saved_by_every_version_are_read(file):
    for name, saved in saved_models(file).items():
        mlp, X, y = pickle.loads(saved["model"]), saved["X"], saved["y"]
        # As good as the same kernel on other machines: float32 rounds at 1e-7.
        tolerance = 1e-4 if X.dtype == np.float32 else 1e-9
        assert_allclose(outputs(mlp, X), saved["outputs"], tolerance, err_msg=name)
        later = outputs(mlp.fit(X, y), X)
        assert_allclose(later, saved["later outputs"], tolerance, err_msg=name)
        assert len(mlp.history_["loss"]) == 10


def saved_names(state):
    training = state["_state"]
    return sorted(state), sorted(training), sorted(training["patience"])


class _AsSaved(pickle.Unpickler):
    """Reads what was saved of an estimator, without making it one."""

    def find_class(self, module, name):
        if module.startswith("skmlp."):
            return SimpleNamespace
        return super().find_class(module, name)


def test_last_saved_models_hold_all_that_is_saved_now():
    """If not, old versions cannot read it: then raise FORMAT, and save models anew.

    Before the release of the present FORMAT, data/make_saved_models.py will do.
    """
    for name, saved in saved_models(RELEASED[-1]).items():
        on_file = vars(_AsSaved(BytesIO(saved["model"])).load())
        now = pickle.loads(saved["model"]).__getstate__()
        assert saved_names(now) == saved_names(on_file), name


# Size


@with_and_without_early_stopping
@every_training
@every_estimator
def test_model_without_training_state_is_as_large_as_its_weights(
    estimator, training, early_stopping
):
    X, y = make_data(estimator)
    mlp = make_mlp(
        estimator,
        **training,
        hidden_layer_sizes=(200, 100),
        early_stopping=early_stopping,
    ).fit(X, y)
    n_bytes = sum(w.nbytes for w in mlp.coefs_ + mlp.intercepts_)
    assert len(pickle.dumps(mlp.discard_training_state())) < 1.1 * n_bytes


@with_and_without_early_stopping
@every_training
@every_estimator
def test_discarding_the_training_state_changes_nothing_that_is_seen(
    estimator, training, early_stopping
):
    mlp, X, _ = fitted(estimator, **training, early_stopping=early_stopping)
    before = copy.deepcopy(mlp)
    public = {name for name in vars(mlp) if name.endswith("_")}
    assert mlp.discard_training_state() is mlp
    assert {name for name in vars(mlp) if name.endswith("_")} == public
    assert_same(mlp, before, X)
    assert_same(mlp.discard_training_state(), before, X)
    assert_same(pickle.loads(pickle.dumps(mlp)), before, X)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@every_estimator
def test_training_after_discarding_goes_on_from_the_weights_shown(estimator, method):
    mlp, X, y = fitted(estimator, early_stopping=True, max_iter=40)
    shown = [w.copy() for w in mlp.coefs_]
    mlp.discard_training_state().set_params(learning_rate_init=1e-300, max_iter=1)
    getattr(mlp, method)(X, y)
    for actual, expected in zip(mlp.coefs_, shown, strict=True):
        assert_array_equal(actual, expected)
    assert len(mlp.history_["loss"]) == 41
    assert mlp.t_ > 40 * 81


@every_estimator
def test_patience_begins_anew_after_discarding(estimator):
    # Nothing improves by 1000: patience runs out after one epoch and 12 more.
    mlp, X, y = fitted(estimator, tol=1e3, n_iter_no_change=12)
    assert mlp.discard_training_state().set_params(max_iter=20).fit(X, y).n_iter_ == 13


def test_rate_that_was_lowered_is_kept_after_discarding():
    X, y = make_data(MLPRegressorSDM)
    mlp = make_mlp(MLPRegressorSDM, learning_rate_init="auto")
    with pytest.warns(match="started anew"):
        mlp.fit(X, 1e6 * y)
    mlp.discard_training_state().fit(X, 1e6 * y)
    assert len(set(mlp.history_["learning_rate"])) == 1


@every_estimator
def test_scorer_that_cannot_be_saved_can_be_taken_off_after_fit(estimator):
    X, y = make_data(estimator)
    mlp = make_mlp(estimator, early_stopping=True, scoring=lambda *given: 1.0)
    mlp.fit(X, y).set_params(scoring="loss")
    saved = pickle.loads(pickle.dumps(mlp))
    assert_array_equal(saved.predict(X), mlp.predict(X))


@every_estimator
def test_there_is_nothing_to_discard_before_fit(estimator):
    with pytest.raises(NotFittedError):
        make_mlp(estimator).discard_training_state()


def test_parts_of_a_state_are_refused():
    with pytest.raises(ValueError, match="not the state of a saved MLPClassifierSDM"):
        MLPClassifierSDM().__setstate__({"max_iter": 3})
