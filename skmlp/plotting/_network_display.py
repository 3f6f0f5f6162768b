"""The lecture's picture of a network: layers of units and their connections."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.pipeline import Pipeline

from skmlp._counts import check_count
from skmlp._find_network import last_step, unwrapped
from skmlp.plotting._drawing import (
    NEGATIVE,
    POSITIVE,
    cut_to_width,
    fit_width,
    import_pyplot,
    laid_out_size,
    literal,
)

# Diameter of a unit in rows, and the number of rows below which it stays as it is.
DIAMETER, FEW_ROWS = 0.6, 5
# The strongest connection's width in points, and what the weakest ones keep of it.
WIDEST = 3.0
FAINTEST = 0.1
# Largest size of names, in points, and largest shares of a row and of all the width.
FONT_SIZE, FONT_SHARE, NAMES_SHARE = 10.0, 0.8, 0.25
# Long names become no smaller than this, but shorter.
READABLE, MOST_LETTERS = 6.0, 60


class NetworkDisplay:
    """Units in layers, connections coloured by sign and drawn by strength.

    Make one with `from_estimator`, which draws it, too.

    Parameters
    ----------
    coefs : list of array-like of shape (fan_in, fan_out)
        Weights of each layer.
    intercepts : list of array-like of shape (fan_out,)
        Biases of each layer.
    input_names, output_names : list of str
        Names beside the inputs and the output units.
    layer_names : list of str
        Names over the columns of units, from the inputs on; may have several lines.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    connections_ : list of LineCollection
        The connections into each layer, weak ones first.
    units_ : list of EllipseCollection
        The units of each column, from the inputs on.
    gaps_ : list of PathCollection
        Three dots for each column that leaves units out.
    input_texts_, output_texts_ : list of Text
    legend_ : Legend or None

    See Also
    --------
    WeightsDisplay : The weights of the first layer as pictures.

    Notes
    -----
    The inputs are not counted as a layer. Width and opacity of a connection are those
    of its weight's size relative to the largest in its layer, and a unit is filled by
    its bias relative to the largest there. Source: the slides "Neural Network
    Architecture (Multi-Layer Perceptron)".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skmlp import MLPClassifierSDM
    >>> from skmlp.plotting import NetworkDisplay
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> mlp = MLPClassifierSDM(3, batch_size=10, random_state=0).fit(X, y)
    >>> display = NetworkDisplay.from_estimator(mlp)
    >>> [text.get_text() for text in display.output_texts_]
    ['0', '1', '2']
    """

    def __init__(self, coefs, intercepts, *, input_names, output_names, layer_names):
        self.coefs = coefs
        self.intercepts = intercepts
        self.input_names = input_names
        self.output_names = output_names
        self.layer_names = layer_names

    @classmethod
    def from_estimator(cls, estimator, *, max_units=12, legend=True, ax=None):
        """Draw the network of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted `MLPClassifierSDM` or `MLPRegressorSDM`; or a `Pipeline`, a search
            (its best estimator counts) or a `TransformedTargetRegressor` with one
            inside. Inputs are named from `feature_names_in_` or, in a pipeline that was
            fitted with names or on texts or dicts, by what the steps before make of
            them; outputs from `classes_`.
        max_units, legend, ax
            See `plot`.

        Returns
        -------
        display : NetworkDisplay

        Raises
        ------
        TypeError
            If there is no network in the estimator.
        NotFittedError
            If the estimator is not fitted.
        ValueError
            See `plot`.
        ImportError
            If matplotlib is missing.
        """
        estimator = unwrapped(estimator)
        mlp = last_step(estimator)
        display = cls(
            mlp.coefs_,
            mlp.intercepts_,
            input_names=_input_names(estimator, mlp),
            output_names=_output_names(mlp),
            layer_names=_layer_names(mlp),
        )
        return display.plot(max_units=max_units, legend=legend, ax=ax)

    def plot(self, *, max_units=12, legend=True, ax=None):
        """Draw the network.

        Parameters
        ----------
        max_units : int, default=12
            Height of the largest columns, at least 3. Of more units, the first and the
            last are drawn, with a gap between them.
        legend : bool, default=True
            Whether the colours are explained below the network.
        ax : Axes, default=None
            Where to draw; None makes a new figure. That of yours needs
            `layout="constrained"` to make room for names and legend.

        Returns
        -------
        display : NetworkDisplay
            Itself, with the attributes set.

        Raises
        ------
        ValueError
            If `max_units` is not an int of at least 3.
        ImportError
            If matplotlib is missing.
        """
        check_count("max_units", max_units, least=3)  # a unit, a gap, a unit
        plt = import_pyplot(type(self).__name__)
        columns = [_Column(n, max_units) for n in self._n_units()]
        if ax is None:
            rows = max(column.n_rows for column in columns)
            size = 1 + 2.2 * len(columns), 1.2 + 0.4 * max(rows, FEW_ROWS)
            _, ax = plt.subplots(figsize=size, layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self._set_up_axes(columns)
        self._draw_connections(columns)
        self._draw_units(columns)
        self._draw_names(columns)
        self.legend_ = self._add_legend(plt) if legend else None
        self._fit(len(columns) - 1)
        return self

    def _n_units(self):
        return [len(self.coefs[0])] + [np.shape(W)[1] for W in self.coefs]

    def _set_up_axes(self, columns):
        """Limits, and the layers' names as labels of ticks above."""
        rows = max(column.n_rows for column in columns)
        self._diameter = DIAMETER * min(1, rows / FEW_ROWS)
        ax, last = self.ax_, len(columns) - 1
        ax.set(xlim=(-0.2, last + 0.2), ylim=(-rows / 2, rows / 2), yticks=[])
        ax.spines[:].set_visible(False)
        ax.grid(False)
        ax.patch.set_visible(False)
        ax.tick_params(top=False, labeltop=True, bottom=False, labelbottom=False)
        ax.set_xticks(range(last + 1), self.layer_names)

    def _fit(self, last):
        """Fit names to the room that they have, and bring them close to their units."""
        _, height = laid_out_size(self.ax_)
        row = height / np.ptp(self.ax_.get_ylim())
        with_names = self.ax_.get_tightbbox().width * 72 / self.figure_.dpi
        size = min(FONT_SIZE, FONT_SHARE * row)
        for names in self.input_texts_, self.output_texts_:
            for text in names:
                text.set_fontsize(size)
            fit_width(names, NAMES_SHARE * with_names, min(size, READABLE))
            cut_to_width(names, NAMES_SHARE * with_names)
        width, _ = laid_out_size(self.ax_)
        diameter = self._diameter * row
        margin = diameter / max(width - 2 * diameter, 1) * last
        self.ax_.set_xlim(-margin, last + margin)
        width, _ = laid_out_size(self.ax_)
        fit_width(self.ax_.get_xticklabels(), 0.9 * width / (last + 2 * margin))

    def _draw_connections(self, columns):
        from matplotlib.collections import LineCollection

        self.connections_ = []
        for layer, W in enumerate(self.coefs):
            below, above = columns[layer], columns[layer + 1]
            strength = _relative(W)[np.ix_(below.units, above.units)].ravel()
            i, j = np.indices((len(below.units), len(above.units))).reshape(2, -1)
            ends = np.empty((len(strength), 2, 2))
            ends[:, 0, 0], ends[:, 1, 0] = layer, layer + 1
            ends[:, 0, 1], ends[:, 1, 1] = below.y[i], above.y[j]
            weak_first = np.argsort(abs(strength), kind="stable")
            strength = strength[weak_first]
            lines = LineCollection(
                ends[weak_first],
                colors=_colours(strength),
                linewidths=WIDEST * np.maximum(abs(strength), FAINTEST),
                zorder=1,
            )
            self.connections_.append(self.ax_.add_collection(lines))

    def _draw_units(self, columns):
        from matplotlib.collections import EllipseCollection

        self.units_, self.gaps_ = [], []
        biases = [np.zeros(len(self.coefs[0])), *self.intercepts]
        for layer, (column, b) in enumerate(zip(columns, biases, strict=True)):
            centres = np.column_stack([np.full(len(column.y), layer), column.y])
            diameters = np.full(len(column.y), self._diameter)
            units = EllipseCollection(
                diameters,
                diameters,
                np.zeros(len(column.y)),
                units="y",
                offsets=centres,
                offset_transform=self.ax_.transData,
                facecolors=_on_white(_colours(_relative(b)[column.units])),
                edgecolors="0.2",
                zorder=2,
                clip_on=False,
            )
            self.units_.append(self.ax_.add_collection(units, autolim=False))
            if column.gap is not None:
                y = column.gap + np.array([-0.25, 0, 0.25])
                dots = self.ax_.scatter([layer] * 3, y, s=8, color="0.2", zorder=2)
                self.gaps_.append(dots)

    def _draw_names(self, columns):
        """Names left of the inputs and right of the outputs."""
        self.input_texts_, self.output_texts_ = (
            [
                self.ax_.text(
                    side,
                    y,
                    _shortened(names[unit]),
                    transform=self.ax_.get_yaxis_transform(),
                    horizontalalignment="left" if side else "right",
                    verticalalignment="center_baseline",
                )
                for unit, y in zip(column.units, column.y, strict=True)
            ]
            for side, column, names in (
                (0, columns[0], self.input_names),
                (1, columns[-1], self.output_names),
            )
        )

    def _add_legend(self, plt):
        handles = [
            plt.Line2D([], [], color=colour, linewidth=WIDEST, label=label)
            for colour, label in (
                (POSITIVE, "positive weight"),
                (NEGATIVE, "negative weight"),
            )
        ] + [
            plt.Line2D(
                [],
                [],
                linestyle="none",
                marker="o",
                markersize=8,
                color=colour,
                markeredgecolor="0.2",
                label=label,
            )
            for colour, label in (
                (POSITIVE, "positive bias"),
                (NEGATIVE, "negative bias"),
            )
        ]
        return self.ax_.legend(
            handles=handles,
            loc="upper center",
            bbox_to_anchor=(0.5, 0),
            ncols=2,
            frameon=False,
            fontsize="small",
            numpoints=1,
        )


