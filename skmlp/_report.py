"""What `verbose` prints: a line per epoch, in aligned columns."""

import math

from skmlp._history import n_recorded

COLUMNS = {
    "loss": "loss",
    "score": "score",
    "validation_loss": "validation loss",
    "validation_score": "validation score",
    "learning_rate": "learning rate",
}
WIDTH = 10


class Report:
    """Prints a line for every so many epochs of one or several trainings, and the last.

    Parameters
    ----------
    every : int
        1 prints each epoch.
    trainings : list of Training
        Where there are several, each line begins with the number of its own.
    """

    def __init__(self, every, trainings):
        self.every = every
        self.trainings = trainings
        self.header = None
        self.seconds = {}  # of the last epoch of each training, if that was not printed

    def epoch(self, training, seconds):
        """Print the epoch that `training` has recorded, if its turn has come."""
        self.seconds[training] = seconds
        if n_recorded(training.history) % self.every == 0:
            self.line(training)

    def line(self, training):
        """Print the last epoch that `training` has recorded, unless that was done."""
        if training not in self.seconds:
            return
        seconds = self.seconds.pop(training)
        cells = {}
        if len(self.trainings) > 1:
            cells["restart"] = str(self.trainings.index(training) + 1)
        cells["epoch"] = str(n_recorded(training.history))
        for curve, title in COLUMNS.items():
            value = training.history.get(curve, [math.nan])[-1]
            if not math.isnan(value):
                cells[title] = f"{value:.5g}"
        cells["seconds"] = f"{seconds:.3g}"
        self.print(cells)

    def print(self, cells):
        """Print the cells, with a header above the first line."""
        header = [title.rjust(width(title)) for title in cells]
        line = [text.rjust(width(title)) for title, text in cells.items()]
        if header != self.header:
            self.header = header
            print(" ".join(header))
        print(" ".join(line), flush=True)


def width(title):
    """Width of the column with this title."""
    return len(title) if title in ("restart", "epoch") else max(WIDTH, len(title))
