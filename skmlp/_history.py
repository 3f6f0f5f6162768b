"""What is recorded per epoch (the curves)."""

import math

CURVES = ("loss", "penalty", "score", "learning_rate")
VALIDATION_CURVES = ("validation_loss", "validation_score")


def new_history():
    """A history without an epoch: a dict of equal-length lists."""
    return {curve: [] for curve in CURVES}


def record(history, **values):
    """Append the values of one epoch.

    A curve that begins or pauses while others go on (validation data that only some
    calls had) holds NaN for the epochs that it has no value of.
    """
    n_epochs = n_recorded(history)
    for curve in values:
        if curve not in history:
            history[curve] = [math.nan] * n_epochs
    for curve, entries in history.items():
        entries.append(float(values.get(curve, math.nan)))


def n_recorded(history):
    """Number of epochs in a history."""
    return len(history["loss"])


def truncate(history, n_epochs):
    """Forget the epochs after the first `n_epochs`."""
    for entries in history.values():
        del entries[n_epochs:]
