"""What can be drawn of histories, or an error that says why not."""

from collections.abc import Mapping
from numbers import Integral

import numpy as np

from skmlp._history import BATCH_LOSS

KINDS = ("both", "training", "validation")


def by_name(given, what):
    """A dict of what may be a single one, a dict, or a list of pairs."""
    if isinstance(given, Mapping):
        given = list(given.items())
    if not isinstance(given, list | tuple):
        return {"": given}
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in given):
        raise TypeError(
            f"{what} must be one {what}, or several as a dict or a list of pairs "
            f"(name, {what})"
        )
    names = [str(name) for name, _ in given]
    if len(set(names)) < len(names):
        raise ValueError(f"the names must differ, got {names}")
    return dict(zip(names, (one for _, one in given), strict=True))


def validation_of(metric):
    """The name of a metric's validation curve."""
    return f"validation_{metric}"


def updates(history):
    """The loss of every update, and where it lies between the epochs."""
    # An epoch that was trained without record_batches holds a single NaN.
    epochs = [np.atleast_1d(losses) for losses in history[BATCH_LOSS]]
    x = [
        e + np.arange(1, len(losses) + 1) / len(losses)
        for e, losses in enumerate(epochs)
    ]
    return np.concatenate(x), np.concatenate(epochs)


def check_histories(histories, best_epochs, metrics, curves, batches):
    """Raise an error for what cannot be drawn of the histories.

    Parameters
    ----------
    histories : dict of {str: dict}
    best_epochs : dict of {str: int}
    metrics : list of str
    curves : str
        One of `KINDS`.
    batches : bool
        Whether the loss of every update is needed.
    """
    if not histories:
        raise ValueError("there is no history to draw; pass at least one")
    if curves not in KINDS:
        raise ValueError(f"curves must be one of {KINDS}, got {curves!r}")
    if not metrics:
        raise ValueError("metrics is empty; name at least one, 'loss' say")
    unknown = sorted(set(best_epochs) - set(histories))
    if unknown:
        raise ValueError(
            f"best_epoch has names {unknown}, but the histories are {list(histories)}"
        )
    for name, history in histories.items():
        of = f"the history of {name!r}" if name else "the history"
        n_epochs = _n_epochs(history, of)
        _check_metrics(history, metrics, curves, of)
        best = best_epochs.get(name)
        if best is not None and not (
            isinstance(best, Integral) and 1 <= best <= n_epochs
        ):
            raise ValueError(
                f"the best epoch must be an int from 1 to {n_epochs}, the number of "
                f"epochs in {of}, got {best}"
            )
        if batches and BATCH_LOSS not in history:
            raise ValueError(
                f"batches=True needs the loss of every update in {of}; fit the "
                "estimator with record_batches=True"
            )


def _n_epochs(history, of):
    """Number of epochs in a history, which must be the same for all its curves."""
    if not isinstance(history, Mapping):
        raise TypeError(
            f"{of} must be a dict of curves, as history_ is, got "
            f"{type(history).__name__}"
        )
    for curve, values in history.items():
        if not hasattr(values, "__len__"):
            raise TypeError(
                f"the curve {curve!r} in {of} must be a list with a number per epoch, "
                f"got {type(values).__name__}"
            )
    lengths = {curve: len(values) for curve, values in history.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        raise ValueError(
            f"the curves in {of} must have the same number of epochs, at least 1, got "
            f"{lengths}"
        )
    return next(iter(lengths.values()))


def _check_metrics(history, metrics, curves, of):
    known = [
        curve
        for curve in history
        if not curve.startswith("validation_") and curve != BATCH_LOSS
    ]
    unknown = [metric for metric in metrics if metric not in known]
    if unknown:
        raise ValueError(
            f"metrics has {unknown}, which {of} lacks; use names of {known} "
            "(validation curves are drawn beside them)"
        )
    without = [m for m in metrics if validation_of(m) not in history]
    if curves == "validation" and without:
        raise ValueError(
            f"curves='validation', but {of} has no validation curve of {without}; fit "
            "with early_stopping=True, or with X_val and y_val, and ask for metrics "
            "that have one, 'loss' and 'score'"
        )
