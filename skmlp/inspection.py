"""A look inside a fitted network: its activations and its gradients.

Each function takes a fitted `MLPClassifierSDM` or `MLPRegressorSDM`, or a fitted
`Pipeline` that ends in one; X then passes through the steps before it first.
"""

from copy import copy
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import numpy as np
from scipy.sparse import issparse
from scipy.special import softmax
from sklearn.base import is_classifier
from sklearn.utils import check_random_state

from skmlp._cases import in_dtype, listed
from skmlp._counts import check_count
from skmlp._find_network import last_step
from skmlp._forward import forward_blocks
from skmlp._network import kernel
from skmlp._objective import add_losses, add_losses_and_gradient
from skmlp._parameters import pack
from skmlp._sklearn_compat import single_blas_thread
from skmlp._training import SCALE_ADVICE

__all__ = [
    "LossGradient",
    "check_gradient",
    "input_gradient",
    "layer_outputs",
    "loss_gradient",
]

# Steps of the central differences, for parameters up to 1: large ones suffer from
# curvature and kinks, small ones from rounding.
STEPS = 1e-4, 1e-5, 1e-6
# A derivative this small, relative to the objective, drowns in the rounding of that.
NEGLIGIBLE = 1e-4
# A relative difference up to this is no sign of a kink.
SMOOTH = 1e-7


class LossGradient(NamedTuple):
    """The objective and its gradient.

    Attributes
    ----------
    loss : float
        The objective C: data loss plus penalty.
    coefs : list of ndarray of shape (fan_in, fan_out)
        dC/dW of each layer, in the shapes of `coefs_`.
    intercepts : list of ndarray of shape (fan_out,)
        dC/db of each layer, in the shapes of `intercepts_`.

    Examples
    --------
    It unpacks as a tuple, or is read by name:

    >>> from sklearn.datasets import load_iris
    >>> from skmlp import MLPClassifierSDM
    >>> from skmlp.inspection import loss_gradient
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifierSDM(8, batch_size=10, max_iter=500, random_state=0)
    >>> C, dC_dW, dC_db = loss_gradient(mlp.fit(X, y), X, y)
    >>> [g.shape for g in dC_dW], [g.shape for g in dC_db]
    ([(4, 8), (8, 3)], [(8,), (3,)])
    >>> bool(loss_gradient(mlp, X, y).loss == C)
    True
    """

    loss: float
    coefs: list
    intercepts: list


def layer_outputs(estimator, X):
    """Activations of every layer: h of each hidden layer, then the outputs o.

    Parameters
    ----------
    estimator : MLPClassifierSDM, MLPRegressorSDM or Pipeline that ends in one
        A fitted estimator. The steps of a pipeline before the last transform X.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Inputs x.

    Returns
    -------
    outputs : list of ndarray of shape (n_samples, n_units)
        One array for each element of `coefs_`, in the dtype of training. The last one
        holds what the output units say: one column for two classes, the probability of
        the second, and with `loss="squared_error"` and more classes the outputs as they
        are, before `predict_proba` divides them by their sum.

    Raises
    ------
    TypeError
        If `estimator` is none of the above.
    NotFittedError
        If `estimator` is not fitted.
    ValueError
        If X is not usable, as in `predict`.

    See Also
    --------
    input_gradient : How an output depends on the inputs.

    Notes
    -----
    h = f(x W + b) for the first layer, and each further layer does the same to the h
    below (slide "Forward Pass: What does the Network Compute?").

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skmlp import MLPClassifierSDM
    >>> from skmlp.inspection import layer_outputs
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifierSDM((5, 4), batch_size=10, random_state=0).fit(X, y)
    >>> h_1, h_2, o = layer_outputs(mlp, X)
    >>> h_1.shape, h_2.shape, o.shape
    ((150, 5), (150, 4), (150, 3))
    """
    estimator, X = _last_step(estimator, X)
    X = estimator._validate_X(X)
    outputs = [
        np.empty((X.shape[0], W.shape[1]), estimator._dtype) for W in estimator.coefs_
    ]
    with single_blas_thread:
        for block in forward_blocks(estimator, X):
            h = block.network.hidden_views(block.workspace, len(block.z))
            layers = *h, _outputs(estimator, block.z)
            for output, values in zip(outputs, layers, strict=True):
                output[block.rows] = values
    return outputs


