"""The order in which an epoch takes its rows: a function of a seed and the epoch's number.

Nothing is carried from epoch to epoch, so training that goes on later needs no generator's
state, and the orders do not change with the version of a library.
"""

from libc.stdint cimport uint32_t, uint64_t


cdef inline uint64_t mixed(uint64_t x) noexcept nogil:
    """The finaliser of SplitMix64 (Steele, Lea & Flood, 2014, "Fast splittable
    pseudorandom number generators")."""
    x = (x ^ (x >> 30)) * <uint64_t> 0xBF58476D1CE4E5B9ULL
    x = (x ^ (x >> 27)) * <uint64_t> 0x94D049BB133111EBULL
    return x ^ (x >> 31)


cdef inline uint64_t next_number(uint64_t* state) noexcept nogil:
    state[0] += <uint64_t> 0x9E3779B97F4A7C15ULL
    return mixed(state[0])


cdef inline uint64_t below(uint64_t n, uint64_t* state) noexcept nogil:
    """A uniform number in [0, n): the high half of a product, the few that would favour some
    numbers drawn again (Lemire, 2019, "Fast random integer generation in an interval")."""
    cdef uint64_t product, threshold
    if n >> 32:
        # More rows than that do not occur; the remainder's bias is below 2**-24.
        return next_number(state) % n
    product = (next_number(state) >> 32) * n
    if <uint32_t> product < n:
        threshold = (<uint64_t> 1 << 32) % n
        while <uint32_t> product < threshold:
            product = (next_number(state) >> 32) * n
    return product >> 32


cdef inline void shuffle_rows(
    Py_ssize_t* order,  # IN OUT
    Py_ssize_t n,
    uint64_t seed,
    uint64_t epoch,
) noexcept nogil:
    """order <- a permutation of itself (Fisher & Yates)"""
    cdef uint64_t state = mixed(mixed(seed) + epoch)
    cdef Py_ssize_t i, j
    for i in range(n - 1, 0, -1):
        j = <Py_ssize_t> below(<uint64_t> i + 1, &state)
        order[i], order[j] = order[j], order[i]
