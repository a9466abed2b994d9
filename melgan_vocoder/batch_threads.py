"""Loops of a batch side by side: some in each thread, instead of all threads in each layer."""

import concurrent.futures
from collections.abc import Callable

import torch
from torch import Tensor


class BatchThreads:
    """Draw parts of a batch at once, each in a thread of its own.

    A layer whose work is shared out lasts until its slowest thread is done, and a window has hundreds of small layers:
    each waits, or burns time waiting. Threads that share nothing meet once, at the end.

    Parameters
    ----------
    n_threads : int, optional
        Threads, each of which uses one processor; by default as many as torch would use in each layer.

    Notes
    -----
    From the first use on, torch and MKL use one thread for each operation in these threads; MKL also in all others.
    """

    def __init__(self, n_threads: int | None = None) -> None:
        self.n_threads = n_threads or torch.get_num_threads()
        self.pool = concurrent.futures.ThreadPoolExecutor(
            self.n_threads, thread_name_prefix="batch", initializer=torch.set_num_threads, initargs=(1,)
        )

    def __call__(self, work: Callable[..., tuple[Tensor, ...]], *batches: Tensor) -> tuple[Tensor, ...]:
        """Do some work without gradients.

        Parameters
        ----------
        work : callable
            Takes some rows of all batches and returns tensors of as many rows.
        *batches : Tensor [shape=(B, ...)]
            What it is given.

        Returns
        -------
        tuple of Tensor [shape=(B, ...)]
            What it returned, in order. The same batch gives the same bits as long as the number of threads is the same.
        """

        def rows(*parts: Tensor) -> tuple[Tensor, ...]:
            with torch.inference_mode():
                return work(*parts)

        done = list(self.pool.map(rows, *(batch.chunk(self.n_threads) for batch in batches)))
        with torch.inference_mode():
            return tuple(torch.cat(parts) for parts in zip(*done, strict=True))
