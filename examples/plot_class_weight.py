"""
What if one class is rare?
==========================

A network may overlook a class of which there are few cases: to be wrong about all of
them adds little to the mean loss. With ``class_weight`` a case counts in the loss by
its class. Nothing else changes in the objective of the slide "Training Neural
Networks".
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.inspection import DecisionBoundaryDisplay

from skmlp import MLPClassifierSDM

# %%
# 50 rare cases among 2000 frequent ones
# --------------------------------------
# As many again are test data.
rng = np.random.default_rng(0)
frequent, rare = rng.normal(0, 1.5, (4000, 2)), rng.normal(1, 0.5, (100, 2))
X = np.vstack((frequent, rare))
y = np.repeat(["frequent", "rare"], [4000, 100])
X_train, X_test, y_train, y_test = X[::2], X[1::2], y[::2], y[1::2]

# %%
# The weight of the rare class
# ----------------------------
# It may be any number; which is right depends on what a miss and a false alarm cost.
# ``class_weight="balanced"`` makes both classes count the same in all, which here is a
# weight of 40 for each rare case. With any but 1 the outputs are no longer the
# probabilities of the classes in such data.
weights = [1, 2, 5, 10, 20, 40, 80]
mlp = MLPClassifierSDM(20, activation="tanh", batch_size=50, random_state=0)
networks = [
    clone(mlp).set_params(class_weight={"rare": weight}).fit(X_train, y_train)
    for weight in weights
]
predictions = [network.predict(X_test) == "rare" for network in networks]
found = [np.mean(alarm[y_test == "rare"]) for alarm in predictions]
false = [np.mean(alarm[y_test == "frequent"]) for alarm in predictions]
print("weight  rare cases found  false alarms among the frequent")
for row in zip(weights, found, false, strict=True):
    print("{:6}{:18.0%}{:29.0%}".format(*row))

# %%
# Left: without class weights no place in the plane is more likely to hold a rare case,
# so none is ever predicted. Middle: inside the line, the network now predicts "rare".
# Right: every weight is another bargain between misses and false alarms.
blue, vermilion = "#56B4E9", "#D55E00"
fig, axes = plt.subplots(1, 3, figsize=(9, 3.7), layout="constrained")
line = {"plot_method": "contour", "levels": [0.5], "colors": "k"}
for ax, i in (axes[0], 0), (axes[1], weights.index(40)):
    ax.plot(
        *X_test[y_test == "frequent"].T, ".", color=blue, markersize=3, label="frequent"
    )
    ax.plot(
        *X_test[y_test == "rare"].T, "^", color=vermilion, markersize=4, label="rare"
    )
    DecisionBoundaryDisplay.from_estimator(
        networks[i], X, ax=ax, response_method="predict_proba", **line
    )
    ax.set(title=f"Weight {weights[i]}", xlabel="$x_1$", ylabel="$x_2$")
    ax.set(xlim=(-4, 4), ylim=(-4, 4))
axes[0].legend(loc="lower left")
axes[2].semilogx(weights, found, "^-", color=vermilion, label="rare cases found")
axes[2].semilogx(weights, false, ".-", color=blue, label="false alarms")
axes[2].set(xlabel="weight of the rare class", title="What is predicted")
axes[2].set(ylabel="share", ylim=(-0.05, 1.35))
axes[2].legend(loc="upper left")

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "class_weight.png", dpi=170)
