"""Numbers of things, as functions and displays take them."""

from numbers import Integral


def check_count(name, value, *, least=1, or_none=False):
    """Raise a ValueError unless the parameter is an int of at least that, or None.

    Parameters
    ----------
    name : str
    value : object
    least : int, default=1
    or_none : bool, default=False
        Whether None will do.
    """
    if value is None and or_none:
        return
    is_int = isinstance(value, Integral) and not isinstance(value, bool)
    if not (is_int and value >= least):
        allowed = f"an int of at least {least}" + (" or None" if or_none else "")
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
