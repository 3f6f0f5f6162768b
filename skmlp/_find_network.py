"""Where the network is: in an estimator that may be a pipeline or a search."""

from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skmlp._base import BaseMLP

# What a search or a TransformedTargetRegressor is given, and what it has fitted.
WRAPPED = {"estimator": "best_estimator_", "regressor": "regressor_"}


def unwrapped(estimator):
    """What searches and `TransformedTargetRegressor`s have fitted; others as they are.

    They may be inside one another, and the last step of pipelines.

    Raises
    ------
    NotFittedError
        Where one has not fitted anything.
    """
    inner = _inside(estimator)
    return estimator if inner is None else unwrapped(inner)


def _inside(estimator):
    for given, fitted in WRAPPED.items():
        if hasattr(estimator, fitted):
            return getattr(estimator, fitted)
        if hasattr(estimator, given):
            check_is_fitted(estimator)
    if isinstance(estimator, Pipeline):
        last = estimator.steps[-1][1]
        return None if isinstance(last, BaseMLP) else last
    return None


def last_step(estimator):
    """The multi-layer perceptron itself, fitted, which may be a pipeline's last step.

    Raises
    ------
    TypeError
        If `estimator` is neither, a search included.
    NotFittedError
        If it is not fitted.
    """
    mlp = estimator
    while isinstance(mlp, Pipeline):
        mlp = mlp.steps[-1][1]
    if not isinstance(mlp, BaseMLP):
        what = repr(mlp) if isinstance(mlp, type) else type(mlp).__name__
        hint = "; pass its best_estimator_" if hasattr(mlp, "best_estimator_") else ""
        if hasattr(mlp, "cv_results_") and not hint:
            hint = ", which has none; fit it with refit=True"
        raise TypeError(
            "estimator must be a fitted MLPClassifierSDM or MLPRegressorSDM, or a "
            f"Pipeline that ends in one, got {what}{hint}"
        )
    check_is_fitted(mlp)
    return mlp
