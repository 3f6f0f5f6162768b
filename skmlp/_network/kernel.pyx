"""All calls of the compiled code, one per task.

A call checks its arguments once and then works without the GIL, without Python objects and
without allocation. What it does not check is that `order` names rows that there are, nor that
the indices of CSR inputs name columns that there are.
"""

import numpy as np

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cython cimport floating
from libc.math cimport isfinite
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from .activations cimport activate
from .activations cimport multiply_by_derivative as multiply_delta
from .backward_pass cimport GradientTask, backward_pass_to_inputs
from .denormals cimport Modes, flush_denormals, restore_denormals
from .forward_pass cimport forward_pass
from .inputs cimport InputRows
from .levels cimport (
    skmlp_highest_level, skmlp_level, skmlp_use_best_level, skmlp_use_level,
)
from .network cimport Inputs, Network, Targets, Updates
from .objective cimport add_gradient, add_loss
from .padding cimport copy_parameters, pad_layout
from .products cimport FEW_COLUMNS, product_of_slab
from .shuffle cimport shuffle_rows
from .single_case cimport CaseLayer, find_case_layers, train_cases
from .skipped_rows cimport (
    N_SLABS, STEPS, FeatureSlab, NonZero, SkippedRow, SkippedRows, Transform, can_skip,
    start_epoch,
)
from .sparse_batches cimport bring_all_up_to_date, end_batch, n_gradient_rows, start_block
from .weight_decay cimport penalty as weight_penalty
from .weight_decay cimport start_gradient
from .weight_updates cimport MOMENTUM, NESTEROV, Update
from .workspace cimport Layer, Layout

from skmlp._network.aligned import aligned_empty
from skmlp._network.network import ACTIVATIONS

cdef extern from "threads.h" nogil:
    int skmlp_max_threads()


