"""Multi-layer perceptrons for scikit-learn, trained as the lecture teaches it."""

from skmlp._classifier import MLPClassifierSDM
from skmlp._regressor import MLPRegressorSDM
from skmlp._version import __version__

__all__ = ["MLPClassifierSDM", "MLPRegressorSDM", "__version__"]