def loss_gradient(estimator, X, y, sample_weight=None):
    """The objective that training minimises, and its gradient by back-propagation.

    Parameters
    ----------
    estimator : MLPClassifierSDM, MLPRegressorSDM or Pipeline that ends in one
        A fitted estimator. The steps of a pipeline before the last transform X.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Inputs x.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets t, as `fit` takes them.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the cases, at least 0; their scale does not matter.

    Returns
    -------
    gradient : LossGradient
        A named tuple `(loss, coefs, intercepts)`, where `coefs` and `intercepts` have
        the shapes of `coefs_` and `intercepts_`, in the dtype of training. Nothing of
        the estimator is changed.

    Raises
    ------
    TypeError
        If `estimator` is none of the above.
    NotFittedError
        If `estimator` is not fitted.
    ValueError
        If X, y or the weights are not usable, as in `fit`, or a parameter of the
        estimator that was set after it.

    See Also
    --------
    check_gradient : Compares it with finite differences.
    input_gradient : The derivative with respect to the inputs.

    Notes
    -----
    The objective over the B rows given is

        C = 1/B sum_n s_n l_n + lambda/2 sum_l ||W_l||^2

    with the loss l_n of case n and lambda the parameter `weight_decay`; biases are free
    of the penalty. The first term is recorded in `history_` as "loss", there while the
    weights change, the second as "penalty". s_n is `sample_weight`, times the weight of
    the case's class that `fit` learnt from `class_weight`, divided by the mean over
    the rows given, so that it is 1 on average, as `fit` has it.

    Source: the slides "Gradient Descent for Multi-layer Network" and "Backpropagation"
    ("Need to compute gradient w.r.t. inputs and parameters in each layer").

    Examples
    --------
    The error signal at softmax outputs is o - t, and its mean the derivative with
    respect to their biases:

    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from skmlp import MLPClassifierSDM
    >>> from skmlp.inspection import loss_gradient
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifierSDM(5, batch_size=10, random_state=0).fit(X, y)
    >>> loss, coefs, intercepts = loss_gradient(mlp, X, y)
    >>> [g.shape for g in coefs], [g.shape for g in intercepts]
    ([(4, 5), (5, 3)], [(5,), (3,)])
    >>> error = mlp.predict_proba(X) - np.eye(3)[y]
    >>> bool(np.allclose(intercepts[-1], error.mean(axis=0)))
    True
    """
    estimator, X = _last_step(estimator, X)
    objective = _Objective(estimator, X, y, sample_weight, estimator._dtype)
    with single_blas_thread:
        loss, gradient = objective.value_and_gradient()
    _check_finite(loss, gradient)
    return LossGradient(loss, *objective.network.views(gradient))


def input_gradient(estimator, X, output=None, *, kind="net_input"):
    """Derivative of an output unit with respect to each input, row by row.

    Parameters
    ----------
    estimator : MLPClassifierSDM, MLPRegressorSDM or Pipeline that ends in one
        A fitted estimator. The steps of a pipeline before the last transform X, and
        the derivative is with respect to the result.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Inputs x.
    output : label or int, default=None
        The unit: an element of `classes_` for a classifier (the number of the label for
        a multilabel problem), the number of the output, from 0, for a regressor. None
        takes the only unit, which for two classes stands for the second one, and with
        more classes the one that wins in each row. The first of two classes has no unit
        of its own: its net input is -z and its output 1 - o.
    kind : {"net_input", "output"}, default="net_input"
        Whether the derivative is that of the unit's net input z, as in
        `decision_function`, or of its output o = g(z), as in `layer_outputs`. The
        latter vanishes where a unit is saturated, that is where a classifier is sure.

    Returns
    -------
    gradient : ndarray of shape (n_samples, n_features)
        Dense for sparse X, too; in the dtype of training.

    Raises
    ------
    TypeError
        If `estimator` is none of the above.
    NotFittedError
        If `estimator` is not fitted.
    ValueError
        If X is not usable, as in `predict`; if there is no such output, or there are
        several and none of them is picked; if `kind` is unknown.

    See Also
    --------
    loss_gradient : The derivative with respect to the parameters.
    sklearn.inspection.permutation_importance : What each input contributes to a score.

    Notes
    -----
    The error signal, 1 at the unit, is led back layer by layer, (delta W^T) * f'(u),
    down to the inputs, which have no f' (slide "Backpropagation": "Need to compute
    gradient w.r.t. inputs and parameters in each layer"). At the kink of relu its
    derivative is taken to be 0.

    Examples
    --------
    Without hidden units the slope is the weight vector:

    >>> import numpy as np
    >>> from skmlp import MLPRegressorSDM
    >>> from skmlp.inspection import input_gradient
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> mlp = MLPRegressorSDM((), batch_size=10).fit(X, X @ [3.0, -1.0])
    >>> input_gradient(mlp, X[:2]).round(1)
    array([[ 3., -1.],
           [ 3., -1.]])
    """
    if kind not in ("net_input", "output"):
        raise ValueError(f"kind must be 'net_input' or 'output', got {kind!r}")
    estimator, X = _last_step(estimator, X)
    X = estimator._validate_X(X)
    unit, sign = _unit(estimator, output)
    gradient = np.empty(X.shape, dtype=estimator._dtype)
    with single_blas_thread:
        for block in forward_blocks(estimator, X):
            picked = block.z.argmax(axis=1) if unit is None else unit
            delta = np.zeros_like(block.z)
            delta[np.arange(len(delta)), picked] = sign
            if kind == "output":
                o = _outputs(estimator, block.z)
                delta = _times_output_derivative(estimator, o, delta)
            kernel.backward_to_inputs(
                block.network,
                block.parameters,
                block.workspace,
                delta,
                gradient[block.rows],
            )
    return gradient


