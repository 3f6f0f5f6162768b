"""What the calls of kernel.pyx read of a network, its updates and its data."""

from .inputs cimport InputRows
from .targets cimport TargetRows
from .weight_updates cimport UpdateRule
from .workspace cimport Layout


cdef class Network:
    cdef Layout layout
    cdef readonly tuple layer_units


cdef class Updates:
    cdef UpdateRule rule


cdef class Inputs:
    cdef InputRows rows
    cdef tuple arrays  # whose memory they keep: a CSR matrix may be given others meanwhile
    cdef readonly object dtype


cdef class Targets:
    cdef TargetRows rows
    cdef readonly object values
    cdef readonly object labels
    cdef readonly object weights
