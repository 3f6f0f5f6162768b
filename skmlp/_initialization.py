"""First weights of a network."""

import itertools

import numpy as np


def initial_weights(layer_units, random_state):
    """Draw the first weights of each layer; the biases start at zero.

    Uniform in [-r, r] with r = sqrt(6 / (fan_in + fan_out)) (Glorot & Bengio, 2010,
    "Understanding the difficulty of training deep feedforward neural networks").

    In front of relu too, though sqrt(6 / fan_in) (He et al., 2015) keeps the size of
    activities there: with few inputs and many units that starts from a large random
    function, which few data do not unlearn.

    Parameters
    ----------
    layer_units : sequence of int
        Units of each layer, the inputs first and the outputs last.
    random_state : numpy.random.RandomState

    Returns
    -------
    coefs : list of ndarray of shape (fan_in, fan_out), float64
    intercepts : list of ndarray of shape (fan_out,), float64
    """
    coefs, intercepts = [], []
    for fan_in, fan_out in itertools.pairwise(layer_units):
        r = np.sqrt(6 / (fan_in + fan_out))
        coefs.append(random_state.uniform(-r, r, (fan_in, fan_out)))
        intercepts.append(np.zeros(fan_out))
    return coefs, intercepts
