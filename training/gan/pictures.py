"""Loops of the running mean -> a picture to look at, and audio to listen to, while a run lasts."""

import pathlib

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.image import imsave
from torch import Tensor

from melgan_vocoder.errors import LoopmorphError
from melgan_vocoder.vocoder_file import load_vocoder
from stylegan_audio.generator import Generator
from stylegan_audio.latent import seed_latent

COLUMNS = 2
"""Loops beside each other in a picture."""


@torch.no_grad()
def sample_loops(generator: Generator, n_loops: int) -> Tensor:
    """Draw the loops of seeds 0, 1 and so on: `[n_loops, 2, n_mels, n_frames]`."""
    z = np.stack([seed_latent(seed, generator.config.z_dim) for seed in range(n_loops)])
    return generator(torch.from_numpy(z).to(generator.w_avg.device))


def draw_picture(spectrograms: np.ndarray, *, floor: float) -> np.ndarray:
    """Colour channel 0 of loops, lowest band below, rows of `COLUMNS` loops.

    Parameters
    ----------
    spectrograms : np.ndarray [shape=(B, 2, n_mels, n_frames)]
        About -1 to 1.
    floor : float
        What is black; 1 is brightest.

    Returns
    -------
    np.ndarray [shape=(n_rows, n_columns, 3)]
        uint8.
    """
    mels = spectrograms[: len(spectrograms) // COLUMNS * COLUMNS or 1, 0, ::-1]
    framed = np.pad(mels, ((0, 0), (2, 2), (2, 2)), constant_values=1.0)
    rows = [np.concatenate(list(row), axis=1) for row in np.array_split(framed, max(1, len(framed) // COLUMNS))]
    brightness = (np.concatenate(rows, axis=0) - floor) / (1 - floor)
    return mpl.colormaps["magma"](np.clip(brightness, 0, 1), bytes=True)[:, :, :3]


def save_picture(path: pathlib.Path, pixels: np.ndarray) -> None:
    """Write a picture as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    imsave(path, pixels)


class Loudspeaker:
    """Make loops sound through the shipped vocoder, if there is one that fits.

    Parameters
    ----------
    device : torch.device
        Where it plays.
    """

    def __init__(self, device: torch.device) -> None:
        self.reason = ""
        try:
            self.vocoder = load_vocoder().to(device)
        except LoopmorphError as error:
            self.reason = str(error)

    @torch.no_grad()
    def play(self, spectrograms: Tensor) -> Tensor:
        """Make loops `[B, 2, n_mels, n_frames]` audio `[B, n_samples]`; none without a vocoder."""
        return spectrograms.new_empty(0, 0) if self.reason else self.vocoder(spectrograms)
