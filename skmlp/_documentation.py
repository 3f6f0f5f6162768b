"""Where the documentation stands."""

from importlib.metadata import metadata


def documentation_template():
    """The address of an estimator's page, as scikit-learn's diagrams fill it in.

    The site's own address is that of the package's metadata.
    """
    urls = dict(url.split(", ") for url in metadata("skmlp").get_all("Project-URL"))
    page = "api/generated/{estimator_module}.{estimator_name}.html"
    return urls["Documentation"] + page
