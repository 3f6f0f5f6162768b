"""What both estimators share: parameters and their ranges, fit, partial_fit, tags."""

import copy
import warnings
from abc import ABCMeta, abstractmethod
from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
from scipy.sparse import issparse
from sklearn import get_config
from sklearn.base import BaseEstimator, is_regressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from skmlp._architecture import hidden_activations, hidden_units
from skmlp._callbacks import fit_task
from skmlp._cases import Data, checked_csr, needs_no_validation
from skmlp._documentation import documentation_template
from skmlp._early_stopping import checked_score, divide
from skmlp._history import RecordedCurves, n_recorded, new_history, truncate
from skmlp._lbfgs import LBFGSTraining
from skmlp._mini_batches import MiniBatchTraining, batch_rows
from skmlp._network.network import FLOATS, HIDDEN_ACTIVATIONS, Network
from skmlp._parameters import pack
from skmlp._persistence import SavedModel
from skmlp._report import Report
from skmlp._restarts import best_of, restart_history, run_all
from skmlp._sklearn_compat import (
    CallbackSupportMixin,
    HasMethods,
    Interval,
    Options,
    ScorerNames,
    StrOptions,
    _check_sample_weight,
    _fit_context,
    single_blas_thread,
)
from skmlp._start import first_weights, last_weights, make_updates
from skmlp._threads import update_threads
from skmlp._training import SCALE_ADVICE


def learns_in_chunks(mlp):
    """Whether `partial_fit` is there: a full-batch solver never sees a chunk."""
    if mlp.solver == "lbfgs":
        raise AttributeError('partial_fit is not available with solver="lbfgs"')
    return True


def started_anew(training):
    """What to say of a training that has lowered the automatic learning rate."""
    return (
        'training diverged with learning_rate_init="auto" and was started anew '
        f"with {training.eta_0:g}; {SCALE_ADVICE}, or the network may learn slowly or "
        "nothing"
    )


