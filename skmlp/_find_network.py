"""Where the network is: in an estimator that may be a pipeline or a search."""

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skmlp._base import BaseMLP

# What a search or a TransformedTargetRegressor is given, and what it has fitted.
WRAPPED = {"estimator": "best_estimator_", "regressor": "regressor_"}


def unwrapped(estimator):
    """What a search or a `TransformedTargetRegressor` has fitted; others as they are.

    Raises
    ------
    NotFittedError
        Where it has not fitted anything.
    """
    for given, fitted in WRAPPED.items():
        if hasattr(estimator, fitted):
            estimator = getattr(estimator, fitted)
        elif hasattr(estimator, given):
            check_is_fitted(estimator)
    return estimator


def last_step(estimator):
    """The multi-layer perceptron itself, fitted, which may be a pipeline's last step.

    Raises
    ------
    TypeError
        If `estimator` is neither, a search included.
    NotFittedError
        If it is not fitted.
    """
    mlp = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(mlp, BaseMLP):
        what = repr(mlp) if isinstance(mlp, type) else type(mlp).__name__
        raise TypeError(
            "estimator must be a fitted MLPClassifierSDM or MLPRegressorSDM, or a "
            f"Pipeline that ends in one, got {what}; of a search pass best_estimator_"
        )
    check_is_fitted(mlp)
    return mlp
