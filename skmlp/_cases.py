"""The data of a call: validated once, and then only ever named by row."""

import copy
from dataclasses import dataclass, field
from functools import cached_property
from zlib import crc32

import numpy as np
from scipy.sparse import issparse
from sklearn.utils import indexable

from skmlp._network.network import FLOATS, Inputs, Targets
from skmlp._sklearn_compat import _safe_indexing

# Rows of targets that are looked at together.
SUMMED_ROWS = 1024

# Targets that differ by less from their mean, relative to it, are a constant.
ROUNDING = 10 * float(np.finfo(float).eps)


def in_dtype(array, dtype, name):
    """The array in a dtype of floats, or an error where it does not fit in there."""
    if array.dtype == dtype:
        return array
    with np.errstate(over="ignore"):
        array = array.astype(dtype)
    values = array.data if issparse(array) else array
    if array.dtype == np.float32 and not np.isfinite(values).all():
        raise ValueError(
            f"{name} has values too large for float32, the dtype of training; scale "
            "it, or fit on float64"
        )
    return array


def needs_no_validation(X, mlp):
    """Whether `validate_data` would give back X itself: most of the time of few rows.

    So it is with a plain array or CSR matrix of finite floats, as wide as the one of
    `fit`, which had no names of features.
    """
    values = X.data if issparse(X) and X.format == "csr" else X
    if (
        type(values) is not np.ndarray
        or values.dtype not in FLOATS
        or X.shape[1:] != (mlp.n_features_in_,)
        or X.shape[0] == 0
        or hasattr(mlp, "feature_names_in_")
    ):
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        return np.isfinite(values.sum())


def checked_csr(X):
    """X, or an error where it is CSR with indices that point outside it.

    The kernel trusts them. SciPy's check also makes them int32 or int64, and leaves out
    what the arrays have to spare: in a copy, which shares what stays as it is.
    """
    if issparse(X):
        X = copy.copy(X)
        X.check_format(full_check=True)
    return X


def at(array, rows):
    """These rows of the array, in a view of it where they are a range."""
    return array[rows.start : rows.stop] if isinstance(rows, range) else array[rows]


def with_duplicates_summed(y):
    """y, or a copy where it is sparse and has several numbers for a place."""
    if issparse(y) and not y.has_canonical_format:
        y = y.copy()
        y.sum_duplicates()
    return y


def is_indicator(y):
    """Whether all numbers of y, which has one for a place, are 0 or 1."""
    values = y.data if issparse(y) else y
    return bool(np.all((values == 0) | (values == 1)))


def listed(labels, most=10):
    """Labels for a message: all of them, or the first ones and how many there are."""
    labels = labels.tolist()
    if len(labels) <= most:
        return str(labels)
    first = ", ".join(map(repr, labels[:most]))
    return f"[{first}, ...] ({len(labels)} in all)"


def as_indices(rows):
    """A new array of the rows."""
    if isinstance(rows, range):
        return np.arange(rows.start, rows.stop, rows.step)
    return rows.copy()


@dataclass
class Data:
    """Validated inputs, targets and weights of all cases, and what the user gave.

    Attributes
    ----------
    X : {ndarray, CSR matrix} of shape (n_rows, n_features), float64 or float32
    values : ndarray of shape (n_rows, n_outputs) in the dtype of X, or None
        Targets t; None where `labels` says them.
    labels : ndarray of shape (n_rows,) of intp, or None
        Class numbers.
    weights : ndarray of shape (n_rows,) of float64, or None
        Weights s_n of the cases.
    n_outputs : int
    given : tuple (X, y, sample_weight)
        X and y as the user passed them, for scorers.
    """

    X: object
    values: np.ndarray | None
    labels: np.ndarray | None
    weights: np.ndarray | None
    n_outputs: int
    given: tuple

    def __len__(self):
        return self.X.shape[0]

    def check_weights(self, rows, what="training"):
        """Refuse to train on nothing, or to watch it."""
        if self.weights is not None and not at(self.weights, rows).any():
            raise ValueError(
                f"the weights of all {what} cases are zero; at least one case must "
                "have a positive sample_weight (and class_weight)"
            )

    def scale_weights(self, rows):
        """Make the mean weight of these rows 1."""
        if self.weights is not None:
            # By the largest first: the sum of huge ones would overflow.
            weights = self.weights / at(self.weights, rows).max()
            self.weights = weights / at(weights, rows).mean()

    def cases(self, rows):
        """These rows as the kernel takes them."""
        targets = Targets(
            values=self.values,
            labels=self.labels,
            weights=self.weights,
            n_outputs=self.n_outputs,
        )
        return Cases(Inputs(self.X), targets, rows, self)

    def given_rows(self, rows):
        """The arguments (X, y, sample_weight) of `fit` at these rows."""
        if isinstance(rows, range):  # all of them
            return self.given
        # Some sparse formats have no rows that could be named.
        return tuple(
            None if array is None else _safe_indexing(array, rows)
            for array in indexable(*self.given)
        )


