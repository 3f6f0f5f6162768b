"""Multi-layer perceptron for regression."""

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin

from skmlp._base import BaseMLP
from skmlp._network.network import activate_outputs
from skmlp._sklearn_compat import StrOptions, _fit_context

# Targets that an output activation can reach.
TARGET_RANGES = {
    "identity": (-np.inf, np.inf),
    "logistic": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "exp": (0.0, np.inf),
}


class MLPRegressorSDM(MultiOutputMixin, RegressorMixin, BaseMLP):
    """Multi-layer perceptron for regression."""

    _parameter_constraints = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
        "out_activation": [StrOptions(TARGET_RANGES.keys() - {"exp"})],
    }

    _auto_learning_rate = {"sgd": {"squared_error": 0.005, "poisson": 0.005}}

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        *,
        activation="relu",
        loss="squared_error",
        out_activation="identity",
        solver="sgd",
        weight_decay=1e-4,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init="auto",
        power_t=0.5,
        momentum=0.9,
        nesterovs_momentum=False,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        scoring="loss",
        warm_start=False,
        verbose=0,
    ):
        super().__init__(
            hidden_layer_sizes,
            activation=activation,
            loss=loss,
            solver=solver,
            weight_decay=weight_decay,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            n_iter_no_change=n_iter_no_change,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            scoring=scoring,
            warm_start=warm_start,
            verbose=verbose,
        )
        self.out_activation = out_activation

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch, going on from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training inputs x.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets t.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the cases, taken as they are: the mean of a chunk says nothing about
            the mean of all.

        Returns
        -------
        self : object
            The estimator, one epoch further. `early_stopping` has no part in it.

        Raises
        ------
        ValueError
            As in `fit`; the estimator is then left as it was before the call.
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X):
        """Outputs o of the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs x.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the dtype of the weights.
        """
        z = self._net_inputs(X)
        activate_outputs(self.out_activation_, z)
        return z.ravel() if self.n_outputs_ == 1 else z

    def _learn_targets(self, y, classes=None):
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]

    def _encode_targets(self, y, dtype):
        values = np.ascontiguousarray(y, dtype=dtype).reshape(len(y), -1)
        if values.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has {values.shape[1]} outputs, but the network has {self.n_outputs_}; "
                "pass the same outputs as before"
            )
        low, high = TARGET_RANGES[self.out_activation_]
        if values.min() < low or values.max() > high:
            raise ValueError(
                f"y ranges from {values.min():g} to {values.max():g}, but the output "
                f"activation {self.out_activation_!r} reaches only [{low:g}, {high:g}]; "
                "scale y into that range or choose another out_activation or loss"
            )
        return values, None

    def _output_activation(self):
        return "exp" if self.loss == "poisson" else self.out_activation

    def _case_weights(self, sample_weight, labels):
        return sample_weight

    def _running_score(self):
        return "squared_residuals"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        low, _ = TARGET_RANGES[self._output_activation()]
        tags.target_tags.positive_only = low == 0
        return tags
