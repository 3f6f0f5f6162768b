"""Training neural nets: loop until convergence.

Source: the lecture's slides "Training Neural Networks: Back-propagation", "Ways to Use
Weight Derivatives" and "Monitor Loss During Training".
"""

import math
import re
import threading
import time
import warnings
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from skmlp._cases import as_indices, at
from skmlp._early_stopping import Patience
from skmlp._history import CURVES, n_recorded, record, truncate
from skmlp._network import kernel
from skmlp._objective import add_losses, slice_rows
from skmlp._parameters import aligned_copy, aligned_empty
from skmlp._schedules import ADAPTIVE_MINIMUM, learning_rate
from skmlp._threads import shared_cores

# learning_rate_init="auto": what the rate is divided by where the first call diverges.
RESTART_DIVISOR = 10.0
RESTART_MINIMUM = 1e-12

# Epochs of at least so many updates by single cases work on padded copies of the
# weights.
MANY_CASES = 200

# Threads share a sparse batch whose non-zeros name so many weights: to read and write
# these and their velocities moves 4 MB in float64.
SHARED_WEIGHTS = 1 << 17

# Training has exploded where the loss is this many times that of the first weights,
# measured on about so many cases.
EXPLOSION = 1000.0
SAMPLED_ROWS = 200


class DivergenceError(ValueError):
    """A loss or a weight is not finite any more."""


@dataclass
class TrainingState:
    """What training needs in order to go on where it stopped, beside the weights.

    Attributes
    ----------
    solver : str
        Whose state that is.
    update_state : ndarray of shape (n_vectors, n_parameters)
        What the solver keeps of earlier gradients: the velocity of "sgd", say.
    eta_0 : float
        The first learning rate.
    shuffle_seed, split_seed : int
        With the number of the epoch, the first gives the order of the rows.
    epoch : int
        Epochs so far: the clock of the schedule.
    n_updates : int
        Updates so far, which "adam" corrects its bias by.
    n_reductions : int
        How often "adaptive" has divided the learning rate.
    first_loss : float or None
        About the loss that training started from.
    watched : str
        What patience is about.
    patience : Patience
    best_parameters : ndarray or None
        Weights of the best epoch, with early stopping.
    best_epoch : int
        The number of that epoch, from 1.
    last_parameters : ndarray or None
        Weights after the last update, where those of the best epoch were restored.
    """

    solver: str
    update_state: np.ndarray
    eta_0: float
    shuffle_seed: int
    split_seed: int
    epoch: int = 0
    n_updates: int = 0
    n_reductions: int = 0
    first_loss: float | None = None
    watched: str = ""
    patience: Patience = field(default_factory=Patience)
    best_parameters: np.ndarray | None = None
    best_epoch: int = 0
    last_parameters: np.ndarray | None = None

    def watch(self, watched):
        """Have patience with this; values of something else are no measure for it."""
        if watched != self.watched:
            self.watched, self.patience, self.best_parameters = (
                watched,
                Patience(),
                None,
            )

    def resume(self, parameters):
        """The weights to go on from, where those of the best epoch had been restored.

        These are the ones of the last update, unless the user has changed the restored
        ones: then the user's count, and no epoch of theirs is known to be the best.
        """
        if np.array_equal(parameters, self.best_parameters):
            parameters = aligned_copy(self.last_parameters)
        elif not np.array_equal(parameters, self.last_parameters):
            self.patience, self.best_parameters = Patience(), None
        self.last_parameters = None
        return parameters

    def copy(self):
        """A copy that can be trained on without a trace in this one."""
        return replace(
            self,
            update_state=aligned_copy(self.update_state),  # of a memory map too
            patience=replace(self.patience),
        )


