"""Trainings from different first weights, side by side, of which the best is kept."""

from concurrent.futures import ThreadPoolExecutor, as_completed

from joblib import effective_n_jobs
from sklearn import config_context, get_config

from skmlp._sklearn_compat import single_blas_thread
from skmlp._threads import update_threads


def run_all(trainings, max_iter, n_jobs):
    """Run the trainings to their ends, in threads: the loop over rows holds no GIL.

    No thread outlives the call, whatever ends it: the trainings change in place. Hence
    not joblib, which leaves them behind where Ctrl-C or an error ends one.

    Parameters
    ----------
    trainings : list of Training
    max_iter : int
        Epochs of each.
    n_jobs : int or None
        Threads, as in joblib.
    """
    n_threads = min(effective_n_jobs(n_jobs), len(trainings))
    if n_threads == 1:
        for training in trainings:
            training.run(max_iter)
            let_go_of_the_beaten(trainings)
        return
    for training in trainings:
        training.network.n_threads = update_threads(n_threads)
        training.n_threads = training.network.n_threads
    with ThreadPoolExecutor(n_threads) as pool:
        config = get_config()
        runs = [pool.submit(_run, each, max_iter, config) for each in trainings]
        try:
            for run in as_completed(runs):
                run.result()
                let_go_of_the_beaten(trainings)
        except BaseException:
            for training in trainings:
                training.cancelled.set()
            raise


def _run(training, max_iter, config):
    with config_context(**config), single_blas_thread:
        training.run(max_iter)


def let_go_of_the_beaten(trainings):
    """Have those that ended, but for the best, forget what only a next call needs."""
    ended = [training for training in trainings if training.ended]
    best = best_of(ended)
    for training in ended:
        if training is not best:
            training.state.forget_updates()


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
