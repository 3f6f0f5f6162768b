"""Weights and biases: arrays for the user, one flat vector for the kernel."""

from itertools import chain

import numpy as np

from skmlp._network.aligned import aligned_empty
from skmlp._network.network import address_of


def pack(network, coefs, intercepts, dtype):
    """The flat vector of all parameters.

    Parameters
    ----------
    network : Network
    coefs : list of array-like of shape (fan_in, fan_out)
    intercepts : list of array-like of shape (fan_out,)
    dtype : dtype

    Returns
    -------
    ndarray of shape (n_parameters,)
        The vector that the arrays look into, where `fit` left them so; a new one where
        the user or an unpickling has put other arrays there.

    Raises
    ------
    ValueError
        Where an array does not have the shape that the network has there.
    """
    owner = getattr(next(iter(coefs), None), "base", None)
    if (
        isinstance(owner, np.ndarray)
        and owner.shape == (network.n_parameters,)
        and owner.dtype == dtype
        and len(coefs) == len(intercepts)
        and all(map(_same_memory, [*coefs, *intercepts], chain(*network.views(owner))))
    ):
        return owner
    parameters = aligned_empty((network.n_parameters,), dtype)
    for name, views, arrays in zip(
        ("coefs_", "intercepts_"),
        network.views(parameters),
        (coefs, intercepts),
        strict=True,
    ):
        shapes = [view.shape for view in views]
        if shapes != [np.shape(array) for array in arrays]:
            raise ValueError(
                f"{name} has arrays of shapes {[np.shape(a) for a in arrays]}, but the "
                f"network of the present parameters and data needs {shapes}; fit anew "
                "with warm_start=False, or set the parameters and arrays to match"
            )
        for view, array in zip(views, arrays, strict=True):
            view[...] = array
    return parameters


def as_views(coefs, intercepts):
    """The same numbers as `fit` leaves them: in arrays that look into one flat vector.

    Where they are not all arrays of one dtype, they are left as they are.

    Returns
    -------
    coefs, intercepts : list of array-like
    """
    arrays = list(chain(*zip(coefs, intercepts, strict=False)))  # W_1, b_1, W_2, ...
    dtypes = {getattr(array, "dtype", None) for array in [*coefs, *intercepts]}
    if len(coefs) != len(intercepts) or len(dtypes) != 1 or None in dtypes:
        return coefs, intercepts
    parameters = np.concatenate([np.asarray(array).ravel() for array in arrays])
    ends = np.cumsum([array.size for array in arrays])
    views = [
        part.reshape(array.shape)
        for part, array in zip(np.split(parameters, ends[:-1]), arrays, strict=True)
    ]
    return views[::2], views[1::2]


def _same_memory(a, b):
    return (
        isinstance(a, np.ndarray)
        and address_of(a) == address_of(b)
        and (a.shape, a.strides, a.dtype) == (b.shape, b.strides, b.dtype)
    )
