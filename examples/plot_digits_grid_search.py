"""
How many hidden units, how much weight decay?
=============================================

Both limit the capacity of a network, and neither can be chosen on the data that train
it. This example chooses them for scikit-learn's images of handwritten digits by
cross-validation, and looks at how the chosen network learns. It takes less than a
minute on two cores, prints what it finds, and saves the figure as
``digits_grid_search.png``, or under the name given on the command line.
"""

# %%
# The data
# --------
# The test data are put aside: they play no part in any choice below.
import sys

import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skmlp import MLPClassifierSDM
from skmlp.plotting import TrainingCurveDisplay

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.2, stratify=y, random_state=0
)
print(f"{len(X_train)} images for training and validation, {len(X_test)} for the test")

# %%
# The search
# ----------
# Each pair of a size and a lambda is trained five times, each time with another fifth
# of the rows as validation data. The scaler is in the pipeline, so that it never learns
# from these.
sizes = [(), (8,), (32,), (128,)]
lambdas = [1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1]

mlp = MLPClassifierSDM(batch_size=32, max_iter=1000, random_state=0)
pipeline = Pipeline([("scaler", StandardScaler()), ("mlp", mlp)])
grid = {"mlp__hidden_layer_sizes": sizes, "mlp__weight_decay": lambdas}
search = GridSearchCV(pipeline, grid, cv=5, n_jobs=2, verbose=1).fit(X_train, y_train)

# %%
# The results come in the order of the grid, where the last parameter varies fastest.
accuracy = search.cv_results_["mean_test_score"].reshape(len(sizes), len(lambdas))
names = [", ".join(map(str, size)) or "none" for size in sizes]
print("\nMean validation accuracy by hidden units (rows) and lambda (columns)")
print(" " * 6 + "".join(f"{lambda_:8g}" for lambda_ in lambdas))
for name, row in zip(names, accuracy, strict=True):
    print(f"{name:6}" + "".join(f"{value:8.4f}" for value in row))

# %%
# The winner has been trained again on all training rows. Only now do the test data
# count.
size, lambda_ = search.best_params_.values()
print(f"\nThe winner: hidden_layer_sizes={size}, weight_decay={lambda_:g}")
print(f"Its accuracy on the test data: {search.score(X_test, y_test):.4f}")

# %%
# The winner's curves
# -------------------
# To see it learn, it is trained once more, with validation data of its own. Early
# stopping keeps the weights of the epoch with the lowest validation loss.
X_fit, X_val, y_fit, y_val = train_test_split(
    X_train, y_train, test_size=0.2, stratify=y_train, random_state=0
)
scaler, mlp = clone(search.best_estimator_).named_steps.values()
X_fit, X_val = scaler.fit_transform(X_fit), scaler.transform(X_val)
mlp.set_params(early_stopping=True).fit(X_fit, y_fit, X_val=X_val, y_val=y_val)

print(
    f"With early stopping it trains for {mlp.n_iter_} epochs and keeps epoch "
    f"{mlp.best_epoch_}"
)

# %%
# Left: with too little weight decay a network fits the noise of the training data, with
# too much it cannot fit the digits either. Middle and right: the training curves are
# means over the epoch, while the weights change; the validation curves are taken at its
# end.
colours = ["#0072B2", "#D55E00", "#009E73", "#000000"]  # safe for colour-blind readers
plt.rc("axes", prop_cycle=plt.cycler(color=colours))
fig, (left, middle, right) = plt.subplots(
    1, 3, figsize=(9.6, 3.5), layout="constrained", width_ratios=[1.3, 1, 1]
)
for name, row, marker in zip(names, accuracy, "osD^", strict=True):
    left.semilogx(lambdas, row, marker=marker, markersize=5, label=name)
ring = {"markersize": 14, "fillstyle": "none"}
left.plot(lambda_, accuracy.max(), "ko", label="winner", **ring)
left.set(xlabel=r"weight decay $\lambda$", ylabel="mean accuracy of 5 folds")
left.set(title="Validation accuracy", ylim=(0.88, 0.99))
left.legend(title="hidden units", loc="lower left")

TrainingCurveDisplay.from_estimator(
    mlp, log_scale=True, legend=False, ax=[middle, right]
)
middle.set_title("The winner's loss")
middle.legend()
right.set(title="The winner's accuracy", ylim=(0.9, 1.005))

path = sys.argv[1] if len(sys.argv) > 1 else "digits_grid_search.png"
fig.savefig(path, dpi=170)
print(f"Figure saved as {path}")