@dataclass
class Cases:
    """Some rows of the data, with what turns the kernel's sums into scores.

    Attributes
    ----------
    inputs : Inputs
    targets : Targets
    rows : ndarray of intp, or range(n_rows) for all rows
    data : Data
        Where they come from.
    total_weight : float
        Sum of s_n.
    spread : ndarray of shape (n_outputs,), or None
        sum_n s_n (t_n - mean)^2 of each output; None for class numbers.
    """

    inputs: Inputs
    targets: Targets
    rows: np.ndarray | range
    data: Data
    total_weight: float = field(init=False)
    spread: np.ndarray | None = field(init=False, default=None)

    def __post_init__(self):
        weights, values = self.targets.weights, self.targets.values
        s = None if weights is None else at(weights, self.rows)
        self.total_weight = float(len(self.rows) if s is None else s.sum())
        if values is not None and self.total_weight > 0:
            # Of huge targets it is infinite, as their loss will be.
            with np.errstate(over="ignore", invalid="ignore"):
                mean = self._weighted_sum(lambda t: t) / self.total_weight
                spread = self._weighted_sum(lambda t: (t - mean) ** 2)
            # In Python, which is faster for a few numbers, as below.
            self.spread = np.array(
                [
                    s if s > self.total_weight * (ROUNDING * m) * (ROUNDING * m) else 0
                    for s, m in zip(spread.tolist(), mean.tolist(), strict=True)
                ]
            )

    @cached_property
    def given(self):
        """X and y as the user passed them, and their sample_weight."""
        return self.data.given_rows(self.rows)

    def checksum(self):
        """A number that hardly any other targets have, with their weights."""
        targets = self.targets
        t = targets.labels if targets.values is None else targets.values
        number = crc32(np.ascontiguousarray(at(t, self.rows)))
        if targets.weights is None:
            return number
        s = at(targets.weights, self.rows)
        with np.errstate(under="ignore"):  # their scale, and rounding, do not matter
            s = (s / s.max()).astype(np.float32)
        return number if np.all(s == 1) else crc32(s, number)

    def class_frequencies(self):
        """Share of the weights that each class has, or each label of several."""
        weights, labels = self.targets.weights, self.targets.labels
        if labels is None:
            return self._weighted_sum(lambda t: t) / self.total_weight
        s = None if weights is None else at(weights, self.rows)
        return np.bincount(at(labels, self.rows), s) / self.total_weight

    def _weighted_sum(self, function):
        """sum_n s_n f(t_n) for each output, some rows at a time."""
        weights, total = self.targets.weights, 0.0
        for start in range(0, len(self.rows), SUMMED_ROWS):
            rows = self.rows[start : start + SUMMED_ROWS]
            t = function(at(self.targets.values, rows).astype(np.float64))
            total += t.sum(axis=0) if weights is None else at(weights, rows) @ t
        return total

    def score(self, sums):
        """Accuracy or R^2 from the sums of the kernel, as scikit-learn defines them.

        A spread that rounding alone explains (`ROUNDING`) counts as none.

        R^2 is the mean over the outputs of 1 - residuals / spread. An output that is
        constant counts 1 where it is met exactly, and 0 where it is not.
        """
        if len(sums) == 1 and (self.spread is None or len(self.spread) > 1):
            return sums[0] / self.total_weight
        # In Python, which is faster for a few numbers: small data has short epochs.
        scores = [
            1 - residuals / spread if spread else float(residuals == 0)
            for residuals, spread in zip(
                sums.tolist(), self.spread.tolist(), strict=True
            )
        ]
        return sum(scores) / len(scores)
