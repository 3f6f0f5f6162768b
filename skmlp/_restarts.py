"""Trainings from different first weights, side by side, of which the best is kept."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue
from threading import Event

from joblib import effective_n_jobs
from sklearn import config_context, get_config

from skmlp._sklearn_compat import single_blas_thread
from skmlp._threads import update_threads
from skmlp._training import DivergenceError, TrainingCancelledError


def run_all(trainings, max_iter, n_jobs):
    """Run the trainings to their ends, in threads: the loop over rows holds no GIL.

    One that diverges is out; it is an error where all do.

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
            _run(training, max_iter)
            let_go_of_the_beaten(trainings)
    else:
        _run_side_by_side(trainings, max_iter, n_threads)
    failures = [training.failure for training in trainings]
    if all(failures):
        for training in trainings:
            training.failure = None  # its traceback is about to refer to them
        try:
            raise failures[0]
        finally:
            failures.clear()


def _run_side_by_side(trainings, max_iter, n_threads):
    cancelled, config = Event(), get_config()
    for training in trainings:
        training.cancelled = cancelled
        training.network.n_threads = update_threads(n_threads)
        training.n_threads = training.network.n_threads
    with ThreadPoolExecutor(n_threads) as pool, _set_on_error(cancelled):
        # Not as_completed: Ctrl-C in it may leave locked what the threads wait for.
        done = SimpleQueue()
        for training in trainings:
            run = pool.submit(_run_in_thread, training, max_iter, config)
            run.add_done_callback(done.put)
        for _ in trainings:
            run = done.get()
            if isinstance(run.exception(), TrainingCancelledError):
                continue  # because of the error of another, which is to come
            run.result()
            let_go_of_the_beaten(trainings)


def _run_in_thread(training, max_iter, config):
    # Here, too: the thread might take the next training before the caller knows.
    in_thread = _set_on_error(training.cancelled)
    with in_thread, config_context(**config), single_blas_thread:
        _run(training, max_iter)


@contextmanager
def _set_on_error(event):
    try:
        yield
    except BaseException:
        event.set()
        raise


def _run(training, max_iter):
    try:
        training.run(max_iter)
    except DivergenceError as failure:
        training.give_up(failure)


def let_go_of_the_beaten(trainings):
    """Have those that ended, but for the best, forget what only a next call needs."""
    ended = [training for training in trainings if training.ended]
    best = best_of(ended)
    for training in ended:
        if training is not best:
            training.state.forget_updates()


def best_of(trainings):
    """The training that reached the lowest value; the first one of equals.

    One that has diverged has no weights to keep, unlike one that has not begun.
    """
    return min(
        trainings, key=lambda training: (bool(training.failure), training.reached)
    )


def restart_history(trainings):
    """What each training reached: a dict of lists with an entry for each."""
    return {
        "reached": [float(training.reached) for training in trainings],
        "n_iter": [training.n_iter for training in trainings],
        "stop_reason": [training.stop_reason for training in trainings],
    }
