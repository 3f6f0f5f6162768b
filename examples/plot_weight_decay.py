"""
What does weight decay do to a network?
=======================================

The slide "The Effect of Weight-decay" has three answers: it keeps the network from
fitting the sampling error, it makes a smoother model, and of two very similar inputs it
gives half the weight to each. Here they are to be seen.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPRegressorSDM

# %%
# A smoother model
# ----------------
# Twenty noisy cases, and a network with far more weights than that. ``weight_decay`` is
# the lambda of the slide "Limiting the size of the Weights".
rng = np.random.default_rng(0)
x = np.sort(rng.uniform(-2, 2, size=20))
t = np.sin(2 * x) + rng.normal(0, 0.3, size=20)

grid = np.linspace(-2, 2, 400)
mlp = MLPRegressorSDM(50, activation="tanh", solver="lbfgs", random_state=0)
mlp.set_params(max_iter=5000, tol=1e-6)
outputs = {}
for lambda_ in 0, 0.003, 0.03:
    mlp.set_params(weight_decay=lambda_).fit(x[:, np.newaxis], t)
    outputs[lambda_] = mlp.predict(grid[:, np.newaxis])
    norm = sum(np.sum(W**2) for W in mlp.coefs_)
    print(f"lambda = {lambda_}: the squared weights sum to {norm:.1f}")

# %%
# Half the weight on each
# -----------------------
# Two inputs that are almost the same, and a target that is twice the first of them.
# Without weight decay the difference of their weights hardly changes from the start.
# With it, two weights of 1 cost less than one of 2: 1 + 1 < 4. (The other form of
# weight decay that the slide asks for, a penalty on absolute values, would not care, as
# 1 + 1 = 2.)
X = rng.normal(size=(200, 1)) + rng.normal(0, 0.01, size=(200, 2))
paths = {}
for lambda_ in 0, 0.03:
    mlp = MLPRegressorSDM((), batch_size="full", momentum=0, random_state=1)
    mlp.set_params(learning_rate_init=0.1, weight_decay=lambda_)
    w = [mlp.partial_fit(X, 2 * X[:, 0]).coefs_[0].ravel().copy() for _ in range(1000)]
    print(f"lambda = {lambda_}: the two weights end at {w[-1].round(2)}")
    paths[lambda_] = w

# %%
# The picture
# -----------
colours = {0: "#D55E00", 0.003: "#0072B2", 0.03: "#009E73"}
fig, (left, right) = plt.subplots(
    1, 2, figsize=(9, 3.8), layout="constrained", width_ratios=[3, 2]
)
for lambda_, o in outputs.items():
    left.plot(grid, o, color=colours[lambda_], label=rf"$\lambda$ = {lambda_}")
left.plot(x, t, "ko", label="training data")
left.set(xlabel="input x", ylabel="output o", title="A smoother model", ylim=(-3, 2))
left.legend(loc="lower right", ncols=2)
for lambda_, w in paths.items():
    label = [rf"$\lambda$ = {lambda_}", None]
    right.plot(w, color=colours[lambda_], label=label)
right.set(xlabel="epoch", ylabel="weight", title="The weights of two similar inputs")
right.legend(loc="lower right")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "weight_decay.png", dpi=170)
