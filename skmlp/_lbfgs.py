"""Full-batch training by L-BFGS, through `scipy.optimize`.

Source: Byrd, Lu, Nocedal & Zhu (1995), "A limited memory algorithm for bound
constrained optimization".
"""

import math

import numpy as np

from skmlp._network import kernel
from skmlp._objective import add_losses_and_gradient
from skmlp._threads import shared_cores
from skmlp._training import Training

# The ends that `scipy.optimize.minimize` tells apart: by its tolerances, by a limit,
# and without either, as where a line search finds nothing lower.
SATISFIED, LIMIT_REACHED, NO_LOWER_FOUND = 0, 1, 2

# So many times the lowest objective stands for one that has overflown.
WALL = 1e6

# Where the objective has fallen to less of what it was, the curvature is another one;
# from there on it begins anew until it gains little.
STEEP, LITTLE = 1e-6, 0.999


class LBFGSTraining(Training):
    """A training whose epochs are iterations of L-BFGS.

    SciPy works in float64; loss and gradient are computed in the dtype of training.

    Attributes
    ----------
    max_iter : int
        Of this call.
    evaluations_left : int
        How often the objective may still be computed.
    reason : str or None
        Why to stop, as soon as there is a reason.
    point : ndarray of shape (n_parameters,)
        Where the objective was computed last.
    sums : ndarray of shape (n_sums,)
        Of the loss and the scores there.
    lowest : float
        The lowest objective of this call.
    started_at : float
        The objective that the present search started from.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.max_iter = self.evaluations_left = 0
        self.reason = self.point = self.sums = None
        self.lowest = self.started_at = math.inf

    def release(self):
        """Let go of what was computed last, too."""
        super().release()
        self.point = self.sums = None

    def loop(self, max_iter):
        """Iterate until the gradient is small; return why that ended."""
        self.max_iter, self.evaluations_left = max_iter, self.mlp.max_fun
        self.point = np.empty_like(self.parameters)
        self.begin_epoch()
        result = self.minimize(self.parameters)
        gain = STEEP
        while self.reason is None and self.misled(result, gain):
            result, gain = self.minimize(result.x), LITTLE
        if self.n_iter == 0:  # it started from a minimum
            self.record_iteration(result.x)
        elif self.tasks:
            self.tasks.close()
        if self.reason is None and result.status == LIMIT_REACHED:
            return "max_iter" if self.n_iter == max_iter else "max_fun"
        return self.reason or "converged"

    def misled(self, result, gain):
        """Whether SciPy ended only because of what it remembered of the curvature.

        That of a start where the objective was millions of times as high, say.
        """
        fallen = result.fun < gain * self.started_at
        return result.nit > 0 and (
            result.status == NO_LOWER_FOUND or (result.status == SATISFIED and fallen)
        )

    def minimize(self, start):
        """Have SciPy go on from there, within what is left of the limits."""
        from scipy.optimize import minimize  # late: takes long

        self.started_at = math.inf
        result = minimize(
            self.objective,
            start.astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=self.end_iteration,
            options={
                "maxiter": self.max_iter - self.n_iter,
                "maxfun": self.evaluations_left,
                "gtol": self.mlp.tol,
            },
        )
        self.evaluations_left -= result.nfev
        return result

    def objective(self, parameters):
        """C and its gradient, as SciPy asks for them."""
        self.check_cancelled()
        with np.errstate(over="ignore"):  # float32: the objective will tell
            self.point[:] = parameters
        self.sums = np.zeros(self.network.n_sums)
        with shared_cores.timed(self.network, self.n_threads):
            add_losses_and_gradient(
                self.network,
                self.cases,
                self.point,
                self.gradient,
                self.workspace,
                self.sums,
                self.mlp.weight_decay,
            )
        penalty = kernel.penalty(self.network, self.point, self.mlp.weight_decay)
        loss = self.sums[0] / len(self.cases.rows)
        value = loss + penalty
        gradient = self.gradient.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            finite = math.isfinite(value) and math.isfinite(gradient.sum())
        if finite:
            self.lowest = min(self.lowest, value)
            if self.started_at == math.inf:
                self.started_at = value
            return value, gradient
        if self.lowest == math.inf:
            raise self.divergence("the objective of the first weights is not finite")
        # From a wall SciPy's line search steps back, at NaN it gives up.
        return WALL * (1 + self.lowest), np.zeros_like(gradient)

    def end_iteration(self, intermediate_result):
        """Record an iteration for SciPy, and begin the next one."""
        self.record_iteration(intermediate_result.x)
        if self.reason:
            raise StopIteration
        if self.n_iter < self.max_iter:
            self.begin_epoch()

    def record_iteration(self, parameters):
        """Record the iteration that has ended there; note why to stop, if it is."""
        if not np.array_equal(self.point, parameters.astype(self.point.dtype)):
            self.objective(parameters)
        self.parameters[:] = self.point
        self.reason = self.end_epoch(self.record_epoch(self.sums))

    def out_of_patience(self, curves):
        """Validation data are watched; the objective has SciPy's own test."""
        return self.mlp.early_stopping and super().out_of_patience(curves)
