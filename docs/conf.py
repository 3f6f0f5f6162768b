"""Sphinx: `sphinx-build -W --keep-going -b html docs docs/_build/html`."""

import importlib.metadata
import pathlib
import re
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))  # for gallery_conf

project = "skmlp"
author = "the skmlp developers"
copyright = f"2026, {author}"
release = importlib.metadata.version("skmlp")

smartquotes = False  # `default="relu"` is code, though not marked as such
extensions = [
    "matplotlib.sphinxext.plot_directive",
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "auto_examples/*.ipynb"]
templates_path = ["_templates"]

# Markdown
myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# API reference
default_role = "literal"  # what the docstrings mean by `...`
autodoc_typehints = "none"
maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"
numpydoc_show_class_members = False
numpydoc_attributes_as_param_list = True

# Snippets are copied without their prompts and results.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# The gallery: examples/, in the order of the lecture.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "within_subsection_order": "gallery_conf.LectureOrder",
    "image_scrapers": ("gallery_conf.described_figures",),
    "reset_argv": "gallery_conf.figure_in_temporary_folder",
    "reset_modules": ("matplotlib", "gallery_conf.user_warnings_are_errors"),
    "reset_modules_order": "both",
    "parallel": True,  # with sphinx-build -j
    "backreferences_dir": "auto_examples/backreferences",
    "doc_module": ("skmlp",),
    "capture_repr": (),  # the examples print what they have to say
    "image_srcset": ["2x"],
    "remove_config_comments": True,
    "show_signature": False,
    "write_computation_times": False,  # that page's table comes from outside
    "download_all_examples": False,
}
plot_html_show_formats = False
plot_html_show_source_link = False
plot_working_directory = str(pathlib.Path(__file__).parent)
plot_formats = [("svg", 72)]
plot_rcparams = {"svg.fonttype": "path"}

html_theme = "pydata_sphinx_theme"
html_title = "skmlp"
html_static_path = ["_static"]
html_css_files = ["skmlp.css"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "show_toc_level": 2,
    "show_nav_level": 1,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "article_footer_items": [],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"index": [], "migrating": [], "lecture": [], "limits": []}

# A copy of MathJax in _static: no page loads anything from outside.
mathjax_path = "mathjax/tex-chtml.js"
mathjax3_config = {"options": {"enableMenu": False}}


def copy_mathjax(app, exception):
    """Copy the parts of MathJax that the pages load; all of it would be 24 MB."""
    if exception is not None or app.builder.format != "html":
        return
    package = importlib.metadata.distribution("sphinx-mathjax-offline")
    source = package.locate_file("sphinx-mathjax-offline/static/mathjax")
    target = pathlib.Path(app.outdir, "_static/mathjax")
    fonts = "output/chtml/fonts/woff-v2"
    shutil.copytree(source / fonts, target / fonts, dirs_exist_ok=True)
    shutil.copy(source / "tex-chtml.js", target)


def close_snippets(app, docname, source):
    """Drop the empty line that a doctest in Markdown needs after its last result."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def drop_foreign_references(app, what, name, obj, options, lines):
    """Keep only the text of links that inherited docstrings have to scikit-learn."""
    if name.endswith(".score"):
        lines[:] = [re.sub(r":ref:`(.+?) *<.*?>`", r"\1", line) for line in lines]


def setup(app):
    """Register what is ours."""
    app.connect("source-read", close_snippets)
    app.connect("autodoc-process-docstring", drop_foreign_references)
    app.connect("build-finished", copy_mathjax)
