"""What the directions of a model are measured with, and the measuring of each."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from directions.population import Population
from directions.survey import Listener
from directions.table import HOLD, Direction
from melgan_vocoder.vocoder_file import load_vocoder
from stylegan_audio.generator_weights import load_generator
from stylegan_audio.model_file import ModelHeader
from training.direction_finding.sweep import Heard, hear, sweep
from training.direction_finding.verdict import LEVELLED, Reference, changes_of, judge, rounded

RHYTHMIC = ("density", "bass", "brightness", "kick", "hats", "swing", "syncopation", "noisiness", "decay")
TONAL = ("register", "notes", "openness", "bass", "brightness", "noisiness", "decay")
NAMES: Mapping[str, tuple[str, ...]] = {"rhythm": RHYTHMIC, "bass": TONAL, "pad": TONAL, "texture": RHYTHMIC}
"""Attributes that models of each role are measured by."""
STRENGTHS = tuple(float(strength) for strength in np.linspace(-3, 3, 13))
AXIS_STRENGTHS = (-3.0, 0.0, 3.0)
POPULATION_SEEDS = range(10_000)
"""Loops whose latents tell how far a standard deviation is; they are not drawn."""
REFERENCE_SEEDS = range(1_000_000, 1_000_600)
"""Random loops that a moved one is compared with."""
FIRST_EXAMINED_SEED = 2_000_000
"""Loops that directions are measured on; none of them takes part in finding one."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Examination:
    """A model, opened to have its directions measured."""

    listener: Listener
    """Its networks."""
    population: Population
    """Its latents."""
    reference: Reference
    """Loops that a direction must not leave."""
    agreement: dict[str, float]
    """Correlation, over these loops, of each attribute of what is drawn with that of what is heard."""
    n_seeds: int
    """How many loops each direction is measured on."""

    @classmethod
    def open(
        cls,
        header: ModelHeader,
        *,
        names: Sequence[str] = (),
        n_seeds: int,
        corpus_features: np.ndarray | None = None,
        advance: Callable[[int], None],
    ) -> "Examination":
        """Load a model and listen to random loops of it.

        Parameters
        ----------
        header : ModelHeader
            The model.
        names : sequence of str
            Attributes that are measured besides those that suit the model's role.
        n_seeds : int
            How many loops each direction is measured on.
        corpus_features : np.ndarray [shape=(n, n_cells)], optional
            Coarse mels of real loops, which are then what a direction must not leave.
        advance : callable
            Called with the number of loops after each batch.
        """
        listener = Listener(load_generator(header), load_vocoder(), advance=advance)
        measured = tuple(dict.fromkeys((*NAMES[header.identity.role], *names, LEVELLED)))
        ws = listener.broadcast(listener.draw_w(REFERENCE_SEEDS))
        heard, drawn = hear(listener, ws), listener.measure(ws, heard=False)
        return cls(
            listener=listener,
            population=Population.of(listener.draw_w(POPULATION_SEEDS)),
            reference=Reference.of(heard, measured, corpus_features),
            agreement={name: correlate(drawn[name], heard.values[name]) for name in measured},
            n_seeds=n_seeds,
        )

    def examine(self, direction: Direction, *, strengths: Sequence[float]) -> dict[str, Any]:
        """Measure a direction on loops that took no part in finding it; see `verdict.judge`."""
        w = self.examined_w()
        swept = sweep(self.listener, direction, w=w, strengths=strengths, unmoved=self.unmoved)
        holds = direction.name.endswith(HOLD)
        return judge(swept, attribute=direction.attribute, reference=self.reference, holds=holds)

    def describe(self, direction: Direction) -> dict[str, Any]:
        """Tell what an axis without a name moves, from end to end and in standard deviations: `moves`."""
        w = self.examined_w()
        swept = sweep(self.listener, direction, w=w, strengths=AXIS_STRENGTHS, unmoved=self.unmoved)
        return {"strengths": list(AXIS_STRENGTHS), "moves": rounded(changes_of(swept, self.reference))}

    @functools.cached_property
    def unmoved(self) -> Heard:
        """The loops that directions are measured on, as they are."""
        return hear(self.listener, self.listener.broadcast(self.examined_w()))

    def examined_w(self) -> np.ndarray:
        """Latents of the loops that directions are measured on, `[n_seeds, w_dim]`."""
        return self.listener.draw_w(range(FIRST_EXAMINED_SEED, FIRST_EXAMINED_SEED + self.n_seeds))


def correlate(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two attributes; 0 if one of them never changes."""
    return float(np.corrcoef(one, other)[0, 1]) if np.ptp(one) and np.ptp(other) else 0.0
