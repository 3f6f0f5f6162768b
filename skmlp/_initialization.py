"""First weights of a network."""

import numpy as np


def initial_weights(layer_units, activations, random_state):
    """Draw the first weights of each layer; the biases start at zero.

    Uniform in [-r, r] with r = sqrt(6 / fan_in) in front of relu (He et al., 2015,
    "Delving deep into rectifiers") and r = sqrt(6 / (fan_in + fan_out)) in front of all
    others (Glorot & Bengio, 2010, "Understanding the difficulty of training deep
    feedforward neural networks").

    Parameters
    ----------
    layer_units : sequence of int
        Units of each layer, the inputs first and the outputs last.
    activations : sequence of str
        Activation of each layer but the inputs.
    random_state : numpy.random.RandomState

    Returns
    -------
    coefs : list of ndarray of shape (fan_in, fan_out), float64
    intercepts : list of ndarray of shape (fan_out,), float64
    """
    coefs, intercepts = [], []
    for fan_in, fan_out, activation in zip(
        layer_units[:-1], layer_units[1:], activations, strict=True
    ):
        r = np.sqrt(6 / fan_in if activation == "relu" else 6 / (fan_in + fan_out))
        coefs.append(random_state.uniform(-r, r, (fan_in, fan_out)))
        intercepts.append(np.zeros(fan_out))
    return coefs, intercepts
