"""What all displays have in common."""

import sys
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp.plotting import NetworkDisplay, TrainingCurveDisplay, WeightsDisplay

pytestmark = [
    pytest.mark.usefixtures("figures"),
    # A few epochs show what is looked at.
    pytest.mark.filterwarnings(
        "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
    ),
]

DRAWERS = [
    partial(TrainingCurveDisplay.from_estimator, metrics="loss"),
    NetworkDisplay.from_estimator,
    partial(WeightsDisplay.from_estimator, image_shape=(8, 8)),
]
each_display = pytest.mark.parametrize("draw", DRAWERS)


@each_display
@pytest.mark.parametrize(
    "estimator",
    [
        MLPClassifierSDM(),
        make_pipeline(StandardScaler(), MLPRegressorSDM()),
        GridSearchCV(MLPClassifierSDM(), {}),
        TransformedTargetRegressor(MLPRegressorSDM()),
    ],
)
def test_not_fitted(draw, estimator):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        draw(estimator)


def nested(mlp):
    """A network in all that may be around one, and what stands for it."""
    search = GridSearchCV(mlp, {}, cv=2)
    return [
        make_pipeline(StandardScaler(), search),
        make_pipeline(StandardScaler(), make_pipeline(StandardScaler(), mlp)),
        GridSearchCV(make_pipeline(StandardScaler(), mlp), {}, cv=2),
    ]


@each_display
def test_finds_the_network_wherever_it_is(draw):
    X = np.random.default_rng(0).normal(size=(20, 64))
    for estimator in nested(MLPClassifierSDM(3, max_iter=2)):
        draw(estimator.fit(X, X[:, 0] > 0))
    mlp = MLPRegressorSDM(3, max_iter=2)
    for estimator in nested(mlp):
        draw(TransformedTargetRegressor(estimator).fit(X, X[:, 0]))
    inside = make_pipeline(StandardScaler(), TransformedTargetRegressor(mlp))
    draw(inside.fit(X, X[:, 0]))


@each_display
@pytest.mark.parametrize("estimator", [LogisticRegression(), MLPClassifierSDM, None])
def test_no_network(draw, estimator):
    with pytest.raises(TypeError, match="must be a fitted MLPClassifierSDM or MLPReg"):
        draw(estimator)


@each_display
def test_without_matplotlib(draw, digits, monkeypatch):
    for name in list(sys.modules):
        if name.partition(".")[0] == "matplotlib":
            monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"Display needs matplotlib.*pip install"):
        draw(digits)


@each_display
def test_subfigures(draw, digits):
    figure = plt.figure(layout="constrained")
    left, right = figure.subfigures(1, 2)
    display = draw(digits, ax=right.subplots(1, 1))
    figure.canvas.draw()
    assert display.figure_ is right
    assert not left.axes


@each_display
def test_plot_draws_again(draw, digits):
    display = draw(digits)
    first = display.figure_
    assert display.plot() is display
    assert display.figure_ is not first
