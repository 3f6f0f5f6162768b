"""The training curves: how loss and score went from epoch to epoch."""

from collections.abc import Mapping
from copy import deepcopy
from numbers import Integral

import numpy as np
from sklearn.base import is_classifier

from skmlp._counts import check_count
from skmlp._find_network import last_step, unwrapped
from skmlp._sklearn_compat import name_of_scorer
from skmlp.plotting._drawing import (
    PALETTE,
    colours,
    import_pyplot,
    legend_above,
    tint,
)
from skmlp.plotting._histories import (
    KINDS,
    by_name,
    check_histories,
    updates,
    validation_of,
)

# Shares of the ground in the lines that are not to come first.
PALE, PALEST = 0.5, 0.65
NEUTRAL = 0.3  # of lines that are no one's
# So few epochs are shown as points, too; lines through very many are thinner.
FEW_EPOCHS, MANY_EPOCHS = 30, 300


class TrainingCurveDisplay:
    """Curves of the loss and the score over the epochs.

    Make one with `from_estimator` or `from_history`, which draw it, too.

    Parameters
    ----------
    histories : dict of {str: dict}
        For each name a history, as `history_` has it: a dict of equally long lists with
        a number per epoch, "loss" say, and "validation_loss" where there are validation
        data; "batch_loss" has an array per epoch. A single one may have the name "",
        which the legend leaves out.
    best_epochs : dict of {str: int}, default=None
        For each name, or some, the epoch whose weights were kept, counted from 1.
    score_name : str, default="score"
        What to write at the axis of the score.

    Attributes
    ----------
    axes_ : ndarray of Axes of shape (n_metrics,)
        One for each metric.
    ax_ : Axes
        The first of them.
    figure_ : Figure
    lines_ : list of Line2D
        The curves, metric by metric and name by name, training before validation. Their
        labels say which they are.
    kept_ : list of Line2D
        The rings at the epochs whose weights were kept, where these are not the last.
    updates_ : list of Line2D
        With `batches=True` the loss of every update and its running mean, name by name.
    legend_ : Legend or None

    See Also
    --------
    NetworkDisplay : The units and their connections.
    sklearn.model_selection.LearningCurveDisplay : Scores over the number of samples.

    Notes
    -----
    Beside validation curves, training curves are pale. They are means over the epoch,
    while the weights change; validation curves are measured at its end, which is why
    they may start out better. Source: the slides "Monitor Loss During Training" and
    "Monitor Accuracy on Train/Validation During Training".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skmlp import MLPClassifierSDM
    >>> from skmlp.plotting import TrainingCurveDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifierSDM(
    ...     batch_size=10, early_stopping=True, random_state=0
    ... ).fit(X, y)
    >>> display = TrainingCurveDisplay.from_estimator(mlp)
    >>> [line.get_label() for line in display.lines_]
    ['training', 'validation', 'training', 'validation']
    """

    def __init__(self, histories, *, best_epochs=None, score_name="score"):
        self.histories = histories
        self.best_epochs = best_epochs
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        metrics=("loss", "score"),
        curves="both",
        log_scale=False,
        batches=False,
        batch_window=None,
        legend=True,
        ax=None,
        line_kw=None,
    ):
        """Draw the training curves of one or several fitted estimators.

        Parameters
        ----------
        estimator : estimator, or dict or list of (name, estimator)
            A fitted `MLPClassifierSDM` or `MLPRegressorSDM`; or a `Pipeline`, a search
            (its best estimator counts) or a `TransformedTargetRegressor` with one
            inside; or several of these by name, to compare them. What stands between
            dollar signs in a name is drawn as mathematics.
        metrics, curves, log_scale, batches, batch_window, legend, ax, line_kw
            See `plot`. `batches=True` needs estimators with `record_batches=True`.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        TypeError
            If there is no network in an estimator, or a list is not one of pairs.
        NotFittedError
            If an estimator is not fitted.
        ValueError
            If two names are the same; and see `plot`.
        ImportError
            If matplotlib is missing.
        """
        mlps = {
            name: last_step(unwrapped(one))
            for name, one in by_name(estimator, "estimator").items()
        }
        score_names = {_score_name(mlp, curves) for mlp in mlps.values()}
        display = cls(
            {name: deepcopy(mlp.history_) for name, mlp in mlps.items()},
            best_epochs={name: mlp.best_epoch_ for name, mlp in mlps.items()},
            score_name=score_names.pop() if len(score_names) == 1 else "score",
        )
        return display.plot(
            metrics=metrics,
            curves=curves,
            log_scale=log_scale,
            batches=batches,
            batch_window=batch_window,
            legend=legend,
            ax=ax,
            line_kw=line_kw,
        )

    @classmethod
    def from_history(
        cls,
        history,
        *,
        best_epoch=None,
        score_name="score",
        metrics=("loss", "score"),
        curves="both",
        log_scale=False,
        batches=False,
        batch_window=None,
        legend=True,
        ax=None,
        line_kw=None,
    ):
        """Draw a history, or several: of an earlier fit, say, or read from a file.

        Parameters
        ----------
        history : dict of sequences, or dict or list of (name, dict of sequences)
            A history as `history_` has it, or several by name.
        best_epoch : int or dict of {str: int}, default=None
            The epoch whose weights were kept, counted from 1; by name for several
            histories.
        score_name : str, default="score"
            What to write at the axis of the score.
        metrics, curves, log_scale, batches, batch_window, legend, ax, line_kw
            See `plot`.

        Returns
        -------
        display : TrainingCurveDisplay

        Raises
        ------
        TypeError
            If a history is not a dict, or a list is not one of pairs.
        ValueError
            If two names are the same; and see `plot`.
        ImportError
            If matplotlib is missing.
        """
        several = not isinstance(history, Mapping) or any(
            isinstance(values, Mapping) for values in history.values()
        )
        histories = by_name(history, "history") if several else {"": history}
        histories = deepcopy(histories)
        if isinstance(best_epoch, Integral):
            best_epoch = dict.fromkeys(histories, best_epoch)
        elif best_epoch is not None:
            best_epoch = by_name(best_epoch, "best epoch")
        display = cls(histories, best_epochs=best_epoch, score_name=score_name)
        return display.plot(
            metrics=metrics,
            curves=curves,
            log_scale=log_scale,
            batches=batches,
            batch_window=batch_window,
            legend=legend,
            ax=ax,
            line_kw=line_kw,
        )

    def plot(
        self,
        *,
        metrics=("loss", "score"),
        curves="both",
        log_scale=False,
        batches=False,
        batch_window=None,
        legend=True,
        ax=None,
        line_kw=None,
    ):
        """Draw the curves.

        Parameters
        ----------
        metrics : str or sequence of str, default=("loss", "score")
            Curves of the history, each for axes of its own: "loss", "score", "penalty",
            "learning_rate". Where the history has a validation curve to it, that is
            drawn beside it.
        curves : {"both", "training", "validation"}, default="both"
            Which of the two to draw.
        log_scale : bool, default=False
            Whether losses, penalties and learning rates have a logarithmic axis.
        batches : bool, default=False
            Whether the axes of the loss also show the loss of every update, pale, and
            its running mean, dashed, instead of the training curve.
        batch_window : int, default=None
            Updates that the running mean is over. None takes the square root of their
            number.
        legend : bool, default=True
            Whether the lines are explained above the axes, where a title would be. All
            have labels, so that `Axes.legend` can do it in another place.
        ax : Axes or sequence of Axes, default=None
            Where to draw: one for each metric. None makes a new figure, whose size goes
            by `matplotlib.rcParams["figure.figsize"]`. That of yours needs
            `layout="constrained"` to make room for the legend.
        line_kw : dict, default=None
            Keywords for the curves' `matplotlib.lines.Line2D`, but `label`. `color` is
            that of all lines; training curves beside validation curves are paler.

        Returns
        -------
        display : TrainingCurveDisplay
            Itself, with the attributes set.

        Raises
        ------
        ValueError
            If a metric, or what `curves` or `batches` asks for, is not in the
            histories, or these are empty or uneven; if the number of axes is not that
            of the metrics; if `line_kw` has a label or `batch_window` is less than 1.
        ImportError
            If matplotlib is missing.
        """
        metrics = [metrics] if isinstance(metrics, str) else list(metrics)
        check_count("batch_window", batch_window, or_none=True)
        check_histories(
            self.histories, self.best_epochs or {}, metrics, curves, batches
        )
        plt = import_pyplot(type(self).__name__)
        line_kw = _checked_line_kw(line_kw)
        self._colour = line_kw.pop("color", None)
        self._line_kw = line_kw
        self.figure_, self.axes_ = _figure_and_axes(plt, ax, len(metrics))
        self.ax_ = self.axes_[0]
        self._ground, self._text = self.ax_.get_facecolor(), plt.rcParams["text.color"]
        self.lines_, self.kept_, self.updates_ = [], [], []
        self._pale = curves == "both" and any(
            self._curve(metric, name, "validation") is not None
            for metric in metrics
            for name in self.histories
        )
        for axes, metric in zip(self.axes_, metrics, strict=True):
            show_updates = batches and metric == "loss"
            for name, colour in self._colours.items():
                if show_updates:
                    self._draw_updates(axes, name, colour, batch_window)
                for kind in ("training", "validation"):
                    instead = show_updates and kind == "training"
                    if curves in ("both", kind) and not instead:
                        self._draw_curve(axes, metric, name, kind, colour)
                self._draw_kept(axes, metric, name, curves, colour)
            self._label_axes(plt, axes, metric, log_scale)
        self.legend_ = self._add_legend(plt) if legend else None
        return self

    @property
    def _colours(self):
        n = len(self.histories)
        if self._colour is not None:
            return dict.fromkeys(self.histories, self._colour)
        return dict(zip(self.histories, colours(n, self._text), strict=True))

    def _look(self, kind, colour):
        return _look(kind, colour, self._pale, self._ground)

    def _draw_curve(self, axes, metric, name, kind, colour):
        """The training or the validation curve of a metric, if there is one."""
        values = self._curve(metric, name, kind)
        if values is None:
            return
        marker = "." if np.isfinite(values).sum() <= FEW_EPOCHS else ""
        thin = {"linewidth": 0.9} if len(values) > MANY_EPOCHS else {}
        style = self._look(kind, colour) | {"marker": marker} | thin | self._line_kw
        x = np.arange(1, len(values) + 1)
        self.lines_ += axes.plot(x, values, label=_label(name, kind), **style)

    def _draw_kept(self, axes, metric, name, curves, colour):
        """A ring at the epoch whose weights were kept, unless that is the last one."""
        epoch = (self.best_epochs or {}).get(name)
        values = self._curve(metric, name, "validation")
        if values is None or curves == "training":
            values = self._curve(metric, name, "training")
        if epoch is None or epoch == len(values) or metric == "learning_rate":
            return
        if not np.isfinite(values[epoch - 1]):
            return
        label = _label(name, f"epoch {epoch} kept")
        self.kept_ += axes.plot(
            epoch, values[epoch - 1], label=label, **self._look("kept", colour)
        )

    def _draw_updates(self, axes, name, colour, window):
        """The loss of every update, and its running mean."""
        x, losses = updates(self.histories[name])
        window = min(window or round(np.sqrt(len(losses))), len(losses))
        share = np.full(window, 1 / window)
        for kind, label, x_, y in (
            ("updates", "each update", x, losses),
            (
                "mean",
                f"mean of {window} update{'s' * (window > 1)}",
                np.convolve(x, share, "valid"),
                np.convolve(losses, share, "valid"),
            ),
        ):
            marker = "." if len(y) == 1 else ""
            self.updates_ += axes.plot(
                x_,
                y,
                label=_label(name, label),
                marker=marker,
                **self._look(kind, colour),
            )

    def _curve(self, metric, name, kind):
        """The values of a curve, or None where the history has none."""
        curve = validation_of(metric) if kind == "validation" else metric
        values = self.histories[name].get(curve)
        return None if values is None else np.asarray(values, dtype=float)

    def _label_axes(self, plt, axes, metric, log_scale):
        """Ticks at whole epochs, names, and the scale."""
        axes.xaxis.set_major_locator(
            plt.MaxNLocator("auto", integer=True, steps=[1, 2, 5, 10], min_n_ticks=1)
        )
        name = self.score_name if metric == "score" else metric.replace("_", " ")
        axes.set(xlabel="epoch", ylabel=name)
        lines = [line for line in self.lines_ + self.updates_ if line.axes is axes]
        positive = any((line.get_ydata() > 0).any() for line in lines)
        if log_scale and metric != "score" and positive:
            axes.set_yscale("log")

    def _add_legend(self, plt):
        """An entry for each name, by its colour, and for each kind of line."""
        named = [name for name in self.histories if name]
        colour = self._colour or PALETTE[0]
        if named:
            colour = tint(self._text, NEUTRAL, self._ground)
        handles = [
            plt.Line2D([], [], color=self._colours[name], label=name, linewidth=3)
            for name in named
        ] + [
            plt.Line2D([], [], label=label, **self._look(kind, colour) | keywords)
            for kind, label in self._kinds().items()
            for keywords in [self._line_kw if kind in KINDS else {}]
        ]
        figure, axes = self.figure_, self.ax_
        if _is_all_of_a_layout(figure, self.axes_):
            container, place = figure, {"loc": "outside upper center"}
        else:
            container, place = axes, {"loc": "lower left", "bbox_to_anchor": (0, 1)}
        return legend_above(
            container, handles, container.bbox.width, figure.bbox.height, **place
        )

    def _kinds(self):
        """The kinds of lines that were drawn, and what to call them."""
        labels = [line.get_label() for line in self.lines_]
        kinds = {
            kind: kind
            for kind in ("training", "validation")
            if any(label.endswith(kind) for label in labels)
        }
        if self.updates_:
            kinds |= {"updates": "each update", "mean": "running mean"}
        if self.kept_:
            kinds["kept"] = "epoch kept"
        if len(self.histories) == 1:  # what differs between several can be told
            for kind, line in ("mean", self.updates_[1:]), ("kept", self.kept_):
                if line:
                    kinds[kind] = line[0].get_label().rpartition(", ")[2]
        return kinds


