"""Record what torch.optim does with two small networks: `torch_trajectories.json`.

The tests read the recorded file and do not need PyTorch; this script does (in its
functions only, as pytest imports every file in search of doctests):

    pip install torch==2.13.0 numpy
    python tests/data/make_torch_trajectories.py

Before it writes the file, it checks what it records against the published formulas in
NumPy.
"""

import json
from itertools import product
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("torch_trajectories.json")
N_ROWS = 18
N_UPDATES = 20  # 20 epochs of a full batch, or 5 of the batches 5, 5, 5, 3
BATCH_SIZES = ["full", 5]
WEIGHT_DECAYS = [0.0, 0.1]

# In the words of skmlp; epsilon is the default of torch.optim for each.
RULES = {
    "sgd": {"learning_rate_init": 0.1, "momentum": 0.9, "nesterovs_momentum": False},
    "nesterov": {
        "learning_rate_init": 0.1,
        "momentum": 0.9,
        "nesterovs_momentum": True,
    },
    "adagrad": {"learning_rate_init": 0.1, "epsilon": 1e-10},
    "rmsprop": {"learning_rate_init": 0.02, "rho": 0.9, "epsilon": 1e-8},
    "adadelta": {"learning_rate_init": 2.0, "rho": 0.9, "epsilon": 1e-6},
    "adam": {
        "learning_rate_init": 0.05,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-8,
    },
}


def solver(rule):
    """Name the solver of a rule."""
    return "sgd" if rule == "nesterov" else rule


def make_problems():
    """Data and first weights: short binary fractions, which float32 holds as they are.

    Returns
    -------
    dict of dict
        X; y, labels or values; coefs of shape (fan_in, fan_out); intercepts.
    """
    rng = np.random.default_rng(0)

    def numbers(*shape, scale=1.0):
        return np.rint(64 * scale * rng.normal(size=shape)) / 64

    X = numbers(N_ROWS, 4)
    problems = {
        "classification": {"y": np.arange(N_ROWS) ** 2 % 7 % 3},
        "regression": {"y": numbers(N_ROWS, 2)},
    }
    for name, n_outputs in ("classification", 3), ("regression", 2):
        problems[name] |= {
            "X": X,
            "coefs": [numbers(4, 5, scale=0.5), numbers(5, n_outputs, scale=0.5)],
            "intercepts": [numbers(5, scale=0.1), numbers(n_outputs, scale=0.1)],
        }
    return problems


def batches(batch_size):
    """Rows of each of the updates."""
    size = N_ROWS if batch_size == "full" else batch_size
    epoch = [slice(start, start + size) for start in range(0, N_ROWS, size)]
    return (epoch * N_UPDATES)[:N_UPDATES]


# torch.optim


def make_optimizer(rule, coefs, intercepts, weight_decay):
    """Optimizer of torch, with decay of the weights but not of the biases."""
    import torch

    parameters = RULES[rule]
    groups = [
        {"params": coefs, "weight_decay": weight_decay},
        {"params": intercepts, "weight_decay": 0.0},
    ]
    keywords = {"lr": parameters["learning_rate_init"]}
    if "epsilon" in parameters:
        keywords["eps"] = parameters["epsilon"]
    match solver(rule):
        case "sgd":
            keywords["momentum"] = parameters["momentum"]
            keywords["nesterov"] = parameters["nesterovs_momentum"]
            return torch.optim.SGD(groups, **keywords)
        case "adagrad":
            return torch.optim.Adagrad(groups, **keywords)
        case "rmsprop":
            return torch.optim.RMSprop(groups, alpha=parameters["rho"], **keywords)
        case "adadelta":
            return torch.optim.Adadelta(groups, rho=parameters["rho"], **keywords)
        case "adam":
            betas = parameters["beta_1"], parameters["beta_2"]
            return torch.optim.Adam(groups, betas=betas, **keywords)


def train_torch(problem, rule, batch_size, weight_decay):
    """Weights and biases after the updates, by autograd and torch.optim."""
    import torch

    coefs, intercepts = (
        [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in problem[p]]
        for p in ("coefs", "intercepts")
    )
    X, y = torch.tensor(problem["X"]), torch.tensor(problem["y"])
    optimizer = make_optimizer(rule, coefs, intercepts, weight_decay)
    for rows in batches(batch_size):
        optimizer.zero_grad()
        hidden = torch.tanh(X[rows] @ coefs[0] + intercepts[0])
        z = hidden @ coefs[1] + intercepts[1]
        if y.ndim == 1:
            loss = torch.nn.functional.cross_entropy(z, y[rows])
        else:
            loss = ((z - y[rows]) ** 2).sum(dim=1).mean() / 2
        loss.backward()
        optimizer.step()
    return [[w.detach().numpy() for w in p] for p in (coefs, intercepts)]


# The same in NumPy


