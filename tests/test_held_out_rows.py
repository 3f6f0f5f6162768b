"""Which rows early stopping holds out, and validation data that are given instead."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from problems import Script, assert_same_curves, assert_same_weights, early_stopper
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    ShuffleSplit,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# Most tests look at a given number of epochs.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped (at|by) :sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
X, X_val = rng.normal(size=(2, 100, 3))
y, y_val = (
    (x @ [1, 1, 0] + rng.normal(size=100) > 0).astype(float) for x in (X, X_val)
)
weights = rng.random(100)
VALIDATION = {"X_val": X_val, "y_val": y_val}
both = pytest.mark.parametrize("estimator", [MLPClassifierSDM, MLPRegressorSDM])


# --- A random part ---


def held_out(X, y, estimator=MLPClassifierSDM, **parameters):
    script = Script()
    mlp = early_stopper(
        estimator, scoring=script, n_iter_no_change=3, **parameters
    ).fit(X, y)
    return mlp, script.calls


@pytest.mark.parametrize("names", [[0, 1, 2], ["few", "many", "some"]])
def test_split_is_stratified_by_class(names):
    labels = rng.permutation(np.repeat(names, [10, 60, 30]))
    _, calls = held_out(X, labels, validation_fraction=0.2)
    values, counts = np.unique(calls[0][1], return_counts=True)
    assert_array_equal(values, names)
    assert_array_equal(counts, [2, 12, 6])


@pytest.mark.parametrize("seed", range(5))
def test_each_class_has_its_share_of_the_validation_data(seed):
    frequencies = [0.5, 0.2, 0.13, 0.08, 0.05, 0.04]
    labels = np.random.default_rng(seed).choice(6, 300, p=frequencies)
    inputs = rng.normal(size=(300, 3))
    _, calls = held_out(inputs, labels, validation_fraction=0.15, random_state=seed)
    counts = np.bincount(calls[0][1], minlength=6)
    assert counts.sum() == 45
    assert (abs(counts - 0.15 * np.bincount(labels)) < 1).all()


def test_a_large_validation_set_leaves_one_of_each_class_for_training():
    labels = np.repeat([0, 1], [18, 2])
    _, calls = held_out(X[:20], labels, validation_fraction=0.9)
    assert_array_equal(np.bincount(calls[0][1]), [17, 1])


def test_classes_of_equal_size_take_turns_with_the_odd_row():
    labels = np.arange(30) % 2
    counts = [
        tuple(np.bincount(held_out(X[:30], labels, random_state=seed)[1][0][1]))
        for seed in range(30)
    ]
    assert set(counts) == {(1, 2), (2, 1)}


@both
@pytest.mark.parametrize(("fraction", "n_val"), [(0.1, 10), (0.25, 25), (0.333, 34)])
def test_validation_fraction_is_held_out(estimator, fraction, n_val):
    mlp, calls = held_out(X, y, estimator, validation_fraction=fraction)
    assert {len(x) for x, _, _ in calls} == {n_val}
    assert mlp.t_ == mlp.n_iter_ * (100 - n_val)


@both
@pytest.mark.parametrize("sample_weight", [None, weights])
def test_held_out_rows_are_the_same_all_the_time_and_not_trained_on(
    estimator, sample_weight
):
    """Training goes as if the user had split the data so."""
    script = Script()
    mlp = early_stopper(estimator, scoring=script, warm_start=True, max_iter=2)
    mlp.fit(X, y, sample_weight).fit(X, y, sample_weight)
    x_val, t_val, w_val = script.calls[0]
    assert len(script.calls) == 4
    for call in script.calls:
        assert_array_equal(call[0], x_val)
        assert_array_equal(call[1], t_val)

    rows = np.flatnonzero(~np.isin(X, x_val).all(axis=1))
    assert len(rows) == 90
    w = None if sample_weight is None else sample_weight[rows]
    told = early_stopper(estimator, scoring=Script(), max_iter=4)
    told.fit(X[rows], y[rows], w, X_val=x_val, y_val=t_val, sample_weight_val=w_val)
    assert_same_curves(mlp, told)
    assert_same_weights(mlp, told)


def test_the_best_of_several_networks_keeps_its_validation_rows():
    held_out = set()

    def scorer(mlp, X, y):
        held_out.add(X.tobytes())
        return mlp.score(X, y)

    mlp = early_stopper(
        MLPClassifierSDM, scoring=scorer, n_init=3, warm_start=True, max_iter=3
    )
    mlp.fit(X, y)
    assert np.argmin(mlp.n_init_history_["reached"]) > 0
    mlp.fit(X, y)
    assert len(held_out) == 1


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array, sparse.csr_matrix])
def test_split_does_not_depend_on_the_container(container):
    mlp = early_stopper(MLPClassifierSDM).fit(container(X), y)
    dense = early_stopper(MLPClassifierSDM).fit(X, y)
    assert_same_curves(mlp, dense)


@pytest.mark.parametrize("target", [np.c_[y, 1 - y], np.c_[y, y, y_val].astype(int)])
def test_several_outputs_can_be_held_out(target):
    estimator = MLPClassifierSDM if target.shape[1] == 3 else MLPRegressorSDM
    mlp = early_stopper(estimator).fit(X, target)
    assert mlp.stop_reason_ == "patience"


@both
def test_scorer_sees_data_frames_as_they_came(estimator):
    frame, target = pd.DataFrame(X, columns=list("abc")), pd.Series(y, name="target")
    mlp, calls = held_out(frame, target, estimator)
    assert list(calls[0][0].columns) == ["a", "b", "c"]
    assert calls[0][1].name == "target"
    assert_array_equal(calls[0][0].index, calls[0][1].index)
    assert_array_equal(calls[0][1], y[calls[0][0].index])
    assert mlp.feature_names_in_.tolist() == ["a", "b", "c"]


def test_a_warm_start_may_hold_out_rows_of_data_that_lack_a_class():
    mlp = early_stopper(MLPClassifierSDM, warm_start=True, max_iter=2)
    mlp.fit(X, np.arange(100) % 3)
    script = Script()
    mlp.set_params(scoring=script).fit(X[:4], [0, 0, 2, 2])
    assert sorted(script.calls[0][1]) == [0, 2]


def test_a_class_of_one_case_is_named_where_later_ones_are_absent():
    mlp = early_stopper(MLPClassifierSDM, early_stopping=False, warm_start=True)
    mlp.partial_fit(X, y, classes=[0, 1, 2]).set_params(early_stopping=True)
    rows = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:1]]
    with pytest.raises(ValueError, match=r"have one: \[1\]; drop or merge"):
        mlp.fit(X[rows], y[rows])


@both
def test_cases_without_weight_are_not_held_out(estimator):
    """As many cases of bootstrap samples are."""
    labels = np.repeat([0, 1, 2], [50, 48, 2])
    s = np.arange(100) % 3 / 2
    s[-2:] = 0, 1  # the only one of its class that counts
    script = Script()
    mlp = early_stopper(
        estimator, scoring=script, n_iter_no_change=3, validation_fraction=0.2
    )
    mlp.fit(X, labels, s)
    _, watched, weights = script.calls[0]
    n_eligible = np.count_nonzero(s) - (estimator is MLPClassifierSDM)
    assert len(watched) == np.ceil(0.2 * n_eligible)
    assert (weights > 0).all()
    if estimator is MLPClassifierSDM:
        assert 2 not in watched


@both
def test_too_few_cases_with_a_weight_to_hold_out_are_an_error_that_says_so(estimator):
    mlp = early_stopper(estimator)
    with pytest.raises(ValueError, match=r"positive weight.*too few.*X_val"):
        mlp.fit(X, np.arange(100) % 3, np.arange(100) == 0)


def test_partial_fit_holds_nothing_out():
    mlp = early_stopper(MLPRegressorSDM).partial_fit(X, y)
    alone = early_stopper(MLPRegressorSDM, early_stopping=False).partial_fit(X, y)
    assert mlp.history_ == alone.history_
    assert_same_weights(mlp, alone)


# --- Validation data that are given ---


@both
def test_given_validation_data_leave_all_rows_for_training(estimator):
    mlp = early_stopper(estimator, tol=0).fit(X, y, **VALIDATION)
    losses = mlp.history_["validation_loss"]
    best = 1 + losses.index(min(losses))
    assert mlp.stop_reason_ == "patience"
    assert mlp.t_ == 100 * mlp.n_iter_

    free = {"early_stopping": False, "n_iter_no_change": np.inf}
    longer = early_stopper(estimator, **free, max_iter=mlp.n_iter_).fit(X, y)
    assert mlp.history_["loss"] == longer.history_["loss"]
    assert_same_weights(mlp, early_stopper(estimator, **free, max_iter=best).fit(X, y))


@both
@pytest.mark.parametrize("scoring", ["loss", "neg_mean_squared_error"])
def test_without_early_stopping_validation_data_are_only_recorded(estimator, scoring):
    parameters = {"early_stopping": False, "scoring": scoring}
    mlp = early_stopper(estimator, **parameters).fit(X, y, **VALIDATION)
    alone = early_stopper(estimator, **parameters).fit(X, y)
    assert_same_weights(mlp, alone)
    assert mlp.stop_reason_ == alone.stop_reason_
    assert len(mlp.history_.pop("validation_loss")) == mlp.n_iter_
    assert len(mlp.history_.pop("validation_score")) == mlp.n_iter_
    assert mlp.history_ == alone.history_


@both
def test_validation_weights_count_and_their_scale_does_not(estimator):
    mlp, scaled, ones, without = (
        early_stopper(estimator, max_iter=5).fit(
            X, y, **VALIDATION, sample_weight_val=w
        )
        for w in (weights, 8 * weights, np.full(100, 3), None)
    )
    huge = early_stopper(estimator, max_iter=5).fit(
        X, y, **VALIDATION, sample_weight_val=1e308 * weights
    )
    assert_same_curves(mlp, huge)
    assert_same_curves(mlp, scaled)
    assert_same_curves(ones, without)
    assert mlp.history_["validation_loss"] != ones.history_["validation_loss"]
    assert mlp.history_["validation_score"] != ones.history_["validation_score"]


@both
def test_rows_of_weight_0_in_the_validation_data_do_not_count(estimator):
    w = (np.arange(100) < 50).astype(float)
    mlp = early_stopper(estimator).fit(X, y, **VALIDATION, sample_weight_val=w)
    half = early_stopper(estimator).fit(X, y, X_val=X_val[:50], y_val=y_val[:50])
    assert_same_curves(mlp, half)


# --- Splitters ---


@pytest.mark.parametrize("solver", ["sgd", "lbfgs"])
@both
def test_last_split_of_a_splitter_is_held_out(estimator, solver):
    splitter = TimeSeriesSplit(3)
    *_, (training, validation) = splitter.split(X)
    mlp = early_stopper(estimator, early_stopping=splitter, solver=solver).fit(X, y)
    given = early_stopper(estimator, solver=solver).fit(
        X[training], y[training], X_val=X[validation], y_val=y[validation]
    )
    assert_same_curves(mlp, given)


class Split:
    """A splitter with one split."""

    def __init__(self, training, validation):
        self.rows = training, validation

    def split(self, X, y=None, groups=None):
        yield self.rows

    def get_n_splits(self, X=None, y=None, groups=None):
        return 1


@both
def test_splitter_may_yield_masks(estimator):
    mask = rng.random(100) < 0.3
    rows = Split(np.flatnonzero(~mask), np.flatnonzero(mask))
    masks = early_stopper(estimator, early_stopping=Split(~mask, mask)).fit(X, y)
    assert_same_weights(masks, early_stopper(estimator, early_stopping=rows).fit(X, y))


@both
def test_scorer_sees_the_rows_of_a_bootstrap(estimator):
    """Which are as many as the data, but not the data."""
    validation = rng.integers(50, 100, 100)
    seen = []

    def scoring(mlp, X, y):
        seen.append((X, y))
        return 0.0

    splitter = Split(np.arange(50), validation)
    early_stopper(estimator, early_stopping=splitter, scoring=scoring).fit(X, y)
    assert_array_equal(seen[0][0], X[validation])
    assert_array_equal(seen[0][1], y[validation])


def test_sparse_labels_can_be_split():
    labels = (X > 0).astype(int)
    splitter = ShuffleSplit(1, random_state=0)
    mlp = early_stopper(MLPClassifierSDM, early_stopping=splitter, scoring="f1_micro")
    given = clone(mlp).fit(X, sparse.coo_array(labels))
    assert_same_curves(given, mlp.fit(X, labels))


@pytest.mark.parametrize(
    "splitter",
    [
        lambda: ShuffleSplit(test_size=0.2, random_state=3),
        lambda: ShuffleSplit(test_size=0.2),
        lambda: ShuffleSplit(random_state=np.random.RandomState(3)),
        lambda: KFold(shuffle=True),
        lambda: KFold(),
    ],
    ids=["seed", "no seed", "generator", "shuffled folds", "folds"],
)
def test_splitter_goes_on_with_the_same_split(splitter):
    def fit(max_iter, times):
        mlp = early_stopper(
            MLPClassifierSDM,
            early_stopping=splitter(),
            warm_start=True,
            max_iter=max_iter,
        )
        for _ in range(times):
            mlp.fit(X, y)
        return mlp

    assert_same_curves(fit(6, 1), fit(3, 2))


def drawn(splitter, random_state=0):
    """The first feature of the rows that are held out."""
    parameters = {"early_stopping": splitter, "random_state": random_state}
    _, calls = held_out(X, y, **parameters)
    return calls[0][0][:, 0].tolist()


def test_a_splitter_stays_as_it_was():
    splitter = ShuffleSplit(test_size=0.2)
    assert drawn(splitter) == drawn(splitter) != drawn(splitter, 1)
    assert splitter.random_state is None
    generator = np.random.RandomState(3)
    splitter = ShuffleSplit(1, test_size=0.2, random_state=generator)
    first = drawn(splitter)
    assert first == drawn(splitter, 1)
    assert generator.get_state()[2] == np.random.RandomState(3).get_state()[2]
    *_, (_, validation) = splitter.split(X)
    assert first == X[validation, 0].tolist()


def test_a_splitter_of_ones_own_draws_as_it_likes():
    class Splitter:
        def __init__(self):
            self.random_state = np.random.default_rng(0)

        def split(self, X, y=None, groups=None):
            order = self.random_state.permutation(len(X))
            yield order[20:], order[:20]

        def get_n_splits(self, X=None, y=None, groups=None):
            return 1

    splitter = Splitter()
    assert drawn(splitter) != drawn(splitter)
    assert drawn(Splitter()) == drawn(Splitter())


@pytest.mark.parametrize("row", [-1, len(X)])
@pytest.mark.parametrize("part", [0, 1])
@both
def test_splitter_that_names_rows_that_X_does_not_have(estimator, part, row):
    split = [np.arange(50), np.arange(50, 100)]
    split[part][0] = row

    class Splitter(KFold):
        def split(self, X, y=None, groups=None):
            yield tuple(split)

    with pytest.raises(ValueError, match=f"{row}.* of n_samples={len(X)}"):
        early_stopper(estimator, early_stopping=Splitter()).fit(X, y)


@pytest.mark.parametrize(
    "rows", [[0.0, 1.5], [[0, 1], [2, 3]], np.ones(99, bool), list("ab")], ids=str
)
@both
def test_splitter_that_yields_no_row_numbers_is_an_error(estimator, rows):
    for split in (rows, [0, 1]), ([0, 1], rows):
        with pytest.raises(ValueError, match="two arrays of row numbers"):
            early_stopper(estimator, early_stopping=Split(*split)).fit(X, y)


@pytest.mark.parametrize("splits", [[], [([0, 1], [])], [([], [0, 1])]])
def test_splitter_that_leaves_nothing_is_an_error(splits):
    class Splitter(KFold):
        def split(self, X, y=None, groups=None):
            return iter(splits)

    with pytest.raises(ValueError, match="last split of early_stopping=Splitter"):
        early_stopper(MLPClassifierSDM, early_stopping=Splitter()).fit(X, y)


# --- Groups ---


@both
def test_groups_stay_together(estimator):
    groups = np.repeat(np.arange(10), 10)
    splitter = GroupShuffleSplit(test_size=0.3, random_state=1)
    *_, (training, validation) = splitter.split(X, y, groups)
    mlp = early_stopper(estimator, early_stopping=splitter).fit(X, y, groups=groups)
    given = early_stopper(estimator).fit(
        X[training], y[training], X_val=X[validation], y_val=y[validation]
    )
    assert_same_curves(mlp, given)


@both
def test_groups_are_routed_to_the_splitter_in_a_grid_search(estimator):
    groups = np.repeat(np.arange(20), 5)
    seen = []

    class Splitter(GroupShuffleSplit):
        def split(self, X, y=None, groups=None):
            seen.append(groups)
            return super().split(X, y, groups)

    with config_context(enable_metadata_routing=True):
        mlp = early_stopper(
            estimator, early_stopping=Splitter(random_state=0), max_iter=2
        )
        mlp.set_fit_request(groups=True)
        pipeline = make_pipeline(StandardScaler(), mlp)
        grid = {f"{pipeline.steps[-1][0]}__weight_decay": [0.0, 0.1]}
        search = GridSearchCV(pipeline, grid, cv=GroupKFold(2), refit=False)
        search.fit(X, y, groups=groups)
    assert len(seen) == 4
    assert {len(np.unique(g)) for g in seen} == {10}


@both
def test_groups_of_a_cross_validation_are_not_meant_for_the_network(estimator):
    groups = np.arange(len(X)) % 10
    with config_context(enable_metadata_routing=True):
        scores = cross_validate(
            early_stopper(estimator), X, y, cv=GroupKFold(3), params={"groups": groups}
        )
    assert len(scores["test_score"]) == 3


@pytest.mark.parametrize(
    ("early_stopping", "validation"),
    [(True, {}), (False, {}), (True, VALIDATION), (GroupShuffleSplit(1), VALIDATION)],
    ids=["a random part", "none", "given", "given beside a splitter"],
)
def test_groups_that_nothing_uses_are_a_warning(early_stopping, validation):
    mlp = early_stopper(MLPClassifierSDM, early_stopping=early_stopping, max_iter=2)
    match = "groups are ignored.*GroupShuffleSplit"
    with pytest.warns(UserWarning, match=match) as warned:
        mlp.fit(X, y, groups=np.arange(100) // 10, **validation)
    assert {w.filename for w in warned} == {__file__}


def test_splitter_without_the_groups_it_needs_is_an_error():
    mlp = early_stopper(MLPClassifierSDM, early_stopping=GroupShuffleSplit())
    with pytest.raises(ValueError, match=r"(?s)GroupShuffleSplit.*pass groups to fit"):
        mlp.fit(X, y)
    with pytest.raises(ValueError, match=r"(?s)set_fit_request\(groups=True\)"):
        GridSearchCV(mlp, {}, cv=GroupKFold(2), error_score="raise").fit(
            X, y, groups=np.arange(len(X)) % 10
        )
