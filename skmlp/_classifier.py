"""Multi-layer perceptron for classification."""

import numpy as np
from scipy.sparse import issparse
from scipy.special import log_expit, log_softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skmlp._base import BaseMLP
from skmlp._sklearn_compat import StrOptions, _fit_context


class MLPClassifierSDM(ClassifierMixin, BaseMLP):
    """Multi-layer perceptron for classification."""

    _parameter_constraints = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"log_loss", "squared_error"})],
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    _auto_learning_rate = {"sgd": {"log_loss": 0.05, "squared_error": 0.1}}

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
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        n_iter_no_change=10,
        early_stopping=False,
        validation_fraction=0.1,
        scoring="loss",
        class_weight=None,
        warm_start=False,
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
            max_iter=max_iter,
            shuffle=shuffle,
            random_state=random_state,
            tol=tol,
            n_iter_no_change=n_iter_no_change,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            scoring=scoring,
            warm_start=warm_start,
            verbose=verbose,
        )
        self.class_weight = class_weight

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train for one epoch, going on from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training inputs x.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Labels, or the indicator matrix of a multilabel problem.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever occur; needed in the first call, optional afterwards.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the cases, taken as they are: the mean of a chunk says nothing about
            the mean of all.

        Returns
        -------
        self : object
            The estimator, one epoch further. `early_stopping` has no part in it.

        Raises
        ------
        ValueError
            As in `fit`, and for a label that is not among `classes`; the estimator is then
            left as it was before the call.
        """
        if classes is None and not hasattr(self, "classes_"):
            raise ValueError(
                "classes must be passed to the first call of partial_fit: all labels that "
                "will ever occur"
            )
        if classes is not None and hasattr(self, "classes_"):
            classes = np.unique(classes)
            if not np.array_equal(self.classes_, classes):
                raise ValueError(
                    f"classes={classes.tolist()} is not what the first call learnt, "
                    f"{self.classes_.tolist()}; leave it out or pass the same"
                )
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs the frequencies of all the data, which "
                "partial_fit does not see; pass the weights as a dict or as sample_weight"
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
        z = self._net_inputs(X)
        return z.ravel() if self.n_outputs_ == 1 else z

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
        z = self._net_inputs(X)
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
        return np.exp(self._log_proba(self._net_inputs(X)))

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
        log_p = self._log_proba(self._net_inputs(X))
        p = np.exp(log_p)
        return np.log(p, out=log_p, where=p > 0)

    def _log_proba(self, z):
        if self._multilabel:
            return log_expit(z)
        if z.shape[1] == 1:
            return log_expit(np.hstack([-z, z]))
        # log_softmax of log o is log(o / sum o).
        return log_softmax(z if self.loss == "log_loss" else log_expit(z), axis=1)

    def _learn_targets(self, y, classes=None):
        y_type = type_of_target(y, input_name="y")
        if y_type == "multiclass-multioutput":
            raise ValueError(
                "y has several columns of classes; pass one column of labels, or a "
                "multilabel indicator matrix of 0 and 1"
            )
        check_classification_targets(y)
        self._multilabel = y_type == "multilabel-indicator"
        if self._multilabel:
            self.classes_ = np.arange(y.shape[1])
            self.n_outputs_ = y.shape[1]
            return
        self.classes_ = np.unique(y if classes is None else classes)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y has one class only, {self.classes_.tolist()}; a classifier needs "
                "samples of at least 2 classes"
            )
        self.n_outputs_ = 1 if len(self.classes_) == 2 else len(self.classes_)

    def _encode_targets(self, y, dtype):
        if not self._multilabel:
            return None, self._class_numbers(y)
        y = y.toarray() if issparse(y) else y
        if y.ndim != 2 or y.shape[1] != self.n_outputs_ or not np.isin(y, (0, 1)).all():
            raise ValueError(
                f"y must be a multilabel indicator matrix of 0 and 1 with "
                f"{self.n_outputs_} columns, as in the first call"
            )
        return np.ascontiguousarray(y, dtype=dtype), None

    def _class_numbers(self, y):
        """Position of each label in `classes_`."""
        if y.ndim != 1:
            raise ValueError("y must be one column of labels, as in the first call")
        unseen = np.setdiff1d(y, self.classes_)
        if len(unseen):
            raise ValueError(
                f"y contains labels {unseen.tolist()} that are not among the classes "
                f"{self.classes_.tolist()}; name all in `classes` at the first call "
                "of partial_fit, or fit anew with warm_start=False"
            )
        return np.searchsorted(self.classes_, y)

    def _output_activation(self):
        binary = self.n_outputs_ == 1 or self._multilabel
        return "logistic" if binary or self.loss == "squared_error" else "softmax"

    def _case_weights(self, sample_weight, labels):
        if self.class_weight is None:
            return sample_weight
        if labels is None:
            raise ValueError(
                "class_weight is not defined for multilabel targets; pass sample_weight "
                "to fit, or set class_weight=None"
            )
        weight = compute_class_weight(
            self.class_weight,
            classes=self.classes_,
            y=self.classes_[labels],
            sample_weight=sample_weight,
        )
        return weight[labels] if sample_weight is None else weight[labels] * sample_weight

    def _running_score(self):
        return "subset_accuracy" if self._multilabel else "accuracy"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