class _Column:
    """Which units of a layer are drawn, and at what heights.

    Attributes
    ----------
    n_rows : int
    units : ndarray of int
    y : ndarray of float
        Downwards from (n_rows - 1) / 2, in steps of 1, but for the gap.
    gap : float or None
        Where units are left out.
    """

    def __init__(self, n_units, max_units):
        self.n_rows = min(n_units, max_units)
        y = (self.n_rows - 1) / 2 - np.arange(self.n_rows)
        self.units, self.y, self.gap = np.arange(self.n_rows), y, None
        if n_units > max_units:
            first = max_units // 2
            last = np.arange(n_units - (max_units - first - 1), n_units)
            self.units = np.concatenate([np.arange(first), last])
            self.y, self.gap = np.delete(y, first), y[first]


def _relative(values):
    """Values divided by the largest of their sizes."""
    values = np.nan_to_num(np.asarray(values, dtype=float))
    largest = abs(values).max()
    return values / largest if largest > 0 else values


def _colours(strength):
    """Colours by sign, opaque by strength."""
    from matplotlib.colors import to_rgb

    rgba = np.empty((len(strength), 4))
    rgba[:, :3] = np.where(strength[:, None] > 0, to_rgb(POSITIVE), to_rgb(NEGATIVE))
    rgba[:, 3] = abs(strength)
    return rgba


