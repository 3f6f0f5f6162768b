"""How sphinx-gallery runs and orders the examples, and what their figures show."""

import pathlib
import re
import tempfile
import warnings

from sphinx_gallery.scrapers import matplotlib_scraper

# The examples in the lecture's order, and then those that go beyond it: each with what
# its figure shows, for those who do not see it.
FIGURES = {
    "plot_xnor.py": (
        "Outputs over two inputs: without hidden units all are near one half, with "
        "two hidden units a band holds the cases with equal inputs. For the output "
        "unit, which sees the two hidden activations, one straight line parts the "
        "cases."
    ),
    "plot_activation_functions.py": (
        "Sigmoid, tanh and ReLU with their derivatives, and as outputs of a unit with "
        "one input: the larger the weight, the steeper the curve, which a negative one "
        "mirrors; the bias moves it to the left or to the right."
    ),
    "plot_network.py": (
        "Two networks as units and connections. Above, two inputs, two hidden units "
        "and an output that tells whether both inputs are the same; below, four "
        "measurements of irises, three hidden units and three kinds."
    ),
    "plot_universal_approximation.py": (
        "A wavy function and networks of 2, 4 and 8 hidden units: the first follows "
        "two of its slopes, the last all. The error falls by a factor of a hundred "
        "from 1 to 32 units."
    ),
    "plot_deeper_or_wider.py": (
        "Two spirals: 25 hidden units in one layer part them raggedly, two layers of "
        "7 smoothly. Test accuracy over the number of weights for 1, 2 and 3 hidden "
        "layers: on the spirals two need fewest, on digits all come to the same."
    ),
    "plot_logistic_regression.py": (
        "The ten weights of a network without hidden units coincide with those of a "
        "logistic regression, and so do its outputs, on a logistic curve over the net "
        "input."
    ),
    "plot_digit_4.py": (
        "A histogram of outputs for fours and others, nearly all of them at 1 and 0. "
        "Four images of digits with their ten outputs: one output is sure of a 5, the "
        "others share theirs among two or three digits."
    ),
    "plot_check_gradient.py": (
        "Derivatives of back-propagation over central differences lie on the "
        "diagonal, with a slip they do not. Their difference over the step is "
        "smallest, below 1e-9, at a step of 1e-5; with the slip it is near 1 at every "
        "step."
    ),
    "plot_descent_paths.py": (
        "Ways over an error surface in 8 epochs: 8 updates of batches do not reach "
        "the minimum, 512 stochastic ones swarm around it, 64 of mini-batches come "
        "close to it."
    ),
    "plot_momentum.py": (
        "Ways along a narrow valley: without momentum the way creeps, with 0.9 it "
        "swings from side to side and arrives. The error falls fastest with 0.9."
    ),
    "plot_compare_solvers.py": (
        "Ways of eight solvers over an error surface from one start to one minimum: "
        "gradient descent straight down and along the valley, momentum in curves, "
        "lbfgs in a few straight steps, the others diagonally. Training loss over 40 "
        "epochs on digits: gradient descent stays highest, adadelta and lbfgs fall "
        "fastest."
    ),
    "plot_learning_rates.py": (
        "Loss and accuracy over thirty epochs for four learning rates; too low falls "
        "slowly, good falls fast and low, too high levels off, far too high stays "
        "high."
    ),
    "plot_loss_bumps.py": (
        "Loss of each update for mini-batches of 4, 32 and 256 cases; the larger the "
        "mini-batch, the smaller the bumps."
    ),
    "plot_overfitting.py": (
        "Training loss falls with more hidden units, less weight decay and more "
        "epochs, while validation loss rises again. On test data each cure brings the "
        "loss from 1.17 to about a third."
    ),
    "plot_weight_decay.py": (
        "A network without weight decay runs wildly through 20 points, with some it "
        "follows them smoothly, with more it is too flat. With decay the weights of "
        "two similar inputs become equal."
    ),
    "plot_validation_in_pipeline.py": (
        "Training loss falls for 60 epochs, validation loss is lowest at epoch 24, "
        "whose weights are kept; the accuracies rise."
    ),
    "plot_groups_in_early_stopping.py": (
        "With rows held out the validation loss falls for 40 epochs; with persons "
        "held out it rises from epoch 4 on, and stopping there gives the higher "
        "accuracy on new persons."
    ),
    "plot_why_early_stopping.py": (
        "Over the epochs, on a logarithmic scale, validation loss falls in two steps "
        "and rises, while the weights grow and activations leave their linear range. "
        "Three maps of outputs: a straight border, a bent one, a ragged one."
    ),
    "plot_digits_grid_search.py": (
        "Validation accuracy over weight decay for networks with no, 8, 32 and 128 "
        "hidden units rises to a maximum and falls at strong weight decay. Loss and "
        "accuracy of the best network over the epochs, on training and on validation "
        "data."
    ),
    "plot_digits_weights.py": (
        "Weights of hidden units as images of eight by eight pixels: without weight "
        "decay all units have speckled ones, with it some are empty and others show "
        "strokes."
    ),
    "plot_hidden_activations.py": (
        "Digits as points: in two principal components the ten kinds overlap, in two "
        "hidden units each has a cluster of its own."
    ),
    "plot_class_weight.py": (
        "A rare class within a frequent one: at weight 1 no border, at weight 40 one "
        "around it. The share of rare cases found rises with the weight to nearly "
        "all, that of false alarms to a quarter."
    ),
    "plot_calibration.py": (
        "Share of the class over the output: an overfitted network is far from the "
        "diagonal, with calibration or weight decay it is near. It says 0 and 1 most "
        "often, the others all outputs equally."
    ),
    "plot_sparse_text.py": (
        "For each of six subjects, the seven words that speak most for it, as bars: "
        "matrix for linalg, labels for ndimage, rosen for optimize, window for "
        "signal, out for special, random for stats."
    ),
    "plot_streaming.py": (
        "Accuracy over 200 chunks of data that change: a network that goes on "
        "learning stays above 0.9, one that stops after 50 chunks falls to 0.7, "
        "recovers where the data return, and falls again."
    ),
}


def described_figures(block, block_vars, gallery_conf, **kwargs):
    """Save figures as sphinx-gallery does, but describe what one sees."""
    rst = matplotlib_scraper(block, block_vars, gallery_conf, **kwargs)
    text = FIGURES[pathlib.Path(block_vars["src_file"]).name]
    return re.sub(":alt: .*", lambda match: f":alt: {text}", rst)


class LectureOrder:
    """Sort key of an example's file name."""

    def __init__(self, src_dir):
        pass

    def __call__(self, filename):
        return list(FIGURES).index(filename)


def figure_in_temporary_folder(gallery_conf, script_vars):
    """Command line of an example: it saves its figure there, the page takes its own."""
    return [str(pathlib.Path(tempfile.gettempdir(), "skmlp_example.png"))]


def user_warnings_are_errors(gallery_conf, script, when):
    """An example must not warn its readers; what Sphinx does between them may."""
    action = "error" if when == "before" else "default"
    warnings.filterwarnings(action, category=UserWarning)
