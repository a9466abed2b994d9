"""What a run tells while it lasts: a line of JSON at a time, and TensorBoard where that is installed."""

import importlib
import json
import pathlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor


class RunLog:
    """Write a run's figures, sounds and pictures.

    Parameters
    ----------
    folder : pathlib.Path
        The run's folder: `log.jsonl` and `tensorboard/` lie in it.
    first_step : int
        Step that the run goes on from; what an interrupted sitting logged after it is taken back.
    sample_rate : int
        Of the sounds, in hertz.
    echo : callable
        Shows one line to the user.
    """

    def __init__(self, folder: pathlib.Path, *, first_step: int, sample_rate: int, echo: Callable[[str], None]) -> None:
        self.path = folder / "log.jsonl"
        self.sample_rate = sample_rate
        forget_after(self.path, first_step)
        self.board = open_board(folder / "tensorboard", first_step=first_step)
        if self.board is None:
            echo(f"TensorBoard is not installed: figures go to {self.path} alone; pip install 'loopmorph[train]'")

    def figures(self, step: int, figures: Mapping[str, float], *, kind: str) -> None:
        """Write figures.

        Parameters
        ----------
        step : int
            Steps done.
        figures : mapping
            Figures by name.
        kind : str
            What they are of: `"training"` or `"held_out"`.
        """
        rounded = {name: float(f"{value:.6g}") for name, value in figures.items()}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, "kind": kind, **rounded}) + "\n")
        if self.board is not None:
            for name, value in figures.items():
                self.board.add_scalar(f"{kind}/{name}", value, step)

    def sound(self, step: int, name: str, audio: Tensor) -> None:
        """Keep a sound `[n_samples]` in TensorBoard."""
        if self.board is not None:
            self.board.add_audio(name, audio.clamp(-1, 1)[None].cpu(), step, sample_rate=self.sample_rate)

    def picture(self, step: int, name: str, pixels: np.ndarray) -> None:
        """Keep a picture, uint8 `[n_rows, n_columns, 3]`, in TensorBoard."""
        if self.board is not None:
            self.board.add_image(name, pixels, step, dataformats="HWC")

    def close(self) -> None:
        """Finish TensorBoard's file."""
        if self.board is not None:
            self.board.close()


class SilentRunLog(RunLog):
    """Write nothing: for processes that train beside the one that does."""

    def __init__(self) -> None:
        self.board = None

    def figures(self, step: int, figures: Mapping[str, float], *, kind: str) -> None:
        """Leave figures to the other process."""


def forget_after(path: pathlib.Path, step: int) -> None:
    """Take back what a log says after a step, and a line that was cut short."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (ValueError, KeyError, TypeError):
            continue
    partial = path.with_name(path.name + ".partial")
    partial.write_text("".join(kept), encoding="utf-8")
    partial.replace(path)


def open_board(folder: pathlib.Path, *, first_step: int) -> Any:
    """Open TensorBoard's writer; None where it is not installed."""
    try:
        writer = importlib.import_module("torch.utils.tensorboard").SummaryWriter
    except ImportError:
        return None
    return writer(str(folder), purge_step=first_step + 1)
