"""The picture of a network, by what has been drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from drawn import SIZES, legend_labels, overlapping, texts
from matplotlib.colors import to_rgb
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp.inspection import layer_outputs
from skmlp.plotting import NetworkDisplay
from skmlp.plotting._drawing import NEGATIVE, POSITIVE

pytestmark = [
    pytest.mark.usefixtures("figures"),
    # A few epochs show what is looked at.
    pytest.mark.filterwarnings(
        "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
    ),
]
each_size = pytest.mark.parametrize("size", SIZES)


def drawn(coefs, intercepts=None):
    """The picture of these weights."""
    sizes = [len(coefs[0])] + [W.shape[1] for W in coefs]
    if intercepts is None:
        intercepts = [np.zeros(size) for size in sizes[1:]]
    return NetworkDisplay(
        coefs,
        intercepts,
        input_names=[str(i) for i in range(sizes[0])],
        output_names=[str(k) for k in range(sizes[-1])],
        layer_names=[str(size) for size in sizes],
    ).plot()


def test_a_line_for_each_weight(flowers):
    display = NetworkDisplay.from_estimator(flowers)
    shapes = [W.shape for W in flowers.coefs_]
    counts = [len(lines.get_segments()) for lines in display.connections_]
    assert counts == [fan_in * fan_out for fan_in, fan_out in shapes]
    assert [len(units.get_offsets()) for units in display.units_] == [4, 5, 3, 3]


def test_lines_join_the_units(flowers):
    display = NetworkDisplay.from_estimator(flowers)
    for layer, lines in enumerate(display.connections_):
        ends = np.array(lines.get_segments())
        below, above = display.units_[layer : layer + 2]
        assert_array_equal(
            np.unique(ends[:, 0], axis=0), np.unique(below.get_offsets(), axis=0)
        )
        assert_array_equal(
            np.unique(ends[:, 1], axis=0), np.unique(above.get_offsets(), axis=0)
        )


def test_colours_by_sign_and_width_by_strength():
    W = np.array([[2.0, -1.0], [0.0, 0.5]])
    (lines,) = drawn([W]).connections_
    y = {0.5: 0, -0.5: 1}  # height to number of unit
    colours, widths = lines.get_colors(), lines.get_linewidths()
    found = np.empty((2, 2))
    for segment, colour, width in zip(
        lines.get_segments(), colours, widths, strict=True
    ):
        i, j = y[segment[0, 1]], y[segment[1, 1]]
        found[i, j] = colour[3]
        if W[i, j] != 0:
            expected = POSITIVE if W[i, j] > 0 else NEGATIVE
            assert_allclose(colour[:3], to_rgb(expected))
        assert_allclose(width, 3 * max(abs(W[i, j]) / 2, 0.1))
    assert_allclose(found, abs(W) / 2)
    assert np.all(np.diff(widths) >= 0)  # strong ones cover weak ones


def test_units_are_filled_by_their_bias():
    display = drawn([np.ones((2, 3))], [np.array([0.0, 2.0, -1.0])])
    inputs, outputs = (units.get_facecolors()[:, :3] for units in display.units_)
    assert_allclose(inputs, 1)
    assert_allclose(outputs[0], 1)
    assert_allclose(outputs[1], to_rgb(POSITIVE))
    assert_allclose(outputs[2], (1 + np.array(to_rgb(NEGATIVE))) / 2)


def test_weights_of_zero():
    display = drawn([np.zeros((2, 3))])
    display.figure_.canvas.draw()
    assert_array_equal(display.connections_[0].get_colors()[:, 3], 0)


def test_names(flowers, iris):
    display = NetworkDisplay.from_estimator(flowers)
    assert texts(display.input_texts_) == iris.feature_names
    assert texts(display.output_texts_) == ["setosa", "versicolor", "virginica"]
    for text, (_, y) in zip(
        display.input_texts_, display.units_[0].get_offsets(), strict=True
    ):
        assert text.get_position()[1] == y
    assert texts(display.ax_.get_xticklabels()) == [
        "4 inputs",
        "hidden layer 1\n5 tanh units",
        "hidden layer 2\n3 relu units",
        "3 outputs\nsoftmax",
    ]


def test_names_where_there_are_none(iris):
    X, Y = iris.data.to_numpy(), iris.data.to_numpy()[:, :2]
    mlp = MLPRegressorSDM((), max_iter=2).fit(X, Y)
    display = NetworkDisplay.from_estimator(mlp)
    assert texts(display.input_texts_)[0] == "$x_{1}$"
    assert texts(display.output_texts_) == ["$o_{1}$", "$o_{2}$"]
    layers = ["4 inputs", "2 outputs\nidentity"]
    assert texts(display.ax_.get_xticklabels()) == layers


def test_the_unit_of_two_classes_stands_for_the_second():
    mlp = MLPClassifierSDM(1, max_iter=2).fit([[0], [1]], ["no", "yes"])
    display = NetworkDisplay.from_estimator(mlp)
    assert texts(display.output_texts_) == ["yes"]
    assert texts(display.ax_.get_xticklabels()) == [
        "1 input",
        "hidden layer\n1 relu unit",
        "1 output\nlogistic",
    ]


def test_names_of_a_pipeline(iris):
    mlp = MLPClassifierSDM(3, max_iter=2)
    model = make_pipeline(StandardScaler(), mlp).fit(iris.data, iris.target)
    display = NetworkDisplay.from_estimator(model)
    assert texts(display.input_texts_) == iris.feature_names
    search = GridSearchCV(model, {}, cv=2).fit(iris.data, iris.target)
    display = NetworkDisplay.from_estimator(search)
    assert texts(display.input_texts_) == iris.feature_names


def test_words_of_a_pipeline_that_was_fitted_on_texts():
    mlp = MLPClassifierSDM(2, solver="lbfgs", random_state=0)
    model = make_pipeline(CountVectorizer(), mlp)
    model.fit(["rain and sun", "sun", "rain", "rain"], [0, 1, 0, 0])
    display = NetworkDisplay.from_estimator(model)
    assert texts(display.input_texts_) == ["and", "rain", "sun"]


@pytest.mark.parametrize("steps", [["passthrough"], ["passthrough", StandardScaler()]])
def test_steps_that_do_nothing_know_no_names(iris, steps):
    mlp = MLPClassifierSDM(2, max_iter=2, random_state=0)
    with pytest.warns(match="before it converged"):
        model = make_pipeline(*steps, mlp).fit(iris.data.to_numpy(), iris.target)
    display = NetworkDisplay.from_estimator(model)
    assert texts(display.input_texts_) == [f"$x_{{{i}}}$" for i in range(1, 5)]


def test_a_step_that_cannot_name_its_outputs(iris):
    columns = ColumnTransformer(
        [("a", StandardScaler(), [0, 1]), ("b", MinMaxScaler(), [0])],
        verbose_feature_names_out=False,
    )
    model = make_pipeline(columns, MLPClassifierSDM(3, max_iter=2))
    display = NetworkDisplay.from_estimator(model.fit(iris.data, iris.target))
    assert texts(display.input_texts_) == ["$x_{1}$", "$x_{2}$", "$x_{3}$"]


def test_dollars_in_names_are_dollars(iris):
    X = iris.data.rename(columns={"petal width (cm)": "$price$"})
    y = np.array(["$a$", "$b$", "c"])[iris.target]
    mlp = MLPClassifierSDM(3, max_iter=2).fit(X, y)
    display = NetworkDisplay.from_estimator(mlp)
    display.figure_.canvas.draw()
    assert display.input_texts_[3].get_text() == r"\$price\$"
    assert texts(display.output_texts_) == [r"\$a\$", r"\$b\$", "c"]


def test_large_layers_are_abbreviated(digits):
    display = NetworkDisplay.from_estimator(digits, max_units=7)
    assert texts(display.input_texts_) == [
        f"$x_{{{i}}}$" for i in (1, 2, 3, 62, 63, 64)
    ]
    assert texts(display.output_texts_) == list("012789")
    assert texts(display.ax_.get_xticklabels())[0] == "64 inputs"
    for units, gap in zip(display.units_, display.gaps_, strict=True):
        y = units.get_offsets()[:, 1]
        assert_array_equal(-np.diff(y), [1, 1, 2, 1, 1])
        dots = gap.get_offsets()[:, 1]
        assert len(dots) == 3
        assert y[2] > dots.max() > dots.min() > y[3]
    first = display.connections_[0]
    assert len(first.get_segments()) == 36
    largest = abs(digits.coefs_[0]).max()
    some = digits.coefs_[0][np.ix_([0, 1, 2, 61, 62, 63], [0, 1, 2, 27, 28, 29])]
    assert_allclose(
        np.sort(first.get_colors()[:, 3]), np.sort(abs(some).ravel() / largest)
    )


def test_layers_that_fit_are_whole(digits):
    display = NetworkDisplay.from_estimator(digits, max_units=64)
    assert [len(units.get_offsets()) for units in display.units_] == [64, 30, 10]
    assert display.gaps_ == []


def test_legend(flowers):
    display = NetworkDisplay.from_estimator(flowers)
    assert legend_labels(display) == [
        "positive weight",
        "negative weight",
        "positive bias",
        "negative bias",
    ]
    colours = [line.get_color() for line in display.legend_.get_lines()]
    assert colours == [POSITIVE, NEGATIVE] * 2
    assert NetworkDisplay.from_estimator(flowers, legend=False).legend_ is None


@each_size
def test_nothing_overlaps(flowers, digits, size):
    for mlp in (flowers, digits):
        figure, ax = plt.subplots(figsize=size, layout="constrained")
        display = NetworkDisplay.from_estimator(mlp, ax=ax)
        figure.canvas.draw()
        written = [
            *ax.get_xticklabels(),
            *display.input_texts_,
            *display.output_texts_,
            display.legend_,
        ]
        assert not overlapping(written)
        page = figure.bbox
        assert all(
            page.x0 <= box.x0 and box.x1 <= page.x1
            for box in (text.get_window_extent() for text in written)
        )


def test_given_axes(flowers):
    figure, (left, right) = plt.subplots(1, 2)
    display = NetworkDisplay.from_estimator(flowers, ax=right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert not left.collections


@pytest.mark.parametrize("max_units", [2, 12.5, True, None])
def test_wrong_number_of_units(flowers, max_units):
    with pytest.raises(ValueError, match=r"max_units must be .*at least 3"):
        NetworkDisplay.from_estimator(flowers, max_units=max_units)


def test_long_names_do_not_shrink_the_others():
    mlp = MLPClassifierSDM(3, max_iter=1)
    X = np.random.default_rng(0).random((30, 3))
    columns = ["age", "sex", "mean radius of all the cell nuclei in the sample " * 4]
    mlp.fit(pd.DataFrame(X, columns=columns), np.arange(30) % 3)
    display = NetworkDisplay.from_estimator(mlp)
    age, _, long = display.input_texts_
    assert age.get_fontsize() >= 6
    assert display.output_texts_[0].get_fontsize() > age.get_fontsize()
    assert age.get_text() == "age"
    assert long.get_text().startswith("mean")
    assert long.get_text().endswith("…")


def test_weights_that_are_no_number_are_no_connection():
    W = np.array([[1.0, np.nan], [-0.5, 0.25]])
    (lines,) = drawn([W]).connections_
    assert_allclose(np.sort(lines.get_colors()[:, 3]), [0, 0.25, 0.5, 1])


def test_styles_draw_no_grid_through_the_network(flowers):
    with plt.style.context("ggplot"):
        display = NetworkDisplay.from_estimator(flowers)
    assert not any(line.get_visible() for line in display.ax_.get_xgridlines())


def test_pipeline_in_a_pipeline(flowers):
    inner = make_pipeline(MinMaxScaler(), clone(flowers))
    X = np.random.default_rng(0).random((30, 4))
    both = make_pipeline(StandardScaler(), inner).fit(X, np.arange(30) % 3)
    assert len(NetworkDisplay.from_estimator(both).input_texts_) == 4
    scaled = inner[0].transform(both[0].transform(X))
    for a, b in zip(
        layer_outputs(both, X), layer_outputs(inner[-1], scaled), strict=True
    ):
        assert_array_equal(a, b)


def test_search_without_a_refit_is_an_error_that_says_so(flowers):
    search = GridSearchCV(clone(flowers), {"max_iter": [1]}, refit=False, cv=2)
    search.fit(np.random.default_rng(0).random((30, 4)), np.arange(30) % 3)
    with pytest.raises(TypeError, match="refit=True"):
        NetworkDisplay.from_estimator(search)
