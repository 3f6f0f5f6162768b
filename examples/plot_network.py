"""
What has a network made of its inputs?
======================================

The lecture draws a network as layers of units. With the weights in it, such a picture
says what a small network has learnt. It takes a few seconds and saves the figure as
``network.png``, or under the name given on the command line.
"""

import sys

import matplotlib.pyplot as plt
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM
from skmlp.inspection import layer_outputs
from skmlp.plotting import NetworkDisplay

# %%
# Do two inputs have the same value? Two hidden units answer that (slide "Limitations of
# Linear Classifiers").
X = [[0, 0], [0, 1], [1, 0], [1, 1]]
y = ["same", "different", "different", "same"]
same = MLPClassifierSDM(
    2,
    activation="tanh",
    weight_decay=1e-3,
    learning_rate_init=0.5,
    max_iter=2000,
    random_state=3,
).fit(X, y)
h, o = layer_outputs(same, X)
print("inputs   hidden units   output")
for x, h_, (o_,) in zip(X, h, o, strict=True):
    print(f"{x}   {h_.round(1)!s:12}   {o_:.2f}")

# %%
# Four measurements tell three kinds of iris. Weight decay keeps the weights small that
# are not needed.
X, y = load_iris(return_X_y=True, as_frame=True)
y = load_iris().target_names[y]
flowers = make_pipeline(
    StandardScaler(),
    MLPClassifierSDM(
        3, activation="tanh", batch_size=10, weight_decay=1e-2, random_state=0
    ),
).fit(X, y)
print(f"iris: accuracy {flowers.score(X, y):.2f}")

# %%
# Above: one hidden unit is on where neither input is (negative weights, positive bias),
# the other one where both are (positive weights, negative bias), and the output is on
# where one of these units is. Below: petals count, sepals hardly. The lower hidden unit
# is on where petals are not small, which speaks against setosa, the middle one where
# they are large, for virginica, and the upper one where they are not large, against it.
fig, axes = plt.subplots(2, 1, figsize=(7, 7), layout="constrained")
NetworkDisplay.from_estimator(same, ax=axes[0], legend=False)
NetworkDisplay.from_estimator(flowers, ax=axes[1])

path = sys.argv[1] if len(sys.argv) > 1 else "network.png"
fig.savefig(path, dpi=110)
print(f"Figure saved as {path}")