class BaseMLP(
    SavedModel, RecordedCurves, CallbackSupportMixin, BaseEstimator, metaclass=ABCMeta
):
    """Parameters, training and prediction of a multi-layer perceptron."""

    # Groups are mostly meant for the splitter of a cross-validation.
    __metadata_request__fit = {"groups": False}

    # Where scikit-learn's diagrams link to, see its developer guide.
    _doc_link_module = "skmlp"
    _doc_link_template = property(lambda self: documentation_template())

    _parameter_constraints = {
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(HIDDEN_ACTIVATIONS)), "array-like"],
        "solver": [
            StrOptions({"sgd", "adagrad", "rmsprop", "adadelta", "adam", "lbfgs"})
        ],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "batch_size": [
            StrOptions({"auto", "full"}),
            Interval(Integral, 1, None, closed="left"),
        ],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
        "learning_rate_init": [
            StrOptions({"auto"}),
            Interval(Real, 0, None, closed="neither"),
        ],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "nesterovs_momentum": ["boolean"],
        "rho": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "early_stopping": ["boolean", HasMethods(["split", "get_n_splits"])],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "scoring": [ScorerNames({"loss"}), callable],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "n_jobs": [Integral, None],
        "warm_start": ["boolean"],
        "record_batches": ["boolean"],
        "verbose": ["verbose"],
    }

    @abstractmethod
    def __init__(
        self,
        hidden_layer_sizes,
        *,
        activation,
        loss,
        solver,
        weight_decay,
        batch_size,
        learning_rate,
        learning_rate_init,
        power_t,
        momentum,
        nesterovs_momentum,
        rho,
        beta_1,
        beta_2,
        epsilon,
        max_iter,
        max_fun,
        shuffle,
        random_state,
        tol,
        n_iter_no_change,
        early_stopping,
        validation_fraction,
        scoring,
        n_init,
        n_jobs,
        warm_start,
        record_batches,
        verbose,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.solver = solver
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.rho = rho
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.max_iter = max_iter
        self.max_fun = max_fun
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.scoring = scoring
        self.n_init = n_init
        self.n_jobs = n_jobs
        self.warm_start = warm_start
        self.record_batches = record_batches
        self.verbose = verbose

    @abstractmethod
    def _learn_targets(self, y, classes=None):
        """Set what y says about the outputs: their number, activation and classes."""

    @abstractmethod
    def _encode_targets(self, y, dtype):
        """Turn y into (values, labels) for the kernel, one of which is None."""

    @abstractmethod
    def _output_activation(self):
        """Activation of the output layer, by the loss and the kind of targets."""

    @abstractmethod
    def _case_weights(self, sample_weight, labels, learn):
        """Weights s_n before scaling, or None; `learn` the weights of classes, too."""

    @abstractmethod
    def _kernel_score(self):
        """What the kernel sums up for the running score."""

    @property
    @abstractmethod
    def _equivalent_scorer(self):
        """The name of the scorer that the running score agrees with, or None."""

    @abstractmethod
    def _uselessness(self, training):
        """What is wrong with a network that patience keeps, and the remedy; or None."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
    ):
        """Train the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training inputs x; float32 and float64 are used as they are, without a copy.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets t: of a classifier the classes, or 0 and 1 in a column per label.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the cases, at least 0; their scale does not matter.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            Validation inputs. With `early_stopping` they are watched instead of a
            held-out part of X; without, their curves are recorded only.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Validation targets, as the network sees y: a `TransformedTargetRegressor`
            transforms y alone, and a `VotingClassifier` or `BaggingClassifier` passes
            the numbers of the classes for y, a `OneVsRestClassifier` 0 and 1, but
            `y_val` as it is.
        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the validation cases.
        groups : array-like of shape (n_samples,), default=None
            Group of each case, for a splitter given as `early_stopping`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            Where the data or a parameter is not usable, or training diverges (of
            `n_init` networks: all do). The estimator is then left as it was before the
            call.

        Warns
        -----
        ConvergenceWarning
            - Where `max_iter` or `max_fun` ended training.
            - Where it diverged with `learning_rate_init="auto"` and started anew.
            - Where some of `n_init` networks diverged.
            - Where patience ended training with a network that is useless on the
              training data: R^2 below -0.5, of a regressor with one output, or the loss
              of the class frequencies, of a classifier.
        """
        going_on = self.warm_start and hasattr(self, "_state")
        n_init = 1 if going_on else self.n_init
        context = self._init_callback_context(
            max_subtasks=self.max_iter if n_init == 1 else n_init,
            sequential_subtasks=n_init == 1,
        )
        with self._unchanged_on_error(), single_blas_thread:
            trainings = self._set_up(
                X,
                y,
                sample_weight,
                going_on=going_on,
                n_init=n_init,
                validation_data=(X_val, y_val, sample_weight_val),
                groups=groups,
            )
            best = self._train(trainings, context)
        for message in self._shortcomings(trainings, best):
            warnings.warn(message, ConvergenceWarning, stacklevel=3)
        return self

    def _shortcomings(self, trainings, best):
        """What to warn of, when all trainings have ended."""
        failures = [training.failure for training in trainings if training.failure]
        if failures:
            yield (
                f"{len(failures)} of {self.n_init} networks diverged, and the best of "
                f"the others is kept; of the first: {failures[0]}"
            )
        if best.started_anew:
            yield started_anew(best)
        limit = best.stop_reason
        if limit in ("max_iter", "max_fun"):
            remedy = "" if self.solver == "lbfgs" else " or learning_rate_init"
            yield (
                f"training stopped at {limit}={getattr(self, limit)} before it "
                f"converged; raise {limit}{remedy}, or filter this warning where that "
                "is what you want"
            )
        elif limit == "patience":
            with single_blas_thread:
                what = self._uselessness(best)
            if what:
                yield (
                    f"training stopped by patience, but {what}, or raise "
                    "n_iter_no_change"
                )

    def _train(self, trainings, context):
        """Run the trainings to their ends; keep and return the best."""
        if self.verbose:
            report = Report(self.verbose, trainings)
            for training in trainings:
                training.report = report
        try:
            with fit_task(context, self, trainings):
                run_all(trainings, self.max_iter, self.n_jobs)
                if len(trainings) > 1:
                    self.n_init_history_ = restart_history(trainings)
        finally:
            best = best_of(trainings)
            self._keep(best)
            self.stop_reason_ = best.stop_reason
        if self.early_stopping:
            self._restore_best(best)
        return best

    def _partial_fit(self, X, y, sample_weight, classes=None):
        """Train for one epoch on the rows given, from where the last call ended."""
        if hasattr(self, "_state") and not get_config()["skip_parameter_validation"]:
            # _fit_context does so in the first call only. It hands that setting on as
            # the user has it, unless it is to skip nested validation.
            self._validate_params()
        with self._unchanged_on_error(), single_blas_thread:
            (training,) = self._set_up(
                X,
                y,
                sample_weight,
                going_on=hasattr(self, "_state"),
                classes=classes,
            )
            try:
                training.run(1)
            finally:
                self._keep(training)
        if training.started_anew:
            warnings.warn(started_anew(training), ConvergenceWarning, stacklevel=4)
        return self

    def _set_up(
        self,
        X,
        y,
        sample_weight,
        *,
        going_on,
        n_init=1,
        classes=None,
        validation_data=None,
        groups=None,
    ):
        """Check everything once, and make the trainings that start or go on.

        `validation_data` is None for `partial_fit`, which takes all cases with their
        weights as they are: the mean weight of a chunk says nothing about the whole.
        """
        is_chunk = validation_data is None
        data = self._checked_data(X, y, sample_weight, classes, going_on=going_on)
        dtype, given = data.X.dtype, None
        if not is_chunk:
            given = self._given_validation(*validation_data, dtype)
        batch_size = "full" if self.solver == "lbfgs" else self.batch_size
        # Each training has its own, as the number of threads in it changes on the way.
        networks = [
            self._network(
                dtype,
                batch_rows(batch_size, len(data)),
                sparse=issparse(data.X) and (given is None or issparse(given.X)),
            )
            for _ in range(n_init)
        ]
        updates = make_updates(self, dtype)
        if going_on:
            starts = [last_weights(self, networks[0], updates, dtype)]
        else:
            starts = first_weights(self, networks[0], updates, dtype, n_init)
        if is_chunk:
            rows = range(len(data))
            data.check_weights(rows)
            cases, validation = data.cases(rows), None
        else:
            split_seed = starts[0].state.split_seed
            cases, validation = divide(self, data, given, groups, split_seed)
        return [
            self._training(
                network,
                updates,
                start,
                cases,
                validation,
                restartable=self.learning_rate_init == "auto" and not going_on,
                is_chunk=is_chunk,
            )
            for network, start in zip(networks, starts, strict=True)
        ]

    def _checked_data(self, X, y, sample_weight, classes, *, going_on):
        """What a call is given; the first one learns of it what there is to predict."""
        given = X, y
        dtype = self._dtype if going_on else FLOATS
        X, y = self._validate_X_y(X, y, dtype, reset=not going_on)
        if not going_on:
            self._learn_targets(y, classes)
            self.t_ = 0
            vars(self).pop("n_init_history_", None)
        self.out_activation_ = self._output_activation()
        return self._encoded(X, y, sample_weight, given, learn=True)

    def _training(
        self, network, updates, start, cases, validation, *, restartable, is_chunk
    ):
        """A training from there, by the solver."""
        what = self, network, *start, cases, validation
        scorer = self._scorer(validation, network, start)
        if self.solver == "lbfgs":
            return LBFGSTraining(*what, scorer=scorer, is_chunk=is_chunk)
        return MiniBatchTraining(
            *what,
            scorer=scorer,
            is_chunk=is_chunk,
            updates=updates,
            restartable=restartable,
        )

    @contextmanager
    def _unchanged_on_error(self):
        """Leave the estimator as it was where an error ends the call.

        So does an interrupt that comes before there is a training to keep.
        """
        before = vars(self).copy()
        history = before.get("history_", new_history())
        n_epochs, curves = n_recorded(history), list(history)
        try:
            yield
        except BaseException as error:
            kept = vars(self).get("_state") is not before.get("_state")
            if isinstance(error, Exception) or not kept:
                vars(self).clear()
                vars(self).update(before)
                truncate(history, n_epochs, curves)
            raise

    def _validate_X_y(self, X, y, dtype, *, reset=False):
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=dtype,
            multi_output=True,
            y_numeric=is_regressor(self),
            reset=reset,
        )
        X = checked_csr(X)
        if issparse(y) and is_regressor(self):
            raise ValueError("y is sparse; a regressor needs a dense one: y.toarray()")
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _encoded(self, X, y, sample_weight, given=None, *, learn=False):
        values, labels = self._encode_targets(y, X.dtype)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(
                sample_weight, X, dtype=np.float64, ensure_non_negative=True
            )
            sample_weight = np.require(sample_weight, requirements="A")
        weights = self._case_weights(sample_weight, labels, learn)
        given = *(given or (X, y)), sample_weight
        return Data(X, values, labels, weights, self.n_outputs_, given)

    def _given_validation(self, X_val, y_val, sample_weight_val, dtype):
        """The validation data passed to fit, or None."""
        if X_val is None and y_val is None:
            if sample_weight_val is not None:
                raise ValueError("sample_weight_val needs X_val and y_val beside it")
            return None
        if X_val is None or y_val is None:
            missing = "X_val" if X_val is None else "y_val"
            raise ValueError(f"{missing} is missing: pass X_val and y_val, or neither")
        try:
            X, y = self._validate_X_y(X_val, y_val, dtype)
            return self._encoded(X, y, sample_weight_val, (X_val, y_val))
        except ValueError as error:
            raise ValueError(f"X_val, y_val or sample_weight_val: {error}") from error

    def _scorer(self, validation, network, start):
        """What `scoring` makes of the parameters, or None where the kernel does."""
        if validation is None or self.scoring in ("loss", self._equivalent_scorer):
            return None
        from sklearn.metrics import check_scoring  # late: takes longer than skmlp

        mlp = copy.copy(self)
        mlp.coefs_, mlp.intercepts_ = network.views(start.parameters)
        mlp._state = start.state
        scorer = check_scoring(mlp, self.scoring)
        X, y, sample_weight = validation.given
        keywords = {} if sample_weight is None else {"sample_weight": sample_weight}
        return lambda: checked_score(
            lambda: scorer(mlp, X, y, **keywords), self.scoring
        )

    def _layer_activations(self):
        """The activation of each layer but the inputs."""
        return [
            *hidden_activations(self.activation, self.hidden_layer_sizes),
            self.out_activation_,
        ]

    def _network(self, dtype, batch_size, *, sparse=False):
        """The network that the parameters describe."""
        try:
            network = Network(
                [
                    self.n_features_in_,
                    *hidden_units(self.hidden_layer_sizes),
                    self.n_outputs_,
                ],
                self._layer_activations(),
                loss=self.loss,
                score=self._kernel_score(),
                batch_size=batch_size,
                itemsize=dtype.itemsize,
                sparse=sparse,
            )
        except (KeyError, TypeError):
            self._validate_params()  # names a parameter that was set wrong after fit
            raise
        network.n_threads = update_threads()
        return network

    def _parameters(self, network):
        return pack(network, self.coefs_, self.intercepts_, self._dtype)

    @property
    def _dtype(self):
        """The dtype of training, whatever the user may have put into `coefs_`."""
        return self._state.update_state.dtype

    def _keep(self, training):
        """Keep what training has learnt, and what the next call needs to go on."""
        learnt = training.learnt(training.state, *training.last)
        vars(self).update(learnt)  # at once: an interrupt finds all of it, or nothing

    def _restore_best(self, training):
        """Show the weights of the best epoch; training goes on from the last ones."""
        parameters, self.best_epoch_ = training.kept
        self.coefs_, self.intercepts_ = training.network.views(parameters.copy())

    def _validate_X(self, X):
        """The inputs of a fitted estimator, checked and in a dtype of floats."""
        check_is_fitted(self)
        if not needs_no_validation(X, self):
            X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        return checked_csr(X)

    @property
    def layer_units_(self):
        """Units of each layer, the inputs first and the outputs last, as a tuple."""
        return (len(self.coefs_[0]), *(W.shape[1] for W in self.coefs_))

    @property
    def n_parameters_(self):
        """Number of all weights and biases."""
        return sum(map(np.size, [*self.coefs_, *self.intercepts_]))

    @property
    def n_layers_(self):
        """Number of layers, the inputs included, as scikit-learn counts them."""
        return len(self.coefs_) + 1

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