def _checked_line_kw(line_kw):
    """The keywords by their long names."""
    from matplotlib.cbook import normalize_kwargs
    from matplotlib.lines import Line2D

    line_kw = normalize_kwargs(line_kw or {}, Line2D)
    if "label" in line_kw:
        raise ValueError(
            "line_kw has a label, but each curve has its own; pass several estimators "
            "or histories by name to name them"
        )
    return line_kw


def _is_all_of_a_layout(figure, axes):
    """Whether the figure has no other axes, and can make room around them."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    constrained = isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine)
    return constrained and set(figure.axes) == set(axes)


def _look(kind, colour, pale, ground):
    """Colour, style and width of a kind of line; `pale` are training curves."""
    return {
        "training": {"color": tint(colour, PALE * pale, ground), "linewidth": 1.5},
        "validation": {"color": colour, "linewidth": 1.5},
        "updates": {
            "color": tint(colour, PALEST, ground),
            "linewidth": 0.6,
            "zorder": 1,
        },
        "mean": {"color": colour, "linewidth": 1.5, "linestyle": "--"},
        "kept": {
            "color": colour,
            "marker": "o",
            "markersize": 8,
            "markeredgewidth": 1.5,
            "zorder": 3,
            "fillstyle": "none",
            "linestyle": "none",
        },
    }[kind]


def _label(name, kind):
    return f"{name}, {kind}" if name else kind


def _score_name(mlp, curves):
    """What the curves of the score are about."""
    name = "accuracy" if is_classifier(mlp) else "R²"
    same = {"loss", "accuracy" if is_classifier(mlp) else "r2"}
    if "validation_score" not in mlp.history_ or mlp.scoring in same:
        return name
    scoring = name_of_scorer(mlp.scoring)
    both = f"{name} (training),\n{scoring} (validation)"
    return {"training": name, "validation": scoring}.get(curves, both)


def _figure_and_axes(plt, ax, n_metrics):
    """The figure and an array of axes, which are made where there are none."""
    if ax is None:
        n_columns = n_metrics if n_metrics < 4 else 2
        n_rows = -(-n_metrics // n_columns)
        width, height = plt.rcParams["figure.figsize"]
        figure, axes = plt.subplots(
            n_rows,
            n_columns,
            squeeze=False,
            figsize=(0.66 * width * n_columns, 0.75 * height * n_rows),
            layout="constrained",
        )
        for unused in axes.flat[n_metrics:]:
            unused.remove()
        return figure, axes.ravel()[:n_metrics]
    axes = np.atleast_1d(np.array(ax, dtype=object)).ravel()
    if len(axes) != n_metrics:
        raise ValueError(
            f"ax has {len(axes)} axes for {n_metrics} metrics; pass one for each, or "
            "None for a new figure"
        )
    return axes[0].figure, axes
