"""Pictures of a fitted network: how it learnt, how it is wired, what its units see.

Each display takes a fitted `MLPClassifierSDM` or `MLPRegressorSDM`, or a `Pipeline`, a
search or a `TransformedTargetRegressor` with one inside. They work as scikit-learn's
displays do: `from_estimator` draws at once, `plot` draws the same data again, and the
attributes ending in an underscore are what was drawn. They need matplotlib, which is
imported only then.
"""

from skmlp.plotting._network_display import NetworkDisplay
from skmlp.plotting._training_curve_display import TrainingCurveDisplay
from skmlp.plotting._weights_display import WeightsDisplay

__all__ = ["NetworkDisplay", "TrainingCurveDisplay", "WeightsDisplay"]
