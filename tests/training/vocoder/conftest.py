"""Fixtures of the vocoder's training: a corpus in memory, and toy settings."""

import dataclasses
import pathlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from training.vocoder.config import VocoderTrainingConfig
    from training.vocoder.material import Material
    from training.vocoder.run import VocoderRun


class MemoryCorpus:
    """Loops in memory."""

    def __init__(self, loops: Sequence[np.ndarray]) -> None:
        self.loops = loops

    def __len__(self) -> int:
        return len(self.loops)

    def loop(self, i: int) -> np.ndarray:
        return self.loops[i]


@pytest.fixture(scope="session")
def corpus() -> MemoryCorpus:
    """Six loops: decaying noise on every beat over a tone."""
    rng = np.random.default_rng(7)
    time_s = np.arange(192_000) / 48_000
    hits = np.exp(-(time_s % 0.5) * 20)
    return MemoryCorpus(
        [
            (0.3 * np.sin(2 * np.pi * hz * time_s) + 0.2 * hits * rng.standard_normal(192_000)).astype(np.float32)
            for hz in (55, 82.5, 110, 165, 220, 330)
        ]
    )


@pytest.fixture
def toy() -> "VocoderTrainingConfig":
    from training.vocoder.preset import VOCODER_PRESETS

    return VOCODER_PRESETS.load("toy")


@pytest.fixture
def material(corpus: MemoryCorpus) -> "Material":
    from training.vocoder.material import Material

    return Material(corpus=corpus, train=range(4), held_out=[4, 5], card={"corpus": "hits over tones"})


@pytest.fixture
def start_run(material: "Material", toy: "VocoderTrainingConfig") -> Callable[..., "VocoderRun"]:
    """Begins or resumes a toy run in a folder; options replace those of its limits."""
    import torch

    from training.vocoder.run import VocoderRun

    def start(
        folder: pathlib.Path,
        config: "VocoderTrainingConfig | None" = None,
        *,
        begin_with: pathlib.Path | None = None,
        echo: Callable[[str], None] = lambda line: None,
        **limits: object,
    ) -> "VocoderRun":
        config = config or toy
        limits = {"evaluation_loops": 0, **limits}  # a whole loop takes longer than all steps
        config = dataclasses.replace(config, run=dataclasses.replace(config.run, **limits))
        return VocoderRun(folder, material, config, device=torch.device("cpu"), start=begin_with, echo=echo)

    return start


@pytest.fixture(autouse=True)
def no_tensorboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most runs here write no TensorBoard files: that takes a second to import."""
    monkeypatch.setattr("training.run_log.open_board", lambda folder, first_step: None)
