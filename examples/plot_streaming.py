"""
What if the data never end?
===========================

Data that arrive in chunks need not be kept: ``partial_fit`` learns from a chunk with
one sweep over it, and goes on from there at the next. The updates are those of the
slide "Ways to Use Weight Derivatives", after each mini-batch, and a network that keeps
making them follows when the regularities change.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone

from skmlp import MLPClassifierSDM

# %%
# The stream
# ----------
# Two inputs, and two classes on either side of a wave that drifts: after 100 chunks it
# is back where it was.
rng = np.random.default_rng(0)


def chunk(number):
    X = rng.uniform(-1, 1, size=(500, 2))
    return X, X[:, 1] > 0.5 * np.sin(np.pi * (X[:, 0] - number / 50))


# %%
# Training
# --------
# Each chunk is a test first, of what was learnt from those before, and then learnt
# from. One of the networks stops learning after 50 chunks.
learning = MLPClassifierSDM(20, activation="tanh", batch_size=10, random_state=0)
stopped = clone(learning)
accuracy = {learning: [], stopped: []}
for number in range(200):
    X, y = chunk(number)
    for mlp, values in accuracy.items():
        if number > 0:
            values.append(mlp.score(X, y))
        if mlp is learning or number < 50:
            mlp.partial_fit(X, y, classes=[False, True])
for name, mlp in ("learning", learning), ("stopped", stopped):
    print(f"{name}: {np.mean(accuracy[mlp][50:]):.1%} right in the last 150 chunks")

# %%
# The network that goes on learning follows the wave. The other is right only where the
# wave comes by again.
fig, ax = plt.subplots(figsize=(7, 3.8), layout="constrained")
numbers = np.arange(1, 200)
ax.plot(numbers, accuracy[stopped], color="#D55E00", label="learns from 50 chunks")
ax.plot(numbers, accuracy[learning], color="#0072B2", label="learns from every chunk")
ax.axvline(50, color="0.7", zorder=0)
ax.set(xlabel="chunk", ylabel="accuracy, before learning from it", ylim=(0.55, 1))
ax.set_title("A network that goes on learning follows the change")
ax.legend(loc="lower left")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "streaming.png", dpi=170)
