"""Mini-batch gradient descent: updates, slice by slice, until the epochs are enough.

Source: the lecture's slides "Training Neural Networks: Back-propagation" and "Ways to
Use Weight Derivatives".
"""

import math

import numpy as np

from skmlp._cases import as_indices, at
from skmlp._history import CURVES, truncate
from skmlp._network import kernel
from skmlp._objective import slice_rows
from skmlp._schedules import auto_learning_rate, learning_rate
from skmlp._threads import shared_cores
from skmlp._training import SCALE_ADVICE, DivergenceError, Training, TrainingState

# learning_rate_init="auto": what the rate is divided by where the first call diverges.
RESTART_DIVISOR = 10.0
RESTART_MINIMUM = 1e-12

# batch_size="auto": ten mini-batches, so that patience waits for many more updates than
# momentum remembers. Fewer rows than ten times FEW make fewer, more than ten times MOST
# make more. FEW is above 27, the repeated rows that scikit-learn's checks compare with
# weighted ones, which only full batches can equal.
AUTO_BATCHES = 10
AUTO_FEW_ROWS, AUTO_MOST_ROWS = 32, 200

# Epochs of at least so many updates by single cases work on padded copies of the
# weights.
MANY_CASES = 200

# Bytes of a row of weights that takes as long to update as to find.
SHORT_ROW = 200

# Threads share a sparse batch whose non-zeros name so many weights: to read and write
# these and their velocities moves 4 MB in float64.
SHARED_WEIGHTS = 1 << 17

# Sparse batches of a slice, where threads share them: between slices it is found out
# that other programs keep a thread waiting.
SHARED_BATCHES = 8

# Training has exploded where the loss is this many times that of the first weights,
# measured on about so many cases.
EXPLOSION = 1000.0
SAMPLED_ROWS = 200


