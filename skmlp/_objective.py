"""The objective C over many cases, and its gradient, in slices of some milliseconds.

The kernel works without a break; Ctrl-C is answered between slices.
"""

from skmlp._cases import as_indices
from skmlp._network import kernel

# Multiplications of a slice.
SLICE_WORK = 50_000_000


def slice_rows(network, inputs):
    """Rows whose forward and backward pass take some milliseconds."""
    first_layer = inputs.mean_row_length * network.layer_units[1]
    return 1 + int(SLICE_WORK / (1000 + first_layer + network.n_hidden_parameters))


def slices(network, cases, rows):
    """The rows, slice by slice."""
    n_rows = slice_rows(network, cases.inputs)
    starts = range(0, len(rows), n_rows)
    return (as_indices(rows[start : start + n_rows]) for start in starts)


def add_losses(network, cases, rows, parameters, workspace, sums):
    """Add the loss and the scores of these rows to the sums.

    Parameters
    ----------
    network : Network
    cases : Cases
    rows : ndarray of intp, or a range
    parameters : ndarray of shape (n_parameters,)
    workspace : ndarray of shape (n_workspace,)
        Overwritten.
    sums : ndarray of shape (n_sums,)
        Added to: sum_n s_n l_n first.
    """
    for part in slices(network, cases, rows):
        kernel.evaluate_rows(
            network, cases.inputs, cases.targets, part, parameters, workspace, sums
        )


def add_losses_and_gradient(
    network, cases, parameters, gradient, workspace, sums, weight_decay
):
    """As `add_losses` for all cases, and gradient <- dC/dw by back-propagation.

    C = 1/B sum_n s_n l_n + lambda/2 sum_l ||W_l||^2 over the B cases.
    """
    kernel.start_rows_gradient(network, parameters, gradient, weight_decay=weight_decay)
    for part in slices(network, cases, cases.rows):
        kernel.add_rows_gradient(
            network,
            cases.inputs,
            cases.targets,
            part,
            parameters,
            gradient,
            workspace,
            sums,
            scale=1 / len(cases.rows),
        )
