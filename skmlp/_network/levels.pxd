"""The level of the processor that is in use."""

cdef extern from "levels.h" nogil:
    int skmlp_level
    bint skmlp_halves
    void skmlp_use_level(int level)
    void skmlp_use_best_level()
    int skmlp_highest_level()
    Py_ssize_t skmlp_vector_bytes()