def check_gradient(
    estimator, X, y, sample_weight=None, *, max_parameters=100, random_state=None
):
    """Largest relative difference between back-propagation and central differences.

    Parameters
    ----------
    estimator : MLPClassifierSDM, MLPRegressorSDM or Pipeline that ends in one
        A fitted estimator, where one epoch is enough (`partial_fit`). The steps of a
        pipeline before the last transform X.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Inputs x; a few dozen rows will do.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets t, as `fit` takes them.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the cases, see `loss_gradient`.
    max_parameters : int or None, default=100
        Of each array of `coefs_` and `intercepts_` at most so many parameters, drawn at
        random, are checked; None checks all. Each takes six evaluations of the
        objective.
    random_state : int, RandomState instance or None, default=None
        Draws the parameters.

    Returns
    -------
    difference : float
        Below 1e-6 where all is well, and near the relative error of the derivative
        where one is wrong.

    Raises
    ------
    TypeError
        If `estimator` is none of the above.
    NotFittedError
        If `estimator` is not fitted.
    ValueError
        If X, y, the weights, `max_parameters` or a parameter of the estimator that was
        set after `fit` are not usable.

    See Also
    --------
    loss_gradient : The gradient that is checked.

    Notes
    -----
    Everything is done on a float64 copy of the parameters, whatever the dtype of
    training. The derivative with respect to a parameter w is compared with

        (C(w + epsilon) - C(w - epsilon)) / (2 epsilon)

    where C is the objective as in `loss_gradient`, for epsilon = 1e-4, 1e-5 and 1e-6
    times max(1, abs(w)), of which the best counts: a right derivative agrees at one of
    them, a wrong one differs at all. Where training of relu units has converged, net
    inputs lie so close to the kink that all steps cross it, and between w - epsilon and
    w + epsilon the derivative jumps. By the mean value theorem the quotient is then
    between the derivatives there, and what it is beyond them counts, if that is less:
    back-propagation is done at both ends, too. Differences are relative to the largest
    derivative in the same array, or to 1e-4 C where that is larger, because smaller
    derivatives drown in the rounding of C.

    Source: the slide "Backpropagation" ("Need to compute gradient w.r.t. inputs and
    parameters in each layer").

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skmlp import MLPClassifierSDM
    >>> from skmlp.inspection import check_gradient
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifierSDM(5, activation="tanh", batch_size=10, random_state=0)
    >>> check_gradient(mlp.fit(X, y), X, y) < 1e-6
    True
    """
    check_count("max_parameters", max_parameters, or_none=True)
    random_state = check_random_state(random_state)
    estimator, X = _last_step(estimator, X)
    objective = _Objective(estimator, X, y, sample_weight, np.dtype(np.float64))
    numbers = objective.network.views(np.arange(objective.network.n_parameters))
    with single_blas_thread:
        value, gradient = objective.value_and_gradient()
        _check_finite(value, gradient)
        differences = []
        for of_array in map(np.ravel, chain(*numbers)):
            checked = of_array
            if max_parameters is not None and len(of_array) > max_parameters:
                checked = random_state.choice(of_array, max_parameters, replace=False)
            numeric = np.array([objective.closest_slope(i, gradient) for i in checked])
            largest = max(abs(gradient[of_array]).max(), abs(numeric).max())
            scale = max(largest, NEGLIGIBLE * abs(value), np.finfo(float).tiny)
            difference = abs(numeric - gradient[checked]) / scale
            for k in np.flatnonzero(difference > SMOOTH):
                beyond = objective.beyond_slopes_nearby(checked[k], gradient) / scale
                difference[k] = min(difference[k], beyond)
            differences.append(difference.max())
    return float(np.max(differences))


def _check_finite(loss, gradient):
    """Refuse what has overflowed."""
    if not (np.isfinite(loss) and np.isfinite(gradient).all()):
        raise ValueError(f"the loss or its gradient is not finite; {SCALE_ADVICE}")


def _last_step(estimator, X):
    """The multi-layer perceptron itself, fitted, and X as it comes to it."""
    mlp = last_step(estimator)
    while mlp is not estimator:
        if len(estimator.steps) > 1:
            X = estimator[:-1].transform(X)
        estimator = estimator.steps[-1][1]
    return mlp, X


