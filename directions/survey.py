"""Listening to a model: loops drawn, heard through the vocoder, and measured."""

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor

from directions.attributes import measure
from melgan_vocoder.batch_threads import BatchThreads
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder
from melgan_vocoder.spectrogram import SpectrogramTransform
from stylegan_audio.generator import Generator
from stylegan_audio.latent import seed_latent

BATCH = 8
TRUNCATION_PSI = 0.8
"""Truncation of what is surveyed: what the instrument plays."""


class Listener:
    """Draw loops of a model and listen to them.

    Parameters
    ----------
    generator, vocoder : Generator, Vocoder
        The networks.
    advance : callable
        Called with the number of loops after each batch, for a progress bar.
    """

    def __init__(self, generator: Generator, vocoder: Vocoder, *, advance: Callable[[int], None]) -> None:
        self.generator = generator
        self.vocoder = vocoder
        self.advance = advance
        self.transform = SpectrogramTransform(MelFormat())
        self.threads = BatchThreads()

    @property
    def n_levels(self) -> int:
        """Levels of the synthesis network."""
        return self.generator.config.n_levels

    def draw_w(self, seeds: Iterable[int]) -> np.ndarray:
        """Map the latents of seeds.

        Parameters
        ----------
        seeds : iterable of int
            0 to `MAX_SEED`.

        Returns
        -------
        np.ndarray [shape=(n, w_dim)]
            float32, truncated with `TRUNCATION_PSI`.
        """
        return self.map(self.draw_z(seeds))

    def draw_z(self, seeds: Iterable[int]) -> np.ndarray:
        """Draw the input latents of seeds, float32 `[n, z_dim]`."""
        return np.stack([seed_latent(seed, self.generator.config.z_dim) for seed in seeds])

    def map(self, z: np.ndarray) -> np.ndarray:
        """Map input latents as `draw_w` does, `[n, z_dim]` to `[n, w_dim]`."""
        with torch.inference_mode():
            return self.generator.map(torch.from_numpy(z), truncation_psi=TRUNCATION_PSI).numpy()

    def read_mel(self, ws: np.ndarray) -> Tensor:
        """Draw loops, without sound.

        Parameters
        ----------
        ws : np.ndarray [shape=(B, n_levels, w_dim)]
            float32 mapped latents of each level.

        Returns
        -------
        Tensor [shape=(B, n_mels, n_frames)]
            Channel 0 of `MelFormat`.
        """

        def draw(ws: Tensor) -> tuple[Tensor]:
            return (self.vocoder.complete(self.generator.synthesis(ws))[:, 0],)

        return self.threads(draw, torch.from_numpy(ws))[0]

    def hear_mel(self, ws: np.ndarray) -> Tensor:
        """Draw loops, play them through the vocoder and analyse the sound.

        Parameters
        ----------
        ws : np.ndarray [shape=(B, n_levels, w_dim)]
            float32 mapped latents of each level.

        Returns
        -------
        Tensor [shape=(B, n_mels, n_frames)]
            Channel 0 of `MelFormat`.
        """

        def hear(ws: Tensor) -> tuple[Tensor]:
            return (self.transform.mel(self.vocoder(self.generator.synthesis(ws))),)

        return self.threads(hear, torch.from_numpy(ws))[0]

    def measure(self, ws: np.ndarray, *, heard: bool) -> dict[str, np.ndarray]:
        """Measure every attribute of many loops.

        Parameters
        ----------
        ws : np.ndarray [shape=(n, n_levels, w_dim)]
            float32 mapped latents of each level.
        heard : bool
            Whether to measure the sound, or what the generator draws, in a third of the time.

        Returns
        -------
        dict of str to np.ndarray [shape=(n,)]
            Values by attribute.
        """
        mel_of = self.hear_mel if heard else self.read_mel
        batches = []
        for start in range(0, len(ws), BATCH):
            batches.append(measure(mel_of(ws[start : start + BATCH])))
            self.advance(len(ws[start : start + BATCH]))
        return {name: torch.cat([batch[name] for batch in batches]).double().numpy() for name in batches[0]}

    def broadcast(self, w: np.ndarray) -> np.ndarray:
        """Give every level the same mapped latent, `[n, n_levels, w_dim]`."""
        return np.repeat(w[:, None], self.n_levels, axis=1)