class MiniBatchTraining(Training):
    """A training whose epochs are updates by mini-batches.

    Parameters
    ----------
    updates : Updates
    restartable : bool, default=False
        Whether training that diverges starts anew at a lower learning rate.
    others
        See `Training`.

    Attributes
    ----------
    batch_size : int
        Rows of a mini-batch.
    auto_eta_0 : float
        What `learning_rate_init="auto"` stands for, before any start anew.
    squares : ndarray of shape (n_parameters,), or None
        What the solver keeps of squared derivatives.
    first_parameters : ndarray of shape (n_parameters,), or None
        The weights that it started from.
    order : ndarray of intp
        The rows, in the order of the epoch.
    batch_losses : ndarray of shape (n_batches,) or (0,)
        Of the epoch.
    skipping : Skipping or None
        What lets rows of weights sit out the updates of sparse batches.
    single_cases : SingleCases or None
        What updates by single cases are made on.
    """

    def __init__(self, *args, updates, restartable=False, **kwargs):
        super().__init__(*args, **kwargs)
        self.updates = updates
        self.restartable = restartable
        self.squares = self.first_parameters = None
        mlp, inputs, rows = self.mlp, self.cases.inputs, self.cases.rows
        batch_size = mlp.batch_size
        if batch_size == "auto":
            batch_size = auto_batch_size(len(rows))
        self.batch_size = batch_rows(batch_size, len(rows))
        # A chunk of `partial_fit` is a mini-batch, even where "auto" takes all of it.
        by_its_rows = self.is_chunk and mlp.batch_size != "full"
        self.auto_eta_0 = auto_learning_rate(
            mlp.solver,
            mlp.loss,
            mlp.out_activation_,
            self.batch_size if by_its_rows else batch_size,
        )
        self.order = as_indices(rows)
        n_batches = -(-len(rows) // self.batch_size)
        self.batch_losses = np.zeros(n_batches if mlp.record_batches else 0)
        self.skipping = self.single_cases = None
        if self.worth_skipping():
            self.skipping = kernel.Skipping(
                self.network, inputs, self.order, shared=self.worth_sharing()
            )
        elif kernel.SingleCases.possible(inputs, updates, self.batch_size):
            self.single_cases = kernel.SingleCases(
                self.network,
                self.parameters.dtype,
                padded=len(rows) >= MANY_CASES,
            )

    def worth_skipping(self):
        """Whether updates can leave out rows of weights, and are not cheap anyway.

        They are where a batch has more non-zeros than there are rows. Leaving out a
        short row saves less, and finding out which can be left out costs the same.
        """
        n_rows, length = self.network.layer_units[:2]
        n_bytes = length * self.parameters.itemsize
        n_non_zeros = self.batch_size * self.cases.inputs.mean_row_length
        worth_it = n_non_zeros * max(1, SHORT_ROW / n_bytes) <= n_rows
        return worth_it and kernel.Skipping.possible(
            self.cases.inputs, self.updates, self.mlp.weight_decay
        )

    def worth_sharing(self):
        """Whether the weights that a sparse batch names are enough for several threads.

        Whatever their number is: the order of sums follows from this.
        """
        rows = min(self.batch_size, self.network.block_rows)
        n_non_zeros = rows * self.cases.inputs.mean_row_length
        return n_non_zeros * self.network.layer_units[1] >= SHARED_WEIGHTS

    def start(self):
        """Look at the loss, too, which training is not to lose all proportion to."""
        super().start()
        if self.updates.squares is not None:
            self.squares = self.state.update_state[self.updates.squares]
        if not self.is_chunk or self.restartable:
            self.first_parameters = self.parameters.copy()
        if not self.is_chunk:
            loss = self.loss_at_start(sampled=True)
            if not math.isfinite(loss):
                raise ValueError(
                    f"the loss is not finite before training; {SCALE_ADVICE}"
                )
            # Of a call that goes on, too: its data may be on another scale.
            self.state.first_loss = max(self.state.first_loss or 0.0, loss)

    def release(self):
        """Let go of what helps with updates, too."""
        super().release()
        self.squares = self.first_parameters = self.skipping = self.single_cases = None

    def loop(self, max_iter):
        """Train epoch by epoch; return why that ended."""
        while self.n_iter < max_iter:
            self.begin_epoch()
            try:
                curves = self.train_epoch()
            except DivergenceError:
                if not self.can_start_anew():
                    raise
                self.start_anew()
                continue
            reason = self.end_epoch(curves)
            if reason:
                return reason
        return "max_iter"

    @property
    def eta_0(self):
        """The first learning rate."""
        if self.mlp.learning_rate_init != "auto":
            return self.mlp.learning_rate_init
        return self.auto_eta_0 / RESTART_DIVISOR**self.state.n_restarts

    def can_start_anew(self):
        """Whether a lower learning rate is worth a try."""
        return self.restartable and self.eta_0 / RESTART_DIVISOR >= RESTART_MINIMUM

    def start_anew(self):
        """Go back to the first weights, with a lower learning rate."""
        if self.report:
            self.report.line(self)
        state = self.state
        self.parameters[:] = self.first_parameters
        state.update_state[:] = 0
        self.state = TrainingState(
            state.solver,
            state.update_state,
            state.shuffle_seed,
            state.split_seed,
            n_restarts=state.n_restarts + 1,
            first_loss=state.first_loss,
            watched=state.watched,
            checksum=state.checksum,
        )
        if self.tasks:
            self.tasks.start_anew(self)
        self.started_anew = True
        truncate(self.history, 0, CURVES)
        self.n_iter = 0

    def train_epoch(self):
        """Train for one epoch and record it; return its value on each curve."""
        eta = learning_rate(
            self.mlp.learning_rate,
            self.eta_0,
            self.mlp.power_t,
            self.state.epoch + 1,
            self.state.n_reductions,
        )
        if self.mlp.shuffle:
            rows = self.cases.rows
            rows = None if isinstance(rows, range) else rows
            kernel.shuffle(rows, self.state.shuffle_seed, self.state.epoch, self.order)
        sums = np.zeros(self.network.n_sums)
        self.batch_losses[:] = 0
        self.sweep(eta, sums)
        batch_losses = self.batch_losses.copy() if self.mlp.record_batches else None
        return self.record_epoch(sums, eta, batch_losses)

    def sweep(self, eta, sums):
        """Train on all cases, slice by slice, as long as the loss is finite."""
        rates = {"learning_rate": eta, "weight_decay": self.mlp.weight_decay}
        helper = self.skipping or self.single_cases
        if helper is None:
            self.train_slices(sums, rates)
            return
        weights = self.parameters, self.state.update_state
        helper.start_epoch(self.updates, *weights, **rates)
        try:
            self.train_slices(sums, rates)
        finally:
            helper.end_epoch(*weights)

    def train_slices(self, sums, rates):
        """Train on slice after slice of the order."""
        n_rows = slice_rows(self.network, self.cases.inputs)
        if self.skipping and self.n_threads > 1 and self.worth_sharing():
            n_rows = min(n_rows, SHARED_BATCHES * self.batch_size)
        position = 0
        while position < len(self.order) and math.isfinite(sums[0]):
            self.check_cancelled()
            with shared_cores.timed(self.network, self.n_threads):
                position, self.state.n_updates = self.train_slice(
                    position, n_rows, sums, rates
                )

    def train_slice(self, position, n_rows, sums, rates):
        """Train on some rows more; return the next position, and all updates so far."""
        network, cases, n_updates = self.network, self.cases, self.state.n_updates
        what = cases.inputs, cases.targets, self.order, position, n_rows
        if self.single_cases:
            stop = kernel.train_single_cases(
                network,
                *what,
                self.single_cases,
                self.workspace,
                sums,
                self.batch_losses,
            )
            return stop, n_updates + stop - position
        return kernel.train_rows(
            network,
            self.updates,
            *what,
            self.batch_size,
            self.parameters,
            self.state.update_state,
            self.gradient,
            self.workspace,
            sums,
            self.batch_losses,
            self.skipping,
            n_updates=n_updates,
            **rates,
        )

    def check_not_diverged(self, loss, penalty, eta):
        """Look for what stays finite, too."""
        super().check_not_diverged(loss, penalty, eta)
        if not self.squares_are_finite():
            raise self.divergence("the square of a derivative is not finite", eta)
        if self.has_exploded(loss):
            raise self.divergence(f"the loss, {loss:g}, has exploded", eta)

    def validation_error(self, eta):
        """That of a divergence, if the weights are to blame and not the data."""
        sums = np.zeros(self.network.n_sums)
        cases = self.validation
        self.add_losses(cases, cases.rows, self.first_parameters, sums)
        if np.isfinite(sums).all():
            return self.divergence("the validation loss is not finite", eta)
        return super().validation_error(eta)

    def squares_are_finite(self):
        """Whether none is infinite: its weight would not move any more."""
        return self.squares is None or math.isfinite(self.squares.max())

    def has_exploded(self, loss):
        """Whether the loss is out of all proportion to that at the start.

        Overflow does not show it: units that have died of too large a step let nothing
        through that could overflow. A chunk of `partial_fit` may be of any size.
        """
        state = self.state
        if self.is_chunk or loss <= EXPLOSION * state.first_loss:
            return False
        # Those that count most may be none of the cases that had been looked at.
        state.first_loss = max(state.first_loss, self.loss_at_start(sampled=False))
        return loss > EXPLOSION * state.first_loss > 0

    def loss_at_start(self, *, sampled):
        """The loss that training starts from, or about it: that of some of the cases.

        With values for targets at least what their spread makes of it, which these
        cases may not show.
        """
        rows, s = self.cases.rows, self.cases.targets.weights
        if s is not None:
            rows = as_indices(rows)[at(s, rows) > 0]
        if sampled:
            rows = rows[:: max(1, len(rows) // SAMPLED_ROWS)]
        sums = np.zeros(self.network.n_sums)
        self.add_losses(self.cases, rows, self.first_parameters, sums)
        loss = sums[0] / (len(rows) if s is None else s[rows].sum())
        spread = 0.0 if self.cases.spread is None else self.cases.spread.sum()
        return max(loss, 0.5 * spread / self.cases.total_weight)


def auto_batch_size(n_rows):
    """What "auto" stands for: "full", or the rows of mini-batches of nearly one size.

    The last has at least half as many: a row or two would move the weights as far as a
    whole mini-batch does, at random.
    """
    n_batches = min(AUTO_BATCHES, math.ceil(n_rows / AUTO_FEW_ROWS))
    n_batches = max(n_batches, math.ceil(n_rows / AUTO_MOST_ROWS))
    if n_batches == 1:
        return "full"
    size = math.ceil(n_rows / n_batches)
    while 0 < n_rows % size < size / 2:  # needed from 20,299 rows on
        size -= 1
    return size


def batch_rows(batch_size, n_rows):
    """Rows of a mini-batch, never more than there are; of "auto" the most there can be.

    Fewer rows may train, and may have larger mini-batches.
    """
    if batch_size == "full":
        return n_rows
    if batch_size == "auto":
        batch_size = AUTO_MOST_ROWS
    if batch_size < 1:  # unless skip_parameter_validation is set, found out before
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    return min(batch_size, n_rows)