def _on_white(rgba):
    """The opaque colours that these have on white ground."""
    return rgba[:, :3] * rgba[:, 3:] + 1 - rgba[:, 3:]


def _input_names(estimator, mlp):
    if hasattr(mlp, "feature_names_in_"):
        return [literal(name) for name in mlp.feature_names_in_]
    if isinstance(estimator, Pipeline) and _knows_names(estimator):
        try:
            return [literal(name) for name in estimator[:-1].get_feature_names_out()]
        except (AttributeError, ValueError):  # a step does not tell, or cannot
            pass
    return [f"$x_{{{i}}}$" for i in range(1, mlp.n_features_in_ + 1)]


def _knows_names(pipeline):
    """Whether it was fitted with names, or on texts or dicts, which it names itself."""
    if hasattr(pipeline, "feature_names_in_"):
        return True
    steps = [step for _, step in pipeline.steps[:-1]]
    steps = [step for step in steps if step not in (None, "passthrough")]
    # A step that takes texts or dicts counts no features.
    return bool(steps) and not hasattr(steps[0], "n_features_in_")


def _output_names(mlp):
    if not is_classifier(mlp):
        return [f"$o_{{{k}}}$" for k in range(1, mlp.n_outputs_ + 1)]
    return [literal(name) for name in mlp.classes_[-mlp.n_outputs_ :]]


def _shortened(name):
    """A name that leaves room for the network."""
    return name if len(name) <= MOST_LETTERS else name[: MOST_LETTERS - 1] + "…"


def _layer_names(mlp):
    """The lecture's names, which do not count the inputs as a layer."""
    *hidden, _ = mlp._layer_activations()
    n_inputs, *n_hidden, n_outputs = mlp.layer_units_
    numbers = [""] if len(hidden) == 1 else [f" {n}" for n in range(1, len(hidden) + 1)]
    return [
        f"{n_inputs} input{'s' if n_inputs > 1 else ''}",
        *(
            f"hidden layer{number}\n{n} {activation} unit{'s' if n > 1 else ''}"
            for number, n, activation in zip(numbers, n_hidden, hidden, strict=True)
        ),
        f"{n_outputs} output{'s' if n_outputs > 1 else ''}\n{mlp.out_activation_}",
    ]
