"""Multi-layer perceptron for classification."""

import numpy as np
from scipy.sparse import issparse
from scipy.special import entr, log_expit, log_softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skmlp._base import BaseMLP, learns_in_chunks
from skmlp._cases import is_indicator, listed, with_duplicates_summed
from skmlp._forward import predict_blocks
from skmlp._network.kernel import activate_outputs
from skmlp._sklearn_compat import StrOptions, _fit_context

# Of a network that has learnt nothing, relative to that of the class frequencies: the
# last updates move it a little to either side.
USELESS_LOSS = 0.9995

# Net inputs may be as far apart as numbers can be: probabilities are 0 and 1 then.
FAR_APART = {"over": "ignore", "under": "ignore"}


class MLPClassifierSDM(ClassifierMixin, BaseMLP):
    """Multi-layer perceptron for classification.

    For two classes one logistic output unit, for more a softmax over one unit per
    class (logistic units with the squared error), for multilabel targets one logistic
    unit per label.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Number J of units of each hidden layer, at least 1 each. `()` is a network
        without hidden units: logistic or softmax regression.
    activation : {"identity", "logistic", "tanh", "relu"} or sequence, default="relu"
        Activation f of the hidden units: one name for all layers, or one for each. f(z)
        is z, 1 / (1 + exp(-z)), tanh(z) or max(0, z) (slide "Activation Functions").
    loss : {"log_loss", "squared_error"}, default="log_loss"
        Loss of a case. "log_loss" is the cross-entropy -sum_k t_k log o_k, or -sum_k
        (t_k log o_k + (1 - t_k) log(1 - o_k)) for logistic outputs (slides "Choosing
        Activation and Loss Functions", "Multi-class Classification"). "squared_error"
        is 1/2 sum_k (o_k - t_k)**2 with logistic outputs (slide "Training Neural
        Networks").
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
        0.05 for the log loss and 0.1 for the squared error with "sgd";
        0.05 with "adagrad", 0.003 with "rmsprop", 10 (1 for the squared error) with
        "adadelta", 0.005 with "adam".
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
        `X_val` and `y_val`, else a part of the training data, stratified by class, or
        the last split of a splitter such as `GroupShuffleSplit` or `TimeSeriesSplit`.
    validation_fraction : float, default=0.1
        Share of the training data that is held out, in (0, 1), but no case of weight 0;
        a splitter has its own.
    scoring : "loss", str or callable, default="loss"
        What early stopping watches: the validation loss, or a scorer as in
        `sklearn.metrics.check_scoring`, of which more is better.
    class_weight : dict, "balanced" or None, default=None
        Weight of each class, which multiplies `sample_weight`. "balanced" is
        n_samples / (n_classes * count of the class). Classes that a dict leaves out
        have weight 1. Not for multilabel targets.
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
        Curves with one entry per epoch: "loss" and "score" (accuracy) are measured on
        the training data as the epoch runs, each case before the update that it takes
        part in; "penalty" is the weight decay's at the end of the epoch;
        "learning_rate"; with validation data "validation_loss" and "validation_score"
        (that of `scoring` where it names a scorer). Cases count by their weights. With
        `record_batches` each entry of "batch_loss" is an array, see
        `batch_loss_curve_`. "lbfgs" measures the end of each iteration, and its
        "learning_rate" is NaN.
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
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    class_weight_ : ndarray of shape (n_classes,)
        Weight of each class, where `class_weight` is set.
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
        "logistic" or "softmax".
    n_features_in_ : int
        Number D of inputs.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the inputs, where X has them all as strings.

    See Also
    --------
    MLPRegressorSDM : The same for regression.
    sklearn.neural_network.MLPClassifier : Has other defaults, and is slower.

    Notes
    -----
    The network computes h = f(h W + b) layer by layer, with h = x at the start, and o =
    g(z) from the net input z of the last one (slide "Forward Pass: What does the
    Network Compute?"). Training minimises, mini-batch by mini-batch, the mean of s_n
    times the loss of each case n plus the penalty; s_n is the case's weight times that
    of its class, scaled so that its mean over the training data is 1. The gradient is
    found by back-propagation (slide "Gradient Descent for Multi-layer Network").

    First weights are drawn uniformly, after Glorot and Bengio (2010). Biases start at
    zero.

    X is neither copied nor shuffled in memory, and memory use grows with the number of
    cases only by some index numbers for each. With sparse X an update of "sgd", or of
    "adagrad" without weight decay, costs what the non-zeros of its cases cost; the
    other solvers move all weights each time.

    Examples
    --------
    Do two inputs have the same value? No line separates the cases, so a network without
    hidden units cannot tell (slide "Limitations of Linear Classifiers"):

    >>> from skmlp import MLPClassifierSDM
    >>> X = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> y = ["same", "different", "different", "same"]
    >>> mlp = MLPClassifierSDM(
    ...     8, activation="tanh", learning_rate_init=0.5, max_iter=500, random_state=0
    ... )
    >>> mlp.fit(X, y).predict(X).tolist()
    ['same', 'different', 'different', 'same']
    >>> mlp.set_params(hidden_layer_sizes=(), solver="lbfgs").fit(X, y).score(X, y) < 1
    True
    """

    _parameter_constraints = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"log_loss", "squared_error"})],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        *,
        activation="relu",
        loss="log_loss",
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
        class_weight=None,
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
        self.class_weight = class_weight

    @available_if(learns_in_chunks)
    @_fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch, going on from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training inputs x.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels, or the indicator matrix of a multilabel problem.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur; needed in the first call, optional
            afterwards.
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
            As in `fit`, and for a label that is not among `classes`; the estimator is
            then left as it was before the call.
        """
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError(
                "classes must be passed to the first call of partial_fit: all labels "
                "that will ever occur"
            )
        if classes is not None and hasattr(self, "classes_"):
            classes = np.unique(classes)
            if not np.array_equal(self.classes_, classes):
                raise ValueError(
                    f"classes={listed(classes)} is not what the first call learnt, "
                    f"{listed(self.classes_)}; leave it out or pass the same"
                )
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs the frequencies of all the data, which "
                "partial_fit does not see; pass a dict or sample_weight"
            )
        return self._partial_fit(X, y, sample_weight, classes)

    def decision_function(self, X):
        """Net inputs z of the output layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs x.

        Returns
        -------
        z : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            One number per case for two classes, a column per class or label otherwise.
        """
        return predict_blocks(self, X, lambda z: z[:, 0] if self.n_outputs_ == 1 else z)

    def predict(self, X):
        """Class with the largest output, or all labels with an output above 1/2.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs x.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels of `classes_`, or an indicator matrix for a multilabel problem.
        """
        return predict_blocks(self, X, self._labels)

    def _labels(self, z):
        if self._multilabel:
            return (z > 0).astype(int)
        winner = (z[:, 0] > 0).astype(np.intp) if z.shape[1] == 1 else z.argmax(axis=1)
        return self.classes_[winner]

    def predict_proba(self, X):
        """Probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs x.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            In the order of `classes_`. For a multilabel problem the probability of each
            label by itself. With `loss="squared_error"` and more than two classes the
            outputs of the network, divided by their sum.
        """
        return predict_blocks(self, X, self._proba)

    def predict_log_proba(self, X):
        """Logarithm of the probabilities, finite where these underflow.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Inputs x.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            See `predict_proba`.
        """
        return predict_blocks(self, X, self._rounded_log_proba)

    def _proba(self, z):
        """The probabilities, which may take the place of the net inputs."""
        if self._multilabel:
            activate_outputs("logistic", z)
            return z
        if z.shape[1] == 1:
            p = np.hstack([-z, z])
            activate_outputs("logistic", p)
            return p
        with np.errstate(**FAR_APART):
            if self.out_activation_ == "logistic":
                return np.exp(self._log_proba(z))
            z -= z.max(axis=1, keepdims=True)
            activate_outputs("exp", z)
            z /= z.sum(axis=1, keepdims=True)
        return z

    def _rounded_log_proba(self, z):
        """log(p) where p, as `predict_proba` rounds it, is not 0; else log p from z."""
        p = self._proba(z.copy())
        if p.all():
            return np.log(p, out=p)
        return np.log(p, out=self._log_proba(z), where=p > 0)

    def _log_proba(self, z):
        if self._multilabel:
            return log_expit(z)
        if z.shape[1] == 1:
            return log_expit(np.hstack([-z, z]))
        # log_softmax of log o is log(o / sum o).
        with np.errstate(**FAR_APART):
            if self.out_activation_ == "logistic":
                z = log_expit(z)
            return log_softmax(z, axis=1)

    def _learn_targets(self, y, classes=None):
        if classes is not None and np.ndim(classes) != 1:
            raise ValueError(f"classes must be a 1-D array of labels, got {classes!r}")
        y_type = type_of_target(y, input_name="y")
        if y_type == "multiclass-multioutput":
            raise ValueError(
                "y has several columns of classes; pass one column of labels, or a "
                "multilabel indicator matrix of 0 and 1"
            )
        if y_type not in ("binary", "multiclass", "multilabel-indicator"):
            check_classification_targets(y)  # raises the error that scikit-learn has
        self._multilabel = y_type == "multilabel-indicator"
        if self._multilabel:
            self.classes_ = np.arange(y.shape[1])
            self.n_outputs_ = y.shape[1]
            if classes is not None and not np.array_equal(classes, self.classes_):
                raise ValueError(
                    f"classes={list(classes)} do not number the {y.shape[1]} columns "
                    "of a multilabel y; pass numpy.arange of their number"
                )
            return
        self.classes_ = np.unique(y if classes is None else classes)
        if len(self.classes_) < 2:
            what = "y" if classes is None else "classes"
            raise ValueError(
                f"{what} has one class only, {self.classes_.tolist()}; a classifier "
                "needs samples of at least 2 classes"
            )
        self.n_outputs_ = 1 if len(self.classes_) == 2 else len(self.classes_)

    def _encode_targets(self, y, dtype):
        if not self._multilabel:
            return None, self._class_numbers(y)
        y = with_duplicates_summed(y)
        if y.ndim != 2 or y.shape[1] != self.n_outputs_ or not is_indicator(y):
            raise ValueError(
                f"y must be a multilabel indicator matrix of 0 and 1 with "
                f"{self.n_outputs_} columns"
            )
        if issparse(y):
            return y.astype(dtype).toarray(order="C"), None
        return np.require(y, dtype, requirements="CA"), None

    def _class_numbers(self, y):
        """Position of each label in `classes_`."""
        if y.ndim != 1:
            raise ValueError("y must be one column of labels, as in the first call")
        kinds = {y.dtype.kind, self.classes_.dtype.kind}
        if kinds & set("US") and kinds & set("biuf"):  # NumPy makes text of numbers
            unseen = np.unique(y)
        else:
            unseen = np.setdiff1d(y, self.classes_)
        if len(unseen):
            raise ValueError(
                f"y contains labels {listed(unseen)} that are not among the classes "
                f"{listed(self.classes_)}, which fit learns from y and partial_fit "
                "from `classes` in its first call; drop these cases, or start anew"
            )
        return np.searchsorted(self.classes_, y)

    def _output_activation(self):
        binary = self.n_outputs_ == 1 or self._multilabel
        return "logistic" if binary or self.loss == "squared_error" else "softmax"

    def _case_weights(self, sample_weight, labels, learn):
        if self.class_weight is None:
            vars(self).pop("class_weight_", None)
            return sample_weight
        if labels is None:
            raise ValueError(
                "class_weight is not defined for multilabel targets; pass "
                "sample_weight to fit, or set class_weight=None"
            )
        if learn:
            self.class_weight_ = self._weight_of_each_class(labels, sample_weight)
        weights = self.class_weight_[labels]
        return weights if sample_weight is None else weights * sample_weight

    def _weight_of_each_class(self, labels, sample_weight):
        names = np.arange(len(self.classes_))
        if isinstance(self.class_weight, dict):
            # Only the classes' names matter: a chunk need not hold all of them.
            labels, names, sample_weight = names, self.classes_, None
        elif sample_weight is not None:  # a class without any is as good as absent
            counted = sample_weight > 0
            labels, sample_weight = labels[counted], sample_weight[counted]
        present = np.unique(labels)
        weights = np.ones(len(self.classes_))
        weights[present] = compute_class_weight(
            self.class_weight,
            classes=names[present],
            y=names[labels],
            sample_weight=sample_weight,
        )
        if not np.all(np.isfinite(weights) & (weights >= 0)):
            raise ValueError(
                "class_weight must be finite and at least 0 for each class, got "
                f"{self.class_weight!r}"
            )
        return weights

    def _kernel_score(self):
        return "subset_accuracy" if self._multilabel else "accuracy"

    @property
    def _equivalent_scorer(self):
        # Scorers do not know of class weights, which the running score counts by.
        return "accuracy" if self.class_weight is None else None

    def _uselessness(self, training):
        limit = USELESS_LOSS * self._loss_of_frequencies(training.cases)
        loss = self.history_["loss"][self.best_epoch_ - 1]
        if loss > limit > 0:
            loss, _ = training.evaluate_kept()
        if loss > limit > 0:
            rate = "" if self.solver == "lbfgs" else "change learning_rate_init, "
            return (
                "the loss on the training data is no lower than that of the class "
                f"frequencies; scale X (StandardScaler), {rate}lower tol or "
                "weight_decay, add hidden units"
            )
        return None

    def _loss_of_frequencies(self, cases):
        """The least loss of a network with the same output for all cases."""
        p = cases.class_frequencies().round(12)  # 0 and 1 are exact
        if self.loss == "squared_error":
            p = p[-self.n_outputs_ :]
            return (p * (1 - p)).sum() / 2
        return entr(p).sum() + (entr(1 - p).sum() if self._multilabel else 0)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
