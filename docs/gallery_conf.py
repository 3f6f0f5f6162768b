"""How sphinx-gallery runs the examples, and in which order it shows them."""

import pathlib
import tempfile
import warnings

# The lecture's order, and then what goes beyond it; others come last, by name.
ORDER = [
    "plot_xnor.py",
    "plot_network.py",
    "plot_universal_approximation.py",
    "plot_deeper_or_wider.py",
    "plot_logistic_regression.py",
    "plot_digit_4.py",
    "plot_check_gradient.py",
    "plot_descent_paths.py",
    "plot_momentum.py",
    "plot_compare_solvers.py",
    "plot_learning_rates.py",
    "plot_loss_bumps.py",
    "plot_overfitting.py",
    "plot_weight_decay.py",
    "plot_validation_in_pipeline.py",
    "plot_groups_in_early_stopping.py",
    "plot_why_early_stopping.py",
    "plot_digits_grid_search.py",
    "plot_digits_weights.py",
    "plot_hidden_activations.py",
    "plot_class_weight.py",
    "plot_calibration.py",
    "plot_sparse_text.py",
    "plot_streaming.py",
]


class LectureOrder:
    """Sort key of an example's file name."""

    def __init__(self, src_dir):
        pass

    def __call__(self, filename):
        known = filename in ORDER
        return (ORDER.index(filename) if known else len(ORDER), filename)


def figure_in_temporary_folder(gallery_conf, script_vars):
    """Command line of an example: it saves its figure there, the page takes its own."""
    return [str(pathlib.Path(tempfile.gettempdir(), "skmlp_example.png"))]


def user_warnings_are_errors(gallery_conf, script, when):
    """An example must not warn its readers; what Sphinx does between them may."""
    action = "error" if when == "before" else "default"
    warnings.filterwarnings(action, category=UserWarning)