cdef class Skipping:
    """The rows of the first layer's weights that sparse batches let sit out, of one training.

    Parameters
    ----------
    network : Network
    inputs : Inputs
        CSR.
    order : ndarray of intp
        The rows of an epoch, which may be shuffled in place: the room is for any order of them.
    shared : bool
        Whether threads may share a batch. The bits depend on it, but not on how many do.
    """

    cdef Network network
    cdef Inputs inputs
    cdef Updates updates
    cdef double weight_decay
    cdef const Py_ssize_t[::1] order
    cdef SkippedRows rows
    cdef FeatureSlab slabs[N_SLABS]
    cdef object gradient_rows, sums
    cdef double[:, ::1] states, non_zeros, transforms
    cdef Py_ssize_t[::1] updated

    def __cinit__(self, Network network, Inputs inputs, order, *, bint shared):
        cdef:
            Py_ssize_t fan_out = network.layout.layers[0].fan_out
            Py_ssize_t n_features = network.layout.n_features
            Py_ssize_t n_slabs = N_SLABS if shared else 1
            Py_ssize_t n_rows = n_gradient_rows(n_features, n_slabs)
            Py_ssize_t most_non_zeros = inputs.most_non_zeros(order, network.layout.block_rows)
            Py_ssize_t n_sums = (n_slabs - 1) * network.layout.block_rows * fan_out
        self.network = network
        self.inputs = inputs
        self.order = order
        # NumPy's memory for structs: each row of doubles is one.
        self.states = np.zeros((n_features, sizeof(SkippedRow) // sizeof(double)))
        self.non_zeros = np.empty(
            (max(n_slabs * most_non_zeros, 1), sizeof(NonZero) // sizeof(double)))
        self.updated = np.zeros(n_rows, np.intp)
        self.gradient_rows = aligned_empty(((n_rows + n_slabs) * fan_out,), inputs.dtype)
        self.sums = aligned_empty((max(n_sums, 1),), inputs.dtype)
        self.rows.n_features = n_features
        self.rows.fan_out = fan_out
        self.rows.n_slabs = n_slabs
        self.rows.slabs = &self.slabs[0]
        self.rows.most_non_zeros = most_non_zeros
        self.rows.non_zeros = <NonZero*> &self.non_zeros[0, 0]
        self.rows.rows = <SkippedRow*> &self.states[0, 0]
        self.rows.updated = &self.updated[0]
        self.rows.n_gradient_rows = n_rows
        self.rows.n_transforms = STEPS + 1 + n_features // STEPS
        self.transforms = np.empty(
            (self.rows.n_transforms, sizeof(Transform) // sizeof(double)))
        self.rows.transforms = <Transform*> &self.transforms[0, 0]

    @staticmethod
    def possible(Inputs inputs, Updates updates, double weight_decay):
        """Whether rows can sit out updates."""
        return bool(inputs.rows.sparse) and can_skip(&updates.rule, weight_decay)

    def start_epoch(
        self,
        Updates updates,
        floating[::1] parameters,
        floating[:, ::1] state,
        *,
        double learning_rate,
        double weight_decay,
    ):
        """Have no row sit out any update yet."""
        if not can_skip(&updates.rule, weight_decay):
            raise ValueError("rows must not sit out updates of this rule")
        self.look_at(parameters, state)
        self.updates, self.weight_decay = updates, weight_decay
        with nogil:
            start_epoch(&self.rows, &updates.rule, learning_rate, weight_decay)

    def end_epoch(
        self,
        floating[::1] parameters,  # IN OUT
        floating[:, ::1] state,  # IN OUT
    ):
        """Have each row catch up with the updates that it sat out."""
        cdef int n_threads = self.network.layout.n_threads
        cdef Modes modes
        self.look_at(parameters, state)
        self.updates = None
        with nogil:
            modes = flush_denormals(n_threads)
            bring_all_up_to_date(&self.rows, &parameters[0], n_threads)
            restore_denormals(modes, n_threads)

    cdef look_at(self, floating[::1] parameters, floating[:, ::1] state):
        """Have the rows know where the velocity of W lies, and what waits for an update."""
        cdef floating[::1] gradient_rows = self.gradient_rows, sums = self.sums
        check_parameters(self.network, parameters.shape[0], state.shape[1])
        check_velocity(state.shape[0])
        self.rows.gradient_rows = &gradient_rows[0]
        self.rows.sums = &sums[0]
        self.rows.velocity = &state[0, 0]

    cdef check(
        self, Network network, Updates updates, Inputs inputs, const Py_ssize_t[::1] order,
        double learning_rate, double weight_decay,
    ):
        """Refuse what there is no room for, or what rows do not catch up with."""
        if (
            network is not self.network or inputs is not self.inputs
            or order.shape[0] != self.order.shape[0] or &order[0] != &self.order[0]
        ):
            raise ValueError("rows must sit out updates of the network, inputs and order given "
                             "first")
        if (
            updates is not self.updates or learning_rate != self.rows.learning_rate
            or weight_decay != self.weight_decay
        ):
            raise ValueError("updates, learning_rate and weight_decay must be those that the "
                             "epoch was started with")


cdef class SingleCases:
    """Weights and velocities for updates by single cases, of one training.

    Parameters
    ----------
    network : Network
    dtype : dtype
    padded : bool
        Whether the updates of an epoch are made on copies with padded rows, which pays for
        itself where they are many.
    """

    cdef Network network
    cdef Layout layout  # where they are padded
    cdef CaseLayer* layers
    cdef bint padded, started
    cdef object weights, velocity

    def __cinit__(self, Network network, dtype, *, bint padded):
        self.network = network
        self.padded = padded
        n_layers = network.layout.n_layers
        self.layout.layers = <Layer*> PyMem_Malloc(n_layers * sizeof(Layer))
        self.layers = <CaseLayer*> PyMem_Malloc(n_layers * sizeof(CaseLayer))
        if self.layout.layers == NULL or self.layers == NULL:
            raise MemoryError()
        pad_layout(&network.layout, &self.layout)
        if padded:
            self.weights = aligned_empty((self.layout.n_parameters,), dtype)
            self.velocity = aligned_empty((self.layout.n_parameters,), dtype)

    def __dealloc__(self):
        PyMem_Free(self.layout.layers)
        PyMem_Free(self.layers)

    @staticmethod
    def possible(Inputs inputs, Updates updates, Py_ssize_t batch_size):
        """Whether an update is one pass over the weights."""
        return batch_size == 1 and not inputs.rows.sparse and updates.rule.name in (
            MOMENTUM, NESTEROV)

    def start_epoch(
        self,
        Updates updates,
        floating[::1] parameters,
        floating[:, ::1] state,
        *,
        double learning_rate,
        double weight_decay,
    ):
        """Take the weights and velocities."""
        cdef:
            floating[::1] weights, velocity
            const Layout* layout = &self.layout if self.padded else &self.network.layout
        self.check(parameters.shape[0], state.shape[0], state.shape[1], sizeof(floating))
        if updates.rule.name not in (MOMENTUM, NESTEROV):
            raise ValueError("updates by single cases must be those of momentum or Nesterov")
        if not self.padded:
            self.weights, self.velocity = parameters, state[0]
        weights, velocity = self.weights, self.velocity
        with nogil:
            if self.padded:
                copy_parameters(&self.network.layout, &parameters[0], layout, &weights[0])
                copy_parameters(&self.network.layout, &state[0, 0], layout, &velocity[0])
            find_case_layers(layout, &updates.rule, learning_rate, weight_decay, &weights[0],
                             &velocity[0], self.layers)
        self.started = True

    def end_epoch(
        self,
        floating[::1] parameters,  # OUT
        floating[:, ::1] state,  # OUT
    ):
        """Give them back."""
        cdef const floating[::1] weights, velocity
        self.check(parameters.shape[0], state.shape[0], state.shape[1], sizeof(floating))
        self.started = False
        if not self.padded:
            self.weights = self.velocity = None
            return
        weights, velocity = self.weights, self.velocity
        with nogil:
            copy_parameters(&self.layout, &weights[0], &self.network.layout, &parameters[0])
            copy_parameters(&self.layout, &velocity[0], &self.network.layout, &state[0, 0])

    cdef check(
        self, Py_ssize_t n_parameters, Py_ssize_t n_vectors, Py_ssize_t n_columns, size_t itemsize
    ):
        check_parameters(self.network, n_parameters, n_columns)
        check_velocity(n_vectors)
        check_itemsize(self.network, itemsize)


def train_rows(
    Network network,
    Updates updates,
    Inputs inputs,
    Targets targets,
    const Py_ssize_t[::1] order,
    Py_ssize_t start,
    Py_ssize_t n_rows,
    Py_ssize_t batch_size,
    floating[::1] parameters,  # IN OUT
    floating[:, ::1] state,  # IN OUT
    floating[::1] gradient,  # IN OUT: of the batch that is under way
    floating[::1] workspace,
    double[::1] sums,  # IN OUT
    double[::1] batch_losses,  # IN OUT: one for each batch of the epoch, or empty
    Skipping skipping,  # IN OUT, or None
    *,
    Py_ssize_t n_updates,
    double learning_rate,
    double weight_decay,
):
    """Train on at least `n_rows` more rows of an epoch, mini-batch after mini-batch.

    Rows are taken block by block, and the weights updated whenever a batch is complete. A
    call may end within a batch; the next one goes on there. The mean loss of each batch,
    before its update, is added to `batch_losses`. With `skipping`, which starts an epoch before
    the first call and ends it after the last, an update leaves out rows of the first layer's
    weights.

    Returns
    -------
    position : int
        Where in `order` the next call starts; `len(order)` at the end of the epoch.
    n_updates : int
        The number of updates so far, those before this call included.
    """
    cdef:
        Py_ssize_t position = start, rows, batch_start, batch_stop, n = order.shape[0]
        Py_ssize_t stop = n if n_rows >= n - start else start + n_rows
        const Layout* layout = &network.layout
        const Layer* first = &layout.layers[0]
        InputRows X = inputs.rows
        SkippedRows* skipped = NULL
        const Py_ssize_t* row
        double loss_before
        Update update
        GradientTask task
        Modes modes
        int n_threads = layout.n_threads
    check_training(network, inputs, targets, workspace.shape[0], sizeof(floating), sums.shape[0])
    if batch_size < 1 or not 0 <= start <= n:
        raise ValueError("batch_size must be at least 1, and start a position in order")
    check_batch_losses(batch_losses.shape[0], n // batch_size + (n % batch_size > 0))
    check_parameters(network, parameters.shape[0], state.shape[1])
    check_parameters(network, parameters.shape[0], gradient.shape[0])
    if state.shape[0] != updates.rule.n_vectors:
        raise ValueError("state must have n_vectors rows")
    if skipping is not None:
        skipping.check(network, updates, inputs, order, learning_rate, weight_decay)
        skipping.look_at(parameters, state)
        X.skipped = skipped = &skipping.rows
    with nogil:
        modes = flush_denormals(n_threads)
        while position < stop:
            batch_start = position - position % batch_size
            batch_stop = batch_start + min(batch_size, n - batch_start)
            rows = min(layout.block_rows, batch_stop - position)
            row = &order[position]
            loss_before = sums[0]
            update = Update(&updates.rule, learning_rate, n_updates + 1, layout.n_parameters)
            task = GradientTask(weight_decay, position > batch_start, NULL)
            if position + rows == batch_stop:
                task.update = &update
            if skipped != NULL:
                start_block(skipped, &X.non_zeros, row, &parameters[first.W], rows,
                            rows == batch_stop - batch_start, layout.n_threads)
            add_gradient(layout, &task, &X, &targets.rows, row, &parameters[0], &workspace[0],
                         &gradient[0], &state[0, 0], &sums[0],
                         1.0 / <double> (batch_stop - batch_start), rows)
            if batch_losses.shape[0]:
                batch_losses[position // batch_size] += (
                    (sums[0] - loss_before) / <double> (batch_stop - batch_start))
            position += rows
            if position == batch_stop:
                n_updates += 1
                if skipped != NULL:
                    end_batch(skipped, &parameters[first.W], layout.n_threads)
        restore_denormals(modes, n_threads)
    return position, n_updates


def train_single_cases(
    Network network,
    Inputs inputs,
    Targets targets,
    const Py_ssize_t[::1] order,
    Py_ssize_t start,
    Py_ssize_t n_rows,
    SingleCases single_cases,  # IN OUT
    floating[::1] workspace,
    double[::1] sums,  # IN OUT
    double[::1] batch_losses,  # OUT: one for each case of the epoch, or empty
):
    """Train on `n_rows` more rows of an epoch, with an update for each.

    The weights, the velocities and the rule are those that `single_cases` was given, which starts
    an epoch before the first call and ends it after the last. The loss of each case, before its
    update, goes to `batch_losses`.

    Returns
    -------
    position : int
        Where in `order` the next call starts; `len(order)` at the end of the epoch.
    """
    cdef Py_ssize_t n = order.shape[0], stop = n if n_rows >= n - start else start + n_rows
    cdef Modes modes
    if network is not single_cases.network or not single_cases.started:
        raise ValueError("single cases must have started an epoch of this network")
    if inputs.rows.sparse:
        raise ValueError("inputs of single cases must be dense")
    check_training(network, inputs, targets, workspace.shape[0], sizeof(floating), sums.shape[0])
    if not 0 <= start <= n:
        raise ValueError("start must be a position in order")
    check_batch_losses(batch_losses.shape[0], n)
    if start < stop:
        with nogil:
            modes = flush_denormals(1)
            train_cases(&network.layout, single_cases.layers, &inputs.rows, &targets.rows,
                        &order[0], start, stop, &workspace[0], &sums[0],
                        &batch_losses[0] if batch_losses.shape[0] else NULL)
            restore_denormals(modes, 1)
    return stop


def evaluate_rows(
    Network network,
    Inputs inputs,
    Targets targets,
    const Py_ssize_t[::1] order,
    const floating[::1] parameters,
    floating[::1] workspace,
    double[::1] sums,  # IN OUT
):
    """Add the loss and the scores of the rows in `order` to `sums`, without training."""
    cdef Py_ssize_t position = 0, rows
    cdef Modes modes
    cdef int n_threads = network.layout.n_threads
    check_training(network, inputs, targets, workspace.shape[0], sizeof(floating), sums.shape[0])
    check_parameters(network, parameters.shape[0], parameters.shape[0])
    with nogil:
        modes = flush_denormals(n_threads)
        while position < order.shape[0]:
            rows = min(network.layout.block_rows, order.shape[0] - position)
            add_loss(&network.layout, &inputs.rows, &targets.rows, &order[position], &parameters[0],
                     &workspace[0], &sums[0], rows)
            position += rows
        restore_denormals(modes, n_threads)


def start_rows_gradient(
    Network network,
    const floating[::1] parameters,
    floating[::1] gradient,  # OUT
    *,
    double weight_decay,
):
    """gradient <- lambda W for the weights, 0 for the biases: what `add_rows_gradient` adds to"""
    check_parameters(network, parameters.shape[0], gradient.shape[0])
    with nogil:
        start_gradient(&network.layout, &parameters[0], weight_decay, &gradient[0])


def add_rows_gradient(
    Network network,
    Inputs inputs,
    Targets targets,
    const Py_ssize_t[::1] order,
    floating[::1] parameters,
    floating[::1] gradient,  # IN OUT
    floating[::1] workspace,
    double[::1] sums,  # IN OUT
    *,
    double scale,
):
    """gradient <- gradient + scale sum_n s_n dl_n/dw over the rows in `order`; their losses and
    scores go to `sums`."""
    cdef Py_ssize_t position = 0, rows
    cdef GradientTask task = GradientTask(0.0, True, NULL)
    cdef Modes modes
    cdef int n_threads = network.layout.n_threads
    check_training(network, inputs, targets, workspace.shape[0], sizeof(floating), sums.shape[0])
    check_parameters(network, parameters.shape[0], gradient.shape[0])
    with nogil:
        modes = flush_denormals(n_threads)
        while position < order.shape[0]:
            rows = min(network.layout.block_rows, order.shape[0] - position)
            add_gradient(&network.layout, &task, &inputs.rows, &targets.rows, &order[position],
                         &parameters[0], &workspace[0], &gradient[0], <floating*> NULL, &sums[0],
                         scale, rows)
            position += rows
        restore_denormals(modes, n_threads)


def forward_rows(
    Network network,
    Inputs inputs,
    const Py_ssize_t[::1] order,
    const floating[::1] parameters,
    floating[::1] workspace,
    floating[:, ::1] z,  # OUT
):
    """z <- the net inputs of the output layer for the rows in `order`."""
    cdef:
        Py_ssize_t position = 0, rows, n = order.shape[0], K = network.layout.n_outputs
        const floating* last
        Modes modes
        int n_threads = network.layout.n_threads
    check_buffers(network, inputs, workspace.shape[0], sizeof(floating))
    check_parameters(network, parameters.shape[0], parameters.shape[0])
    if z.shape[0] != n or z.shape[1] != K:
        raise ValueError("z must have a row for each of the order and a column per output")
    last = &workspace[network.layout.layers[network.layout.n_layers - 1].h]
    with nogil:
        modes = flush_denormals(n_threads)
        while position < n:
            rows = min(network.layout.block_rows, n - position)
            forward_pass(&network.layout, &inputs.rows, &order[position], &parameters[0],
                         &workspace[0], rows)
            memcpy(&z[position, 0], last, rows * K * sizeof(floating))
            position += rows
        restore_denormals(modes, n_threads)


def backward_to_inputs(
    Network network,
    const floating[::1] parameters,
    floating[::1] workspace,  # IN: h, as forward_rows left it for one block; scratch afterwards
    const floating[:, ::1] delta,
    floating[:, ::1] input_gradient,  # OUT
):
    """input_gradient <- delta dz/dx: the error signals of the output, led back to the inputs."""
    cdef Py_ssize_t rows = delta.shape[0], n_features = network.layout.n_features
    cdef int n_threads = network.layout.n_threads
    cdef Modes modes
    check_workspace(network, workspace.shape[0], sizeof(floating))
    check_parameters(network, parameters.shape[0], parameters.shape[0])
    if not 0 < rows <= network.layout.block_rows or delta.shape[1] != network.layout.n_outputs:
        raise ValueError("delta must have a column per output and the rows of one block")
    if input_gradient.shape[0] != rows or input_gradient.shape[1] != n_features:
        raise ValueError("input_gradient must have a row per row and a column per feature")
    with nogil:
        modes = flush_denormals(n_threads)
        memcpy(&workspace[network.layout.delta], &delta[0, 0],
               rows * network.layout.n_outputs * sizeof(floating))
        backward_pass_to_inputs(&network.layout, &parameters[0], &workspace[0],
                                &input_gradient[0, 0], rows)
        restore_denormals(modes, n_threads)


def shuffle(
    const Py_ssize_t[::1] rows,
    seed,
    epoch,
    Py_ssize_t[::1] order,  # OUT
):
    """order <- the rows, or all where they are None, in the order of an epoch"""
    cdef Py_ssize_t i
    cdef uint64_t seed_number = seed, epoch_number = epoch
    if rows is not None and rows.shape[0] != order.shape[0]:
        raise ValueError("rows and order must have the same length")
    with nogil:
        for i in range(order.shape[0]):
            order[i] = i if rows is None else rows[i]
        shuffle_rows(&order[0], order.shape[0], seed_number, epoch_number)


def activate_outputs(activation, floating[:, ::1] z):  # IN OUT
    """z <- g(z) for an activation that looks at one unit at a time."""
    cdef int code = ACTIVATIONS[activation]
    with nogil:
        activate(code, &z[0, 0], z.shape[0] * z.shape[1])


def multiply_by_derivative(
    activation,
    const floating[:, ::1] o,
    floating[:, ::1] delta,  # IN OUT
):
    """delta <- delta * g'(z), with g'(z) from o = g(z), for an activation as above."""
    cdef int code = ACTIVATIONS[activation]
    if o.shape[0] != delta.shape[0] or o.shape[1] != delta.shape[1]:
        raise ValueError("o and delta must have the same shape")
    with nogil:
        multiply_delta(code, &o[0, 0], &delta[0, 0], o.shape[0] * o.shape[1])


def max_threads():
    """How many threads a parallel loop may have: as OpenMP says, or 1 without it."""
    return skmlp_max_threads()


def levels():
    """The levels that code is written out for (levels.h) and that the processor has."""
    return [level for level in (0, 1, 3, 4) if level <= skmlp_highest_level()]


def use_level(level):
    """Use this level from now on, for tests; None is what suits the processor best."""
    if level is None:
        skmlp_use_best_level()
    elif level in levels():
        skmlp_use_level(level)
    else:
        raise ValueError("the processor does not have this level")


use_level(None)


def multiply(
    const floating[:, :] A,
    const floating[:, ::1] B,
    const floating[:, ::1] S,
    floating[:, ::1] C,  # OUT
    *,
    double scale,
):
    """C <- scale S + A @ B, where S may be None, one row for all rows of C, or C itself."""
    cdef:
        Py_ssize_t m = A.shape[0], k = A.shape[1], n = B.shape[1], itemsize = sizeof(floating)
        Py_ssize_t s_row = n
        const floating* s = NULL
    if skmlp_level == 0:
        raise ValueError("level 0 has no products of its own")
    if n < FEW_COLUMNS or k == 0 or B.shape[0] != k or C.shape[0] != m or C.shape[1] != n:
        raise ValueError("A, B and C must fit each other, with at least FEW_COLUMNS columns")
    if S is not None and (S.shape[1] != n or S.shape[0] != m and S.shape[0] != 1):
        raise ValueError("S must have the shape of C or be one row")
    if S is not None:
        s = &S[0, 0]
        s_row = n if S.shape[0] == m else 0
    with nogil:
        product_of_slab(&A[0, 0], A.strides[0] // itemsize, A.strides[1] // itemsize,
                        &B[0, 0], <floating> scale, s, s_row, &C[0, 0], m, n, k)


def penalty(Network network, const floating[::1] parameters, double weight_decay):
    """lambda/2 sum_l ||W_l||^2"""
    cdef double result
    check_parameters(network, parameters.shape[0], parameters.shape[0])
    with nogil:
        result = weight_penalty(&network.layout, &parameters[0], weight_decay)
    return result


def biases_are_finite(Network network, const floating[::1] parameters):
    """Whether no bias is infinite or NaN; of a weight that is, the penalty tells."""
    cdef Py_ssize_t l, i
    cdef const Layer* layer
    cdef bint finite = True
    check_parameters(network, parameters.shape[0], parameters.shape[0])
    with nogil:
        for l in range(network.layout.n_layers):
            layer = &network.layout.layers[l]
            for i in range(layer.b, layer.b + layer.fan_out):
                finite &= isfinite(parameters[i])
    return finite


cdef check_training(
    Network network, Inputs inputs, Targets targets, Py_ssize_t n_workspace, size_t itemsize,
    Py_ssize_t n_sums,
):
    check_buffers(network, inputs, n_workspace, itemsize)
    check_targets(network, inputs, targets)
    if n_sums != network.n_sums:
        raise ValueError("sums must have n_sums elements")


cdef check_batch_losses(Py_ssize_t n_losses, Py_ssize_t n_batches):
    if n_losses not in (0, n_batches):
        raise ValueError("batch_losses must be empty or have an element for each batch")


cdef check_parameters(Network network, Py_ssize_t n_parameters, Py_ssize_t n_columns):
    """Of the parameters, and of the gradient or the state that belongs to them."""
    if not n_parameters == n_columns == network.layout.n_parameters:
        raise ValueError("parameters, gradient and state must have n_parameters columns")


cdef check_velocity(Py_ssize_t n_vectors):
    if n_vectors != 1:
        raise ValueError("state must have one row, the velocity")


cdef check_buffers(Network network, Inputs inputs, Py_ssize_t n_workspace, size_t itemsize):
    """Refuse arrays that do not fit the network, before anything is read or written."""
    if inputs.rows.n_features != network.layout.n_features:
        raise ValueError("inputs do not have the network's number of features")
    if network.layout.sparse and not inputs.rows.sparse:
        raise ValueError("the network's workspace has no room for dense inputs")
    if <size_t> inputs.dtype.itemsize != itemsize:
        raise ValueError("inputs and parameters must have the same dtype")
    check_workspace(network, n_workspace, itemsize)


cdef check_itemsize(Network network, size_t itemsize):
    if <size_t> network.layout.itemsize != itemsize:
        raise ValueError("the network must have been made for this dtype")


cdef check_workspace(Network network, Py_ssize_t n_workspace, size_t itemsize):
    check_itemsize(network, itemsize)
    if n_workspace < network.layout.n_workspace:
        raise ValueError("workspace must have n_workspace elements")


cdef check_targets(Network network, Inputs inputs, Targets targets):
    if targets.rows.n_outputs != network.layout.n_outputs:
        raise ValueError("targets do not have the network's number of outputs")
    if targets.rows.n_rows != inputs.rows.n_rows:
        raise ValueError("targets and inputs do not have the same number of rows")
    if targets.values is not None and targets.values.dtype != inputs.dtype:
        raise ValueError("targets and inputs must have the same dtype")
