"""The least time that an epoch can take."""

import ctypes
import itertools
import math
import time

import numpy as np
from scipy.linalg import cython_blas

FLOOR_SECONDS = 0.1
LEVEL_1 = 2**15


def blas_call(name, *values):
    """Return a BLAS function, pointers to its arguments, and the arguments."""
    capsule = cython_blas.__pyx_capi__[name]
    api = ctypes.pythonapi
    api.PyCapsule_GetName.restype = ctypes.c_char_p
    api.PyCapsule_GetPointer.restype = ctypes.c_void_p
    api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
    signature = api.PyCapsule_GetName(ctypes.py_object(capsule))
    address = api.PyCapsule_GetPointer(capsule, signature)
    # 64 bits serve a BLAS with 32-bit integers as well: the low half comes first.
    arrays = [np.asarray(v, "<i8" if isinstance(v, int) else None) for v in values]
    prototype = ctypes.PYFUNCTYPE(None, *[ctypes.c_void_p] * len(arrays))
    return prototype(address), [ctypes.c_void_p(a.ctypes.data) for a in arrays], arrays


def product(A, B, C, a_transposed, b_transposed, *, empty):
    """Return the call for C = A B; BLAS counts by columns, so it gets C' = B' A'."""
    kind = C.dtype.type
    rows, columns = C.shape
    inner = A.shape[0 if a_transposed else 1]
    return blas_call(
        "sgemm" if kind is np.float32 else "dgemm",
        *(b"T" if b_transposed else b"N", b"T" if a_transposed else b"N"),
        *(0 if empty else columns, rows, inner),
        *(kind(1), B, B.shape[1], A, A.shape[1], kind(0), C, columns),
    )


def update_products(sizes, rows, dtype):
    """Return the operands of all products of one mini-batch, in training's order."""
    rng = np.random.default_rng(0)

    def arrays(shapes):
        return [rng.standard_normal(s).astype(dtype) / s[1] ** 0.5 for s in shapes]

    shapes = list(itertools.pairwise(sizes))
    weights, gradients = arrays(shapes), arrays(shapes)
    h, deltas = (arrays([(rows, n) for n in sizes]) for _ in range(2))
    layers = range(len(weights))
    operands = [(h[k], weights[k], h[k + 1], False, False) for k in layers]
    for k in reversed(layers):
        operands.append((h[k], deltas[k + 1], gradients[k], True, False))
        if k > 0:
            operands.append((deltas[k + 1], weights[k], deltas[k], False, True))
    return operands


def epoch_products(sizes, n_rows, batch_size, dtype):
    """Return how often an epoch does each kind of update, and its products."""
    n_full, n_last = divmod(n_rows, batch_size)
    counts = [(n_full, batch_size)] + ([(1, n_last)] if n_last else [])
    return [(count, update_products(sizes, rows, dtype)) for count, rows in counts]


def seconds_of(calls):
    """Return the time that all the calls take."""
    begin = time.process_time()
    for function, pointers, _ in calls:
        function(*pointers)
    return time.process_time() - begin


def time_update(operands):
    """Return the seconds of an update's products, and of the bare calls from Python."""
    # gemm hands single rows on to gemv itself: calling gemv and ger gained nothing.
    real, empty = ([product(*o, empty=e) for o in operands] for e in (False, True))
    repeats = math.ceil(FLOOR_SECONDS / 100 / seconds_of(real))
    times = []
    while not times or np.sum(times) < FLOOR_SECONDS:
        times.append((seconds_of(real * repeats), seconds_of(empty * repeats)))
    both, bare = np.median(times, axis=0) / repeats
    if both < 2 * bare:
        both, bare = np.min(times, axis=0) / repeats
    return np.array([both - bare, bare])


def time_floor(products):
    """Return the same two times for an epoch."""
    return sum(count * time_update(operands) for count, operands in products)


def time_traffic(n_parameters, dtype):
    """Return the seconds in which all weights and velocities are read and written.

    That is the traffic of the updates of single rows, and BLAS' rot does little else.
    The arrays are hot in cache, and large enough for the call itself not to count.
    """
    kind = np.dtype(dtype).type
    n = max(n_parameters, LEVEL_1 // (2 * kind().itemsize))
    w, v = np.ones((2, n), kind)
    name = "srot" if kind is np.float32 else "drot"
    calls = [blas_call(name, size, w, 1, v, 1, kind(1), kind(0)) for size in (n, 0)]
    repeats = math.ceil(FLOOR_SECONDS / 100 / seconds_of(calls[:1]))
    times = []
    while not times or np.sum(times) < FLOOR_SECONDS:
        times.append([seconds_of([call] * repeats) for call in calls])
    real, empty = np.median(times, axis=0) / repeats
    return (real - empty) * n_parameters / n


def time_epoch(sizes, n_rows, batch_size, dtype):
    """Return the floor of an epoch: its traffic at batch size 1, else its products."""
    if batch_size == 1:
        n_parameters = sum(
            (n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes)
        )
        return n_rows * time_traffic(n_parameters, dtype)
    return time_floor(epoch_products(sizes, n_rows, batch_size, dtype))[0]
