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

plt.rc("axes", prop_cycle=plt.cycler(color=["#D55E00", "#0072B2", "#009E73"]))
fig, axes = plt.subplots(
    1, 2, figsize=(9, 3.8), layout="constrained", width_ratios=[3, 2]
)
grid = np.linspace(-2, 2, 400)
mlp = MLPRegressorSDM((50, 50), activation="tanh", solver="adam", max_iter=20_000)
mlp.set_params(n_iter_no_change=500, tol=1e-6, random_state=0)
for lambda_ in 0, 0.003, 0.03:
    mlp.set_params(weight_decay=lambda_).fit(x[:, np.newaxis], t)
    o = mlp.predict(grid[:, np.newaxis])
    norm = sum(np.sum(W**2) for W in mlp.coefs_)
    print(f"lambda = {lambda_}: the squared weights sum to {norm:.1f}")
    axes[0].plot(grid, o, label=rf"$\lambda$ = {lambda_}")
axes[0].plot(x, t, "ko", label="training data")
axes[0].set(xlabel="input x", ylabel="output o", title="A smoother model", ylim=(-2, 2))
axes[0].legend(loc="lower right")

# %%
# Half the weight on each
# -----------------------
# Two inputs that are almost the same, and a target that is twice the first of them.
# Without weight decay the difference of their weights hardly changes from the start.
# With it, two weights of 1 cost less than one of 2: 1 + 1 < 4. (The other form of
# weight decay that the slide asks for, a penalty on absolute values, would not care: 1
# + 1 = 2.)
X = rng.normal(size=(200, 1)) + rng.normal(0, 0.01, size=(200, 2))
for lambda_, style in (0, "C0--"), (0.03, "C2-"):
    mlp = MLPRegressorSDM((), batch_size="full", momentum=0, random_state=1)
    mlp.set_params(learning_rate_init=0.1, weight_decay=lambda_)
    w = [mlp.partial_fit(X, 2 * X[:, 0]).coefs_[0].ravel().copy() for _ in range(1000)]
    print(f"lambda = {lambda_}: the two weights end at {w[-1].round(2)}")
    axes[1].plot(w, style, label=[rf"$\lambda$ = {lambda_}", None])
axes[1].set(xlabel="epoch", ylabel="weight", title="The weights of two similar inputs")
axes[1].legend(loc="lower right")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "weight_decay.png", dpi=170)
