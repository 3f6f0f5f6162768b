"""What trains the same network in the same way: one module for each peer.

A module has a class ``Peer`` with

- ``Peer(problem)``: make everything ready, compile, and run once what is compiled;
- ``reset(seed)``: go back to the first weights; the shuffles come from the seed;
- ``run(n_epochs)``: train; this alone is timed;
- ``weights()``: the list of all W, and that of all b, as NumPy arrays;

and ``VERSION``. ``python -m peers NAME CORES`` serves it to the runner.
"""

from typing import NamedTuple

import numpy as np


class Problem(NamedTuple):
    """What to train: the data, the first weights and the settings."""

    X: np.ndarray
    y: np.ndarray  # a column of targets, a column of 0 and 1, or numbers of classes
    W: list
    b: list
    loss: str  # "squared", "binary" or "softmax"
    activation: str  # "relu" or "tanh"
    batch_size: int
    learning_rate: float
    momentum: float
    weight_decay: float

    @property
    def hidden(self):
        return tuple(map(len, self.b[:-1]))

    @property
    def epochs(self):
        return 1

    def save(self, file):
        """Write everything to an .npz file."""
        fields = self._asdict()
        arrays = {f"W{k}": W for k, W in enumerate(fields.pop("W"))}
        arrays |= {f"b{k}": b for k, b in enumerate(fields.pop("b"))}
        np.savez(file, **fields, **arrays)

    @classmethod
    def load(cls, file):
        """Read what save wrote."""
        with np.load(file) as stored:
            fields = {name: stored[name] for name in stored.files}
        layers = range(sum(name[0] == "W" for name in fields))
        for name in "Wb":
            fields[name] = [fields.pop(f"{name}{k}") for k in layers]
        settings = {
            k: v.item() for k, v in fields.items() if getattr(v, "ndim", 1) == 0
        }
        return cls(**fields | settings)
