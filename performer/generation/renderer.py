"""Deck settings -> w -> spectrogram -> audio: the one place of the instrument that runs torch."""

import dataclasses
import functools
import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from directions.move import move
from melgan_vocoder.batch_threads import BatchThreads
from melgan_vocoder.generator import Rendering, Vocoder
from melgan_vocoder.tempo import frames_at, source_window
from melgan_vocoder.time_stretch import stretch_window
from melgan_vocoder.transpose import Transposition
from performer.console import say
from performer.direction_names import DIRECTION_NAMES
from performer.memory import N_LOOPS
from performer.repertoire import read_repertoire
from performer.settings import DeckSettings, preset_index
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.latent import seed_latent
from stylegan_audio.model_file import ModelHeader

POPULATION = 2048
"""Random latents that tell how far a standard deviation is along any line in W."""
FIRST_FINE_LEVEL = 2
"""Levels from here on draw the timbre; those below, of 4 x 16 and 8 x 32, the rhythm."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Window:
    """A stretch of four loops."""

    audio: np.ndarray
    """float32 `[4, n * hop_length]`."""
    states: np.ndarray
    """State of the excitation at each frame, float32 `[4, 2, n_bands, n]`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Grid:
    """What a loop's spectrogram is stretched and shifted to."""

    n_frames: int
    """Frames of the loop at its tempo."""
    semitones: int = 0
    """Transposition."""


