"""Arguments that would lead the compiled code outside of an array are refused."""

import numpy as np
import pytest
from problems import unaligned
from scipy.sparse import csr_array

from skmlp._network import kernel
from skmlp._network.network import Inputs, Network, Targets, Updates

N = 20
rng = np.random.default_rng(0)
X = rng.random((N, 3))
T = rng.random((N, 2))
SGD = Updates("sgd", momentum=0.9, rho=0.9, beta_1=0.9, beta_2=0.9, epsilon=1e-8)


def make_network(*, itemsize=8, **keywords):
    return Network(
        (3, 4, 2),
        ("relu", "identity"),
        loss="squared_error",
        score="squared_residuals",
        batch_size=8,
        itemsize=itemsize,
        **keywords,
    )


def train(*, learning_rate=0.1, weight_decay=0.0, **arguments):
    """Train a network for an epoch, with these arguments in place of right ones."""
    network = make_network()
    right = {
        "network": network,
        "updates": SGD,
        "inputs": Inputs(X),
        "targets": Targets(values=T, n_outputs=2),
        "order": np.arange(N),
        "start": 0,
        "n_rows": N,
        "batch_size": 8,
        "parameters": np.zeros(network.n_parameters),
        "state": np.zeros((1, network.n_parameters)),
        "gradient": np.zeros(network.n_parameters),
        "workspace": np.zeros(network.n_workspace),
        "sums": np.zeros(network.n_sums),
        "batch_losses": np.zeros(3),
        "skipping": None,
    }
    return kernel.train_rows(
        *(right | arguments).values(),
        n_updates=0,
        learning_rate=learning_rate,
        weight_decay=weight_decay,
    )


def test_right_arguments_train():
    assert train() == (N, 3)


WRONG = {
    "network for another dtype": {"network": make_network(itemsize=4)},
    "targets of another dtype": {
        "targets": Targets(values=T.astype(np.float32), n_outputs=2)
    },
    "targets of fewer rows": {"targets": Targets(values=T[:-1], n_outputs=2)},
    "targets of one output": {"targets": Targets(values=T[:, :1].copy(), n_outputs=1)},
    "inputs of another dtype": {"inputs": Inputs(X.astype(np.float32))},
    "inputs of fewer features": {"inputs": Inputs(X[:, :2])},
    "batch_size": {"batch_size": 0},
    "start before the first": {"start": -1},
    "start after the last": {"start": N + 1},
    "parameters": {"parameters": np.zeros(5)},
    "state": {"state": np.zeros((2, 26))},
    "gradient": {"gradient": np.zeros(5)},
    "workspace": {"workspace": np.zeros(5)},
    "sums": {"sums": np.zeros(1)},
    "batch_losses": {"batch_losses": np.zeros(2)},
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_arguments_are_an_error(arguments):
    with pytest.raises(ValueError, match=r"must|do not have"):
        train(**arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        {"values": T, "n_outputs": 1},
        {"values": np.asfortranarray(T), "n_outputs": 2},
        {"values": T, "n_outputs": 2, "weights": np.ones(N - 1)},
        {"labels": np.full(N, 3), "n_outputs": 3},
        {"labels": np.full(N, -1), "n_outputs": 3},
        {"values": unaligned(T), "n_outputs": 2},
        {"values": T, "n_outputs": 2, "weights": unaligned(np.ones(N))},
    ],
    ids=[
        "columns",
        "Fortran order",
        "weights",
        "class too high",
        "class below 0",
        "unaligned",
        "unaligned weights",
    ],
)
def test_wrong_targets_are_an_error(arguments):
    with pytest.raises(ValueError, match="must"):
        Targets(**arguments)


def test_rows_sit_out_updates_in_the_order_that_there_is_room_for():
    order = np.arange(N)
    network = make_network(sparse=True)
    inputs = Inputs(csr_array(X))
    skipping = kernel.Skipping(network, inputs, order, shared=False)
    parameters = np.zeros(network.n_parameters)
    state = np.zeros((1, network.n_parameters))
    skipping.start_epoch(SGD, parameters, state, learning_rate=0.1, weight_decay=0.0)
    arguments = {
        "network": network,
        "inputs": inputs,
        "parameters": parameters,
        "state": state,
        "workspace": np.zeros(network.n_workspace),
        "skipping": skipping,
    }
    other_order = order.copy()
    nesterov = Updates("nesterov", momentum=0.9, rho=0, beta_1=0, beta_2=0, epsilon=0)
    for wrong in (
        {"order": other_order},
        {"order": order[:8], "batch_losses": np.zeros(1)},
        {"order": order, "inputs": Inputs(csr_array(X))},
    ):
        with pytest.raises(ValueError, match="order given first"):
            train(**arguments | wrong)
    with pytest.raises(ValueError, match="must not sit out"):
        skipping.start_epoch(
            Updates("rmsprop", momentum=0, rho=0.9, beta_1=0, beta_2=0, epsilon=1),
            parameters,
            state,
            learning_rate=0.1,
            weight_decay=0.0,
        )
    for wrong in (
        {"learning_rate": 0.2},
        {"weight_decay": 0.1},
        {"updates": nesterov},
    ):
        with pytest.raises(ValueError, match="that the epoch was started with"):
            train(**arguments, order=order, **wrong)
    assert train(**arguments, order=order) == (N, 3)
    skipping.end_epoch(parameters, state)
    with pytest.raises(ValueError, match="that the epoch was started with"):
        train(**arguments, order=order)


@pytest.mark.parametrize("dtype", [np.int64, np.complex64, ">f8", "M8[ns]", np.float16])
def test_inputs_of_another_dtype_are_an_error(dtype):
    with pytest.raises(ValueError, match="must be of float64 or float32"):
        Inputs(np.ones((N, 3), dtype))
