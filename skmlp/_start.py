"""What a training starts from: first weights, or what the last call left."""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from skmlp._history import new_history
from skmlp._initialization import initial_weights
from skmlp._network.aligned import aligned_copy, aligned_zeros
from skmlp._network.network import Updates
from skmlp._parameters import pack
from skmlp._training import TrainingState

# epsilon="auto": the papers' where they name one.
AUTO_EPSILON = {"adagrad": 1e-8, "rmsprop": 1e-8, "adadelta": 1e-6, "adam": 1e-8}


def make_updates(mlp, dtype):
    """The solver's rule with its constants, for parameters of this dtype."""
    epsilon = mlp.epsilon
    if epsilon == "auto":
        epsilon = AUTO_EPSILON.get(mlp.solver, 0.0)
    epsilon = max(epsilon, np.finfo(dtype).tiny)  # the kernel takes less for 0
    nesterov = mlp.solver == "sgd" and mlp.nesterovs_momentum
    return Updates(
        "nesterov" if nesterov else mlp.solver,
        momentum=mlp.momentum,
        rho=mlp.rho,
        beta_1=mlp.beta_1,
        beta_2=mlp.beta_2,
        epsilon=epsilon,
    )


class Start(NamedTuple):
    """What a training goes on from, and changes in place."""

    parameters: np.ndarray
    state: TrainingState
    history: dict


def first_weights(mlp, network, updates, dtype, n_init):
    """Draw what `n_init` trainings start from.

    Parameters
    ----------
    mlp : estimator
    network : Network
    updates : Updates
    dtype : dtype
    n_init : int

    Returns
    -------
    starts : list of Start
        The first is what one training alone would start from.
    """
    state_shape = updates.n_vectors, network.n_parameters
    random_state = check_random_state(mlp.random_state)
    starts = []
    for _ in range(n_init):
        coefs, intercepts = initial_weights(network.layer_units, random_state)
        shuffle_seed, seed = random_state.randint(2**31 - 1, size=2).tolist()
        if not starts:
            split_seed = seed  # of all, so that the best goes on with this split
        state = TrainingState(
            solver=mlp.solver,
            update_state=aligned_zeros(state_shape, dtype),
            shuffle_seed=shuffle_seed,
            split_seed=split_seed,
        )
        parameters = pack(network, coefs, intercepts, dtype)
        starts.append(Start(parameters, state, new_history()))
    return starts


def last_weights(mlp, network, updates, dtype):
    """What the last call left, which this one goes on with."""
    state_shape = updates.n_vectors, network.n_parameters
    parameters = pack(network, mlp.coefs_, mlp.intercepts_, dtype)
    parameters = aligned_copy(parameters)
    state = mlp._state.copy()
    if state.last_parameters is not None:
        parameters = state.resume(parameters)
    # Another solver's state says nothing to this one, and it may be discarded.
    if state.solver != mlp.solver:
        state.solver = mlp.solver
        state.n_restarts = 0
        state.forget_updates()
    if state.update_state.shape != state_shape:
        state.update_state = aligned_zeros(state_shape, dtype)
        state.n_updates = 0
    return Start(parameters, state, mlp.history_)