class LoopRenderer:
    """Draw loops with one model and the vocoder.

    Parameters
    ----------
    header : ModelHeader
        A checked model file.
    vocoder : Vocoder
        What turns its spectrograms into sound.
    threads : BatchThreads, optional
        Draw the four loops side by side; renderers share them.

    Raises
    ------
    LoopmorphError
        If the model's tensors or directions cannot be loaded.
    """

    def __init__(self, header: ModelHeader, vocoder: Vocoder, *, threads: BatchThreads | None = None) -> None:
        self.header = header
        self.threads = threads or BatchThreads()
        self.generator, self.vocoder = load_generator(header), vocoder
        if multiplies_bfloat16():
            self.generator.synthesis.feature_dtype = torch.bfloat16  # the mel differs by 0.003 on average, 0.13 dB
            self.vocoder.is_half = True  # the audio differs by -43 dB and less
        self.transposition = Transposition(vocoder.mel_format)
        self.repertoire = read_repertoire(header)
        self.population = self.map(range(POPULATION))
        self.seed_w = functools.lru_cache(maxsize=256)(lambda seed: self.map([seed])[0])
        self.preset_w = functools.cache(self.read_preset)

    @property
    def sample_rate(self) -> int:
        """Of the loops, in hertz."""
        return self.header.mel_format.sample_rate

    def grid(self, settings: DeckSettings) -> Grid:
        """Read from a deck's settings what its loop is stretched and shifted to; drums keep their pitch."""
        keeps_pitch = self.header.identity.role == "rhythm" or self.header.mel_format.n_channels == 1
        return Grid(n_frames=frames_at(settings.tempo_bpm), semitones=0 if keeps_pitch else settings.transpose)

    def map(self, seeds: Sequence[int]) -> np.ndarray:
        """Map the latents of seeds.

        Parameters
        ----------
        seeds : sequence of int
            Seeds, each taken modulo 2**32.

        Returns
        -------
        np.ndarray [shape=(n, w_dim)]
            float32, without truncation.
        """
        z = np.stack([seed_latent(seed % 2**32, self.header.config.z_dim) for seed in seeds])
        with torch.inference_mode():
            return self.generator.map(torch.from_numpy(z)).numpy()

    def latents(self, settings: DeckSettings) -> np.ndarray:
        """Place the four loops of a deck in W.

        Parameters
        ----------
        settings : DeckSettings
            Where the deck is.

        Returns
        -------
        np.ndarray [shape=(4, n_levels, w_dim)]
            float32: the deck's latent, spread to two sides of two fixed lines and moved by its directions, its fine
            levels on their way to the latent of the timbre, moved likewise.
        """
        directions = self.repertoire.held if settings.hold else self.repertoire.directions
        strengths = zip(DIRECTION_NAMES, settings.strengths, strict=True)
        moves = [(directions[name], strength) for name, strength in strengths if name in directions]
        n_levels = self.header.config.n_levels
        ws = move(self.spread_out(settings, settings.morph), moves, n_levels=n_levels)
        if settings.split:
            share, timbre = np.float32(settings.split), self.spread_out(settings, settings.timbre)
            timbre_ws = move(timbre, moves, n_levels=n_levels)
            ws[:, FIRST_FINE_LEVEL:] = (1 - share) * ws[:, FIRST_FINE_LEVEL:] + share * timbre_ws[:, FIRST_FINE_LEVEL:]
        return ws

    def spread_out(self, settings: DeckSettings, place: tuple[float, float]) -> np.ndarray:
        """Spread the four loops of a deck around a place on its pad, without its directions.

        Parameters
        ----------
        settings : DeckSettings
            Of the deck.
        place : tuple of float
            Right and up, 0 to 1.

        Returns
        -------
        np.ndarray [shape=(4, w_dim)]
            float32.
        """
        right, up = place
        shares = np.array([(1 - right) * (1 - up), right * (1 - up), (1 - right) * up, right * up], dtype=np.float32)
        w = shares @ np.stack([self.corner(settings, corner) for corner in range(len(shares))])
        w = w + self.walk_offset(settings.seed, settings.walk)
        w_avg = self.generator.w_avg.numpy()
        w = w_avg + np.float32(settings.truncation_psi) * (w - w_avg)
        offsets = settings.truncation_psi * settings.spread * self.spread_offsets(settings.seed)
        return (w + offsets).astype(np.float32)

    def corner(self, settings: DeckSettings, corner: int) -> np.ndarray:
        """Tell the latent of a corner of the pad, counted from 0; where a preset is missing, of the deck's own seed.

        Returns
        -------
        np.ndarray [shape=(w_dim,)]
            float32, without truncation.
        """
        held = settings.seeds[corner]
        index = preset_index(held)
        if index is None:
            return self.seed_w(held)
        preset = self.preset_w(index)
        return self.seed_w(settings.seed + corner) if preset is None else preset

    def read_preset(self, index: int) -> np.ndarray | None:
        """Read the latent of a preset, counted from 0; None, and a line for the performer, if the model has fewer."""
        names = self.repertoire.presets
        if index < len(names):
            return self.header.preset_vector(names[index])
        say(f"model {self.header.name} has no preset {index + 1}: a corner of the pad that asks for it plays the seed")
        return None

    def walk_offset(self, seed: int, walk: float) -> np.ndarray:
        """Where a seed's random walk has led after some steps.

        Parameters
        ----------
        seed : int
            The deck's seed.
        walk : float
            Steps gone; each leads to another random place as far from the seed as loops are from each other.

        Returns
        -------
        np.ndarray [shape=(w_dim,)]
            float32; 0 where the walk begins.
        """
        whole = math.floor(walk)
        part = walk - whole

        def place(step: int) -> np.ndarray:
            chosen = np.random.RandomState([seed, step]).randint(len(self.population))
            return self.population[chosen] - self.population.mean(axis=0) if step else np.zeros_like(self.population[0])

        share = np.float32(part * part * (3 - 2 * part))
        return (1 - share) * place(whole) + share * place(whole + 1)

    def spread_offsets(self, seed: int) -> np.ndarray:
        """Where the four loops of a seed go at a spread of 1.

        Parameters
        ----------
        seed : int
            The deck's seed.

        Returns
        -------
        np.ndarray [shape=(4, w_dim)]
            float32: plus and minus one standard deviation of w along two lines that belong to the seed. Each line
            joins two random latents, so that it runs where loops are.
        """
        ends = np.stack([self.seed_w(end) for end in np.random.RandomState([seed, N_LOOPS]).randint(2**31, size=4)])
        lines = ends[:2] - ends[2:]
        lines /= np.linalg.norm(lines, axis=1, keepdims=True)
        steps = lines * (self.population @ lines.T).std(axis=0)[:, None]
        return np.stack([steps[0], -steps[0], steps[1], -steps[1]]).astype(np.float32)

    @property
    def hop_length(self) -> int:
        """Samples from one frame to the next."""
        return self.header.mel_format.hop_length

    @property
    def halo(self) -> int:
        """Frames before a window whose states `window` needs."""
        return self.vocoder.halo(self.header.mel_format.n_channels)

    def spectrogram(self, ws: Tensor, grid: Grid, *, first: int, n: int) -> Tensor:
        """Draw some frames of a loop's spectrogram.

        Parameters
        ----------
        ws : Tensor [shape=(4, n_levels, w_dim)]
            Mapped latents.
        grid : Grid
            What it is stretched and shifted to.
        first, n : int
            Which frames, of `grid.n_frames` that go round.

        Returns
        -------
        Tensor [shape=(4, n_channels, n_mels, n)]
            float32.
        """
        first_column, n_columns = source_window(first, n, n_frames=grid.n_frames)
        drawn = self.generator.synthesis.window(ws, first_column, n_columns)
        drawn = stretch_window(drawn, first, n, n_frames=grid.n_frames)
        return self.transposition(drawn, grid.semitones) if grid.semitones else drawn

    def window(self, ws: np.ndarray, grid: Grid, *, first: int, n: int, states_in: np.ndarray) -> Window:
        """Draw a window of a loop.

        Parameters
        ----------
        ws : np.ndarray [shape=(4, n_levels, w_dim)]
            float32 mapped latents.
        grid : Grid
            Its tempo and transposition.
        first, n : int
            Frames, of `grid.n_frames` that go round.
        states_in : np.ndarray [shape=(4, 2, n_bands, halo + 1)]
            States of the excitation in what sounds, up to the first frame: phases go on from there.

        Returns
        -------
        Window
            For the states of the whole loop, within 1e-4 what the whole loop has there.
        """

        def draw(ws: Tensor, states_in: Tensor) -> Rendering:
            cut = self.spectrogram(ws, grid, first=first - self.halo, n=n + 2 * self.halo)
            return self.vocoder.window(cut, states_in)

        audio, states = self.threads(draw, torch.from_numpy(ws), torch.from_numpy(states_in))
        return Window(audio=audio.numpy(), states=states.numpy())

    def whole(self, ws: np.ndarray, grid: Grid) -> Iterator[Window | None]:
        """Draw a whole loop in two parts, its phases closed, so that what is urgent need not wait for both.

        Parameters
        ----------
        ws, grid
            As in `window`.

        Yields
        ------
        None or Window
            Nothing once the spectrogram is drawn; then the loop, the same for the same latents, bit for bit, on one
            machine.
        """

        def draw(ws: Tensor) -> tuple[Tensor]:
            return (self.spectrogram(ws, grid, first=0, n=grid.n_frames),)

        (spectrogram,) = self.threads(draw, torch.from_numpy(ws))
        yield None
        audio, states = self.threads(self.vocoder.render, spectrogram)
        yield Window(audio=audio.numpy(), states=states.numpy())


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 faster than float32: in tiles, or in vectors if it is not Intel's."""
    capabilities = torch.cpu.get_capabilities()
    has_fast_vectors = capabilities.get("avx512_bf16", False) and "Intel" not in str(capabilities.get("cpu_name", ""))
    return bool(has_fast_vectors or capabilities.get("amx_bf16", False))
