"""The shape of a network, its updates and its data, as Python hands them to the compiled code.

Names become codes here and nowhere else.
"""

import sys
from itertools import pairwise

import numpy as np

from cpython.buffer cimport PyBUF_STRIDED_RO, PyBuffer_Release, PyObject_GetBuffer
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.limits cimport INT_MAX

from .activations cimport EXP, IDENTITY, LOGISTIC, RELU, SOFTMAX, TANH
from .losses cimport LOG_LOSS, POISSON, SQUARED_ERROR
from .products cimport SMALL_BYTES
from .scores cimport ACCURACY, SQUARED_RESIDUALS, SUBSET_ACCURACY
from .weight_updates cimport ADADELTA, ADAGRAD, ADAM, MOMENTUM, NESTEROV, NO_RULE, RMSPROP
from .workspace cimport Layer, place_parameters, place_workspace

HIDDEN_ACTIVATIONS = {"identity": IDENTITY, "logistic": LOGISTIC, "tanh": TANH, "relu": RELU}
ACTIVATIONS = HIDDEN_ACTIVATIONS | {"softmax": SOFTMAX, "exp": EXP}
_LOSSES = {"log_loss": LOG_LOSS, "squared_error": SQUARED_ERROR, "poisson": POISSON}
_SCORES = {
    "accuracy": ACCURACY,
    "subset_accuracy": SUBSET_ACCURACY,
    "squared_residuals": SQUARED_RESIDUALS,
}

# Of inputs that are used as they are; others become the first of them.
FLOATS = [np.dtype(np.float64), np.dtype(np.float32)]
INDEX_DTYPES = {np.dtype(np.int32), np.dtype(np.int64)}

# The rule behind each solver, and how many vectors of state it needs: "lbfgs" has none.
_RULES = {
    "lbfgs": (NO_RULE, 0),
    "sgd": (MOMENTUM, 1),
    "nesterov": (NESTEROV, 1),
    "adagrad": (ADAGRAD, 1),
    "rmsprop": (RMSPROP, 1),
    "adadelta": (ADADELTA, 2),
    "adam": (ADAM, 2),
}

# Rows that are worked through together: enough for the matrix products to run at full speed,
# few enough for the activations of a block to stay in the second-level cache.
cdef Py_ssize_t BLOCK_BYTES = 1 << 19
cdef Py_ssize_t MIN_BLOCK_ROWS = 256
cdef Py_ssize_t MAX_BLOCK_ROWS = 1024
# Small weights can be read anew for fewer rows, where 256 are far too large for that cache.
cdef Py_ssize_t WIDE_BLOCK_BYTES = 1 << 22
cdef Py_ssize_t MIN_WIDE_BLOCK_ROWS = 64

# Rows times parameters of a block that is worth several threads. With other programs on all
# cores a thread comes some milliseconds late, far longer than less work takes.
cdef double SHARED_WORK = 1 << 24


