"""Memory that starts where a page does."""

import math

import numpy as np

PAGE_BYTES = 4096


def aligned_empty(shape, dtype, allocate=np.empty):
    """An array that starts at a multiple of PAGE_BYTES.

    No vector of it crosses a cache line then, unless rows do, and arrays that are
    worked through side by side lie alike in the cache: the time of an update does not
    depend on where there was memory.
    """
    n_bytes = math.prod(shape) * dtype.itemsize
    buffer = allocate(n_bytes + PAGE_BYTES, dtype=np.uint8)
    start = -buffer.__array_interface__["data"][0] % PAGE_BYTES
    # A memoryview, else arrays that look into this one would have `buffer` as base.
    memory = memoryview(buffer)[start : start + n_bytes]
    return np.frombuffer(memory, dtype).reshape(shape)


def aligned_zeros(shape, dtype):
    """The same with zeros, which take no memory until something is written there."""
    return aligned_empty(shape, dtype, np.zeros)


def aligned_copy(array):
    """The same numbers in an array that starts at a multiple of PAGE_BYTES."""
    copy = aligned_empty(np.shape(array), array.dtype)
    copy[...] = array
    return copy