class Training:
    """One call's way through the epochs.

    Parameters
    ----------
    mlp : estimator
        Its parameters are read; nothing of it is written.
    network : Network
    updates : Updates
    parameters : ndarray of shape (n_parameters,)
        Trained in place.
    state : TrainingState
        Trained in place.
    history : dict of list
        Each epoch is recorded there.
    cases, validation : Cases
        `validation` may be None.
    scorer : callable, default=None
        Without arguments: the validation score, where it is not the running one.
    restartable : bool, default=False
        Whether training that diverges starts anew at a lower learning rate.
    watch : bool, default=True
        Whether progress is watched: not by `partial_fit`, whose chunks differ.

    Attributes
    ----------
    n_iter : int
        Epochs of this call.
    stop_reason : str
        Why it ended.
    tasks : Tasks or None
        What tells scikit-learn's callbacks of each epoch.
    report : Report or None
        What prints a line for an epoch.
    n_threads : int
        That share a large update, where no other program takes the cores.
    cancelled : threading.Event
        Ends the training between two slices of an epoch where it is set.
    """

    def __init__(
        self,
        mlp,
        network,
        updates,
        parameters,
        state,
        history,
        cases,
        validation=None,
        *,
        scorer=None,
        restartable=False,
        watch=True,
    ):
        self.mlp = mlp
        self.network = network
        self.updates = updates
        self.parameters = parameters
        self.state = state
        self.history = history
        self.cases = cases
        self.validation = validation
        self.scorer = scorer
        self.watch = watch
        self.n_iter = 0
        self.n_threads = network.n_threads
        self.stop_reason = "interrupt"
        self.tasks = None
        self.report = None
        self.cancelled = threading.Event()
        self.started_anew = False
        self.restartable = restartable
        self.first_parameters = parameters.copy() if watch or restartable else None
        self.batch_size = batch_rows(mlp.batch_size, len(cases.rows))
        self.order = as_indices(cases.rows)
        n_batches = -(-len(cases.rows) // self.batch_size)
        self.skipping = self.single_cases = None
        if self.worth_skipping():
            self.skipping = kernel.Skipping(
                network, cases.inputs, self.order, shared=self.worth_sharing()
            )
        elif kernel.SingleCases.possible(cases.inputs, updates, self.batch_size):
            padded = len(cases.rows) >= MANY_CASES
            self.single_cases = kernel.SingleCases(
                network, parameters.dtype, padded=padded
            )
        self.batch_losses = np.zeros(n_batches if mlp.record_batches else 0)
        self.gradient = aligned_empty(parameters.shape, parameters.dtype)
        self.workspace = aligned_empty((network.n_workspace,), parameters.dtype)

    def worth_skipping(self):
        """Whether updates can leave out rows of weights, and are not cheap anyway.

        They are where a batch has more non-zeros than there are rows.
        """
        n_non_zeros = self.batch_size * self.cases.inputs.mean_row_length
        return n_non_zeros <= self.network.layer_units[0] and kernel.Skipping.possible(
            self.cases.inputs, self.updates, self.mlp.weight_decay
        )

    def worth_sharing(self):
        """Whether the weights that a sparse batch names are enough for several threads.

        Whatever their number is: the order of sums follows from this.
        """
        rows = min(self.batch_size, self.network.block_rows)
        n_non_zeros = rows * self.cases.inputs.mean_row_length
        return n_non_zeros * self.network.layer_units[1] >= SHARED_WEIGHTS

    def run(self, max_iter):
        """Loop until convergence, and set why it ended."""
        self.start()
        self.stop_reason = self.loop(max_iter)

    def start(self):
        """Look at what training starts from, for what it will be measured by."""
        if self.watch:
            self.state.watch(self.watched)
            # Of a call that goes on, too: its data may be on another scale.
            loss = self.loss_at_start(sampled=True)
            if not math.isfinite(loss):
                raise self.divergence("the loss of the first weights is not finite")
            self.state.first_loss = max(self.state.first_loss or 0.0, loss)
        if self.state.patience.wait >= self.mlp.n_iter_no_change:
            self.state.patience.wait = 0

    def loop(self, max_iter):
        """Train epoch by epoch; return why that ended."""
        while self.n_iter < max_iter:
            self.begin_epoch()
            try:
                curves = self.epoch()
            except DivergenceError:
                if not self.can_start_anew():
                    raise
                self.start_anew()
                continue
            reason = self.end_epoch(curves)
            if reason:
                return reason
        return "max_iter"

    def begin_epoch(self):
        """Take the time, and tell the callbacks."""
        self.epoch_started = time.perf_counter()
        if self.tasks:
            self.tasks.begin(self)

    def end_epoch(self, curves):
        """Tell of an epoch that has been recorded; return why to stop, or None."""
        if self.report:
            self.report.line(self, time.perf_counter() - self.epoch_started)
        out_of_patience = self.watch and self.out_of_patience(curves)
        if self.tasks and self.tasks.end(self):
            return "callback"
        return "patience" if out_of_patience else None

    def can_start_anew(self):
        """Whether a lower learning rate is worth a try."""
        return (
            self.restartable and self.state.eta_0 / RESTART_DIVISOR >= RESTART_MINIMUM
        )

    def start_anew(self):
        """Go back to the first weights, with a lower learning rate."""
        state = self.state
        self.parameters[:] = self.first_parameters
        state.update_state[:] = 0
        self.state = TrainingState(
            state.solver,
            state.update_state,
            state.eta_0 / RESTART_DIVISOR,
            state.shuffle_seed,
            state.split_seed,
            first_loss=state.first_loss,
            watched=state.watched,
        )
        if self.tasks:
            self.tasks.start_anew(self)
        self.started_anew = True
        truncate(self.history, 0, CURVES)
        self.n_iter = 0

    def warn_of_start_anew(self, stacklevel):
        """Tell, once, that the rate is not the one that "auto" stands for."""
        if self.started_anew:
            warnings.warn(
                'training diverged with learning_rate_init="auto" and was started anew '
                f"with {self.state.eta_0:g}; scale X (StandardScaler) and, for "
                "regression, y (TransformedTargetRegressor) to learn faster",
                ConvergenceWarning,
                stacklevel=stacklevel,
            )

    def epoch(self):
        """Train for one epoch and record it; return its value on each curve."""
        eta = learning_rate(
            self.mlp.learning_rate,
            self.state.eta_0,
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
        helper.start_epoch(self.network, self.updates, *weights, **rates)
        try:
            self.train_slices(sums, rates)
        finally:
            helper.end_epoch(self.network, *weights)

    def train_slices(self, sums, rates):
        """Train on slice after slice of the order."""
        n_rows = slice_rows(self.network, self.cases.inputs)
        position = 0
        while position < len(self.order) and math.isfinite(sums[0]):
            self.check_cancelled()
            with shared_cores.watched(self.network, self.n_threads):
                position, self.state.n_updates = self.train_slice(
                    position, n_rows, sums, rates
                )

    def train_slice(self, position, n_rows, sums, rates):
        """Train on some rows more; return the next position, and all updates so far."""
        network, cases, n_updates = self.network, self.cases, self.state.n_updates
        what = network, self.updates, cases.inputs, cases.targets, self.order
        if self.single_cases:
            stop = kernel.train_single_cases(
                *what,
                position,
                n_rows,
                self.single_cases,
                self.workspace,
                sums,
                self.batch_losses,
                **rates,
            )
            return stop, n_updates + stop - position
        return kernel.train_rows(
            *what,
            position,
            n_rows,
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

    def check_cancelled(self):
        """End the training where its result is no longer wanted."""
        if self.cancelled.is_set():
            raise CancelledError

    def record_epoch(self, sums, eta=math.nan, batch_losses=None):
        """Record the epoch that has these sums; return its value on each curve."""
        loss = sums[0] / len(self.cases.rows)
        penalty = kernel.penalty(self.network, self.parameters, self.mlp.weight_decay)
        self.check_not_diverged(loss, penalty, eta)
        curves = {
            "loss": loss,
            "penalty": penalty,
            "score": self.cases.score(sums[1:]),
            "learning_rate": eta,
        }
        if self.validation is not None:
            curves |= self.evaluate_validation(eta)
        record(self.history, curves, batch_losses)
        self.state.epoch += 1
        self.n_iter += 1
        return curves

    def evaluate_validation(self, eta):
        """The validation curves' values of this epoch."""
        sums = np.zeros(self.network.n_sums)
        self.add_losses(self.validation, self.validation.rows, self.parameters, sums)
        if not np.isfinite(sums).all():
            symptom = (
                "the validation loss is not finite, though the training loss is (look "
                "for extreme values in the validation data, too)"
            )
            raise self.divergence(symptom, eta)
        loss = sums[0] / self.validation.total_weight
        score = self.scorer() if self.scorer else self.validation.score(sums[1:])
        return {"validation_loss": loss, "validation_score": score}

    def check_not_diverged(self, loss, penalty, eta):
        """Stop as soon as an epoch has ruined the weights."""
        finite = math.isfinite(loss + penalty) and kernel.biases_are_finite(
            self.network, self.parameters
        )
        if not finite:
            raise self.divergence("the loss or a weight is not finite", eta)
        if self.updates.keeps_squares and not self.squares_are_finite():
            raise self.divergence("the square of a derivative is not finite", eta)
        if self.has_exploded(loss):
            raise self.divergence(f"the loss, {loss:g}, has exploded", eta)

    def divergence(self, symptom, eta=math.nan):
        """The error that names the epoch, the learning rate and what helps."""
        at, lower = "", "weight_decay"
        if not math.isnan(eta):
            at = f" at learning rate {eta:g}"
            lower = "learning_rate_init (or weight_decay, where that is large)"
        return DivergenceError(
            f"training diverged in epoch {self.state.epoch + 1}: {symptom}{at}; scale "
            "X (StandardScaler) and, for regression, y (TransformedTargetRegressor), "
            f"or lower {lower}"
        )

    def squares_are_finite(self):
        """Whether none is infinite: its weight would not move any more."""
        return math.isfinite(self.state.update_state.max())

    def has_exploded(self, loss):
        """Whether the loss is out of all proportion to that at the start.

        Overflow does not show it: units that have died of too large a step let nothing
        through that could overflow. A chunk of `partial_fit` may be of any size.
        """
        state = self.state
        if not self.watch or loss <= EXPLOSION * state.first_loss:
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

    def add_losses(self, cases, rows, parameters, sums):
        """Add the loss and the scores of these rows to the sums."""
        add_losses(self.network, cases, rows, parameters, self.workspace, sums)

    @property
    def watched(self):
        """The name of what is to fall."""
        if not self.mlp.early_stopping:
            return "objective"
        # Where an object lies in memory is no part of its name: a copy lies elsewhere.
        return re.sub(r" at 0x[0-9a-fA-F]+", "", str(self.mlp.scoring))

    def out_of_patience(self, curves):
        """Watch this epoch's value; say whether training is to stop."""
        mlp, patience = self.mlp, self.state.patience
        if not mlp.early_stopping:
            value = curves["loss"] + curves["penalty"]
        elif mlp.scoring == "loss":
            value = curves["validation_loss"]
        else:
            value = -curves["validation_score"]
        best = self.state.best_parameters, self.state.best_epoch
        if mlp.early_stopping and value < patience.best:
            best = self.parameters.copy(), n_recorded(self.history)
        # Python looks for interrupts where functions begin or loop, not between these.
        patience.update(value, mlp.tol)
        self.state.best_parameters, self.state.best_epoch = best
        if patience.wait < mlp.n_iter_no_change:
            return False
        eta = curves["learning_rate"]
        if mlp.learning_rate == "adaptive" and eta >= ADAPTIVE_MINIMUM:
            self.state.n_reductions += 1
            patience.wait = 0
            return False
        return True

    @property
    def last(self):
        """The weights of the last update, and the number of epochs they have seen."""
        return self.parameters, n_recorded(self.history)

    @property
    def kept(self):
        """The weights that a call of `fit` leaves, and the number of their epoch."""
        if self.mlp.early_stopping and self.state.best_parameters is not None:
            return self.state.best_parameters, self.state.best_epoch
        return self.last

    @property
    def reached(self):
        """What the weights that are kept reached, of restarts the lower the better.

        The watched value with early stopping; else the last validation loss, or without
        validation data the last objective.
        """
        if n_recorded(self.history) == 0:
            return np.inf
        if self.mlp.early_stopping:
            return self.state.patience.best
        if self.validation is not None:
            return self.history["validation_loss"][-1]
        return self.history["loss"][-1] + self.history["penalty"][-1]


def batch_rows(batch_size, n_rows):
    """Rows of a mini-batch: never more than there are."""
    if batch_size == "auto":
        batch_size = 200
    if batch_size == "full":
        return n_rows
    if batch_size < 1:  # unless skip_parameter_validation is set, found out before
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    return min(batch_size, n_rows)
