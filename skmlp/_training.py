"""Training neural nets: loop until convergence.

Source: the lecture's slides "Training Neural Networks: Back-propagation" and "Monitor
Loss During Training".
"""

import math
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from zlib import crc32

import numpy as np

from skmlp._early_stopping import Patience
from skmlp._history import n_recorded, record
from skmlp._network import kernel
from skmlp._network.aligned import aligned_copy, aligned_empty
from skmlp._objective import add_losses
from skmlp._schedules import ADAPTIVE_MINIMUM

SCALE_ADVICE = (
    "scale X (StandardScaler) and, for regression, y (TransformedTargetRegressor)"
)


class TrainingCancelledError(Exception):
    """Another of several trainings has failed, or Ctrl-C was pressed."""


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
    shuffle_seed, split_seed : int
        With the number of the epoch, the first gives the order of the rows; the second
        draws the validation data.
    epoch : int
        Epochs so far: the clock of the schedule.
    n_updates : int
        Updates so far, which "adam" corrects its bias by.
    n_restarts : int
        How often training has started anew at a lower automatic learning rate.
    n_reductions : int
        How often "adaptive" has divided the learning rate.
    first_loss : float or None
        About the loss that training started from.
    watched : str or callable
        What patience is about; a copy of the estimator has the copy of its scorer.
    checksum : int or None
        Of all that its values depend on, beside the weights and X.
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
    shuffle_seed: int
    split_seed: int
    epoch: int = 0
    n_updates: int = 0
    n_restarts: int = 0
    n_reductions: int = 0
    first_loss: float | None = None
    watched: object = ""
    checksum: int | None = None
    patience: Patience = field(default_factory=Patience)
    best_parameters: np.ndarray | None = None
    best_epoch: int = 0
    last_parameters: np.ndarray | None = None

    def have_patience_with(self, watched, checksum):
        """Go on with the same patience, or begin anew where it is about another value.

        Values of something else, or measured by something else, say nothing about it.
        """
        if watched != self.watched or self.checksum not in (None, checksum):
            self.begin_patience_anew()
        self.watched, self.checksum = watched, checksum

    def begin_patience_anew(self):
        """Forget the best epoch, and how often patience has lowered the rate."""
        self.patience, self.best_parameters = Patience(), None
        self.n_reductions = 0

    def resume(self, parameters):
        """The weights to go on from, where those of the best epoch had been restored.

        These are the ones of the last update, unless the user has changed the restored
        ones: then the user's count, and no epoch of theirs is known to be the best.
        """
        if np.array_equal(parameters, self.best_parameters):
            parameters = aligned_copy(self.last_parameters)
        elif not np.array_equal(parameters, self.last_parameters):
            self.begin_patience_anew()
        self.last_parameters = None
        return parameters

    def forget_updates(self):
        """Let go of what the solver keeps of them: the weights can predict without."""
        self.update_state = self.update_state[:0].copy()

    def copy(self):
        """A copy that can be trained on without a trace in this one."""
        return replace(
            self,
            update_state=aligned_copy(self.update_state),  # of a memory map too
            patience=replace(self.patience),
        )


