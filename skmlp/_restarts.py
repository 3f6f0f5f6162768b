"""Trainings from different first weights, side by side, of which the best is kept."""

from sklearn.utils.parallel import Parallel, delayed

from skmlp._sklearn_compat import single_blas_thread


def run_all(trainings, max_iter, n_jobs):
    """Run the trainings to their ends, in threads: the loop over rows holds no GIL.

    Parameters
    ----------
    trainings : list of Training
    max_iter : int
        Epochs of each.
    n_jobs : int or None
        Threads, as in joblib.
    """
    if len(trainings) == 1:
        trainings[0].run(max_iter)
        return
    try:
        # The trainings change in place, so that other processes are of no use.
        Parallel(n_jobs=n_jobs, require="sharedmem")(
            delayed(_run)(training, max_iter) for training in trainings
        )
    except BaseException:
        for training in trainings:
            training.cancelled.set()
        raise


def _run(training, max_iter):
    with single_blas_thread:
        training.run(max_iter)


def best_of(trainings):
    """The training that reached the lowest value; the first one of equals."""
    return min(trainings, key=lambda training: training.reached)


def restart_history(trainings):
    """What each training reached: a dict of lists with an entry for each."""
    return {
        "reached": [float(training.reached) for training in trainings],
        "n_iter": [training.n_iter for training in trainings],
        "stop_reason": [training.stop_reason for training in trainings],
    }
