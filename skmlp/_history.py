"""What is recorded per epoch (the curves)."""

import math

import numpy as np

CURVES = ("loss", "penalty", "score", "learning_rate")
BATCH_LOSS = "batch_loss"


def new_history():
    """A history without an epoch: a dict of equal-length lists."""
    return {curve: [] for curve in CURVES}


def record(history, values, batch_losses=None):
    """Append the values of one epoch, and the losses of its mini-batches, if any.

    A curve that begins or pauses while others go on (validation data that only some
    calls had) holds NaN for the epochs that it has no value of.
    """
    n_epochs, curves = n_recorded(history), list(history)
    try:
        for curve in [*values, *([] if batch_losses is None else [BATCH_LOSS])]:
            if curve not in history:
                history[curve] = [math.nan] * n_epochs
        for curve, entries in history.items():
            entries.append(float(values.get(curve, math.nan)))
        if batch_losses is not None:
            history[BATCH_LOSS][-1] = batch_losses
    except BaseException:  # an interrupt, which is to leave curves of equal length
        truncate(history, n_epochs, curves)
        raise


def n_recorded(history):
    """Number of epochs in a history."""
    return len(history["loss"])


def truncate(history, n_epochs, curves):
    """Forget the epochs after the first `n_epochs`, and all but these curves."""
    for curve in set(history) - set(curves):
        del history[curve]
    for entries in history.values():
        del entries[n_epochs:]


class RecordedCurves:
    """What scikit-learn's multi-layer perceptrons call the curves of `history_`."""

    @property
    def loss_curve_(self):
        """Training loss of each epoch, without the penalty: `history_["loss"]`."""
        return self.history_["loss"]

    @property
    def loss_(self):
        """Training loss of the last epoch."""
        return self._losses[-1]

    @property
    def best_loss_(self):
        """Lowest training loss of an epoch."""
        return min(self._losses)

    @property
    def _losses(self):
        if n_recorded(self.history_) == 0:
            raise AttributeError("training was interrupted in its first epoch")
        return self.history_["loss"]

    @property
    def validation_loss_(self):
        """Validation loss of the epoch kept, or None without validation data."""
        losses = self.history_.get("validation_loss")
        return losses[self.best_epoch_ - 1] if losses else None

    @property
    def validation_scores_(self):
        """Validation score of each epoch, or None without validation data."""
        return self.history_.get("validation_score")

    @property
    def best_validation_score_(self):
        """Highest validation score of an epoch, or None without validation data."""
        scores = self.validation_scores_
        return float(np.nanmax(scores)) if scores else None

    @property
    def batch_loss_curve_(self):
        """Mean loss of each mini-batch before its update, of all epochs, in order.

        Raises
        ------
        AttributeError
            Where no epoch was trained with `record_batches=True`.
        """
        if BATCH_LOSS not in self.history_:
            raise AttributeError(
                "batch_loss_curve_ is recorded only with record_batches=True"
            )
        return np.hstack(self.history_[BATCH_LOSS])
