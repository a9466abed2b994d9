"""Requests -> four loops of one batch: where they are in W, their spectrograms and their sound."""

import dataclasses

import numpy as np
import soxr
import torch
from torch import Tensor

from directions.move import move
from directions.table import read_directions
from melgan_vocoder.vocoder_file import load_vocoder
from performer.controls import DIRECTION_RANGE
from performer.generation.renderer import Grid, LoopRenderer
from performer.memory import N_LOOPS
from performer.surfaces.loopgan.request import COEFFICIENT_RANGE, N_COEFFICIENTS, Request
from stylegan_audio.model_file import ModelHeader

SAMPLE_RATE = 44_100
"""Of the patch's buffers, in hertz."""
TRUNCATION_PSI = 0.8
"""As a deck's, at start."""
LEAD = 16_000
"""Samples that go round in front of a loop and behind it while its rate is changed; 14 700 at the other rate."""
PEAK = 0.98
"""Of the loudest sample of a batch, at most: files of 16 bits would cut it off."""
SIGMA_A_STEP = DIRECTION_RANGE / COEFFICIENT_RANGE
"""A slider at its end is 3 standard deviations."""
AXES = ("density", "bass")
"""Directions that the first coefficients move along."""


@dataclasses.dataclass(frozen=True)
class Batch:
    """Four loops."""

    audio: np.ndarray
    """float32 `[n_samples, 4]` in [-1, 1] at `SAMPLE_RATE`: one bar or two, to the sample."""
    mel: np.ndarray
    """float32 `[4, n_mels, n_frames]`, about -1 to 1."""


class BatchDrawer:
    """Draw what the patch asks for.

    Parameters
    ----------
    header : ModelHeader
        The model.
    bars : int
        1 or 2.
    seed : int, optional
        Of the random loops.

    Notes
    -----
    As in the reference, a new loop is one random z four times, each with noise of its own as strong as the variation,
    and its coefficients are passed over; a move starts from the newest new loop, not from where the last move led, and
    its variation is passed over. The axes of the coefficients are the directions of `AXES` that the model has, and then
    the principal components of random w, as the reference's are, with the directions taken out of them. Steps are in
    standard deviations here, for a raw step means something else in every model.
    """

    def __init__(self, header: ModelHeader, *, bars: int, seed: int | None = None) -> None:
        self.renderer = LoopRenderer(header, load_vocoder())
        self.n_frames = header.mel_format.n_frames * bars // 2
        self.rng = np.random.default_rng(seed)
        table = read_directions(header)
        self.directions = [table[name] for name in AXES if name in table]
        self.components = principal_components(
            self.renderer.population, n=N_COEFFICIENTS - len(self.directions), without=self.lines()
        )
        self.w: np.ndarray | None = None

    def take(self, request: Request) -> np.ndarray:
        """Go where a request leads.

        Returns
        -------
        np.ndarray [shape=(4, n_levels, w_dim)]
            float32 mapped latents; where there is no loop yet, a move starts from a new one.
        """
        if request.is_new or self.w is None:
            self.w = self.new_w(request.variation)
        return self.move(self.w, () if request.is_new else request.coefficients)

    def lines(self) -> np.ndarray | None:
        """Tell where a step along each direction leads in the middle of W, `[n, w_dim]`; None if there is none."""
        middle = self.renderer.population.mean(axis=0, keepdims=True)
        n_levels = self.renderer.header.config.n_levels
        steps = [move(middle, [(direction, 1.0)], n_levels=n_levels) - middle for direction in self.directions]
        return np.concatenate(steps).mean(axis=1) if steps else None

    def new_w(self, variation: float) -> np.ndarray:
        """Map one random z with four noises, `[4, w_dim]` float32."""
        z_dim = self.renderer.header.config.z_dim
        z = self.rng.standard_normal(z_dim) + variation * self.rng.standard_normal((N_LOOPS, z_dim))
        with torch.inference_mode():
            w = self.renderer.generator.map(torch.from_numpy(z.astype(np.float32))).numpy()
        w_avg = self.renderer.generator.w_avg.numpy()
        return np.asarray(w_avg + np.float32(TRUNCATION_PSI) * (w - w_avg), np.float32)

    def move(self, w: np.ndarray, coefficients: tuple[float, ...]) -> np.ndarray:
        """Move latents along the axes, `[4, w_dim]` to `[4, n_levels, w_dim]`."""
        steps = [SIGMA_A_STEP * coefficient for coefficient in coefficients]
        moves = list(zip(self.directions, steps, strict=False))
        others = np.asarray(steps[len(moves) :], np.float32)
        ws = move(w, moves, n_levels=self.renderer.header.config.n_levels)
        return np.asarray(ws + others @ self.components[: len(others)], np.float32)

    def draw(self, ws: np.ndarray) -> Batch:
        """Draw the loops.

        Parameters
        ----------
        ws : np.ndarray [shape=(4, n_levels, w_dim)]
            From `take`.
        """
        grid = Grid(n_frames=self.renderer.header.mel_format.n_frames)

        def render(ws: Tensor) -> tuple[Tensor, Tensor]:
            spectrogram = self.renderer.spectrogram(ws, grid, first=0, n=self.n_frames)
            return spectrogram[:, 0], self.renderer.vocoder.render(spectrogram).audio

        mel, audio = self.renderer.threads(render, torch.from_numpy(ws))
        return Batch(audio=change_rate(audio.numpy(), self.renderer.sample_rate), mel=mel.numpy())


def principal_components(population: np.ndarray, *, n: int, without: np.ndarray | None) -> np.ndarray:
    """Find the lines along which random latents differ most.

    Parameters
    ----------
    population : np.ndarray [shape=(n_latents, w_dim)]
        Random w.
    n : int
        How many.
    without : np.ndarray [shape=(n_lines, w_dim)] or None
        Lines that are taken out first.

    Returns
    -------
    np.ndarray [shape=(n, w_dim)]
        float32, each one standard deviation long, the strongest first.

    References
    ----------
    Härkönen et al., GANSpace, NeurIPS 2020 (arXiv 2004.02546): principal components of w.
    """
    centered = population.astype(np.float64) - population.mean(axis=0)
    if without is not None:
        lines = np.linalg.qr(without.astype(np.float64).T)[0].T
        centered = centered - centered @ lines.T @ lines
    _, sizes, rows = np.linalg.svd(centered, full_matrices=False)
    sigmas = sizes[:n, None] / np.sqrt(len(population))
    return np.asarray(sigmas * rows[:n], np.float32)


def change_rate(audio: np.ndarray, sample_rate: int) -> np.ndarray:
    """Change loops to the patch's sample rate, going round, so that they stay without a seam.

    Parameters
    ----------
    audio : np.ndarray [shape=(4, n_samples)]
        float32.
    sample_rate : int
        Of them; 48 000.

    Returns
    -------
    np.ndarray [shape=(n_samples * 44 100 / sample_rate, 4)]
        float32, all four softer by as much as keeps the loudest peak below `PEAK`.
    """
    n_samples = audio.shape[1]
    places = np.arange(-LEAD, n_samples + LEAD) % n_samples
    changed = soxr.resample(audio[:, places].T, sample_rate, SAMPLE_RATE, quality="VHQ")
    lead, n_changed = LEAD * SAMPLE_RATE // sample_rate, n_samples * SAMPLE_RATE // sample_rate
    loops = changed[lead : lead + n_changed]
    return np.asarray(loops * min(PEAK / (np.abs(loops).max() + np.finfo(np.float32).tiny), 1.0))
