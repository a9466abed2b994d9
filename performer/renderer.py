"""Deck settings -> w -> mel -> audio -> a page of four loops: the one place of the instrument that runs torch."""

import numpy as np
import torch

from directions.move import apply
from directions.table import read_directions
from melgan_vocoder.vocoder_file import load_vocoder
from performer.controls import DIRECTION_NAMES
from performer.memory import N_LOOPS
from performer.pages import Page
from performer.settings import DeckSettings
from performer.stereo import join_bass
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.latent import seed_latent
from stylegan_audio.model_file import ModelHeader

TRUNCATION_PSI = 0.8
"""Truncation of every loop played: typical ones, with room to move."""
N_CORNERS = 4
"""Corners of the morph pad: the seed and the three after it."""
POPULATION = 2048
"""Random latents that tell how far a standard deviation is along any line in W."""


class LoopRenderer:
    """Draw pages with one model and the shipped vocoder.

    Parameters
    ----------
    header : ModelHeader
        A checked model file.

    Raises
    ------
    LoopmorphError
        If the model's tensors or directions, or the vocoder, cannot be loaded.
    """

    def __init__(self, header: ModelHeader) -> None:
        self.header = header
        self.generator, self.vocoder = load_generator(header), load_vocoder()
        if multiplies_bfloat16():
            self.generator.synthesis.feature_dtype = torch.bfloat16  # the mel differs by 0.003 on average, 0.13 dB
            self.vocoder.is_half = True  # the audio differs by -43 dB and less
        self.directions = read_directions(header)
        self.population = self.map(range(POPULATION))

    @property
    def missing_directions(self) -> list[str]:
        """Directions that have a control but are not in the model."""
        return [name for name in DIRECTION_NAMES if name not in self.directions]

    def map(self, seeds: range | list[int]) -> np.ndarray:
        """Map the latents of seeds.

        Parameters
        ----------
        seeds : range or list of int
            Seeds, each taken modulo 2**32.

        Returns
        -------
        np.ndarray [shape=(n, w_dim)]
            float32, truncated with `TRUNCATION_PSI`.
        """
        z = np.stack([seed_latent(seed % 2**32, self.header.config.z_dim) for seed in seeds])
        with torch.inference_mode():
            return self.generator.map(torch.from_numpy(z), truncation_psi=TRUNCATION_PSI).numpy()

    def latents(self, settings: DeckSettings) -> np.ndarray:
        """Place the four loops of a deck in W.

        Parameters
        ----------
        settings : DeckSettings
            Where the deck is.

        Returns
        -------
        np.ndarray [shape=(4, n_levels, w_dim)]
            float32: the deck's latent, moved by its directions and spread to two sides of two fixed lines.
        """
        right, up = settings.morph
        shares = np.array([(1 - right) * (1 - up), right * (1 - up), (1 - right) * up, right * up], dtype=np.float32)
        w = shares @ self.map(range(settings.seed, settings.seed + N_CORNERS))
        loops = w + np.float32(settings.spread) * self.spread_offsets(settings.seed)
        ws = np.repeat(loops[:, None], self.header.config.n_levels, axis=1)
        for name, strength in zip(DIRECTION_NAMES, settings.strengths, strict=True):
            if name in self.directions:
                ws = apply(ws, self.directions[name], strength=strength)
        return ws

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
        ends = self.map(np.random.RandomState([seed, N_LOOPS]).randint(2**31, size=4).tolist())
        lines = ends[:2] - ends[2:]
        lines /= np.linalg.norm(lines, axis=1, keepdims=True)
        steps = lines * (self.population @ lines.T).std(axis=0)[:, None]
        return np.stack([steps[0], -steps[0], steps[1], -steps[1]]).astype(np.float32)

    def render(self, settings: DeckSettings) -> Page:
        """Draw a page.

        Parameters
        ----------
        settings : DeckSettings
            Where the deck is.

        Returns
        -------
        Page
            The same settings give the same page, bit for bit, on one machine.
        """
        ws = self.latents(settings)
        with torch.inference_mode():
            spectrogram = self.generator.synthesis(torch.from_numpy(ws))
            loops = self.vocoder(spectrogram).numpy()
        return Page(*join_bass(loops, self.header.mel_format))


def multiplies_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 itself; others are slower with it than with float32."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
