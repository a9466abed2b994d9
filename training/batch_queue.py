"""Batches prepared ahead by threads, handed out in order."""

import collections
import concurrent.futures
from collections.abc import Callable

import numpy as np

BATCHES_AHEAD = 3
"""Batches that each thread may prepare before they are asked for."""


class BatchQueue:
    """Prepare batches ahead in threads, and hand them out in order.

    Parameters
    ----------
    make : callable
        Gives the batch of a step; called from several threads at once.
    first_step : int
        The first step that is asked for.
    n_threads : int
        Threads at work.

    Notes
    -----
    Threads suffice: numpy's transforms release the lock. Close it, or the threads outlive the run.
    """

    def __init__(self, make: Callable[[int], np.ndarray], *, first_step: int, n_threads: int) -> None:
        self.make = make
        self.next_step = first_step
        self.threads = concurrent.futures.ThreadPoolExecutor(n_threads, thread_name_prefix="batches")
        self.pending: collections.deque[concurrent.futures.Future[np.ndarray]] = collections.deque()
        for _ in range(n_threads * BATCHES_AHEAD):
            self.prepare_next()

    def prepare_next(self) -> None:
        """Begin one more batch."""
        self.pending.append(self.threads.submit(self.make, self.next_step))
        self.next_step += 1

    def take(self) -> np.ndarray:
        """Wait for the next batch; an error of its thread is raised here."""
        batch = self.pending.popleft().result()
        self.prepare_next()
        return batch

    def close(self) -> None:
        """Stop the threads."""
        self.threads.shutdown(cancel_futures=True)
