"""Processes that share the work of a command."""

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.pool import Pool
from typing import Any, TypeVar

from training.errors import TrainingError

LOOK_S = 1.0
"""A result that takes longer may be one that never comes."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextlib.contextmanager
def worker_pool(
    n_workers: int, *, initializer: Callable[..., None] | None = None, initargs: tuple[Any, ...] = ()
) -> Iterator[Pool]:
    """Start processes, and end them when it is left.

    Parameters
    ----------
    n_workers : int
        How many.
    initializer, initargs
        What each calls first, as of `multiprocessing.Pool`.

    Yields
    ------
    Pool
        The processes.

    Notes
    -----
    Ctrl-C goes to all processes of a terminal. The workers leave it to this one, so that it is told once: they are
    started while it is ignored, which they inherit.
    """
    context = multiprocessing.get_context("spawn")  # a fork would copy the caller's threads in any state
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        pool = context.Pool(n_workers, initializer=initializer, initargs=initargs)
    finally:
        signal.signal(signal.SIGINT, before)
    with pool:
        yield pool


def share(pool: Pool, job: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """Let the processes of a pool do a job for each item.

    Parameters
    ----------
    pool : Pool
        From `worker_pool`.
    job : callable
        What is done.
    items : sequence
        What it is done for.

    Yields
    ------
    object
        The results, in order.

    Raises
    ------
    TrainingError
        If a process is gone: a `Pool` starts another one, and would wait for what the first was at for ever.
    """
    begun = {child.pid for child in multiprocessing.active_children()}
    results = pool.imap(job, items)
    for _ in items:
        while True:
            try:
                result = results.next(LOOK_S)
                break
            except multiprocessing.TimeoutError:
                if not begun <= {child.pid for child in multiprocessing.active_children()}:
                    raise TrainingError(
                        "a process that shared the work was killed, perhaps for want of memory; give fewer "
                        "--processes, or free some, and run the command again"
                    ) from None
        yield result
