import pathlib
import subprocess
import sys

import numba
import numpy as np
from numba.core.runtime import _nrt_python, rtsys

from performer.desk import echo, equalizer, limiter, meter, sweep
from performer.desk.compiled import compiled, settle
from performer.desk.echo import echo as add_echo
from performer.desk.equalizer import equalize
from performer.desk.limiter import limit
from performer.desk.meter import measure
from performer.desk.sweep import sweep as sweep_block
from performer.memory import N_READINGS

ROOT = pathlib.Path(__file__).parents[3]
N_DECKS = 4
CALLEE = """
from performer.desk.compiled import compiled
@compiled
def tone(x):
    return x + {added}
"""
LEVEL = "LEVEL = {level}"
CALLER = """
from callee import tone
from level import LEVEL
from performer.desk.compiled import compiled
@compiled
def play(x):
    return LEVEL * tone(x)
print(play(1.0), sum(play.stats.cache_hits.values()))
"""


def play(folder: pathlib.Path, *, added: float = 1, level: float = 1, **environment: str) -> str:
    """Run a kernel in a new process; its result, and how often it came from the cache."""
    (folder / "callee.py").write_text(CALLEE.format(added=added))
    (folder / "level.py").write_text(LEVEL.format(level=level))
    (folder / "caller.py").write_text(CALLER)
    run = subprocess.run(
        [sys.executable, "-B", "caller.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={"HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)} | environment,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_kernel_is_kept_and_knows_changes_of_what_it_uses_from_other_files(tmp_path: pathlib.Path) -> None:
    assert play(tmp_path) == "2.0 0"
    assert play(tmp_path) == "2.0 1"
    assert play(tmp_path, added=2) == "3.0 0"  # numba alone would play 2.0
    assert play(tmp_path, added=2, level=10) == "30.0 0"
    assert play(tmp_path) == "2.0 1"  # and back


def test_kernel_is_kept_in_the_user_s_cache_where_its_folder_takes_none(tmp_path: pathlib.Path) -> None:
    (tmp_path / "__pycache__").touch()  # no folder can be made of it, not even by root
    assert play(tmp_path) == "2.0 0"
    assert play(tmp_path) == "2.0 1"
    assert list((tmp_path / "home/.cache/loopmorph/kernels").iterdir())


def test_kernel_is_compiled_anew_where_nothing_can_be_kept(tmp_path: pathlib.Path) -> None:
    (tmp_path / "__pycache__").touch()
    (tmp_path / "home").touch()
    assert play(tmp_path) == "2.0 0"
    assert play(tmp_path, added=2) == "3.0 0"


def test_kernel_is_kept_where_numba_was_told_to(tmp_path: pathlib.Path) -> None:
    told = tmp_path / "told"
    assert play(tmp_path, NUMBA_CACHE_DIR=str(told)) == "2.0 0"
    assert play(tmp_path, NUMBA_CACHE_DIR=str(told)) == "2.0 1"
    assert list((told / "kernels").iterdir())
    assert not (tmp_path / "__pycache__/kernels").exists()


def test_decorating_leaves_numba_s_own_cache_alone() -> None:
    before = numba.config.CACHE_DIR
    compiled(test_decorating_leaves_numba_s_own_cache_alone)
    assert before == numba.config.CACHE_DIR


def test_states_that_are_too_small_too_large_or_no_numbers_become_silence() -> None:
    memory = np.array([np.nan, 1e-31, -1e-320, 1e16, np.inf, np.nan, 1e-20, -4.0])
    settle(memory, 1)
    assert np.isnan(memory[0])
    np.testing.assert_array_equal(memory[1:], [0, 0, 0, 0, 0, 1e-20, -4])


@compiled
def run_chain(
    times: int,
    decks: np.ndarray,
    out: np.ndarray,
    gains: np.ndarray,
    knobs: np.ndarray,
    equalizers: np.ndarray,
    sweeps: np.ndarray,
    echo_state: np.ndarray,
    line: np.ndarray,
    limiter_state: np.ndarray,
    meters: np.ndarray,
    readings: np.ndarray,
) -> bool:
    """All effects in their order, as an audio callback chains them."""
    n = out.shape[1]
    is_held = False
    for time in range(times):
        out[:] = 0.0
        for deck in range(decks.shape[0]):
            equalize(decks[deck], n, time * n, gains[deck], equalizers[deck])
            sweep_block(decks[deck], n, time * n, knobs[deck], sweeps[deck])
            measure(decks[deck], n, meters[deck], readings[deck])
            out += decks[deck]
        add_echo(decks[0], out, n, 1000, 0.5, echo_state, line)
        is_held = limit(out, n, limiter_state)
        measure(out, n, meters[-1], readings[-1])
    return is_held


def test_kernels_call_one_another_without_allocation(rng: np.random.Generator) -> None:
    def rows(one: np.ndarray, n_rows: int) -> np.ndarray:
        return np.tile(one, (n_rows, 1))

    arrays = (
        rng.standard_normal((N_DECKS, 2, 256)),
        np.zeros((2, 256)),
        np.full((N_DECKS, 3), 0.7),
        np.linspace(-1, 1, N_DECKS),
        rows(equalizer.new_state(48_000), N_DECKS),
        rows(sweep.new_state(48_000), N_DECKS),
        echo.new_state(48_000),
        echo.new_line(48_000),
        limiter.new_state(48_000),
        rows(meter.new_state(48_000), N_DECKS + 1),
        np.zeros((N_DECKS + 1, N_READINGS)),
    )
    allocated = []
    _nrt_python.memsys_enable_stats()
    try:
        for times in (1, 1, 50):
            before = rtsys.get_allocation_stats().alloc
            run_chain(times, *arrays)
            allocated.append(rtsys.get_allocation_stats().alloc - before)
    finally:
        _nrt_python.memsys_disable_stats()
    assert allocated[1] == allocated[2]  # what Python's arrays cost at the door, once a call
    assert np.abs(arrays[1]).max() <= limiter.CEILING