cdef class Network:
    """The shape of a network: everything but its numbers.

    Parameters
    ----------
    layer_units : sequence of int
        Units of each layer, the inputs first and the outputs last.
    activations : sequence of str
        Activation of each layer but the inputs; the last one is that of the outputs.
    loss : {"log_loss", "squared_error", "poisson"}
    score : {"accuracy", "subset_accuracy", "squared_residuals"}
        What is summed for the running score.
    batch_size : int
        The largest number of rows that a gradient is a mean of.
    itemsize : int
        Bytes of a number.
    sparse : bool, default=False
        Whether all inputs will be sparse.

    Attributes
    ----------
    n_threads : int
        How many threads share the work of large products: one until it is set, and where
        blocks are so small that waiting for a thread could take longer than all the work.
    """

    def __cinit__(
        self, layer_units, activations, *, loss, score, batch_size, itemsize, sparse=False
    ):
        self.layer_units = tuple(layer_units)
        self.layout.loss = _LOSSES[loss]
        self.layout.score = _SCORES[score]
        n_units = 2 * sum(self.layer_units[1:]) + 2 * max(self.layer_units[1:])
        row_bytes = itemsize * (n_units if sparse else n_units + 2 * self.layer_units[0])
        n_parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(self.layer_units))
        fewest = MIN_BLOCK_ROWS
        if n_parameters * itemsize <= SMALL_BYTES:
            fewest = min(fewest, max(WIDE_BLOCK_BYTES // row_bytes, MIN_WIDE_BLOCK_ROWS))
        block_rows = min(max(BLOCK_BYTES // row_bytes, fewest), MAX_BLOCK_ROWS, batch_size)
        self._check_size(n_parameters, block_rows, row_bytes, itemsize)
        self.layout.n_layers = len(self.layer_units) - 1
        self.layout.n_features = self.layer_units[0]
        self.layout.sparse = sparse
        self.layout.n_outputs = self.layer_units[self.layout.n_layers]
        self.layout.block_rows = block_rows
        self.layout.itemsize = itemsize
        self.layout.n_threads = 1
        self.layout.layers = <Layer*> PyMem_Malloc(self.layout.n_layers * sizeof(Layer))
        if self.layout.layers == NULL:
            raise MemoryError()
        for l in range(self.layout.n_layers):
            self.layout.layers[l].fan_in = self.layer_units[l]
            self.layout.layers[l].fan_out = self.layer_units[l + 1]
            self.layout.layers[l].activation = ACTIVATIONS[activations[l]]
        place_parameters(&self.layout)
        place_workspace(&self.layout)

    def __dealloc__(self):
        PyMem_Free(self.layout.layers)

    def _check_size(self, n_parameters, block_rows, row_bytes, itemsize):
        """Refuse what a BLAS integer cannot count and what no address can reach."""
        n_bytes = max(n_parameters * itemsize, block_rows * row_bytes)
        # Padded rows can be twice as long.
        if max(self.layer_units) > INT_MAX or n_bytes > sys.maxsize // 4:
            raise ValueError(
                f"a network with layers of {self.layer_units} units has {n_parameters} "
                "parameters, more than can be addressed; use fewer hidden units or features"
            )

    @property
    def n_threads(self):
        return self.layout.n_threads

    @n_threads.setter
    def n_threads(self, int n_threads):
        cdef double work = <double> self.layout.block_rows * self.layout.n_parameters
        self.layout.n_threads = max(n_threads, 1) if work >= SHARED_WORK else 1

    @property
    def n_parameters(self):
        """Length of a vector of all weights and biases."""
        return self.layout.n_parameters

    @property
    def n_workspace(self):
        """Length of the workspace that the other functions need."""
        return self.layout.n_workspace

    @property
    def block_rows(self):
        """The largest number of rows whose activities the workspace holds."""
        return self.layout.block_rows

    @property
    def n_hidden_parameters(self):
        """Number of weights and biases, without the weights of the first layer."""
        return self.layout.n_parameters - self.layout.layers[0].b

    @property
    def n_outputs(self):
        return self.layout.n_outputs

    @property
    def n_sums(self):
        """Length of the sums that `train_rows` and `evaluate_rows` add to: loss, then scores."""
        return 1 + (self.layout.n_outputs if self.layout.score == SQUARED_RESIDUALS else 1)

    def views(self, parameters):
        """The weights and biases of each layer as arrays that look into `parameters`.

        Returns
        -------
        coefs : list of ndarray of shape (fan_in, fan_out)
        intercepts : list of ndarray of shape (fan_out,)
        """
        coefs, intercepts = [], []
        for l in range(self.layout.n_layers):
            layer = self.layout.layers[l]
            coefs.append(parameters[layer.W:layer.b].reshape(layer.fan_in, layer.fan_out))
            intercepts.append(parameters[layer.b:layer.b + layer.fan_out])
        return coefs, intercepts

    def hidden_views(self, workspace, Py_ssize_t rows):
        """h of each hidden layer, where `forward_rows` left it for one block of rows.

        Returns
        -------
        h : list of ndarray of shape (rows, fan_out) that look into `workspace`
        """
        if rows > self.layout.block_rows:
            raise ValueError("the workspace holds at most block_rows rows")
        h = []
        for l in range(self.layout.n_layers - 1):
            layer = self.layout.layers[l]
            h.append(workspace[layer.h:layer.h + rows * layer.fan_out])
            h[l] = h[l].reshape(rows, layer.fan_out)
        return h


cdef class Updates:
    """How the weights are updated: the name of a rule and its constants."""

    def __cinit__(self, name, *, momentum, rho, beta_1, beta_2, epsilon):
        self.rule.name, self.rule.n_vectors = _RULES[name]
        self.rule.momentum = momentum
        self.rule.rho = rho
        self.rule.beta_1 = beta_1
        self.rule.beta_2 = beta_2
        self.rule.epsilon = epsilon

    @property
    def n_vectors(self):
        """Vectors of state that the rule needs, each as long as the parameters."""
        return self.rule.n_vectors

    @property
    def squares(self):
        """Which of them holds squares of derivatives, which updates divide by, or None."""
        if self.rule.name in (NO_RULE, MOMENTUM, NESTEROV):
            return None
        return 1 if self.rule.name == ADAM else 0


cdef class Inputs:
    """X as the user has it: dense with any strides, or CSR, whose arrays are copied only where
    they have gaps or are not aligned."""

    def __cinit__(self, X):
        if X.dtype not in FLOATS:
            raise ValueError("inputs must be of float64 or float32")
        self.dtype = X.dtype
        self.rows.n_rows, self.rows.n_features = X.shape
        self.rows.sparse = hasattr(X, "indptr")
        if self.rows.sparse:
            data, indices, indptr = (
                np.require(array, requirements="CA") for array in (X.data, X.indices, X.indptr))
            if not {indices.dtype, indptr.dtype} <= INDEX_DTYPES:
                raise ValueError("indices and indptr must be int32 or int64")
            self.arrays = data, indices, indptr
            self.rows.non_zeros.wide_indices = indices.itemsize == 8
            self.rows.non_zeros.wide_indptr = indptr.itemsize == 8
            self.rows.non_zeros.values = address(data)
            self.rows.non_zeros.indices = address(indices)
            self.rows.non_zeros.indptr = address(indptr)
        else:
            self.arrays = (X,)
            self.rows.data = address(X)
            self.rows.row_stride, self.rows.column_stride = X.strides

    @property
    def mean_row_length(self):
        """Numbers of a row that count: all of them, or its non-zeros."""
        if self.rows.sparse:
            return self.arrays[2][self.rows.n_rows] / self.rows.n_rows
        return self.rows.n_features

    def most_non_zeros(self, rows, n_rows):
        """The most non-zeros that n_rows of these rows, of CSR inputs, have together."""
        lengths = np.diff(self.arrays[2])[rows]
        if n_rows < len(lengths):
            lengths = np.partition(lengths, -n_rows)[-n_rows:]
        return int(lengths.sum())


cdef class Targets:
    """The targets of all rows, with the weight of each case.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_outputs), C-contiguous in the dtype of X, or None
    labels : ndarray of shape (n_rows,) of intp, or None
        The number of each case's class, where `values` is None.
    weights : ndarray of shape (n_rows,) of float64, or None
    n_outputs : int
    """

    def __cinit__(self, *, values=None, labels=None, weights=None, n_outputs):
        cdef const Py_ssize_t[::1] numbers
        cdef const double[::1] s
        self.values, self.labels, self.weights = values, labels, weights
        self.rows.n_outputs = n_outputs
        self.rows.n_rows = len(values if values is not None else labels)
        if values is not None:
            if values.shape[1:] != (n_outputs,) or not values.flags.c_contiguous:
                raise ValueError("values must be C-contiguous, with a column for each output")
            check_aligned(values)
            self.rows.values = address(values)
        else:
            if labels.min() < 0 or labels.max() >= max(n_outputs, 2):
                raise ValueError("labels must be numbers of classes")
            numbers = labels
            self.rows.labels = &numbers[0]
        if weights is not None:
            if len(weights) != self.rows.n_rows:
                raise ValueError("weights must have a number for each row")
            check_aligned(weights)
            s = weights
            self.rows.weights = &s[0]


cdef check_aligned(array):
    if not array.flags.aligned:
        raise ValueError("targets and weights must be aligned to their dtype")


cdef const void* address(array) except? NULL:
    cdef Py_buffer buffer
    cdef const void* start
    PyObject_GetBuffer(array, &buffer, PyBUF_STRIDED_RO)
    start = buffer.buf
    PyBuffer_Release(&buffer)
    return start


def address_of(array):
    """Where an array starts: `array.ctypes.data` in a tenth of the time, which predictions for a
    row notice."""
    return <size_t> address(array)
