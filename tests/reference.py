"""The lecture in plain NumPy: the oracle that the compiled package is tested against.

Notation is the lecture's: inputs X, hidden units h, net inputs z, outputs o, targets t,
error signals delta, learning rate eta, momentum gamma, weights W and biases b. Rows
are training cases; ``coefs[l]`` is W of layer l, of shape (fan_in, fan_out), and
``intercepts[l]`` is its b. X may be dense or CSR; results have its dtype.

Three slips of the slides are corrected here. On "Choosing Activation and Loss
Functions" the minus sign must cover both terms of the binary cross-entropy. On
"Multi-class Classification" dE/dz_k must be o_k - t_k, without a factor
o_k (1 - o_k), as the slide "Backpropagation" has it. That slide has the transposes of
y = W h, where "Evaluating the Function" has y = W' h, as here.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit, log_softmax, softmax, xlogy

# "Useful Derivatives": f(z), and f'(z) expressed by h = f(z).
ACTIVATIONS = {
    "identity": (lambda z: z, lambda h: np.ones_like(h)),
    "logistic": (expit, lambda h: h * (1 - h)),
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "relu": (lambda z: np.maximum(z, 0), lambda h: np.heaviside(h, 0)),
}

# o = g(z)
OUTPUT_ACTIVATIONS = {
    **{name: f for name, (f, _) in ACTIVATIONS.items()},
    "softmax": lambda z: softmax(z, axis=1),
    "exp": np.exp,
}


class Network(NamedTuple):
    """What a multi-layer perceptron is apart from its weights and biases."""

    activations: tuple[str, ...]  # one per hidden layer
    out_activation: str
    loss: str


def one_of_k(y, n_classes, dtype=np.float64):
    """Encode labels 0 .. K-1 as targets [0, .., 1, .., 0] ("Learning").

    Two classes need one output only: t = 1 is the second class.
    """
    T = np.equal.outer(np.asarray(y), np.arange(n_classes)).astype(dtype)
    return T[:, 1:] if n_classes == 2 else T


def forward(X, coefs, intercepts, activations):
    """Forward Pass: x -> h -> z, the net inputs of the output units.

    Returns
    -------
    h : list of arrays
        X, then the activities of each hidden layer.
    z : array of shape (n, n_outputs)
    """
    h = [X]
    for W, b, name in zip(coefs[:-1], intercepts[:-1], activations, strict=True):
        f, _ = ACTIVATIONS[name]
        h.append(f(h[-1] @ W + b))
    return h, h[-1] @ coefs[-1] + intercepts[-1]


def losses(z, T, net):
    """Loss l_n of each row ("Choosing Activation and Loss Functions").

    Log losses come from z, so that no log sees 0: for the logistic output
    log o = -log(1 + exp(-z)) and log(1 - o) = -log(1 + exp(z)).
    """
    match net.out_activation, net.loss:
        case "logistic", "log_loss":
            loss = T * np.logaddexp(0, -z) + (1 - T) * np.logaddexp(0, z)
        case "softmax", "log_loss":
            loss = -T * log_softmax(z, axis=1)
        case g, "squared_error" if g in ACTIVATIONS:
            loss = (OUTPUT_ACTIVATIONS[g](z) - T) ** 2 / 2
        case "exp", "poisson":
            # half the deviance, t log(t / o) - t + o, where log o = z
            loss = xlogy(T, T) - T * z - T + np.exp(z)
        case pair:
            raise ValueError(f"no such pair of output activation and loss: {pair}")
    return loss.sum(axis=1)


def output_delta(z, T, net):
    """Error signals dl_n/dz of the output units, one row per case.

    In every pair but those of the squared error, g'(z) = do/dz cancels.
    """
    o = OUTPUT_ACTIVATIONS[net.out_activation](z)
    if net.loss == "squared_error":
        _, derivative = ACTIVATIONS[net.out_activation]
        return (o - T) * derivative(o)
    return o - T


def backward(h, z, T, s, coefs, net, weight_decay=0.0):
    """Gradient Descent for Multi-layer Network: delta goes back layer by layer.

    h and z are those of the forward pass, T and s the same rows' targets and weights.

    Returns
    -------
    dW, db : lists of arrays
        dC/dW and dC/db of each layer, with C as in `objective`.
    """
    dW, db = [None] * len(coefs), [None] * len(coefs)
    delta = s[:, np.newaxis] * output_delta(z, T, net) / len(T)
    for layer in reversed(range(len(coefs))):
        W = coefs[layer]
        dW[layer] = h[layer].T @ delta + weight_decay * W
        db[layer] = delta.sum(axis=0)
        if layer > 0:
            _, derivative = ACTIVATIONS[net.activations[layer - 1]]
            delta = delta @ W.T * derivative(h[layer])
    return dW, db


def penalty(coefs, weight_decay):
    """Limiting the size of the Weights: lambda/2 sum w^2, biases left free."""
    return weight_decay / 2 * sum((W**2).sum() for W in coefs)


def objective(X, T, coefs, intercepts, net, *, weight_decay=0.0, sample_weight=None):
    """C = 1/B sum_n s_n l_n + lambda/2 sum_l ||W_l||^2 for the B rows of X.

    The weights s_n are used as they come: rows that weigh little pull little, in a
    batch of one as well.
    """
    T, s = targets_and_weights(X, T, sample_weight)
    _, z = forward(X, coefs, intercepts, net.activations)
    return np.mean(s * losses(z, T, net)) + penalty(coefs, weight_decay)


def gradient(X, T, coefs, intercepts, net, *, weight_decay=0.0, sample_weight=None):
    """Backpropagation: dC/dW and dC/db of each layer, with C as in `objective`."""
    T, s = targets_and_weights(X, T, sample_weight)
    h, z = forward(X, coefs, intercepts, net.activations)
    return backward(h, z, T, s, coefs, net, weight_decay)


def targets_and_weights(X, T, sample_weight):
    """T as a matrix and s, ones by default, both in the dtype of X."""
    n = X.shape[0]
    s = np.ones(n) if sample_weight is None else np.asarray(sample_weight)
    return np.asarray(T, X.dtype).reshape(n, -1), s.astype(X.dtype)


def update(parameters, velocities, gradients, eta, gamma=0.0, nesterov=False):
    """Ways to Use Weight Derivatives: gradient descent with momentum, in place.

    v <- gamma v + eta g, and then w <- w - v; Nesterov's form looks one step ahead
    and takes w <- w - (gamma v + eta g) with the new v.
    """
    for w, v, g in zip(parameters, velocities, gradients, strict=True):
        v[...] = gamma * v + eta * g
        w -= gamma * v + eta * g if nesterov else v


def adaptive_update(
    solver,
    parameters,
    means,
    squares,
    gradients,
    eta,
    t,
    *,
    epsilon,
    rho=0.9,
    beta_1=0.9,
    beta_2=0.999,
):
    """Update t, from 1, by the papers' formulas, in place; state starts at zero.

    Duchi et al. (2011); Hinton, lecture 6e; Zeiler (2012), times eta; Kingma & Ba
    (2015).
    """
    for w, m, v, g in zip(parameters, means, squares, gradients, strict=True):
        match solver:
            case "adagrad":
                v += g**2
                w -= eta * g / (np.sqrt(v) + epsilon)
            case "rmsprop":
                v[...] = rho * v + (1 - rho) * g**2
                w -= eta * g / (np.sqrt(v) + epsilon)
            case "adadelta":
                v[...] = rho * v + (1 - rho) * g**2
                change = np.sqrt(m + epsilon) / np.sqrt(v + epsilon) * g
                m[...] = rho * m + (1 - rho) * change**2
                w -= eta * change
            case "adam":
                m[...] = beta_1 * m + (1 - beta_1) * g
                v[...] = beta_2 * v + (1 - beta_2) * g**2
                m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
                w -= eta * m_hat / (np.sqrt(v_hat) + epsilon)


def learning_rate(schedule, eta0, epoch, *, power_t=0.5, reductions=0):
    """How much to update: eta of an epoch, from 1, or after so many reductions."""
    return {
        "constant": eta0,
        "invscaling": eta0 / epoch**power_t,
        "adaptive": eta0 / 5**reductions,
    }[schedule]


def score(kind, z, T, s, net):
    """Weighted accuracy, or R^2 averaged over the outputs.

    A row of "accuracy" is a hit if its class is right, one of "multilabel" if all its
    labels are.
    """
    if kind == "r2":
        o = OUTPUT_ACTIVATIONS[net.out_activation](z)
        mean = s @ T / s.sum()
        return np.mean(1 - s @ (T - o) ** 2 / (s @ (T - mean) ** 2))
    if kind == "multilabel" or T.shape[1] == 1:
        hit = ((z > 0) == (T > 0)).all(axis=1)
    else:
        hit = z.argmax(axis=1) == T.argmax(axis=1)
    return s @ hit / s.sum()


def train(
    X,
    T,
    coefs,
    intercepts,
    net,
    *,
    orders,
    batch_size,
    eta,
    gamma=0.0,
    nesterov=False,
    weight_decay=0.0,
    sample_weight=None,
    score_kind=None,
    solver="sgd",
    epsilon=None,
):
    """Training neural nets: forward pass, backward pass, update of each weight.

    Parameters
    ----------
    orders : sequence of index arrays
        The rows of each epoch in their order. The last batch of an epoch may be
        short; its mean is over its own rows.
    batch_size : int
        1 is stochastic, ``len(T)`` is batch gradient descent.
    eta : float or sequence of floats
        Learning rate, or one per epoch.
    score_kind : {"accuracy", "multilabel", "r2"}, optional
        What to record as score.
    solver : str
        "sgd", or one of `adaptive_update`, which `epsilon` belongs to.

    Returns
    -------
    coefs, intercepts : lists of new arrays
    velocities : list of arrays
        v of each W, then of each b.
    history : dict of lists, one entry per epoch
        Data "loss" and "score" of each row as it was before its batch's update, and
        the "penalty" at the epoch's end.
    """
    T, sample_weight = targets_and_weights(X, T, sample_weight)
    coefs, intercepts = ([np.array(w, X.dtype) for w in p] for p in (coefs, intercepts))
    velocities, squares = (
        [np.zeros_like(w) for w in coefs + intercepts] for _ in range(2)
    )
    n_updates = 0
    etas = np.broadcast_to(eta, len(orders)).tolist()
    history = {"loss": [], "penalty": [], "score": []}
    for order, eta in zip(orders, etas, strict=True):
        x, t, s = X[order], T[order], sample_weight[order]
        z = np.empty_like(t)
        for start in range(0, len(t), batch_size):
            n = slice(start, start + batch_size)
            h, z[n] = forward(x[n], coefs, intercepts, net.activations)
            dW, db = backward(h, z[n], t[n], s[n], coefs, net, weight_decay)
            n_updates += 1
            w, v, g = coefs + intercepts, velocities, dW + db
            if solver == "sgd":
                update(w, v, g, eta, gamma, nesterov)
            else:
                adaptive_update(
                    solver, w, v, squares, g, eta, n_updates, epsilon=epsilon
                )
        history["loss"].append(np.mean(s * losses(z, t, net)))
        history["penalty"].append(penalty(coefs, weight_decay))
        if score_kind is not None:
            history["score"].append(score(score_kind, z, t, s, net))
    return coefs, intercepts, velocities, history
