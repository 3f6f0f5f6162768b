"""What tests share: networks to draw, and how much the property tests try."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import settings
from sklearn.datasets import load_digits, load_iris

from skmlp import MLPClassifierSDM
from skmlp._network import kernel

mpl.use("Agg")
pytest.register_assert_rewrite("problems")  # which asserts as tests do
collect_ignore = ["conftest.py"]  # holds no doctest, and docs/ has one of this name
settings.register_profile(
    "quick", derandomize=True, database=None, deadline=None, max_examples=60
)
settings.register_profile("thorough", deadline=None, max_examples=1000, print_blob=True)
settings.load_profile("quick")


@pytest.fixture
def short_rows_sit_out(monkeypatch):
    """Have rows of weights sit out updates though they are too short to pay for it."""
    monkeypatch.setattr("skmlp._mini_batches.SHORT_ROW", 0)


@pytest.fixture
def figures():
    """Close all figures after the test."""
    yield
    plt.close("all")


@pytest.fixture(params=[*kernel.levels(), None], ids="level {}".format)
def level(request):
    """Use the code for each level of the processor, and what suits it best: None."""
    kernel.use_level(request.param)
    yield request.param
    kernel.use_level(None)


@pytest.fixture(scope="session")
def iris():
    return load_iris(as_frame=True)


@pytest.fixture(scope="session")
def flowers(iris):
    """A network with named inputs and classes, and validation curves."""
    mlp = MLPClassifierSDM(
        (5, 3),
        activation=["tanh", "relu"],
        batch_size=10,
        early_stopping=True,
        max_iter=12,
        n_iter_no_change=np.inf,
        random_state=0,
    )
    return mlp.fit(iris.data, iris.target_names[iris.target])


@pytest.fixture(scope="session")
def digits():
    """A network for images, without validation curves."""
    X, y = load_digits(return_X_y=True)
    mlp = MLPClassifierSDM(30, batch_size=100, max_iter=2, random_state=0)
    return mlp.fit(X / 16, y)
