"""Weights as pictures, by what has been drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawn import SIZES, overlapping, texts
from matplotlib.colors import SymLogNorm, to_rgb
from numpy.testing import assert_allclose, assert_array_equal

from skmlp import MLPClassifierSDM
from skmlp.plotting import WeightsDisplay

pytestmark = [
    pytest.mark.usefixtures("figures"),
    # A few epochs show what is looked at.
    pytest.mark.filterwarnings(
        "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
    ),
]
each_size = pytest.mark.parametrize("size", SIZES)


def test_pictures_are_the_weights(digits):
    display = WeightsDisplay.from_estimator(digits, image_shape=(8, 8))
    assert display.weights.shape == (30, 8, 8)
    mosaic = display.image_.get_array()
    found = mosaic.compressed()
    assert_array_equal(np.sort(found), np.sort(digits.coefs_[0].ravel()))
    title = display.titles_[11]
    left, bottom = (round(value) for value in title.get_position())
    picture = mosaic[bottom + 1 : bottom + 9, left - 4 : left + 4]
    assert title.get_text() == "11"
    assert_array_equal(picture, digits.coefs_[0][:, 11].reshape(8, 8))


def test_not_square(digits):
    display = WeightsDisplay.from_estimator(digits, image_shape=(4, 16))
    assert_array_equal(display.weights[3], digits.coefs_[0][:, 3].reshape(4, 16))


def test_zero_is_in_the_middle_of_the_colours(digits):
    display = WeightsDisplay.from_estimator(digits, image_shape=(8, 8))
    largest = abs(digits.coefs_[0]).max()
    assert display.image_.get_clim() == (-largest, largest)
    assert_allclose(display.image_.to_rgba(0.0)[:3], 0.97, atol=0.01)
    red, _, blue, _ = display.image_.to_rgba(largest)
    assert red > blue
    assert display.colorbar_.mappable is display.image_


def test_strongest_units(digits):
    display = WeightsDisplay.from_estimator(digits, image_shape=(8, 8), max_units=4)
    norms = np.linalg.norm(digits.coefs_[0], axis=0)
    strongest = sorted(np.argsort(norms)[-4:])
    assert display.names == [str(unit) for unit in strongest]
    assert_array_equal(display.weights.reshape(4, 64), digits.coefs_[0][:, strongest].T)


def test_without_hidden_units_the_classes_have_pictures():
    mlp = MLPClassifierSDM((), max_iter=2)
    mlp.fit(np.eye(4)[[0, 1, 2]], ["a", "b", "c"])
    display = WeightsDisplay.from_estimator(mlp, image_shape=(2, 2))
    assert texts(display.titles_) == ["a", "b", "c"]


@each_size
def test_titles_do_not_overlap(digits, size):
    figure, ax = plt.subplots(figsize=size, layout="constrained")
    display = WeightsDisplay.from_estimator(digits, image_shape=(8, 8), ax=ax)
    figure.canvas.draw()
    assert not overlapping(display.titles_)
    assert len(display.titles_) == (0 if size == SIZES[0] else 30)


@pytest.mark.parametrize("names", [["a very long name", "$x_$"], ["$", "x" * 999]])
def test_long_names_do_not_overlap(names):
    mlp = MLPClassifierSDM((), max_iter=2)
    mlp.fit(np.eye(4)[[0, 1, 2]], [*names, "z"])
    display = WeightsDisplay.from_estimator(mlp, image_shape=(2, 2), n_columns=3)
    display.figure_.canvas.draw()
    assert not overlapping(display.titles_)
    assert len(display.titles_) == (0 if len(names[1]) > 99 else 3)


def test_norm_of_the_colours(digits):
    display = WeightsDisplay.from_estimator(
        digits, image_shape=(8, 8), im_kw={"norm": SymLogNorm(0.1)}
    )
    assert isinstance(display.image_.norm, SymLogNorm)


def test_pictures_may_be_lists():
    display = WeightsDisplay([[[1, 2], [3, 4]]], names=["a"]).plot()
    assert display.image_.get_array().max() == 4


def test_columns(digits):
    display = WeightsDisplay.from_estimator(digits, image_shape=(8, 8), n_columns=6)
    heights = [title.get_position()[1] for title in display.titles_]
    assert [heights.count(height) for height in set(heights)] == [6] * 5


def test_keywords(digits):
    display = WeightsDisplay.from_estimator(
        digits, image_shape=(8, 8), colorbar=False, im_kw={"vmin": -3, "vmax": 3}
    )
    assert display.image_.get_clim() == (-3, 3)
    assert display.colorbar_ is None


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"image_shape": (8, 9)}, r"\(8, 9\) has 72 pixels, but .*64 inputs"),
        ({"image_shape": (-8, -8)}, "height and the width"),
        ({"image_shape": 64}, "height and the width of the images, got 64"),
        ({"image_shape": (4, 4, 4)}, r"height and the width.*got \(4, 4, 4\)"),
        ({"image_shape": (8, 8), "max_units": 0}, "max_units must be an int of"),
        ({"image_shape": (8, 8), "n_columns": 0}, "n_columns must be an int of"),
    ],
)
def test_wrong_arguments(digits, keywords, message):
    with pytest.raises(ValueError, match=message):
        WeightsDisplay.from_estimator(digits, **keywords)


def test_no_style_turns_or_smears_the_pictures(digits):
    with plt.style.context(["classic", {"image.origin": "lower"}]):
        display = WeightsDisplay.from_estimator(digits, image_shape=(8, 8))
    assert display.image_.origin == "upper"
    assert display.image_.get_interpolation() == "nearest"


@pytest.mark.parametrize("name", ["origin", "extent"])
def test_keywords_that_would_part_names_and_pictures(digits, name):
    with pytest.raises(ValueError, match="im_kw has origin or extent"):
        WeightsDisplay.from_estimator(digits, image_shape=(8, 8), im_kw={name: None})


def test_names_are_dark_on_the_light_ground_of_any_style(digits):
    with plt.style.context("dark_background"):
        display = WeightsDisplay.from_estimator(digits, image_shape=(8, 8))
    ground, name = display.ax_.get_facecolor(), display.titles_[0].get_color()
    assert to_rgb(ground)[0] - to_rgb(name)[0] > 0.7


def test_no_more_columns_than_pictures():
    display = WeightsDisplay(np.ones((4, 8, 8)), names=list("abcd")).plot(n_columns=40)
    assert_array_equal(
        display.image_.get_array().shape,
        WeightsDisplay(np.ones((4, 8, 8)), names=list("abcd"))
        .plot(n_columns=4)
        .image_.get_array()
        .shape,
    )


def test_weights_that_are_no_number_do_not_count_for_the_colours():
    weights = np.full((2, 8, 8), 3.0)
    weights[0, 0, 0] = np.nan
    assert WeightsDisplay(weights, names=["a", "b"]).plot().image_.get_clim() == (-3, 3)