def gradients(X, y, W, V, b, c, weight_decay):
    """Gradient by W, V and the biases b, c, by back-propagation."""
    hidden = np.tanh(X @ W + b)
    z = hidden @ V + c
    if y.ndim == 1:
        o = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        t = np.eye(3)[y]
    else:
        o, t = z, y
    delta = (o - t) / len(t)
    delta_below = delta @ V.T * (1 - hidden**2)
    return (
        X.T @ delta_below + weight_decay * W,
        hidden.T @ delta + weight_decay * V,
        delta_below.sum(axis=0),
        delta.sum(axis=0),
    )


def step(rule, g, m, v, t):
    """What update t, from 1, takes off a weight; m and v are changed in place."""
    p = RULES[rule]
    eta, epsilon, rho = p["learning_rate_init"], p.get("epsilon"), p.get("rho")
    match solver(rule):
        case "sgd":  # the lecture
            m[...] = p["momentum"] * m + eta * g
            return p["momentum"] * m + eta * g if p["nesterovs_momentum"] else m
        case "adagrad":  # Duchi et al. (2011)
            v += g**2
            return eta * g / (np.sqrt(v) + epsilon)
        case "rmsprop":  # Hinton, lecture 6e
            v[...] = rho * v + (1 - rho) * g**2
            return eta * g / (np.sqrt(v) + epsilon)
        case "adadelta":  # Zeiler (2012), times eta
            v[...] = rho * v + (1 - rho) * g**2
            change = np.sqrt(m + epsilon) / np.sqrt(v + epsilon) * g
            m[...] = rho * m + (1 - rho) * change**2
            return eta * change
        case "adam":  # Kingma and Ba (2015)
            m[...] = p["beta_1"] * m + (1 - p["beta_1"]) * g
            v[...] = p["beta_2"] * v + (1 - p["beta_2"]) * g**2
            m_hat = m / (1 - p["beta_1"] ** t)
            v_hat = v / (1 - p["beta_2"] ** t)
            return eta * m_hat / (np.sqrt(v_hat) + epsilon)


def train_numpy(problem, rule, batch_size, weight_decay, dtype=np.float64):
    """Weights and biases after the updates, by the formulas."""
    weights = [w.astype(dtype) for w in problem["coefs"] + problem["intercepts"]]
    m, v = ([np.zeros_like(w) for w in weights] for _ in range(2))
    X, y = problem["X"].astype(dtype), problem["y"]
    for t, rows in enumerate(batches(batch_size), start=1):
        gradient = gradients(X[rows], y[rows], *weights, weight_decay)
        for i, g in enumerate(gradient):
            weights[i] -= step(rule, g.astype(dtype), m[i], v[i], t)
    return weights[:2], weights[2:]


def check(recorded, problem, *setting):
    """Assert that the formulas lead where torch.optim does, away from the start."""
    recorded = flat(*recorded)
    for dtype, tolerance in (np.float64, 1e-12), (np.float32, 2e-5):
        actual = flat(*train_numpy(problem, *setting, dtype))
        error = abs(actual - recorded).max() / abs(recorded).max()
        assert error < tolerance, (setting, dtype, error)
    first = flat(problem["coefs"], problem["intercepts"])
    assert abs(recorded - first).max() > 0.1, setting


def flat(coefs, intercepts):
    """All weights and biases in one vector."""
    return np.concatenate([w.ravel() for w in coefs + intercepts])


def to_lists(arrays):
    """Turn a list of arrays into what JSON has; every float64 comes back as it was."""
    return [array.tolist() for array in arrays]


def main():
    """Train, check and write the file, one line for each trajectory."""
    import torch

    problems = make_problems()
    trajectories = []
    settings = product(problems, RULES, BATCH_SIZES, WEIGHT_DECAYS)
    for name, rule, batch_size, weight_decay in settings:
        setting = rule, batch_size, weight_decay
        coefs, intercepts = train_torch(problems[name], *setting)
        check([coefs, intercepts], problems[name], *setting)
        trajectories.append(
            {
                "problem": name,
                "rule": rule,
                "batch_size": batch_size,
                "weight_decay": weight_decay,
                "coefs": to_lists(coefs),
                "intercepts": to_lists(intercepts),
            }
        )
    for problem in problems.values():
        problem["X"], problem["y"] = to_lists([problem["X"], problem["y"]])
        for part in "coefs", "intercepts":
            problem[part] = to_lists(problem[part])
    recorded = {
        "torch": torch.__version__,
        "n_updates": N_UPDATES,
        "rules": {rule: {"solver": solver(rule)} | RULES[rule] for rule in RULES},
        "problems": problems,
        "trajectories": trajectories,
    }
    # A line for each trajectory.
    text = json.dumps(recorded).replace('{"problem"', '\n{"problem"')
    FILE.write_text(text + "\n")
    print(f"{FILE}: {len(trajectories)} trajectories, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
