"""Training curves, by what has been drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from drawn import SIZES, legend_labels, overlapping
from matplotlib.colors import to_rgb, to_rgba
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import f1_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM, MLPRegressorSDM
from skmlp.plotting import TrainingCurveDisplay
from skmlp.plotting._drawing import PALETTE

pytestmark = [
    pytest.mark.usefixtures("figures"),
    # A few epochs show what is looked at.
    pytest.mark.filterwarnings(
        "ignore:training stopped at max_iter:sklearn.exceptions.ConvergenceWarning"
    ),
]
each_size = pytest.mark.parametrize("size", SIZES)


def history(n_epochs, *, validation=True, first=1.0):
    """A made-up history."""
    falling = first / np.arange(1, n_epochs + 1)
    made = {
        "loss": falling.tolist(),
        "penalty": (0.1 * falling).tolist(),
        "score": (1 - 0.5 * falling).tolist(),
        "learning_rate": [0.1] * n_epochs,
    }
    if validation:
        made |= {
            "validation_loss": (1.2 * falling).tolist(),
            "validation_score": (1 - 0.6 * falling).tolist(),
        }
    return made


def labels(lines):
    return [line.get_label() for line in lines]


def ink_inside(display, box):
    """Whether a point of a curve lies in the box, in pixels."""
    return any(
        box.count_contains(line.get_transform().transform(line.get_xydata()))
        for line in display.lines_
    )


def test_draws_what_the_history_holds(flowers):
    display = TrainingCurveDisplay.from_estimator(flowers)
    curves = ["loss", "validation_loss", "score", "validation_score"]
    assert labels(display.lines_) == ["training", "validation"] * 2
    for line, curve in zip(display.lines_, curves, strict=True):
        assert_array_equal(line.get_xdata(), np.arange(1, 13))
        assert_array_equal(line.get_ydata(), flowers.history_[curve])
    assert [axes.get_ylabel() for axes in display.axes_] == ["loss", "accuracy"]
    assert {axes.get_xlabel() for axes in display.axes_} == {"epoch"}
    assert display.ax_ is display.axes_[0]
    assert display.figure_ is display.ax_.figure


def test_any_curve_of_the_history_is_a_metric(flowers):
    display = TrainingCurveDisplay.from_estimator(
        flowers, metrics=["penalty", "learning_rate", "loss", "score"]
    )
    assert labels(display.lines_[:3]) == ["training", "training", "training"]
    assert_array_equal(display.lines_[0].get_ydata(), flowers.history_["penalty"])
    assert display.axes_[1].get_ylabel() == "learning rate"


def test_one_metric_needs_no_list(flowers):
    display = TrainingCurveDisplay.from_estimator(flowers, metrics="score")
    assert len(display.axes_) == 1
    assert display.ax_.get_ylabel() == "accuracy"


@pytest.mark.parametrize("curves", ["training", "validation"])
def test_one_of_both_curves(curves):
    display = TrainingCurveDisplay.from_history(history(5), curves=curves)
    assert labels(display.lines_) == [curves] * 2
    for line in display.lines_:
        assert_allclose(to_rgb(line.get_color()), to_rgb(PALETTE[0]))


def test_training_is_the_paler_of_two_curves():
    training, validation = TrainingCurveDisplay.from_history(
        history(5), metrics="loss"
    ).lines_
    assert validation.get_color() == PALETTE[0]
    assert_allclose(
        1 - np.array(to_rgb(training.get_color())),
        0.5 * (1 - np.array(to_rgb(PALETTE[0]))),
    )


def test_no_validation_curves():
    display = TrainingCurveDisplay.from_history(history(5, validation=False))
    assert labels(display.lines_) == ["training"] * 2
    assert_allclose(to_rgb(display.lines_[0].get_color()), to_rgb(PALETTE[0]))
    assert legend_labels(display) == ["training"]


def test_rings_at_the_epoch_kept():
    made = history(9)
    display = TrainingCurveDisplay.from_history(made, best_epoch=4)
    for ring, curve in zip(display.kept_, ["loss", "score"], strict=True):
        (x,), (y,) = ring.get_data()
        assert (x, y) == (4, made[f"validation_{curve}"][3])
        assert ring.get_fillstyle() == "none"
    assert legend_labels(display) == ["training", "validation", "epoch 4 kept"]


def test_ring_is_on_a_curve_that_is_drawn():
    made = history(9)
    (ring,) = TrainingCurveDisplay.from_history(
        made, best_epoch=4, metrics="loss", curves="training"
    ).kept_
    assert ring.get_ydata() == [made["loss"][3]]


def test_no_ring_where_the_last_epoch_is_kept():
    display = TrainingCurveDisplay.from_history(history(9), best_epoch=9)
    assert display.kept_ == []
    assert legend_labels(display) == ["training", "validation"]


def test_no_ring_on_the_learning_rate():
    display = TrainingCurveDisplay.from_history(
        history(9), best_epoch=4, metrics=["learning_rate", "penalty"]
    )
    assert [ring.axes for ring in display.kept_] == [display.axes_[1]]


def test_early_stopping_is_seen(flowers, iris):
    mlp = clone(flowers).set_params(scoring="accuracy", max_iter=30)
    mlp.fit(iris.data, iris.target)
    assert mlp.best_epoch_ < 30
    kept = TrainingCurveDisplay.from_estimator(mlp).kept_
    assert [ring.get_xdata()[0] for ring in kept] == [mlp.best_epoch_] * 2


@pytest.mark.parametrize("container", [dict, list])
def test_several_estimators(flowers, digits, container):
    named = container([("flowers", flowers), ("digits", digits)])
    display = TrainingCurveDisplay.from_estimator(named, metrics="loss")
    assert labels(display.lines_) == [
        "flowers, training",
        "flowers, validation",
        "digits, training",
    ]
    assert_array_equal(display.lines_[2].get_ydata(), digits.history_["loss"])
    assert display.lines_[1].get_color() == PALETTE[0]
    names, kinds = legend_labels(display)[:2], legend_labels(display)[2:]
    assert names == ["flowers", "digits"]
    assert kinds[:2] == ["training", "validation"]
    swatches = display.legend_.get_lines()[:2]
    assert [line.get_color() for line in swatches] == PALETTE[:2]


def test_rings_of_several():
    display = TrainingCurveDisplay.from_history(
        {"a": history(9), "b": history(5)},
        best_epoch={"a": 2, "b": 5},
        metrics="loss",
    )
    assert labels(display.kept_) == ["a, epoch 2 kept"]
    assert legend_labels(display)[-1] == "epoch kept"


def test_names_of_few_have_the_palette_and_of_many_differ():
    for n in (7, 12):
        display = TrainingCurveDisplay.from_history(
            {f"number {i}": history(3) for i in range(n)}, curves="validation"
        )
        colours = {to_rgba(line.get_color()) for line in display.lines_}
        assert len(colours) == n
        assert (colours == set(map(to_rgba, [*PALETTE, "black"]))) == (n == 7)


def test_finds_the_network(iris):
    mlp = MLPClassifierSDM(3, max_iter=2, random_state=0)
    search = GridSearchCV(make_pipeline(StandardScaler(), mlp), {}, cv=2)
    search.fit(iris.data, iris.target)
    regressor = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), MLPRegressorSDM(3, max_iter=3)),
        transformer=StandardScaler(),
    ).fit(iris.data, iris.target)
    display = TrainingCurveDisplay.from_estimator(
        {"search": search, "regressor": regressor}, metrics="loss"
    )
    losses = [
        search.best_estimator_[-1].history_["loss"],
        regressor.regressor_[-1].history_["loss"],
    ]
    for line, loss in zip(display.lines_, losses, strict=True):
        assert_array_equal(line.get_ydata(), loss)


def test_a_single_name_is_in_the_legend():
    display = TrainingCurveDisplay.from_history({"adam": history(9)}, best_epoch=4)
    expected = ["adam", "training", "validation", "epoch 4 kept"]
    assert legend_labels(display) == expected


def name_of_score(estimator):
    display = TrainingCurveDisplay.from_estimator(estimator, metrics="score")
    return display.ax_.get_ylabel()


def test_name_of_the_score(iris, flowers):
    regressor = MLPRegressorSDM(3, max_iter=2).fit(iris.data, iris.target)
    scored = clone(flowers).set_params(scoring="f1_macro", max_iter=2)
    scored.fit(iris.data, iris.target)
    assert name_of_score(regressor) == "R²"
    assert name_of_score(scored) == "accuracy (training),\nf1_macro (validation)"
    assert name_of_score({"a": flowers, "b": regressor}) == "score"


@pytest.mark.parametrize(
    ("estimator", "scoring", "name"),
    [(MLPClassifierSDM, "accuracy", "accuracy"), (MLPRegressorSDM, "r2", "R²")],
)
def test_scorer_that_is_the_running_score_has_its_name(iris, estimator, scoring, name):
    mlp = estimator(3, max_iter=2, early_stopping=True, scoring=scoring)
    assert name_of_score(mlp.fit(iris.data, iris.target)) == name


def test_scorer_that_is_a_function_has_its_name_where_it_was_used(iris):
    def no_skill(mlp, X, y):
        return 0.0

    mlp = MLPRegressorSDM(3, max_iter=2, early_stopping=True, scoring=no_skill)
    mlp.fit(iris.data, iris.target)
    assert name_of_score(mlp) == "R² (training),\nno_skill (validation)"
    mlp.set_params(early_stopping=False).fit(iris.data, iris.target)
    assert name_of_score(mlp) == "R²"


@pytest.mark.parametrize("n_epochs", [1, 2, 3, 30, 3000])
def test_ticks_are_whole_epochs(n_epochs):
    display = TrainingCurveDisplay.from_history(history(n_epochs))
    display.figure_.canvas.draw()
    left, right = display.ax_.get_xlim()
    ticks = [tick for tick in display.ax_.get_xticks() if left <= tick <= right]
    assert ticks
    assert_array_equal(ticks, np.round(ticks))


def test_few_epochs_are_points_too():
    few = TrainingCurveDisplay.from_history(history(3)).lines_[0]
    many = TrainingCurveDisplay.from_history(history(3000)).lines_[0]
    assert (few.get_marker(), many.get_marker()) == (".", "")
    assert many.get_linewidth() < few.get_linewidth()


def test_nan_leaves_a_gap():
    made = history(6)
    made["validation_loss"][:3] = [np.nan] * 3
    display = TrainingCurveDisplay.from_history(made, log_scale=True)
    display.figure_.canvas.draw()
    assert_array_equal(display.lines_[1].get_ydata(), made["validation_loss"])


def test_log_scale():
    display = TrainingCurveDisplay.from_history(
        history(5),
        metrics=["loss", "score", "penalty", "learning_rate"],
        log_scale=True,
    )
    scales = [axes.get_yscale() for axes in display.axes_]
    assert scales == ["log", "linear", "log", "log"]


@pytest.mark.parametrize("nothing", [0.0, np.nan])
def test_log_scale_of_nothing(nothing):
    made = history(5) | {"learning_rate": [nothing] * 5}
    display = TrainingCurveDisplay.from_history(
        made, metrics="learning_rate", log_scale=True
    )
    display.figure_.canvas.draw()
    assert display.ax_.get_yscale() == "linear"


def test_batch_losses():
    made = history(3) | {"batch_loss": np.arange(1.0, 13.0).reshape(3, 4)}
    display = TrainingCurveDisplay.from_history(made, batches=True, batch_window=4)
    each, mean = display.updates_
    assert_allclose(each.get_xdata(), np.arange(1, 13) / 4)
    assert_array_equal(each.get_ydata(), np.arange(1, 13))
    assert_allclose(mean.get_xdata(), np.arange(2.5, 11) / 4)
    assert_allclose(mean.get_ydata(), np.arange(2.5, 11))
    assert {line.axes for line in display.updates_} == {display.axes_[0]}
    assert labels(display.lines_) == ["validation", "training", "validation"]
    assert legend_labels(display)[2:] == ["each update", "mean of 4 updates"]


def test_batch_losses_of_uneven_epochs():
    made = history(3) | {"batch_loss": [np.nan, np.ones(2), np.ones(4)]}
    each, _ = TrainingCurveDisplay.from_history(made, batches=True).updates_
    assert_allclose(each.get_xdata(), [1, 1.5, 2, 2.25, 2.5, 2.75, 3])
    assert_allclose(each.get_ydata(), [np.nan] + [1] * 6)


def test_batch_losses_of_an_estimator(flowers, iris):
    mlp = clone(flowers).set_params(record_batches=True)
    mlp.fit(iris.data, iris.target)
    display = TrainingCurveDisplay.from_estimator(mlp, batches=True)
    assert_array_equal(display.updates_[0].get_ydata(), mlp.batch_loss_curve_)
    assert display.updates_[0].get_xdata()[-1] == 12


def test_running_mean_of_the_square_root():
    made = history(3) | {"batch_loss": np.ones((3, 300))}
    display = TrainingCurveDisplay.from_history(made, batches=True)
    assert display.updates_[1].get_label() == "mean of 30 updates"
    display.plot(batches=True, batch_window=10**6)
    assert display.updates_[1].get_label() == "mean of 900 updates"


@pytest.mark.parametrize(("n", "shape"), [(1, (1, 1)), (3, (1, 3)), (4, (2, 2))])
def test_four_metrics_are_two_by_two(flowers, n, shape):
    metrics = ["loss", "score", "penalty", "learning_rate"][:n]
    display = TrainingCurveDisplay.from_estimator(flowers, metrics=metrics)
    grids = [axes.get_subplotspec().get_gridspec() for axes in display.axes_]
    assert [grid.get_geometry() for grid in grids] == [shape] * n


def test_given_axes(flowers):
    figure, axes = plt.subplots(1, 2)
    display = TrainingCurveDisplay.from_estimator(flowers, ax=axes)
    assert display.figure_ is figure
    assert_array_equal(display.axes_, axes)
    single = plt.figure().add_subplot()
    display = TrainingCurveDisplay.from_estimator(flowers, metrics="loss", ax=single)
    assert display.ax_ is single


def test_names_may_be_numbers():
    several = {1: history(5), 2: history(5)}
    display = TrainingCurveDisplay.from_history(several, best_epoch={1: 2, 2: 3})
    assert [line.get_label() for line in display.kept_[:2]] == [
        "1, epoch 2 kept",
        "2, epoch 3 kept",
    ]


@pytest.mark.parametrize("short", [{"lw": 3.0}, {"c": "red"}, {"ls": ":"}], ids=str)
def test_short_keywords_of_the_lines(short):
    display = TrainingCurveDisplay.from_history(history(5), line_kw=short)
    ((name, value),) = short.items()
    assert plt.getp(display.lines_[1], name) == value


def test_keywords_of_the_lines():
    display = TrainingCurveDisplay.from_history(history(3), line_kw={"alpha": 0.5})
    assert {line.get_alpha() for line in display.lines_} == {0.5}


def test_without_legend_the_labels_serve_another():
    display = TrainingCurveDisplay.from_history(history(3), legend=False)
    assert display.legend_ is None
    texts = display.axes_[1].legend().get_texts()
    assert [text.get_text() for text in texts] == ["training", "validation"]


@each_size
@pytest.mark.parametrize("constrained", [True, False])
def test_legend_covers_no_curve(size, constrained):
    figure, axes = plt.subplots(
        1, 2, figsize=size, layout="constrained" if constrained else None
    )
    several = {f"{n} hidden units": history(40, first=n) for n in (1, 2, 3)}
    display = TrainingCurveDisplay.from_history(several, ax=axes, best_epoch=30)
    figure.canvas.draw()
    assert not ink_inside(display, display.legend_.get_window_extent())
    if constrained:
        assert not overlapping([display.legend_, *axes])


@each_size
@pytest.mark.parametrize("n_epochs", [3, 3000])
def test_tick_labels_do_not_overlap(size, n_epochs):
    with plt.rc_context({"figure.figsize": size}):
        display = TrainingCurveDisplay.from_history(history(n_epochs))
    display.figure_.canvas.draw()
    left, right = display.ax_.get_xlim()
    shown = [
        text
        for text in display.ax_.get_xticklabels()
        if left <= text.get_position()[0] <= right
    ]
    assert len(shown) >= 2
    assert not overlapping(shown)
    assert not overlapping([axes.yaxis.label for axes in display.axes_])


def test_many_names_leave_room_for_the_curves():
    many = {f"weight_decay={10.0**-n:g}": history(5) for n in range(12)}
    with plt.rc_context({"figure.figsize": SIZES[0]}):
        display = TrainingCurveDisplay.from_history(many)
    display.figure_.canvas.draw()
    height = display.figure_.bbox.height
    assert display.legend_.get_window_extent().height <= 0.4 * height
    assert display.ax_.get_window_extent().height >= 0.4 * height


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"metrics": ["loss", "acc"]}, r"metrics has \['acc'\].*'learning_rate'"),
        ({"metrics": "validation_loss"}, "drawn beside them"),
        ({"metrics": []}, "metrics is empty"),
        ({"curves": "test"}, "curves must be one of .*'validation'.*got 'test'"),
        ({"curves": "validation"}, "no validation curve of .*early_stopping=True"),
        ({"batches": True}, "record_batches=True"),
        ({"batch_window": 0}, "batch_window must be an int of at least 1"),
        ({"ax": np.empty(3)}, "ax has 3 axes for 2 metrics"),
        ({"line_kw": {"label": "a"}}, "line_kw has a label.*by name"),
    ],
)
def test_wrong_arguments(digits, keywords, message):
    with pytest.raises(ValueError, match=message):
        TrainingCurveDisplay.from_estimator(digits, **keywords)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({}, ValueError, "same number of epochs, at least 1"),
        ({"loss": [1, 2], "score": [1]}, ValueError, "same number of epochs"),
        ({"loss": []}, ValueError, "at least 1"),
        ([], ValueError, "no history to draw"),
        ([("a", history(2)), ("a", history(3))], ValueError, "names must differ"),
        ({1: history(2), "1": history(3)}, ValueError, "names must differ"),
        ([history(2)], TypeError, r"list of pairs \(name, history\)"),
        ({"a": history(2), "b": [1, 2]}, TypeError, "history of 'b' must be a di"),
        (np.ones(3), TypeError, "must be a dict of curves.*got ndarray"),
    ],
)
def test_wrong_history(given, error, message):
    with pytest.raises(error, match=message):
        TrainingCurveDisplay.from_history(given)


@pytest.mark.parametrize("best_epoch", [0, 6, 2.0])
def test_wrong_best_epoch(best_epoch):
    with pytest.raises(ValueError, match=r"from 1 to 5.*got"):
        TrainingCurveDisplay.from_history(history(5), best_epoch=best_epoch)


def test_best_epoch_of_an_unknown_name():
    with pytest.raises(ValueError, match=r"best_epoch has names \['b'\].*\['a'\]"):
        TrainingCurveDisplay.from_history({"a": history(5)}, best_epoch={"b": 2})


def test_display_stays_as_it_was_where_training_goes_on(flowers, iris):
    mlp = clone(flowers).fit(iris.data, iris.target)
    display = TrainingCurveDisplay.from_estimator(mlp)
    n_epochs = len(display.lines_[0].get_xdata())
    mlp.partial_fit(iris.data, iris.target)
    assert len(display.plot().lines_[0].get_xdata()) == n_epochs


@pytest.mark.parametrize("several", [False, True], ids=["one", "several"])
def test_legend_shows_the_lines_as_they_are(several):
    histories = {"a": history(5), "b": history(5)} if several else history(5)
    keywords = {"color": "red", "linestyle": ":", "linewidth": 3.0}
    display = TrainingCurveDisplay.from_history(histories, line_kw=keywords)
    handles = dict(
        zip(legend_labels(display), display.legend_.legend_handles, strict=True)
    )
    assert handles["validation"].get_linestyle() == ":"
    assert handles["validation"].get_linewidth() == 3
    coloured = handles["a" if several else "validation"]
    assert to_rgb(coloured.get_color()) == to_rgb("red")
    assert {to_rgb(line.get_color()) for line in display.lines_[1::2]} == {(1, 0, 0)}


def contrast(line, axes):
    return np.abs(np.subtract(to_rgb(line.get_color()), to_rgb(axes.get_facecolor())))


@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_curves_are_seen_on_any_ground_and_validation_best(style):
    with plt.style.context(style):
        display = TrainingCurveDisplay.from_history(
            {f"number {i}": history(3) for i in range(7)}, metrics="loss"
        )
    for pale, full in zip(display.lines_[::2], display.lines_[1::2], strict=True):
        least, most = (contrast(line, display.ax_).sum() for line in (pale, full))
        assert 0.3 < least < most


def test_scorer_that_was_made_has_the_name_of_its_function(flowers, iris):
    scorer = make_scorer(f1_score, average="macro")
    mlp = clone(flowers).set_params(scoring=scorer).fit(iris.data, iris.target)
    for curves, name in (
        ("both", "accuracy (training),\nf1_score (validation)"),
        ("validation", "f1_score"),
        ("training", "accuracy"),
    ):
        display = TrainingCurveDisplay.from_estimator(
            mlp, metrics="score", curves=curves
        )
        assert display.ax_.get_ylabel() == name


def test_a_single_update_is_a_point():
    made = history(1) | {"batch_loss": [np.ones(1)]}
    display = TrainingCurveDisplay.from_history(made, metrics="loss", batches=True)
    assert {line.get_marker() for line in display.updates_} == {"."}


def test_no_ring_where_there_is_no_value():
    made = history(5) | {"validation_loss": [1.0, np.nan, 1.0, 1.0, 1.0]}
    display = TrainingCurveDisplay.from_history(made, metrics="loss", best_epoch=2)
    assert display.kept_ == []


def test_none_is_no_value():
    """As JSON has it for NaN."""
    made = history(3) | {"validation_loss": [3.0, None, 1.0]}
    display = TrainingCurveDisplay.from_history(made, metrics="loss")
    assert_array_equal(display.lines_[1].get_ydata(), [3.0, np.nan, 1.0])


def test_number_for_a_curve_is_an_error():
    with pytest.raises(TypeError, match=r"'loss' in the history must be a list.*int"):
        TrainingCurveDisplay.from_history({"loss": 3}, metrics="loss")
