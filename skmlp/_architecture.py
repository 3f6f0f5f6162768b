"""The hidden layers that the parameters describe: how many units, which activations."""

from collections.abc import Mapping, Set
from numbers import Integral

from skmlp._network.network import HIDDEN_ACTIVATIONS


def hidden_units(hidden_layer_sizes):
    """Units of each hidden layer, as a list of int.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int

    Raises
    ------
    ValueError
        Where that is not one or several ints of at least 1.
    """
    sizes = hidden_layer_sizes
    if isinstance(sizes, Integral):
        sizes = [sizes]
    if not _are_units(sizes):
        raise ValueError(
            "hidden_layer_sizes must be an int or a sequence of ints of at least 1, "
            f"got {hidden_layer_sizes!r}"
        )
    return list(map(int, sizes))


def _are_units(sizes):
    if isinstance(sizes, Set | Mapping):  # which have no order
        return False
    try:
        return all(isinstance(size, Integral) and size >= 1 for size in sizes)
    except TypeError:  # there is nothing to iterate over
        return False


def hidden_activations(activation, hidden_layer_sizes):
    """The activation of each hidden layer, as a list of str.

    Parameters
    ----------
    activation : str or sequence of str
        One name for all layers, or one for each.
    hidden_layer_sizes : int or sequence of int

    Raises
    ------
    ValueError
        Where a name is unknown, or there is not one for each layer.
    """
    n_layers = len(hidden_units(hidden_layer_sizes))
    names = [activation] * n_layers if isinstance(activation, str) else list(activation)
    unknown = [
        name
        for name in names
        if not (isinstance(name, str) and name in HIDDEN_ACTIVATIONS)
    ]
    if unknown:
        raise ValueError(
            f"activation has unknown names {unknown}; use names of "
            f"{sorted(HIDDEN_ACTIVATIONS)}"
        )
    if len(names) != n_layers:
        raise ValueError(
            f"activation has {len(names)} names for {n_layers} hidden layers "
            f"(hidden_layer_sizes={hidden_layer_sizes!r}); give one name for all or "
            "one for each hidden layer"
        )
    return names
