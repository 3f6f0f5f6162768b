"""
How many hidden units does a function need?
===========================================

"Neural network with at least one hidden layer is a universal approximator", says the
slide "Representational Power", and that its capacity grows with more hidden units. The
theorem does not say how many are needed. Here they are counted, for one function.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np

from skmlp import MLPRegressorSDM

x = np.linspace(-1, 1, 400)
X = x[:, np.newaxis]
t = np.sin(4 * np.pi * x) * np.exp(-x) + 2 * np.abs(x)

# %%
# One hidden layer of tanh units learns the function itself: there is no noise, and no
# need of weight decay or test data. Of five first weights the best result counts, since
# the question is what a network of this size can represent.
mlp = MLPRegressorSDM(activation="tanh", solver="lbfgs", weight_decay=0, n_init=5)
mlp.set_params(max_iter=5000, tol=1e-6, random_state=0)
sizes = [1, 2, 4, 8, 16, 32]
outputs = [mlp.set_params(hidden_layer_sizes=J).fit(X, t).predict(X) for J in sizes]
errors = [np.sqrt(np.mean((o - t) ** 2)) for o in outputs]
for J, error in zip(sizes, errors, strict=True):
    print(f"{J:2} hidden units: root mean squared error {error:.3f}")

# %%
# Left: each unit contributes one slope, up or down, where its net input is around 0.
# With 8 units there is one for each slope of the function. Right: from there on the
# error falls slowly.
plt.rc("axes", prop_cycle=plt.cycler(color=["#56B4E9", "#D55E00", "#000000"]))
fig, (left, right) = plt.subplots(
    1, 2, figsize=(9, 4), layout="constrained", width_ratios=[2, 1]
)
left.plot(x, t, color="0.8", linewidth=6, label="function")
for i in 1, 2, 3:
    left.plot(x, outputs[i], label=f"{sizes[i]} hidden units")
left.set(xlabel="input x", ylabel="output o", title="More units, more slopes")
left.legend()
right.loglog(sizes, errors, "o-", color="#0072B2")
right.set(xlabel="hidden units J", title="Root mean squared error")
right.set_xticks(sizes, sizes)
right.minorticks_off()

fig.savefig(
    sys.argv[1] if len(sys.argv) > 1 else "universal_approximation.png", dpi=170
)
