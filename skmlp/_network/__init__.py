"""What happens per mini-batch: compiled, without the GIL, without allocation."""

try:  # what others import from here
    import skmlp._network.kernel  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "skmlp._network.kernel":
        raise
    raise ImportError(
        f"nothing in {__path__[0]} is compiled for this Python; if that is the source, "
        "start Python in another folder than the clone, or as `python -P`"
    ) from error