class Training(ABC):
    """One call's way through the epochs.

    Parameters
    ----------
    mlp : estimator
        Its parameters are read; nothing of it is written.
    network : Network
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
    is_chunk : bool, default=False
        Whether the cases are those of a call of `partial_fit`, one chunk of many, which
        says nothing about progress.

    Attributes
    ----------
    n_iter : int
        Epochs of this call.
    stop_reason : str
        Why it ended.
    started_anew : bool
        Whether it did so after a divergence, at a lower learning rate.
    tasks : EpochTasks or None
        What tells scikit-learn's callbacks of each epoch.
    report : Report or None
        What prints a line for an epoch.
    n_threads : int
        That share a large update, where no other program takes the cores.
    cancelled : threading.Event
        Ends the training between two slices of an epoch where it is set.
    ended : bool
        Whether `run` came to its end.
    failure : DivergenceError or None
        Why `run_all` has given it up.
    gradient : ndarray of shape (n_parameters,), or None
    workspace : ndarray of shape (n_workspace,), or None
        What `run` works with, and lets go of at its end: of many trainings few run at a
        time.
    """

    def __init__(
        self,
        mlp,
        network,
        parameters,
        state,
        history,
        cases,
        validation=None,
        *,
        scorer=None,
        is_chunk=False,
    ):
        self.mlp = mlp
        self.network = network
        self.parameters = parameters
        self.state = state
        self.history = history
        self.cases = cases
        self.validation = validation
        self.scorer = scorer
        self.is_chunk = is_chunk
        self.n_iter = 0
        self.n_threads = network.n_threads
        self.stop_reason = "interrupt"
        self.started_anew = False
        self.tasks = None
        self.report = None
        self.cancelled = threading.Event()
        self.ended = False
        self.failure = None
        self.gradient = self.workspace = None

    def run(self, max_iter):
        """Loop until convergence, and set why it ended."""
        self.check_cancelled()
        dtype = self.parameters.dtype
        self.gradient = aligned_empty(self.parameters.shape, dtype)
        self.workspace = aligned_empty((self.network.n_workspace,), dtype)
        self.start()
        self.stop_reason = self.loop(max_iter)
        if self.report:
            self.report.line(self)
        self.release()
        self.ended = True

    def give_up(self, failure):
        """End a training that has diverged."""
        if self.report:
            self.report.line(self)
        self.failure = failure.with_traceback(None)  # which refers to this training
        self.stop_reason = "divergence"
        if self.tasks:
            self.tasks.close()
        self.release()
        self.ended = True

    def release(self):
        """Let go of what only `run` needs."""
        self.gradient = self.workspace = self.report = None

    def start(self):
        """Look at what training starts from, for what it will be measured by."""
        if not self.is_chunk:
            self.state.have_patience_with(self.watched, self.checksum())
        if self.state.patience.wait >= self.mlp.n_iter_no_change:
            self.state.patience.wait = 0

    @abstractmethod
    def loop(self, max_iter):
        """Train epoch by epoch; return why that ended."""

    def begin_epoch(self):
        """Take the time, and tell the callbacks."""
        self.epoch_started = time.perf_counter()
        if self.tasks:
            self.tasks.begin(self)

    def end_epoch(self, curves):
        """Tell of an epoch that has been recorded; return why to stop, or None."""
        if self.report:
            self.report.epoch(self, time.perf_counter() - self.epoch_started)
        out_of_patience = not self.is_chunk and self.out_of_patience(curves)
        if self.tasks and self.tasks.end(self):
            return "callback"
        return "patience" if out_of_patience else None

    def check_cancelled(self):
        """End the training where its result is no longer wanted."""
        if self.cancelled.is_set():
            raise TrainingCancelledError

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
        loss = sums[0] / self.validation.total_weight
        if not math.isfinite(loss):
            raise self.validation_error(eta)
        score = self.scorer() if self.scorer else self.validation.score(sums[1:])
        if not math.isfinite(score):
            raise self.validation_error(eta)
        return {"validation_loss": loss, "validation_score": score}

    def validation_error(self, eta):
        """The error of a validation loss that is not finite."""
        return ValueError(
            f"the validation loss of epoch {self.state.epoch + 1} is not finite, "
            "though the training loss is; look for extreme values in the validation "
            "data"
        )

    def check_not_diverged(self, loss, penalty, eta):
        """Stop as soon as an epoch has ruined the weights."""
        finite = math.isfinite(loss + penalty) and kernel.biases_are_finite(
            self.network, self.parameters
        )
        if not finite:
            raise self.divergence("the loss or a weight is not finite", eta)

    def divergence(self, symptom, eta=math.nan):
        """The error that names the epoch, the learning rate and what helps."""
        at, lower = "", "weight_decay"
        if not math.isnan(eta):
            at = f" at learning rate {eta:g}"
            lower = "learning_rate_init (or weight_decay, where that is large)"
        return DivergenceError(
            f"training diverged in epoch {self.state.epoch + 1}: {symptom}{at}; "
            f"{SCALE_ADVICE}, or lower {lower}"
        )

    def add_losses(self, cases, rows, parameters, sums):
        """Add the loss and the scores of these rows to the sums."""
        add_losses(self.network, cases, rows, parameters, self.workspace, sums)

    @property
    def watched(self):
        """What is to fall."""
        if not self.mlp.early_stopping:
            return "objective"
        return self.mlp.scoring

    def checksum(self):
        """A number that hardly any other targets, objective or activations have."""
        mlp, what = self.mlp, self.mlp._layer_activations()
        if self.watched in ("objective", "loss"):
            what = [*what, mlp.loss]
        if self.watched == "objective":
            what = [*what, float(mlp.weight_decay)]
        cases = self.validation if mlp.early_stopping else self.cases
        return crc32(" ".join(map(str, what)).encode(), cases.checksum())

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

    def learnt(self, state, parameters, epoch):
        """The attributes of an estimator whose training ends here.

        Parameters
        ----------
        state : TrainingState
            That of the training, or a copy.
        parameters : ndarray of shape (n_parameters,)
            Not copied.
        epoch : int
            The number of their epoch.

        Returns
        -------
        attributes : dict
        """
        if state.best_parameters is not None:
            state.last_parameters = self.parameters.copy()
        coefs, intercepts = self.network.views(parameters)
        return {
            "coefs_": coefs,
            "intercepts_": intercepts,
            "history_": self.history,
            "best_epoch_": epoch,
            "n_iter_": self.n_iter,
            "t_": self.mlp.t_ + self.n_iter * len(self.cases.rows),
            "_state": state,
        }

    def evaluate_kept(self):
        """Loss and score of these weights on the training data.

        What an epoch records are means over it, in which the weights have moved.
        """
        network, cases = self.network, self.cases
        sums = np.zeros(network.n_sums)
        workspace = aligned_empty((network.n_workspace,), self.parameters.dtype)
        add_losses(network, cases, cases.rows, self.kept[0], workspace, sums)
        return sums[0] / cases.total_weight, cases.score(sums[1:])

    @property
    def reached(self):
        """What the weights that are kept reached, of restarts the lower the better.

        The watched value with early stopping; else the last validation loss, or without
        validation data the last objective.
        """
        if self.failure or n_recorded(self.history) == 0:
            return np.inf
        if self.mlp.early_stopping:
            return self.state.patience.best
        if self.validation is not None:
            return self.history["validation_loss"][-1]
        return self.history["loss"][-1] + self.history["penalty"][-1]
