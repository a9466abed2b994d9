"""The log: lines of JSON, taken back on resuming, and TensorBoard where it is installed."""

import json
import pathlib
import types

import numpy as np
import pytest
import torch

from training import run_log
from training.run_log import RunLog, forget_after


class FakeBoard:
    """TensorBoard's writer, as far as it is used."""

    def __init__(self, folder: str, purge_step: int) -> None:
        self.purge_step = purge_step
        self.calls: list[tuple[object, ...]] = []

    def add_scalar(self, name: str, value: float, step: int) -> None:
        self.calls.append((name, value, step))

    def add_audio(self, name: str, audio: torch.Tensor, step: int, sample_rate: int) -> None:
        self.calls.append((name, tuple(audio.shape), float(audio.max()), step, sample_rate))

    def add_image(self, name: str, pixels: np.ndarray, step: int, dataformats: str) -> None:
        self.calls.append((name, pixels.shape, step, dataformats))

    def close(self) -> None:
        self.calls.append(("closed",))


def make(folder: pathlib.Path, told: list[str], first_step: int = 0) -> RunLog:
    return RunLog(folder, first_step=first_step, sample_rate=48_000, echo=told.append)


def test_without_tensorboard_one_line_says_so_and_the_log_is_written(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "open_board", lambda folder, first_step: None)
    told: list[str] = []
    log = make(tmp_path, told)
    log.figures(2, {"mel": 0.123456789}, kind="training")
    log.sound(2, "loop 0", torch.zeros(4))
    log.close()
    assert told == [
        f"TensorBoard is not installed: figures go to {tmp_path / 'log.jsonl'} alone; pip install 'loopmorph[train]'"
    ]
    assert json.loads((tmp_path / "log.jsonl").read_text()) == {"step": 2, "kind": "training", "mel": 0.123457}


def test_missing_tensorboard_is_no_error(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> types.ModuleType:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(run_log.importlib, "import_module", missing)
    assert run_log.open_board(tmp_path, first_step=0) is None


def test_tensorboard_gets_figures_and_clipped_sound(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.SimpleNamespace(SummaryWriter=FakeBoard)
    monkeypatch.setattr(run_log.importlib, "import_module", lambda name: module)
    told: list[str] = []
    log = make(tmp_path, told, first_step=7)
    log.figures(8, {"mel": 0.5}, kind="held_out")
    log.sound(8, "loop 3", torch.full((5,), 2.0))
    log.picture(8, "loops", np.zeros((2, 3, 3), dtype=np.uint8))
    log.close()
    assert isinstance(log.board, FakeBoard)
    assert log.board.purge_step == 8
    assert log.board.calls == [
        ("held_out/mel", 0.5, 8),
        ("loop 3", (1, 5), 1.0, 8, 48_000),
        ("loops", (2, 3, 3), 8, "HWC"),
        ("closed",),
    ]
    assert told == []


def test_lines_after_the_checkpoint_and_broken_ones_are_taken_back(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\nno json\n[3]\n{"step": 3}\n{"ste', encoding="utf-8")
    forget_after(path, 2)
    assert path.read_text(encoding="utf-8") == '{"step": 1}\n{"step": 2}\n'
    forget_after(tmp_path / "missing.jsonl", 2)
    assert [file.name for file in tmp_path.iterdir()] == ["log.jsonl"]
