"""How sphinx-gallery runs the examples, and in which order it shows them."""

import pathlib
import tempfile
import warnings

# The lecture's order; what is not named comes last, by its name.
ORDER = ["plot_check_gradient.py", "plot_digits_grid_search.py"]


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