def _outputs(estimator, z):
    """The outputs o = g(z)."""
    if estimator.out_activation_ == "softmax":
        return softmax(z, axis=1)
    o = z.copy()
    kernel.activate_outputs(estimator.out_activation_, o)
    return o


def _unit(estimator, output):
    """Number and sign of the output unit that is asked for; None if each row's winner.

    The only unit of a problem with two classes stands for the second one.
    """
    n_units = estimator.n_outputs_
    classes = estimator.classes_ if is_classifier(estimator) else np.arange(n_units)
    one_of_k = is_classifier(estimator) and not estimator._multilabel
    if output is None:
        if n_units > 1 and not one_of_k:
            raise ValueError(
                f"the network has {n_units} outputs and none is the winner; pass "
                f"output, an int from 0 to {n_units - 1}"
            )
        return (0 if n_units == 1 else None), 1
    found = [] if np.ndim(output) else np.flatnonzero(classes == output)
    if len(found) != 1:
        raise ValueError(
            f"output={output!r} is unknown; use one of {listed(classes)} or None"
        )
    if one_of_k and n_units == 1:
        return 0, 1 if found[0] == 1 else -1
    return found[0], 1


def _times_output_derivative(estimator, o, delta):
    """Error signals with respect to z, delta do/dz, from those with respect to o."""
    if estimator.out_activation_ == "softmax":
        # do_j/dz_k = o_j ((j = k) - o_k)
        weighted = o * delta
        return weighted - o * weighted.sum(axis=1, keepdims=True)
    kernel.multiply_by_derivative(estimator.out_activation_, o, delta)
    return delta


class _Objective:
    """C of a fitted estimator on some data, at parameters that may be changed."""

    def __init__(self, estimator, X, y, sample_weight, dtype):
        estimator._validate_params()  # they may have been set since fit
        estimator = copy(estimator)  # what follows sets attributes: not the user's
        estimator.out_activation_ = estimator._output_activation()
        X, y = estimator._validate_X_y(X, y, estimator._dtype)
        learn = not hasattr(estimator, "class_weight_")
        data = estimator._encoded(X, y, sample_weight, learn=learn)
        values = None if data.values is None else in_dtype(data.values, dtype, "y")
        data = replace(data, X=in_dtype(data.X, dtype, "X"), values=values)
        rows = range(len(data))
        data.check_weights(rows)
        data.scale_weights(rows)
        self._cases = data.cases(rows)
        self.network = estimator._network(dtype, len(data), sparse=issparse(data.X))
        self._parameters = pack(
            self.network, estimator.coefs_, estimator.intercepts_, dtype
        ).copy()
        self._workspace = np.empty(self.network.n_workspace, dtype=dtype)
        self._weight_decay = estimator.weight_decay

    def value(self):
        """The objective, 1/B sum_n s_n l_n + lambda/2 sum_l ||W_l||^2."""
        sums = np.zeros(self.network.n_sums)
        add_losses(
            self.network,
            self._cases,
            self._cases.rows,
            self._parameters,
            self._workspace,
            sums,
        )
        return self._value(sums)

    def value_and_gradient(self):
        """The objective and dC/dw, a flat vector as the parameters are."""
        gradient = np.empty_like(self._parameters)
        sums = np.zeros(self.network.n_sums)
        add_losses_and_gradient(
            self.network,
            self._cases,
            self._parameters,
            gradient,
            self._workspace,
            sums,
            self._weight_decay,
        )
        return self._value(sums), gradient

    def _value(self, sums):
        return sums[0] / len(self._cases.rows) + kernel.penalty(
            self.network, self._parameters, self._weight_decay
        )

    def closest_slope(self, i, gradient):
        """Of the central differences for parameter i the one closest to dC/dw."""
        slopes = [self._slope(i, step) for step in STEPS]
        return min(slopes, key=lambda slope: abs(slope - gradient[i]))

    def beyond_slopes_nearby(self, i, gradient):
        """How far the shortest central difference is beyond what dC/dw is around it."""
        step = STEPS[-1]
        ends = self._at_both_ends(i, step, self.value_and_gradient)
        slopes = [gradient[i], *(at_end[i] for _, at_end in ends)]
        slope = self._slope(i, step)
        return max(min(slopes) - slope, slope - max(slopes), 0.0)

    def _slope(self, i, step):
        lower, upper = self._at_both_ends(i, step, self.value)
        return (upper - lower) / (2 * step * max(1.0, abs(self._parameters[i])))

    def _at_both_ends(self, i, step, function):
        """What the function is at w - epsilon and at w + epsilon."""
        w = self._parameters[i]
        step *= max(1.0, abs(w))
        ends = []
        for moved in (w - step, w + step):
            self._parameters[i] = moved
            ends.append(function())
        self._parameters[i] = w
        return ends
