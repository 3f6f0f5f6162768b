"""Saved models: what is in them, which versions read them, how to make them small."""

from dataclasses import fields, replace
from inspect import Parameter, signature

from sklearn.utils.validation import check_is_fitted

from skmlp._early_stopping import Patience
from skmlp._parameters import as_views
from skmlp._training import TrainingState
from skmlp._version import __version__

# Raised by 1 whenever an older skmlp could not read what is saved any more.
FORMAT = 1


class SavedModel:
    """How an estimator is saved and loaded: by pickle, joblib, copy and skops.

    A saved model holds the parameters and plain dicts, lists and arrays: no class of
    this package but the estimator's own, so that the others can move and change.
    """

    def __getstate__(self):
        state = super().__getstate__().copy()
        state["_saved_by"] = {"format": FORMAT, "version": __version__}
        if "_state" in state:
            training = _as_dict(state["_state"])
            if training["watched"] != self.scoring and callable(training["watched"]):
                training["watched"] = ""  # of no use any more, nor always to be saved
            state["_state"] = training | {"patience": _as_dict(training["patience"])}
            # Training appends to it; a copy's training is not to show here.
            history = state["history_"].items()
            state["history_"] = {curve: entries.copy() for curve, entries in history}
        return state

    def __setstate__(self, state):
        if "_saved_by" not in state:
            raise ValueError(
                f"this is not the state of a saved {type(self).__name__}; save all of "
                "it by pickle, joblib, copy or skops"
            )
        saved_by = state["_saved_by"]
        if saved_by["format"] > FORMAT:
            raise ValueError(
                f"this {type(self).__name__} was saved by skmlp {saved_by['version']} "
                f"in format {saved_by['format']}; skmlp {__version__} reads formats up "
                f"to {FORMAT}: load it with skmlp {saved_by['version']} or later"
            )
        # Parameters that the version which saved it did not have yet.
        state = _default_parameters(type(self)) | state
        del state["_saved_by"]
        if "_state" in state:
            training = state["_state"]
            state["_state"] = TrainingState(
                **training | {"patience": Patience(**training["patience"])}
            )
            state["coefs_"], state["intercepts_"] = as_views(
                state["coefs_"], state["intercepts_"]
            )
        super().__setstate__(state)

    def discard_training_state(self):
        """Forget what only further training needs, to save a smaller model.

        What is forgotten is what the solver keeps of earlier gradients (velocities,
        say), patience, with how often it lowered an adaptive learning rate, and with
        `early_stopping` the weights of the last update.
        Predictions, `coefs_`, `intercepts_` and `history_` stay as they are. A warm
        start or `partial_fit` after it goes on from `coefs_` and `intercepts_`, the
        solver and patience beginning anew, and epochs counted on.

        Returns
        -------
        self : object
            The fitted estimator.

        Examples
        --------
        >>> import pickle
        >>> from sklearn.datasets import load_digits
        >>> from skmlp import MLPClassifierSDM
        >>> X, y = load_digits(return_X_y=True)
        >>> mlp = MLPClassifierSDM(early_stopping=True, random_state=0).fit(X, y)
        >>> whole = len(pickle.dumps(mlp))
        >>> len(pickle.dumps(mlp.discard_training_state())) < whole / 3
        True
        """
        check_is_fitted(self)
        self._state = replace(self._state, last_parameters=None)
        self._state.begin_patience_anew()
        self._state.forget_updates()
        return self


def _as_dict(instance):
    return {field.name: getattr(instance, field.name) for field in fields(instance)}


def _default_parameters(estimator_class):
    return {
        name: parameter.default
        for name, parameter in signature(estimator_class).parameters.items()
        if parameter.default is not Parameter.empty
    }
