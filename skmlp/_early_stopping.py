"""Early stopping: validation rows, patience, the best weights.

Source: the lecture's slides "Using a Validation Set" and "Preventing Overfitting by
Early Stopping".
"""

import copy
import math
import warnings
from collections import deque
from dataclasses import dataclass
from numbers import Integral

import numpy as np

from skmlp._cases import listed

ADVICE = "pass X_val and y_val to fit, or set early_stopping=False"


@dataclass
class Patience:
    """How long the watched value, which is to fall, has not improved.

    Attributes
    ----------
    best : float
        The lowest value so far.
    wait : int
        Epochs in a row without an improvement of more than `tol` over the best value
        before.
    """

    best: float = math.inf
    wait: int = 0

    def update(self, value, tol):
        """Take the value of an epoch."""
        self.wait = 0 if value < self.best - tol else self.wait + 1
        if value < self.best:
            self.best = value


def divide(mlp, data, given, groups, split_seed):
    """Training cases, and the validation cases given or held out, if any.

    Parameters
    ----------
    mlp : estimator
    data : Data
        Its weights are scaled, to a mean of 1 in training.
    given : Data or None
        The validation data that the user passed.
    groups : array-like of shape (n_samples,), or None
    split_seed : int

    Returns
    -------
    cases : Cases
    validation : Cases or None
    """
    rows, watched = range(len(data)), None
    split = given is None and hasattr(mlp.early_stopping, "split")
    if groups is not None and not split:
        warnings.warn(
            "groups are ignored: they are for a splitter that is given as "
            "early_stopping, such as GroupShuffleSplit",
            stacklevel=5,
        )
    if given is not None:
        watched, watched_rows = given, range(len(given))
    elif mlp.early_stopping:
        rows, watched_rows = _hold_out(mlp, data, groups, split_seed)
        watched = data
    data.check_weights(rows)
    data.scale_weights(rows)
    if watched is None:
        return data.cases(rows), None
    watched.check_weights(watched_rows, "validation")
    if watched is given:
        given.scale_weights(watched_rows)
    return data.cases(rows), watched.cases(watched_rows)


def _hold_out(mlp, data, groups, split_seed):
    """Rows for training and for validation."""
    if isinstance(mlp.early_stopping, type):
        name = mlp.early_stopping.__name__
        raise ValueError(
            f"early_stopping is the class {name}; pass a splitter, such as {name}()"
        )
    if hasattr(mlp.early_stopping, "split"):
        X, y = data.given[:2]
        splitter = mlp.early_stopping
        return last_split(splitter, X, y, groups, len(data), split_seed)
    return split_rows(
        len(data),
        mlp.validation_fraction,
        split_seed,
        data.labels,
        getattr(mlp, "classes_", None),
        data.weights,
    )


def split_rows(n_rows, fraction, seed, labels=None, class_names=None, weights=None):
    """Divide row numbers into training and validation data.

    Parameters
    ----------
    n_rows : int
    fraction : float in (0, 1)
        Share of the validation data among the rows that can be held out; at least as
        many as there are classes.
    seed : int
    labels : ndarray of shape (n_rows,), default=None
        Class number of each row; the split is stratified on it.
    class_names : ndarray, default=None
        What to call the classes in an error.
    weights : ndarray of shape (n_rows,), default=None
        Rows of weight 0 would say nothing as validation data, and do nothing as
        training data. So they are the latter, and so is the only row of its class that
        has a weight.

    Returns
    -------
    training, validation : ndarray of intp
        Sorted.

    Raises
    ------
    ValueError
        Where a class has one member, or one of the two sets would be empty.
    """
    counts = np.array([n_rows])
    if labels is not None:
        counts = np.bincount(labels)
        lonely = class_names[np.flatnonzero(counts == 1)]
        if len(lonely):
            raise ValueError(
                "early_stopping=True holds out validation data stratified by class, "
                "which needs at least 2 samples of each class, but these have one: "
                f"{listed(lonely)}; drop or merge them, {ADVICE}"
            )
    n_eligible, eligible = n_rows, n_rows  # all, as `permutation` takes them
    if weights is not None:
        eligible, counts = _rows_that_count(weights, labels)
        n_eligible = len(eligible)
        if n_eligible < 2:
            raise ValueError(
                "early_stopping=True holds out cases with a positive weight and leaves "
                "one (of each class) for training, but there are too few; " + ADVICE
            )
    n_classes = np.count_nonzero(counts)
    n_validation = max(math.ceil(fraction * n_eligible), n_classes)
    if n_eligible - n_validation < n_classes:
        raise ValueError(
            f"early_stopping=True with validation_fraction={fraction} leaves "
            f"{n_eligible - n_validation} of n_samples={n_rows} for training (of "
            f"{n_eligible} that can be held out), which needs at least {n_classes}; "
            f"use more samples or a smaller fraction, {ADVICE}"
        )
    random = np.random.RandomState(seed)
    order = random.permutation(eligible)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    held_out = np.zeros(n_rows, dtype=bool)
    starts = np.cumsum(counts) - counts
    for start, n in zip(starts, _shares(counts, n_validation, random), strict=True):
        held_out[order[start : start + n]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)


