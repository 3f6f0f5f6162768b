"""Full-batch training by L-BFGS, through `scipy.optimize`.

Source: Byrd, Lu, Nocedal & Zhu (1995), "A limited memory algorithm for bound
constrained optimization".
"""

import numpy as np

from skmlp._network import kernel
from skmlp._objective import add_losses_and_gradient
from skmlp._threads import shared_cores
from skmlp._training import Training

# What `scipy.optimize.minimize` calls the end by a limit.
LIMIT_REACHED = 1


class LBFGSTraining(Training):
    """A training whose epochs are iterations of L-BFGS.

    SciPy works in float64; loss and gradient are computed in the dtype of training.
    """

    def loop(self, max_iter):
        """Iterate until the gradient is small; return why that ended."""
        from scipy.optimize import minimize  # late: takes long

        self.max_iter = max_iter
        self.reason = self.sums = None
        self.point = np.empty_like(self.parameters)
        self.begin_epoch()
        result = minimize(
            self.objective,
            self.parameters.astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=self.end_iteration,
            options={
                "maxiter": max_iter,
                "maxfun": self.mlp.max_fun,
                "gtol": self.mlp.tol,
            },
        )
        if self.n_iter == 0:  # it started from a minimum
            self.record_iteration(result.x)
        elif self.tasks:
            self.tasks.close()
        if self.reason is None and result.status == LIMIT_REACHED:
            return "max_iter" if self.n_iter == max_iter else "max_fun"
        return self.reason or "converged"

    def objective(self, parameters):
        """C and its gradient, as SciPy asks for them."""
        self.check_cancelled()
        at_start = self.sums is None
        self.point[:] = parameters
        self.sums = np.zeros(self.network.n_sums)
        with shared_cores.watched(self.network, self.n_threads):
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
        if at_start and not np.isfinite(value):
            raise self.divergence("the objective of the first weights is not finite")
        return value, self.gradient.astype(np.float64)

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
