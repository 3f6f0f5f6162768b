"""The learning rate of an epoch."""

# "adaptive": what the rate is divided by when patience runs out, and where that ends.
ADAPTIVE_DIVISOR = 5.0
ADAPTIVE_MINIMUM = 1e-6


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
        return initial / epoch**power_t
    if schedule == "adaptive":
        return initial / ADAPTIVE_DIVISOR**n_reductions
    return initial
