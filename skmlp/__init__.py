"""Multi-layer perceptrons for scikit-learn, trained as the lecture teaches it."""

from skmlp._classifier import MLPClassifierSDM
from skmlp._regressor import MLPRegressorSDM

__version__ = "0.1.0.dev0"

__all__ = ["MLPClassifierSDM", "MLPRegressorSDM", "__version__"]
