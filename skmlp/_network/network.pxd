"""What the calls of kernel.pyx read of a network, its updates and its data."""

from .inputs cimport InputRows
from .targets cimport TargetRows
from .weight_updates cimport UpdateRule
from .workspace cimport Layout


cdef class Network:
    cdef Layout layout
    cdef int loss
    cdef int score
    cdef readonly tuple layer_units


cdef class Updates:
    cdef UpdateRule rule


cdef class Inputs:
    cdef InputRows rows
    cdef readonly object X  # keeps the memory alive
    cdef readonly object dtype


cdef class Targets:
    cdef TargetRows rows
    cdef readonly object values
    cdef readonly object labels
    cdef readonly object weights
