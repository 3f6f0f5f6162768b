"""Our estimators. They draw the first weights, which all others get, themselves."""

import warnings

import estimators
import numpy as np
from sklearn.exceptions import ConvergenceWarning

import skmlp

VERSION = f"skmlp {skmlp.__version__}"
warnings.simplefilter("ignore", ConvergenceWarning)
warnings.filterwarnings("ignore", "Got `batch_size`")  # of the few rows at the start


class Peer:
    def __init__(self, problem):
        self.problem = problem
        self.reset(0)
        self.fit(self.X[:500], self.y[:500], max_iter=1)

    def reset(self, seed):
        # Every fit shuffles by the same seed; so each gets its rows in another order.
        order = np.random.default_rng(seed).permutation(len(self.problem.X))
        self.X, y = self.problem.X[order], self.problem.y[order]
        y = y.ravel() if y.shape[1:] == (1,) else y
        self.y = y.astype(y.dtype if self.problem.loss == "squared" else int)

    def run(self, n_epochs):
        self.model = self.fit(self.X, self.y, max_iter=n_epochs)

    def fit(self, X, y, **changes):
        return estimators.fit_skmlp(self.problem, X, y, **changes)[0]

    def weights(self):
        return self.model.coefs_, self.model.intercepts_
