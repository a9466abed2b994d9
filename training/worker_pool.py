"""Processes that share the work of a command."""

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from multiprocessing.pool import Pool
from typing import Any


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
