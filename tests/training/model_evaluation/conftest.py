"""A toy world: loops of a format drawn linearly from latents, and models that draw them well or badly."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from melgan_vocoder.format import MelFormat

W_DIM = 6


class ToyCorpus:
    """Loops in memory: a third is held out."""

    def __init__(self, loops: Sequence[np.ndarray], *, n_held_out: int) -> None:
        self.loops = loops
        self.n_held_out = n_held_out

    def __len__(self) -> int:
        return len(self.loops)

    def loop(self, i: int) -> np.ndarray:
        return self.loops[i]

    def split(self, name: str, *, genre: str | None = None) -> list[int]:
        numbers = range(len(self.loops))
        chosen = numbers[: self.n_held_out] if name == "held_out" else numbers[self.n_held_out :]
        return [i for i in chosen if genre is None or genre == ("even" if i % 2 == 0 else "odd")]


@dataclasses.dataclass
class ToyConfig:
    z_dim: int = W_DIM


class ToySynthesis:
    """Stands for a synthesis network."""

    feature_dtype: Any = None

    def __init__(self, draw: Callable[[np.ndarray], np.ndarray]) -> None:
        self.draw = draw

    def __call__(self, ws: Any) -> Any:
        import torch

        return torch.from_numpy(self.draw(ws[:, 0].numpy()).astype(np.float32))


class ToyGenerator:
    """A model whose W is Z and whose synthesis is a function."""

    def __init__(self, mel_format: "MelFormat", draw: Callable[[np.ndarray], np.ndarray]) -> None:
        import torch

        self.mel_format = mel_format
        self.config = ToyConfig()
        self.w_avg = torch.zeros(W_DIM)
        self.synthesis = ToySynthesis(draw)

    def map(self, z: Any, *, truncation_psi: float = 1.0) -> Any:
        return truncation_psi * z

    def broadcast(self, w: Any) -> Any:
        return w[:, None]


@dataclasses.dataclass
class ToyWorld:
    """Real loops, and what they were drawn with."""

    mel_format: "MelFormat"
    patterns: np.ndarray
    training: np.ndarray
    real: Any

    def draw(self, w: np.ndarray) -> np.ndarray:
        """Mel linear in w, around half of the range; band frequency 0."""
        mel = 0.1 * np.tensordot(w, self.patterns, axes=1)
        return np.stack([mel, np.zeros_like(mel)], axis=1)

    def model(self, draw: Callable[[np.ndarray], np.ndarray] | None = None) -> ToyGenerator:
        return ToyGenerator(self.mel_format, draw or self.draw)


@pytest.fixture(scope="session")
def world() -> ToyWorld:
    """200 held-out and 600 training loops of 16 bands and 64 frames, drawn from 6 normal latents."""
    from melgan_vocoder.format import MelFormat
    from training.model_evaluation.real_loops import RealLoops

    rng = np.random.default_rng(5)
    toy_format = MelFormat(n_mels=16, n_linear=4, n_frames=64)
    made = ToyWorld(toy_format, rng.standard_normal((W_DIM, 16, 64)), np.zeros(0), None)
    spectrograms = made.draw(rng.standard_normal((800, W_DIM))).astype(np.float16)
    audio = rng.uniform(-0.5, 0.5, (800, toy_format.n_samples)).astype(np.float32)
    made.training = spectrograms[200:].astype(np.float32)
    made.real = RealLoops(ToyCorpus(list(audio), n_held_out=200), spectrograms)
    return made


@pytest.fixture
def ignore() -> Callable[[int], None]:
    """No progress bar."""
    return lambda count: None
