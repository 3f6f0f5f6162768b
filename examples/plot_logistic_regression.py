"""
What is a network without hidden units?
=======================================

"Logistic regression!", answers the slide "Special Case". Then it must learn the
coefficients that scikit-learn's ``LogisticRegression`` finds.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LogisticRegression

from skmlp import MLPClassifierSDM

# %%
# The data
# --------
# Ten measurements of 442 patients with diabetes. Has the disease, a year later, gone on
# further than in the median patient? No plane separates the answers, else the weights
# would grow forever.
X, progression = load_diabetes(return_X_y=True, as_frame=True)
X = (X - X.mean()) / X.std()
y = progression > progression.median()

# %%
# The same weights
# ----------------
# Neither has a penalty: ``weight_decay=0`` here, ``C=np.inf`` there. The loss has a
# single minimum, and a small ``tol`` brings both close to it.
mlp = MLPClassifierSDM((), solver="lbfgs", weight_decay=0, tol=1e-12).fit(X, y)
regression = LogisticRegression(C=np.inf, tol=1e-8, max_iter=1000).fit(X, y)
weights, coefficients = mlp.coefs_[0][:, 0], regression.coef_[0]
print("           network  regression")
for name, w, coefficient in zip(X.columns, weights, coefficients, strict=True):
    print(f"{name:9}{w:9.4f}{coefficient:12.4f}")
print(f"bias     {mlp.intercepts_[0][0]:9.4f}{regression.intercept_[0]:12.4f}")

# %%
# Left: the weights. Right: the probabilities that the regression gives to some of the
# patients lie on the sigmoid curve of the network's net inputs.
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
ring = {"marker": "o", "s": 90, "facecolors": "none", "edgecolors": "#D55E00"}
left.scatter(coefficients, X.columns, label="regression", **ring)
left.scatter(weights, X.columns, marker="x", color="#0072B2", label="network")
left.axvline(0, color="0.8", zorder=0)
left.set(xlabel="weight", title="Network and regression: the same weights")
left.invert_yaxis()
left.legend()
z = mlp.decision_function(X[::8])
o = regression.predict_proba(X[::8])[:, 1]
right.scatter(z, o, label="regression", **ring)
z = np.linspace(-5, 5, 100)
right.plot(z, 1 / (1 + np.exp(-z)), color="#0072B2", label="o = 1 / (1 + exp(-z))")
right.set(
    xlabel="net input z of the network",
    ylabel="output o",
    title="... and the same outputs",
)
right.legend()

fig.savefig(sys.argv[1] if len(sys.argv) > 1 else "logistic_regression.png", dpi=170)
