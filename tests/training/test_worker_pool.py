"""Processes that share work: they leave Ctrl-C to the one that started them, and end with it."""

import multiprocessing
import os
import signal

import pytest

from training.errors import TrainingError
from training.worker_pool import share, worker_pool


def test_workers_leave_ctrl_c_to_the_one_that_started_them() -> None:
    before = signal.getsignal(signal.SIGINT)
    with worker_pool(1) as pool:
        assert pool.apply(signal.getsignal, (signal.SIGINT,)) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) is before


def test_workers_begin_as_told_and_end() -> None:
    with worker_pool(1, initializer=os.chdir, initargs=("/",)) as pool:
        assert pool.apply(os.getcwd) == "/"
    assert not multiprocessing.active_children()


def test_a_process_that_is_killed_ends_the_work_with_one_line() -> None:
    with worker_pool(2) as pool:
        assert list(share(pool, abs, [-1, 2, -3])) == [1, 2, 3]
        with pytest.raises(TrainingError, match=r"was killed, perhaps for want of memory; give fewer --processes"):
            list(share(pool, os._exit, [1]))
