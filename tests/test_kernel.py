"""Arguments that would lead the compiled code outside of an array are refused."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from skmlp._network import kernel
from skmlp._network.network import Inputs, Network, Targets, Updates

N = 20
rng = np.random.default_rng(0)
X = rng.random((N, 3))
T = rng.random((N, 2))
SGD = Updates("sgd", momentum=0.9, rho=0.9, beta_1=0.9, beta_2=0.9, epsilon=1e-8)


def make_network(**keywords):
    return Network(
        (3, 4, 2),
        ("relu", "identity"),
        loss="squared_error",
        score="squared_residuals",
        batch_size=8,
        itemsize=8,
        **keywords,
    )


def train(*, learning_rate=0.1, **arguments):
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
    keywords = {"n_updates": 0, "learning_rate": learning_rate, "weight_decay": 0.0}
    return kernel.train_rows(*(right | arguments).values(), **keywords)


def test_right_arguments_train():
    assert train() == (N, 3)


WRONG = {
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
    ],
    ids=["columns", "Fortran order", "weights", "class too high", "class below 0"],
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
    rates = {"learning_rate": 0.1, "weight_decay": 0.0}
    skipping.start_epoch(network, SGD, parameters, state, **rates)
    arguments = {
        "network": network,
        "inputs": inputs,
        "parameters": parameters,
        "state": state,
        "workspace": np.zeros(network.n_workspace),
        "skipping": skipping,
    }
    with pytest.raises(ValueError, match="the order given first"):
        train(**arguments, order=np.zeros(N, dtype=int))
    with pytest.raises(ValueError, match="learning_rate"):
        train(**arguments, order=order, learning_rate=0.2)
    assert train(**arguments, order=order) == (N, 3)
