"""Draw each display at three sizes, beside this file.

    python docs/images/draw_displays.py

The figures show users what the displays look like, and contributors whether they are
still readable. It takes some seconds.
"""

import warnings
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from PIL import Image
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning

from skmlp import MLPClassifierSDM
from skmlp.plotting import NetworkDisplay, TrainingCurveDisplay, WeightsDisplay

FOLDER = Path(__file__).parent
# In inches, of figures with one axes.
SIZES = {"small": (3.2, 2.4), "medium": (5.6, 4.2), "large": (9.6, 7.2)}

mpl.use("Agg")
# Some networks train for as long as their curves are to be.
warnings.simplefilter("ignore", ConvergenceWarning)

X, y = load_digits(return_X_y=True)
X = X / 16
digits = MLPClassifierSDM(24, batch_size=32, weight_decay=3e-3, random_state=0)
digits.fit(X, y)

iris = load_iris(as_frame=True)
flowers = MLPClassifierSDM((4, 3), activation="tanh", batch_size=10, random_state=0)
flowers.fit(iris.data, iris.target_names[iris.target])

monitored = MLPClassifierSDM(
    early_stopping=True, n_iter_no_change=np.inf, random_state=0
)
short = clone(monitored).set_params(batch_size=32, max_iter=3).fit(X, y)
long = {
    f"{J} hidden units": clone(monitored)
    .set_params(hidden_layer_sizes=J, max_iter=epochs)
    .fit(X, y)
    for J, epochs in ((4, 500), (8, 1000), (32, 3000))
}


def draw(name, display, estimator, n_axes=1, **keywords):
    """Save a display at the three sizes."""
    for size, (width, height) in SIZES.items():
        shape = {"figsize": (width, height)}
        if n_axes == 2:
            shape = {"figsize": (1.4 * width, 0.8 * height), "ncols": 2}
        figure, ax = plt.subplots(layout="constrained", **shape)
        display.from_estimator(estimator, ax=ax, **keywords)
        save(figure, FOLDER / f"{name}_{size}.png")
        plt.close(figure)


def save(figure, path):
    """Save with 256 colours, a third of the bytes."""
    figure.savefig(path, dpi=80)
    with Image.open(path) as image:
        reduced = image.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE)
    reduced.save(path, optimize=True)


draw("training_curve", TrainingCurveDisplay, short, n_axes=2)
draw("training_curves", TrainingCurveDisplay, long, n_axes=2, log_scale=True)
draw("network_display", NetworkDisplay, flowers)
draw("network_display_abbreviated", NetworkDisplay, digits)
draw("weights_display", WeightsDisplay, digits, image_shape=(8, 8))