def _rows_that_count(weights, labels):
    """The rows that can be held out, and how many there are of each class."""
    rows = np.flatnonzero(weights > 0)
    if labels is None:
        return rows, np.array([len(rows)])
    counts = np.bincount(labels[rows])
    rows = rows[counts[labels[rows]] > 1]
    return rows, np.where(counts > 1, counts, 0)


def _shares(counts, n, random):
    """Divide n between classes of these counts: largest remainders, ties at random."""
    shares, remainders = np.divmod(counts * n, counts.sum())
    by_remainder = np.lexsort((random.random(len(counts)), -remainders))
    while (missing := n - shares.sum()) > 0:  # one of each class is left for training
        has_more = shares[by_remainder] < counts[by_remainder] - 1
        shares[by_remainder[has_more][:missing]] += 1
    return shares


def checked_score(score, scoring):
    """The number that a scorer returns.

    Parameters
    ----------
    score : callable
        Without arguments.
    scoring : str or callable
        What to call the scorer in an error.

    Raises
    ------
    ValueError
        Where the scorer fails, or returns no finite number.
    """
    try:
        value = score()
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            f"scoring={scoring!r} fails on the validation data: {error}"
        ) from error
    try:
        value = float(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"scoring={scoring!r} gives {value!r}; use a scorer that returns one number"
        ) from None
    if not math.isfinite(value):
        raise ValueError(
            f"scoring={scoring!r} gives {value} on the validation data; use a scorer "
            "that they define (one class is too few for roc_auc, say)"
        )
    return value


def last_split(splitter, X, y, groups, n_rows, seed):
    """The rows for training and validation in the last split of a splitter.

    The first of `TimeSeriesSplit` would leave the newest rows unused.

    Parameters
    ----------
    splitter : cross-validation splitter
        With the method `split(X, y, groups)`.
    X, y, groups : array-like of shape (n_samples, ...)
        As the user gave them; `groups` may be None.
    n_rows : int
        Their number.
    seed : int
        For one of scikit-learn's that has none: it would draw other rows each time, and
        a warm start would validate on those that it has been trained on.

    Returns
    -------
    training, validation : ndarray of intp

    Raises
    ------
    ValueError
        Where the splitter has no split, one of the two sets is empty, or its rows are
        neither row numbers of X nor masks.
    """
    try:
        last = deque(_with_seed(splitter, seed).split(X, y, groups), maxlen=1)
    except ValueError as error:
        if groups is not None or "groups" not in str(error):
            raise
        raise ValueError(
            f"early_stopping={splitter!r} needs to know which rows belong together: "
            "pass groups to fit; a search passes them on after "
            f"set_fit_request(groups=True), with enable_metadata_routing ({error})"
        ) from error
    split = last[0] if last else ((), ())
    training, validation = (_row_numbers(splitter, rows, n_rows) for rows in split)
    if len(training) == 0 or len(validation) == 0:
        raise ValueError(
            f"the last split of early_stopping={splitter!r} has {len(training)} rows "
            f"for training and {len(validation)} for validation; use a splitter that "
            f"leaves some for both, {ADVICE}"
        )
    return training, validation


def _with_seed(splitter, seed):
    """The splitter, or of scikit-learn's a copy that draws the same rows each time."""
    from sklearn import model_selection as m  # late: takes longer than skmlp

    kinds = m.BaseCrossValidator, m.BaseShuffleSplit
    kinds += m.RepeatedKFold, m.RepeatedStratifiedKFold
    random_state = getattr(splitter, "random_state", seed)
    if not isinstance(splitter, kinds) or isinstance(random_state, Integral):
        return splitter
    splitter = copy.copy(splitter)
    splitter.random_state = seed
    if random_state is not None:  # a generator, which would go on
        splitter.random_state = copy.deepcopy(random_state)
    return splitter


def _row_numbers(splitter, rows, n_rows):
    """The rows of a split, which may also be a mask, as row numbers."""
    rows = np.asarray(rows)
    if rows.dtype == bool and rows.shape == (n_rows,):
        rows = np.flatnonzero(rows)
    if rows.ndim != 1 or (rows.dtype.kind not in "iu" and len(rows) > 0):
        raise ValueError(
            f"the last split of early_stopping={splitter!r} is of dtype {rows.dtype} "
            f"and shape {rows.shape}; use a splitter that yields two arrays of row "
            f"numbers, or of booleans for all n_samples={n_rows}"
        )
    if len(rows) > 0 and (rows.min() < 0 or rows.max() >= n_rows):
        raise ValueError(
            f"the last split of early_stopping={splitter!r} names rows "
            f"{rows.min()} to {rows.max()} of n_samples={n_rows}; use a splitter "
            "that counts the rows of X from 0"
        )
    return rows.astype(np.intp)
