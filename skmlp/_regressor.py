"""Multi-layer perceptron for regression."""

import math

import numpy as np
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.utils import assert_all_finite
from sklearn.utils.metaestimators import available_if

from skmlp._base import BaseMLP, learns_in_chunks
from skmlp._cases import in_dtype
from skmlp._forward import predict_blocks
from skmlp._network.kernel import activate_outputs
from skmlp._sklearn_compat import StrOptions, _fit_context

# Targets that an output activation can reach.
TARGET_RANGES = {
    "identity": (-np.inf, np.inf),
    "logistic": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "exp": (0.0, np.inf),
}


# Of a network that has learnt nothing, where noise is no excuse.
USELESS_R2 = -0.5


class MLPRegressorSDM(MultiOutputMixin, RegressorMixin, BaseMLP):
    """Multi-layer perceptron for regression.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Number J of units of each hidden layer, at least 1 each. `()` is a network
        without hidden units: linear regression.
    activation : {"identity", "logistic", "tanh", "relu"} or sequence, default="relu"
        Activation f of the hidden units: one name for all layers, or one for each. f(z)
        is z, 1 / (1 + exp(-z)), tanh(z) or max(0, z) (slide "Activation Functions").
    loss : {"squared_error", "poisson"}, default="squared_error"
        Loss of a case. "squared_error" is 1/2 sum_k (o_k - t_k)**2 (slide "Training
        Neural Networks"). "poisson" is half the Poisson deviance, sum_k (t_k log(t_k /
        o_k) - t_k + o_k), with o = exp(z), for counts and rates.
    out_activation : {"identity", "logistic", "tanh", "relu"}, default="identity"
        Activation g of the output units with the squared error. The targets must lie
        where it can reach: logistic in [0, 1], tanh in [-1, 1], relu from 0 on.
    solver : {"sgd", "adagrad", "rmsprop", "adadelta", "adam", "lbfgs"}, default="sgd"
        How the weights are updated with the gradient g of loss and penalty. "sgd" is
        gradient descent with momentum: v <- momentum * v + eta * g; w <- w - v (slide
        "Ways to Use Weight Derivatives"). The others give each weight a rate of its
        own: "adagrad" after Duchi et al. (2011), "rmsprop" after Hinton (2012, lecture
        6e), "adadelta" after Zeiler (2012), "adam" after Kingma and Ba (2015). "lbfgs"
        uses all cases at once and the curvature seen so far (Byrd et al., 1995): best
        for small data. It finds its own step lengths, so `batch_size`, `shuffle`,
        `momentum`, `record_batches` and all of the learning rate have no part in it;
        its epochs are iterations, and it has no `partial_fit`.
    weight_decay : float, default=1e-4
        lambda, at least 0. The penalty lambda / 2 * sum(w**2) over the weights, not the
        biases, is added to the mean loss of each mini-batch (slide "Limiting the size
        of the Weights"). It is not divided by the batch size: scikit-learn's `alpha` is
        this number times the batch size.
    batch_size : int, "full" or "auto", default="auto"
        Cases per update, at least 1: 1 is stochastic, "full" is batch gradient descent.
        "auto" is ten mini-batches of nearly one size: more if these would exceed 200 of
        the n training cases; fewer below 320 cases, n / 32, rounded up, so that up to
        32 cases are one full batch. Never more cases than there are. The last
        mini-batch of an epoch may be smaller; its loss is the mean over its own cases.
    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        Learning rate eta of epoch t = 1, 2, ...: eta_0; eta_0 / t**power_t; or eta_0,
        divided by 5 each time that patience runs out, until it is below 1e-6.
    learning_rate_init : float or "auto", default="auto"
        eta_0, above 0. "auto" is made for standardised data:
        0.005 with "sgd" (0.02 for tanh, 0.1 for logistic outputs);
        0.05 with "adagrad", 0.003 with "rmsprop", 1 with "adadelta", 0.005 with "adam".
        That is for full batches and a `batch_size` of 200 or more; for a smaller one,
        also one that "auto" stands for, it is multiplied by sqrt(batch_size / 200). A
        chunk of fewer rows in `partial_fit` counts as a smaller one, unless
        `batch_size` is "full". A later call goes by its own mini-batches. Where
        training diverges with "auto" in the first call, it starts anew at a tenth of
        the rate, as often as needed, with a `ConvergenceWarning`; later calls divide
        their own rate by 10 as often.
    power_t : float, default=0.5
        Exponent of `learning_rate="invscaling"`, at least 0.
    momentum : float, default=0.9
        gamma of "sgd", in [0, 1).
    nesterovs_momentum : bool, default=False
        Whether the weights move by momentum * v + eta * g with the new v.
    rho : float, default=0.9
        How slowly "rmsprop" and "adadelta" forget the squares of earlier gradients, in
        [0, 1).
    beta_1 : float, default=0.9
        How slowly "adam" forgets earlier gradients, in [0, 1).
    beta_2 : float, default=0.999
        How slowly "adam" forgets the squares of earlier gradients, in [0, 1).
    epsilon : float or "auto", default="auto"
        What keeps the divisors of "adagrad", "rmsprop", "adadelta" and "adam" from 0.
        Above 0; "auto" is 1e-6 for "adadelta" and 1e-8 for the others.
    max_iter : int, default=200
        Largest number of epochs of a call of `fit`, at least 1.
    max_fun : int, default=15000
        Evaluations of the objective in a call of `fit`, at least 1, after which "lbfgs"
        ends, once the iteration under way is complete.
    shuffle : bool, default=True
        Whether each epoch takes the cases in a new order.
    random_state : int, RandomState instance or None, default=None
        Draws the first weights, the orders and the validation data, also those of one
        of scikit-learn's splitters that has no seed. An int makes results repeatable.
    tol : float, default=1e-4
        Smallest fall of the watched value that counts as an improvement, at least 0.
        For "lbfgs" also the largest derivative of the objective, in absolute value, at
        which training has converged. It has also converged where an iteration lowers
        the objective by less than 2e-9, or 2e-9 of its value where that is above 1.
    n_iter_no_change : int, default=10
        Patience, at least 1: training stops after this many epochs in a row without an
        improvement of more than `tol`. `numpy.inf` never stops. "lbfgs" has patience
        with validation data only.
    early_stopping : bool or cross-validation splitter, default=False
        Whether validation data are watched rather than the training objective, and the
        weights of the best epoch are kept. The data are those passed to `fit` as
        `X_val` and `y_val`, else a part of the training data, or the last split of a
        splitter such as `GroupShuffleSplit` or `TimeSeriesSplit`.
    validation_fraction : float, default=0.1
        Share of the training data that is held out, in (0, 1), but no case of weight 0;
        a splitter has its own.
    scoring : "loss", str or callable, default="loss"
        What early stopping watches: the validation loss, or a scorer as in
        `sklearn.metrics.check_scoring`, of which more is better.
    n_init : int, default=1
        How many networks are trained, at least 1, from different first weights; the one
        that reached the best watched value is kept (without early stopping: the lowest
        last validation loss, or without validation data the lowest last objective). One
        that diverges is left out, with a warning; it is an error where all do. A call
        that goes on trains the one network that there is.
    n_jobs : int or None, default=None
        How many of them are trained at a time, in threads. None is 1 unless a
        `joblib.parallel_config` context says otherwise, -1 all processors. A large
        update is shared by OpenMP's threads (`OMP_NUM_THREADS`), divided among the
        trainings that run at a time. The result depends on neither.
    warm_start : bool, default=False
        Whether `fit` goes on from where the last call ended: k epochs and then m more
        give the same bits as k + m epochs. Not with "lbfgs", which starts again from
        the weights alone; of `n_init` networks the first call keeps one; and a
        divergence after the first call is an error, with "auto" too.
    record_batches : bool, default=False
        Whether the loss of each mini-batch, the mean before its update, is recorded
        too: see `batch_loss_curve_`.
    verbose : int, default=0
        `fit` prints a line for each epoch (1), or for every so many and the last.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of each layer, in the dtype of X. What is put there counts, in `predict`
        and where training goes on.
    intercepts_ : list of ndarray of shape (fan_out,)
        Biases of each layer.
    history_ : dict of list of float
        Curves with one entry per epoch: "loss" and "score" (R^2) are measured on the
        training data as the epoch runs, each case before the update that it takes part
        in; "penalty" is the weight decay's at the end of the epoch; "learning_rate";
        with validation data "validation_loss" and "validation_score" (that of `scoring`
        where it names a scorer). Cases count by their weights. With `record_batches`
        each entry of "batch_loss" is an array, see `batch_loss_curve_`. "lbfgs"
        measures the end of each iteration, and its "learning_rate" is NaN.
    best_epoch_ : int
        The epoch, counted from 1, whose weights are in `coefs_`: with early stopping
        the best one, else the last one.
    stop_reason_ : str
        Why the last call of `fit` ended: "patience", "converged", "max_iter",
        "max_fun", "callback" or "interrupt". "converged" is for "lbfgs": the gradient
        is small, or no lower objective was found.
    n_init_history_ : dict of list
        What each of several networks reached: "reached", the value that it was chosen
        by (of a scorer its negative, so that lower is better), "n_iter" and
        "stop_reason"; of one that was left out infinity and "divergence". Only where
        `n_init` is above 1.
    n_iter_ : int
        Epochs of the last call.
    t_ : int
        Training cases seen so far, repeats included.
    loss_ : float
        Training loss of the last epoch.
    best_loss_ : float
        The lowest training loss of an epoch.
    loss_curve_ : list of float
        `history_["loss"]`. In contrast to scikit-learn's it leaves the penalty out.
    batch_loss_curve_ : ndarray of shape (n_batches,)
        Mean loss of each mini-batch, before its update, in the order of training.
        Only with `record_batches`.
    validation_scores_ : list of float or None
        `history_["validation_score"]`.
    best_validation_score_ : float or None
        The highest of them.
    validation_loss_ : float or None
        Validation loss of the epoch whose weights are in `coefs_`.
    layer_units_ : tuple of int
        Units of each layer, the inputs first and the outputs last.
    n_parameters_ : int
        Number of all weights and biases.
    n_layers_ : int
        Number of layers, the inputs included. (The lecture does not count them.)
    n_outputs_ : int
        Number of output units.
    out_activation_ : str
        `out_activation`, or "exp" with the Poisson loss.
    n_features_in_ : int
        Number D of inputs.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the inputs, where X has them all as strings.

    See Also
    --------
    MLPClassifierSDM : The same for classification.
    sklearn.compose.TransformedTargetRegressor : Scales the targets, which training
        needs where they are far from zero or have a large spread.
    sklearn.neural_network.MLPRegressor : Has other defaults, and is slower.

    Notes
    -----
    The network computes h = f(h W + b) layer by layer, with h = x at the start, and o =
    g(z) from the net input z of the last one (slide "Forward Pass: What does the
    Network Compute?"). Training minimises, mini-batch by mini-batch, the mean of s_n
    times the loss of each case n plus the penalty; s_n is the case's weight, scaled so
    that its mean over the training data is 1. The gradient is found by back-propagation
    (slide "Gradient Descent for Multi-layer Network").

    First weights are drawn uniformly, after Glorot and Bengio (2010). Biases start at
    zero.

    X is neither copied nor shuffled in memory, and memory use grows with the number of
    cases only by some index numbers for each. With sparse X an update of "sgd", or of
    "adagrad" without weight decay, costs what the non-zeros of its cases cost; the
    other solvers move all weights each time.

    Examples
    --------
    >>> import numpy as np
    >>> from skmlp import MLPRegressorSDM
    >>> X = np.linspace(-3, 3, 200).reshape(-1, 1)
    >>> y = np.sin(X).ravel()
    >>> mlp = MLPRegressorSDM(
    ...     20,
    ...     activation="tanh",
    ...     batch_size=10,
    ...     learning_rate_init=0.05,
    ...     random_state=0,
    ... )
    >>> mlp.fit(X, y).score(X, y) > 0.99
    True
    >>> mlp.stop_reason_
    'patience'
    """

    _parameter_constraints = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
        "out_activation": [StrOptions(TARGET_RANGES.keys() - {"exp"})],
    }

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        *,
        activation="relu",
        loss="squared_error",
        out_activation="identity",
        solver="sgd",
        weight_decay=1e-4,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init="auto",
        power_t=0.5,
        momentum=0.9,
        nesterovs_momentum=False,
        rho=0.9,
        beta_1=0.9,
        beta_2=0.999,
        epsilon="auto",
        max_iter=200,
        max_fun=15000,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        scoring="loss",
        n_init=1,
        n_jobs=None,
        warm_start=False,
        record_batches=False,
        verbose=0,
    ):
        super().__init__(
            hidden_layer_sizes,
            activation=activation,
            loss=loss,
            solver=solver,
            weight_decay=weight_decay,
            batch_size=batch_size,
            learning_rate=learning_rate,
            learning_rate_init=learning_rate_init,
            power_t=power_t,
            momentum=momentum,
            nesterovs_momentum=nesterovs_momentum,
            rho=rho,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            max_iter=max_iter,
            max_fun=max_fun,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            n_iter_no_change=n_iter_no_change,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            scoring=scoring,
            n_init=n_init,
            n_jobs=n_jobs,
            warm_start=warm_start,
            record_batches=record_batches,
            verbose=verbose,
        )
        self.out_activation = out_activation

    @available_if(learns_in_chunks)
    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch, going on from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training inputs x.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets t.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the cases, taken as they are: the mean of a chunk says nothing
            about the mean of all.

        Returns
        -------
        self : object
            The estimator, one epoch further. `early_stopping` has no part in it.

        Raises
        ------
        ValueError
            As in `fit`; the estimator is then left as it was before the call.
        """
        return self._partial_fit(X, y, sample_weight)

    def predict(self, X):
        """Outputs o of the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs x.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the dtype of the weights.
        """
        return predict_blocks(self, X, self._outputs)

    def _outputs(self, z):
        activate_outputs(self.out_activation_, z)
        return z[:, 0] if self.n_outputs_ == 1 else z

    def _learn_targets(self, y, classes=None):
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]

    def _encode_targets(self, y, dtype):
        if y.dtype.kind in "mM":
            raise ValueError(
                f"y has dtype {y.dtype}; a regressor needs numbers, such as the days "
                "since a date"
            )
        values = np.require(in_dtype(y, dtype, "y"), requirements="CA").reshape(
            len(y), -1
        )
        if values.shape[1] != self.n_outputs_:
            raise ValueError(
                f"y has {values.shape[1]} outputs, but the network has "
                f"{self.n_outputs_}; pass the same outputs as before"
            )
        lowest, highest = values.min(), values.max()
        if not (math.isfinite(lowest) and math.isfinite(highest)):
            assert_all_finite(values, input_name="y")  # where objects became numbers
        low, high = TARGET_RANGES[self.out_activation_]
        if lowest < low or highest > high:
            name = "loss" if self.loss == "poisson" else "out_activation"
            raise ValueError(
                f"y ranges from {lowest:g} to {highest:g}, but "
                f"{name}={getattr(self, name)!r} reaches only [{low:g}, {high:g}]; "
                f"scale y into that range or choose another {name}"
            )
        return values, None

    def _output_activation(self):
        return "exp" if self.loss == "poisson" else self.out_activation

    def _case_weights(self, sample_weight, labels, learn):
        return sample_weight

    def _kernel_score(self):
        return "squared_residuals"

    _equivalent_scorer = "r2"

    def _uselessness(self, training):
        # Noise alone makes an R^2 somewhat negative, and the mean of many is made so by
        # one output that hardly varies.
        if self.n_outputs_ > 1:
            return None
        score = self.history_["score"][self.best_epoch_ - 1]
        if score < USELESS_R2:
            _, score = training.evaluate_kept()
        if score < USELESS_R2:
            rate = "" if self.solver == "lbfgs" else ", lower learning_rate_init"
            return (
                f"the network is worse than the mean of y: R^2={score:.2g} on the "
                f"training data; scale y (TransformedTargetRegressor){rate}"
            )
        return None

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        positive = [name for name, (low, _) in TARGET_RANGES.items() if low == 0]
        tags.target_tags.positive_only = self._output_activation() in positive
        return tags
