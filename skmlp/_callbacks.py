"""What scikit-learn's callbacks (release 1.9 and newer) are told: a task per epoch."""

from contextlib import contextmanager

from skmlp._restarts import best_of
from skmlp._sklearn_compat import has_callbacks


@contextmanager
def fit_task(context, estimator, trainings):
    """Tell of a call of `fit`, and have the trainings tell of their epochs.

    Parameters
    ----------
    context : CallbackContext or None
        That of the call.
    estimator : estimator
        Which is being fitted.
    trainings : list of Training
        A task of its own for each, where there are several.
    """
    if not has_callbacks(estimator):
        yield
        return
    context.call_on_fit_task_begin(**arguments(estimator, trainings[0]))
    contexts = [context]
    if len(trainings) > 1:
        contexts = [
            context.subcontext("restart", number, max_subtasks=estimator.max_iter)
            for number in range(len(trainings))
        ]
    for below, training in zip(contexts, trainings, strict=True):
        if below is not context:
            below.call_on_fit_task_begin(**arguments(estimator, training))
        training.tasks = EpochTasks(below, estimator)
    yield
    for below, training in zip(contexts, trainings, strict=True):
        if below is not context:
            shown = (
                {} if training.failure else arguments(estimator, training, ended=True)
            )
            below.call_on_fit_task_end(**{"estimator": estimator} | shown)
    best = best_of(trainings)
    context.call_on_fit_task_end(**arguments(estimator, best, ended=True))


class EpochTasks:
    """The epochs of a training as tasks of a callback context.

    Parameters
    ----------
    context : CallbackContext
        Of `fit`, or of one restart.
    estimator : estimator
        Which is being fitted.
    """

    def __init__(self, context, estimator):
        self.context = context
        self.estimator = estimator
        self.epoch = None

    def begin(self, training):
        """Tell that an epoch begins."""
        self.epoch = self.context.subcontext("epoch")
        self.epoch.call_on_fit_task_begin(**arguments(self.estimator, training))

    def end(self, training):
        """Tell that an epoch has ended; return whether a callback wants to stop."""
        epoch, self.epoch = self.epoch, None
        return epoch.call_on_fit_task_end(**arguments(self.estimator, training))

    def close(self):
        """End an epoch that has nothing to show, if there is one."""
        if self.epoch is not None:
            self.epoch.call_on_fit_task_end(estimator=self.estimator)
            self.epoch = None

    def start_anew(self, training):
        """Close the epoch that diverged; those so far come on top of `max_iter`."""
        self.close()
        self.context.max_subtasks += training.n_iter + 1


def arguments(estimator, training, *, ended=False):
    """What a hook may ask for; a callable is only called where it does."""
    return {
        "estimator": estimator,
        "X": lambda: training.cases.given[0],
        "y": lambda: training.cases.given[1],
        "metadata": lambda: metadata(training),
        "reconstruction_attributes": lambda: fitted_attributes(training, ended),
    }


def metadata(training):
    """What a scorer takes beside X and y."""
    sample_weight = training.cases.given[2]
    return None if sample_weight is None else {"sample_weight": sample_weight}


def fitted_attributes(training, ended):
    """The attributes of a copy of the estimator whose training ends here.

    With early stopping it has the weights of the best epoch once training has ended.
    """
    parameters, epoch = training.kept if ended else training.last
    learnt = training.learnt(training.state.copy(), parameters.copy(), epoch)
    return learnt | {
        "history_": {curve: list(v) for curve, v in training.history.items()},
        "stop_reason_": training.stop_reason,
    }
