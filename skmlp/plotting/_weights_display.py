"""What each unit of the first layer looks for, as a picture."""

from numbers import Integral

import numpy as np
from sklearn.base import is_classifier

from skmlp._counts import check_count
from skmlp._find_network import last_step, unwrapped
from skmlp.plotting._drawing import (
    DIVERGING,
    fit_width,
    import_pyplot,
    laid_out_size,
    literal,
)

# Room between two pictures, as shares of their width and height; numbers need more.
GUTTER, TITLE = 0.1, 0.3
SMALLEST_TITLE = 5.0
GROUND, ON_GROUND = "0.9", "0.1"
# Share of the width that the colour bar takes.
COLORBAR = 0.2


class WeightsDisplay:
    """The incoming weights of each unit of the first layer as a picture.

    Make one with `from_estimator`, which draws it, too.

    Parameters
    ----------
    weights : array-like of shape (n_units, height, width)
        A picture for each unit.
    names : list of str
        What to write over each: `from_estimator` takes the numbers of the hidden units,
        from 0, or for a network without any the classes.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure
    image_ : AxesImage
        All pictures as one, with NaN in the gutters between them.
    titles_ : list of Text
        The names, if there is room for them.
    colorbar_ : Colorbar or None

    See Also
    --------
    NetworkDisplay : The units and their connections.

    Notes
    -----
    Where all rows have the same value, as in the corners of images, nothing is learnt:
    a weight keeps the value it was drawn with, but for weight decay. Behind a
    `StandardScaler` the weights are those of standardised pixels.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from skmlp import MLPClassifierSDM
    >>> from skmlp.plotting import WeightsDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> mlp = MLPClassifierSDM(16, batch_size=32, random_state=0).fit(X / 16, y)
    >>> display = WeightsDisplay.from_estimator(mlp, image_shape=(8, 8))
    >>> display.weights.shape
    (16, 8, 8)
    """

    def __init__(self, weights, *, names):
        self.weights = np.asarray(weights)
        self.names = names

    @classmethod
    def from_estimator(
        cls,
        estimator,
        *,
        image_shape,
        max_units=None,
        n_columns=None,
        colorbar=True,
        ax=None,
        im_kw=None,
    ):
        """Draw the weights of the first layer of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            A fitted `MLPClassifierSDM` or `MLPRegressorSDM`; or a `Pipeline`, a search
            (its best estimator counts) or a `TransformedTargetRegressor` with one
            inside.
        image_shape : (int, int)
            Height and width of the images, whose pixels are the inputs row by row.
        max_units : int, default=None
            Draw only so many units, those with the largest weights (Euclidean norm).
            None draws all.
        n_columns, colorbar, ax, im_kw
            See `plot`.

        Returns
        -------
        display : WeightsDisplay

        Raises
        ------
        TypeError
            If there is no network in the estimator.
        NotFittedError
            If the estimator is not fitted.
        ValueError
            If the inputs are no images of that shape; if `max_units` or `n_columns` is
            below 1.
        ImportError
            If matplotlib is missing.
        """
        mlp = last_step(unwrapped(estimator))
        W = np.asarray(mlp.coefs_[0])
        height, width = _checked_shape(image_shape, len(W))
        check_count("max_units", max_units, or_none=True)
        strongest = np.argsort(-np.linalg.norm(W, axis=0), kind="stable")
        units = np.sort(strongest[:max_units])
        display = cls(
            W.T[units].reshape(-1, height, width),
            names=[literal(name) for name in _names(mlp)[units]],
        )
        return display.plot(n_columns=n_columns, colorbar=colorbar, ax=ax, im_kw=im_kw)

    def plot(self, *, n_columns=None, colorbar=True, ax=None, im_kw=None):
        """Draw the pictures.

        Parameters
        ----------
        n_columns : int, default=None
            Pictures in a row; None takes the number that shows them largest.
        colorbar : bool, default=True
            Whether the colours are explained beside the pictures.
        ax : Axes, default=None
            Where to draw; None makes a new figure. That of yours needs
            `layout="constrained"` to make room for the colour bar.
        im_kw : dict, default=None
            Keywords for `matplotlib.axes.Axes.imshow`. Without `vmin` and `vmax`, or
            `norm`, zero is white and the weight of the largest size has the darkest
            colour.

        Returns
        -------
        display : WeightsDisplay
            Itself, with the attributes set.

        Raises
        ------
        ValueError
            If `n_columns` is below 1, or `im_kw` has `origin` or `extent`.
        ImportError
            If matplotlib is missing.
        """
        check_count("n_columns", n_columns, or_none=True)
        plt = import_pyplot(type(self).__name__)
        if ax is None:
            _, ax = plt.subplots(layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        if n_columns is not None:
            n_columns = min(n_columns, len(self.weights))
        else:
            width, height = laid_out_size(ax)
            share = 1 - COLORBAR if colorbar else 1
            n_columns = self._best_n_columns(share * width / height)
        mosaic, corners = self._mosaic(n_columns)
        self.image_ = ax.imshow(mosaic, **self._image_keywords(im_kw or {}))
        ax.set(xticks=[], yticks=[], facecolor=GROUND)
        ax.spines[:].set_visible(False)
        self.colorbar_ = None
        if colorbar:
            beside = ax.inset_axes([1.03, 0, 0.04, 1])
            self.colorbar_ = self.figure_.colorbar(
                self.image_, cax=beside, label="weight"
            )
        self.titles_ = self._draw_titles(corners, mosaic.shape)
        return self

    def _image_keywords(self, im_kw):
        """The user's, and besides what no style may change."""
        if {"origin", "extent"} & set(im_kw):
            raise ValueError(
                "im_kw has origin or extent, but the names stand by the pixels; flip "
                "the images themselves"
            )
        keywords = {"cmap": DIVERGING, "origin": "upper", "interpolation": "nearest"}
        if im_kw.get("norm") is None:
            sizes = abs(self.weights[np.isfinite(self.weights)])
            keywords |= {"vmin": -sizes.max(initial=0), "vmax": sizes.max(initial=0)}
        return keywords | im_kw

    def _best_n_columns(self, aspect):
        """The number of columns that shows the pictures largest."""
        n_units, height, width = self.weights.shape

        def scale(n_columns):
            n_rows = -(-n_units // n_columns)
            return min(aspect / n_columns / width, 1 / n_rows / (1 + TITLE) / height)

        return max(range(1, n_units + 1), key=scale)

    def _mosaic(self, n_columns):
        """All pictures as one array, and their upper left corners in it."""
        n_units, height, width = self.weights.shape
        gutter, title = max(1, round(GUTTER * width)), max(1, round(TITLE * height))
        n_rows = -(-n_units // n_columns)
        shape = (
            n_rows * (height + title) + gutter,
            n_columns * (width + gutter) + gutter,
        )
        mosaic = np.full(shape, np.nan)
        rows, columns = np.divmod(np.arange(n_units), n_columns)
        corners = np.column_stack(
            [title + rows * (height + title), gutter + columns * (width + gutter)]
        )
        for (top, left), picture in zip(corners, self.weights, strict=True):
            mosaic[top : top + height, left : left + width] = picture
        return mosaic, corners

    def _draw_titles(self, corners, shape):
        """The names over the pictures, unless they would be too small to read."""
        _, height, width = self.weights.shape
        points = laid_out_size(self.ax_)
        pixel = min(points[0] / shape[1], points[1] / shape[0])
        size = min(9.0, 0.8 * pixel * max(1, round(TITLE * height)))
        if size < SMALLEST_TITLE:
            return []
        titles = [
            self.ax_.text(
                left + (width - 1) / 2,
                top - 1,
                name,
                fontsize=size,
                color=ON_GROUND,
                horizontalalignment="center",
                verticalalignment="bottom",
            )
            for (top, left), name in zip(corners, self.names, strict=True)
        ]
        fit_width(titles, pixel * width)
        if titles[0].get_fontsize() >= SMALLEST_TITLE:
            return titles
        for title in titles:
            title.remove()
        return []


def _names(mlp):
    """Numbers of the hidden units, or without such the classes of the outputs."""
    if len(mlp.coefs_) == 1 and is_classifier(mlp):
        return mlp.classes_[-mlp.n_outputs_ :]
    return np.arange(mlp.coefs_[0].shape[1])


def _checked_shape(image_shape, n_inputs):
    """Height and width, whose product must be the number of inputs."""
    if np.shape(image_shape) != (2,) or not all(
        isinstance(length, Integral) and length >= 1 for length in image_shape
    ):
        raise ValueError(
            "image_shape must be the height and the width of the images, got "
            f"{image_shape!r}"
        )
    height, width = image_shape
    if height * width != n_inputs:
        raise ValueError(
            f"image_shape={tuple(image_shape)} has {height * width} pixels, but the "
            f"network has {n_inputs} inputs; pass the height and the width of the "
            "images that the rows of X hold"
        )
    return height, width
