"""A run's folder -> its settings, its networks, and what its card says."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping
from typing import Any

from melgan_vocoder.format import MelFormat
from training.audio_names import holds_audio
from training.checkpoint import Progress, read_checkpoint
from training.errors import TrainingError
from training.gan.config import GanTrainingConfig
from training.gan.networks import Networks, make_networks
from training.gan.preset import GAN_PRESETS
from training.manifest import MANIFEST

KIND = "loopmorph model training"
"""What its checkpoint says it is of."""
CHECKPOINT, SETTINGS, CARD, EVALUATION = "checkpoint.safetensors", "config.yaml", "card.json", "evaluation.json"
"""Names of a run's files; the last one is there once `loopmorph-train evaluate` has measured the run."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SavedRun:
    """What a run's last checkpoint holds."""

    config: GanTrainingConfig
    """Its settings."""
    progress: Progress
    """How far it was."""
    networks: Networks
    """Folded."""
    card: Mapping[str, Any]
    """What it learned from."""
    evaluation: Mapping[str, Any]
    """What was last measured of the run: `metrics`, and after how many `kimg`; empty if nothing was."""

    @property
    def kimg(self) -> float:
        """Thousands of reals that it has seen."""
        return self.progress.step * self.config.batch.batch_size / 1000

    @property
    def metrics(self) -> Mapping[str, Any]:
        """What was measured of this checkpoint; empty if nothing was, or only of another one."""
        return self.evaluation["metrics"] if self.evaluation.get("kimg") == self.kimg else {}


def read_run(folder: pathlib.Path, mel_format: MelFormat | None = None) -> SavedRun:
    """Read a run from its folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where it trains or trained.
    mel_format : MelFormat, optional
        The format that it learned; `MelFormat()` by default.

    Returns
    -------
    SavedRun
        Its last checkpoint, and what lies beside it.

    Raises
    ------
    LoopmorphError
        If the folder holds no run, no checkpoint, or a broken one.
    """
    for name in (SETTINGS, CHECKPOINT):
        if not (folder / name).is_file():
            raise TrainingError(
                f"{folder / name}: no such file, the folder of a run that has saved is needed; {next_step(folder)}"
            )
    settings = folder / SETTINGS
    config = GAN_PRESETS.read(settings.read_text(encoding="utf-8"), source=str(settings))
    mel_format = mel_format or MelFormat()
    networks = make_networks(config, mel_format)
    progress = read_checkpoint(
        folder / CHECKPOINT, kind=KIND, mel_format=mel_format, networks=networks.named(), optimisers={}
    )
    return SavedRun(
        config=config,
        progress=progress,
        networks=networks.folded(),
        card=read_entries(folder / CARD),
        evaluation=read_entries(folder / EVALUATION),
    )


def next_step(folder: pathlib.Path) -> str:
    """Say what to do with a folder that holds no run, by what it holds instead."""
    if (folder / MANIFEST).is_file():
        return f"it is a corpus: train with it, loopmorph-train gan {folder} RUN"
    if folder.is_dir() and holds_audio(folder):
        return f"it holds audio files: make a corpus of them, loopmorph-train corpus {folder} CORPUS, and train with it"
    return "check the folder, or train until the first checkpoint"


def read_entries(path: pathlib.Path) -> dict[str, Any]:
    """Read a JSON object; without the file, an empty one.

    Raises
    ------
    TrainingError
        If it is something else.
    """
    if not path.is_file():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise TrainingError(f"{path}: no JSON ({error}), an object is needed; write it again or remove it") from error
    if not isinstance(entries, dict):
        raise TrainingError(
            f"{path}: holds a {type(entries).__name__}, an object is needed; write it again or remove it"
        )
    return entries


def write_entries(path: pathlib.Path, entries: Mapping[str, Any]) -> None:
    """Write a JSON object, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)
