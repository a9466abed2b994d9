"""The decorator of every kernel: machine code that the audio thread calls, kept on disk for the next start.

numba keeps compiled functions between runs, and compiles one again when its own file has changed. A kernel also holds
the code of the kernels that it calls and the values of the constants that it uses, from other files too; of their
changes numba knows nothing, and the sound would be last week's. So each kernel is kept in a folder named by all these.
"""

import contextlib
import hashlib
import pathlib
import tempfile
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
config: Any = numba.config
"""What numba was told in the environment."""

GRID = 32
"""Samples between two updates of what need not follow each sample, counted in absolute position."""
SMALLEST = 1e-30
"""Filter states below this, of full scale, are silence; far above what slows a processor down."""
LARGEST = 1e15
"""Filter states above this are broken."""


def compiled(function: Kernel) -> Kernel:
    """Compile a kernel on its first call: without the interpreter's lock, without fast maths, with IEEE division.

    Parameters
    ----------
    function : callable
        A function of arrays and numbers. What it uses from other modules is imported by name at the top of its file.

    Returns
    -------
    callable
        The kernel; from Python and from other kernels it is called alike.

    Notes
    -----
    Fast maths stays off: with it, sums are taken in an order that depends on how many samples a loop has, and a sound
    would depend on the block size. Where no folder can be written to, each process compiles anew; so it does where a
    module holds a number that differs from run to run.
    """
    stamp = fingerprint(function)
    with cache_at(find_folder(pathlib.Path(function.__code__.co_filename), stamp)) as found:
        kernel: Any = numba.njit(cache=found, nogil=True, error_model="numpy")(function)
    kernel.fingerprint = stamp
    return kernel


def fingerprint(function: Callable[..., Any]) -> str:
    """Hash the file of a function, the constants of its module, and the fingerprints of all kernels known there."""
    digest = hashlib.sha256(pathlib.Path(function.__code__.co_filename).read_bytes())
    for name, value in sorted(function.__globals__.items()):
        if isinstance(value, Dispatcher):
            digest.update(f"{name} {vars(value)['fingerprint']}\n".encode())  # KeyError: it lacks this decorator
        elif isinstance(value, bool | int | float | complex | str | tuple) and not name.startswith("__"):
            digest.update(f"{name} {value!r}\n".encode())
        elif isinstance(value, np.ndarray):
            digest.update(f"{name} {value.dtype} {value.shape}\n".encode() + value.tobytes())
    return digest.hexdigest()[:20]


def find_folder(path: pathlib.Path, stamp: str) -> pathlib.Path | None:
    """Make the folder for a kernel: where numba is told to keep them, or beside its file, or in the user's cache."""
    homes = [path.parent / "__pycache__", pathlib.Path("~/.cache/loopmorph").expanduser()]
    if config.CACHE_DIR:
        homes = [pathlib.Path(config.CACHE_DIR)]
    for home in homes:
        folder = home / "kernels" / stamp
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


@contextlib.contextmanager
def cache_at(folder: pathlib.Path | None) -> Iterator[bool]:
    """Let numba keep what is decorated meanwhile in a folder; tells whether there is one."""
    before = config.CACHE_DIR
    if folder is not None:
        config.CACHE_DIR = str(folder)
    try:
        yield folder is not None
    finally:
        config.CACHE_DIR = before


@compiled
def settle(memory: np.ndarray, first: int) -> None:
    """Silence filter states that are too small, too large or no numbers.

    Parameters
    ----------
    memory : np.ndarray [shape=(n,)]
        float64 states; changed in place.
    first : int
        The first of them; what lies before stays.
    """
    for i in range(first, memory.shape[0]):
        if not SMALLEST < abs(memory[i]) < LARGEST:
            memory[i] = 0.0
