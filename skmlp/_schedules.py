"""The learning rate: the first one, and that of each epoch."""

# "adaptive": what the rate is divided by when patience runs out, and where that ends.
ADAPTIVE_DIVISOR = 5.0
ADAPTIVE_MINIMUM = 1e-6

# learning_rate_init="auto" is a number per solver, loss and output activation for full
# batches and mini-batches of 200 rows or more; for smaller ones it falls with the
# square root of their size.
AUTO_LEARNING_RATE = {
    "sgd": {
        ("log_loss", "softmax"): 0.05,
        ("log_loss", "logistic"): 0.05,
        ("squared_error", "logistic"): 0.1,
        ("squared_error", "tanh"): 0.02,
        ("squared_error", "identity"): 0.005,
        ("squared_error", "relu"): 0.005,
        ("poisson", "exp"): 0.005,
    },
    # These measure the gradient by itself, so its scale does not matter; but the first
    # steps of "adadelta" are tiny, and a log loss bears longer ones.
    "adagrad": 0.05,
    "rmsprop": 0.003,
    "adadelta": {
        ("log_loss", "softmax"): 10.0,
        ("log_loss", "logistic"): 10.0,
        ("squared_error", "logistic"): 1.0,
        ("squared_error", "tanh"): 1.0,
        ("squared_error", "identity"): 1.0,
        ("squared_error", "relu"): 1.0,
        ("poisson", "exp"): 1.0,
    },
    "adam": 0.005,
}
AUTO_BATCH_ROWS = 200


def auto_learning_rate(solver, loss, out_activation, batch_size):
    """The first learning rate that "auto" stands for.

    Parameters
    ----------
    solver, loss, out_activation : str
    batch_size : int or "full"
        How many rows a full batch has plays no part, so that rows repeated and rows
        weighted learn the same.

    Returns
    -------
    float
    """
    eta_0 = AUTO_LEARNING_RATE[solver]
    if isinstance(eta_0, dict):
        eta_0 = eta_0[loss, out_activation]
    rows = AUTO_BATCH_ROWS
    if batch_size != "full":
        rows = min(batch_size, rows)
    return eta_0 * (rows / AUTO_BATCH_ROWS) ** 0.5


def learning_rate(schedule, initial, power_t, epoch, n_reductions):
    """The learning rate eta of an epoch.

    Source: the lecture's slide "Ways to Use Weight Derivatives" ("use a fixed learning
    rate", "adapt the learning rate").

    Parameters
    ----------
    schedule : {"constant", "invscaling", "adaptive"}
    initial : float
        eta_0.
    power_t : float
        Exponent of "invscaling": eta_0 / t**power_t.
    epoch : int
        t, from 1.
    n_reductions : int
        How often patience ran out so far: "adaptive" is eta_0 / 5**n_reductions.

    Returns
    -------
    float
    """
    if schedule == "invscaling":
        # Which may be 0, but does not overflow. NumPy takes no such power of ints.
        return initial * float(epoch) ** -float(power_t)
    if schedule == "adaptive":
        return initial / ADAPTIVE_DIVISOR**n_reductions
    return initial
