"""The hidden layers that the parameters describe: how many units, which activations."""

from collections.abc import Mapping
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
    # Not all that can be iterated over has an order; not all that has is a Sequence.
    in_order = hasattr(sizes, "__getitem__") and not isinstance(sizes, Mapping)
    if getattr(sizes, "shape", None) == () or not (
        in_order and all(isinstance(n, Integral) and n >= 1 for n in sizes)
    ):
        raise ValueError(
            "hidden_layer_sizes must be an int or a sequence of ints of at least 1, "
            f"got {hidden_layer_sizes!r}"
        )
    return list(map(int, sizes))


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
