"""What `verbose` prints."""

import gc
import time
import weakref

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skmlp import MLPClassifierSDM, MLPRegressorSDM

# A few epochs show what is looked at.
pytestmark = pytest.mark.filterwarnings(
    "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
)

rng = np.random.default_rng(0)
X = rng.normal(size=(60, 3))
y = (X[:, 0] > 0).astype(int)


def printed(capsys, **parameters):
    """The fitted estimator, and the printed lines as lists of columns."""
    mlp = MLPClassifierSDM(3, max_iter=12, random_state=0, **parameters)
    capsys.readouterr()
    mlp.fit(X, y)
    output = capsys.readouterr()
    assert output.err == ""
    return mlp, output.out.splitlines()


def test_nothing_by_default(capsys):
    assert printed(capsys)[1] == []


def test_a_line_per_epoch_under_a_header(capsys):
    mlp, lines = printed(capsys, verbose=1)
    header = ["epoch", "loss", "score", "learning", "rate", "seconds"]
    assert lines[0].split() == header
    assert len(lines) == 1 + 12
    for epoch, line in enumerate(lines[1:]):
        number, *curves, _ = map(float, line.split())
        assert number == epoch + 1
        names = "loss", "score", "learning_rate"
        expected = [mlp.history_[name][epoch] for name in names]
        assert curves == pytest.approx(expected, rel=1e-4)


def test_seconds_are_those_of_the_epoch(capsys):
    def scoring(mlp, X, y):
        time.sleep(0.05)
        return 0.0

    began = time.perf_counter()
    lines = printed(capsys, verbose=1, early_stopping=True, scoring=scoring)[1]
    elapsed = time.perf_counter() - began
    seconds = [float(line.split()[-1]) for line in lines[1:]]
    assert min(seconds) >= 0.045  # clocks differ
    assert sum(seconds) < 1.1 * elapsed  # they are rounded


def test_columns_are_aligned(capsys):
    _, lines = printed(capsys, verbose=1, early_stopping=True)
    assert "validation loss" in lines[0]
    assert "validation score" in lines[0]
    assert len({len(line) for line in lines}) == 1
    ends = [lines[0].index(name) + len(name) for name in ("validation loss", "epoch")]
    for line in lines[1:]:
        assert all(line[end - 1].isdigit() for end in ends)
        assert all(end == len(line) or line[end] == " " for end in ends)


@pytest.mark.parametrize(
    ("verbose", "epochs"), [(5, "5 10 12"), (6, "6 12"), (50, "12")]
)
def test_every_so_many_epochs_and_the_last(capsys, verbose, epochs):
    lines = printed(capsys, verbose=verbose)[1]
    assert [line.split()[0] for line in lines] == ["epoch", *epochs.split()]


def test_lbfgs_has_no_learning_rate(capsys):
    lines = printed(capsys, verbose=1, solver="lbfgs")[1]
    assert lines[0].split() == ["epoch", "loss", "score", "seconds"]
    assert "nan" not in "".join(lines)


def test_restarts_are_numbered(capsys):
    lines = printed(capsys, verbose=6, n_init=2)[1]
    assert [line.split()[:2] for line in lines] == [
        ["restart", "epoch"],
        ["1", "6"],
        ["1", "12"],
        ["2", "6"],
        ["2", "12"],
    ]


def test_last_epoch_before_a_start_anew_is_printed(capsys):
    mlp = MLPRegressorSDM(3, max_iter=12, verbose=10, random_state=0)
    with pytest.warns(ConvergenceWarning, match="anew"):
        mlp.fit(X, 617 * X[:, 0])
    lines = capsys.readouterr().out.splitlines()
    before, *after = (int(line.split()[0]) for line in lines[1:])
    assert 0 < before < 10
    assert after == [10, 12]


def test_the_data_are_let_go_of_at_the_end():
    data = X.copy()
    gone = weakref.ref(data)
    gc.disable()
    try:
        mlp = MLPClassifierSDM(3, max_iter=1, verbose=1).fit(data, y)
        del data
        assert gone() is None
    finally:
        gc.enable()
    assert mlp.n_iter_ == 1
