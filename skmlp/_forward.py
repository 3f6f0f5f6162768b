"""The forward pass of a fitted network over X, block by block."""

from contextlib import nullcontext
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse

from skmlp._cases import in_dtype
from skmlp._network.kernel import forward_rows
from skmlp._network.network import Inputs, Network
from skmlp._sklearn_compat import single_blas_thread
from skmlp._threads import shared_cores

# Rows that predict hands to the kernel at a time: Ctrl-C is answered between them, and
# a conversion of X to the dtype of the weights needs no more memory than that. Fewer
# where rows have many outputs: those of a block are to stay in the cache.
PREDICT_ROWS = 4096
PREDICT_BYTES = 1 << 21


class Block(NamedTuple):
    """Some rows after the forward pass: their net inputs z, and what computed them."""

    rows: slice
    network: Network
    parameters: np.ndarray
    workspace: np.ndarray
    z: np.ndarray


def predict_blocks(mlp, X, from_net_inputs):
    """What becomes of the net inputs z of the output layer.

    Parameters
    ----------
    mlp : estimator
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    from_net_inputs : callable
        Takes z of shape (n_rows, n_outputs), which it may overwrite, and returns an
        array with a row or number for each of the rows.

    Returns
    -------
    ndarray with `n_samples` rows or numbers
    """
    X = mlp._validate_X(X)
    n_rows = X.shape[0]
    row_bytes = mlp.n_outputs_ * mlp._dtype.itemsize
    most = min(n_rows, max(PREDICT_BYTES // row_bytes, 1), PREDICT_ROWS)
    result = None
    # A single row is worked through without BLAS.
    with single_blas_thread if n_rows > 1 else nullcontext():
        for block in forward_blocks(mlp, X, most):
            values = from_net_inputs(block.z)
            if result is None:
                result = np.empty((n_rows, *values.shape[1:]), dtype=values.dtype)
            result[block.rows] = values
    return result


def forward_blocks(mlp, X, most=None):
    """Pass validated X forward, so many rows at a time: a `Block` for each time.

    As many as the workspace holds the hidden outputs h of, where `most` is None.
    """
    n_rows, dtype = X.shape[0], mlp._dtype
    network = mlp._network(dtype, most or n_rows, sparse=issparse(X))
    n_threads = network.n_threads
    parameters = mlp._parameters(network)
    workspace = np.empty(network.n_workspace, dtype=dtype)
    most = most or network.block_rows
    order = np.arange(most)
    for start in range(0, n_rows, most):
        rows = slice(start, start + most)
        part = X if most >= n_rows else X[rows]  # of CSR a copy
        part = in_dtype(part, dtype, "X")
        z = np.empty((part.shape[0], network.n_outputs), dtype=dtype)
        with shared_cores.timed(network, n_threads):
            forward_rows(
                network, Inputs(part), order[: len(z)], parameters, workspace, z
            )
        check_outputs(z, start)
        yield Block(rows, network, parameters, workspace, z)


def check_outputs(z, start):
    """Refuse to predict from net inputs that have overflowed; z[0] is row `start`."""
    finite = np.isfinite(z).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"the network's net input for row {start + np.argmin(finite)} of X is not "
            "finite: X or the weights have values too large for their dtype; scale X "
            "as it was scaled for training, or use float64"
        )
