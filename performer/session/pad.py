"""The pad of four seeds or presets: which of them play where, and how one pad leads over to another."""

import dataclasses
from collections.abc import Sequence

from performer.controls import FIRST_PRESET
from performer.errors import ControlError
from performer.settings import DeckSettings
from stylegan_audio.latent import MAX_SEED


@dataclasses.dataclass(frozen=True, kw_only=True)
class Edge:
    """A place on the pad where two seeds play, or one; presets are counted with them, as in `DeckSettings.seeds`."""

    seeds: tuple[int, int]
    """From left to right, or from below; twice the same where one plays alone."""
    place: float
    """0 to 1 between them."""


def find_edge(settings: DeckSettings) -> Edge | None:
    """Find the edge of the pad that a deck stands on.

    Returns
    -------
    Edge or None
        None inside the pad, where all four seeds play.
    """
    right, up = settings.morph
    first, second, third, fourth = settings.seeds
    if up in (0.0, 1.0):
        seeds, place = ((first, second) if up == 0.0 else (third, fourth)), right
    elif right in (0.0, 1.0):
        seeds, place = ((first, third) if right == 0.0 else (second, fourth)), up
    else:
        return None
    if place in (0.0, 1.0):
        seeds = (seeds[int(place)],) * 2
    return Edge(seeds=seeds, place=place)


def played_seed(settings: DeckSettings) -> int:
    """Tell which seed plays, or which preset, as a corner of the pad holds it.

    Raises
    ------
    ControlError
        If there are several.
    """
    edge = find_edge(settings)
    if edge is None or edge.seeds[0] != edge.seeds[1]:
        right, up = settings.morph
        raise ControlError(
            f"several seeds play at morph {right:.3g} {up:.3g}, one is needed to pin; move into a corner of the pad "
            "first, or star this loop and recall it"
        )
    return edge.seeds[0]


def preset_corner(presets: Sequence[str], wanted: float | str) -> int:
    """Tell what a corner of the pad is set to, to hold a preset.

    Parameters
    ----------
    presets : sequence of str
        Those of the deck's model.
    wanted : float or str
        A number from 1 on, or a name.

    Raises
    ------
    ControlError
        If the model has no such preset.
    """
    number = presets.index(wanted) + 1 if wanted in presets else 0 if isinstance(wanted, str) else int(wanted)
    if not 1 <= number <= len(presets):
        there = f"there are {', '.join(presets)}" if presets else "there are none"
        raise ControlError(
            f"preset {wanted if isinstance(wanted, str) else number} is not in the deck's model, {there}; choose one "
            "of 'loopmorph models', or make one with 'loopmorph invert'"
        )
    return FIRST_PRESET + 1 - number


def lead_over(origin: DeckSettings, goal: DeckSettings) -> tuple[Edge, Edge] | None:
    """Find the pad on which one deck's seeds lie below and another's above, so that going up leads over.

    Parameters
    ----------
    origin, goal : DeckSettings
        Two places of a deck.

    Returns
    -------
    tuple of Edge or None
        The lower and the upper edge; None if either stands among four seeds, or has a timbre from elsewhere.
    """
    lower, upper = find_edge(origin), find_edge(goal)
    if origin.split or goal.split or lower is None or upper is None or max(*lower.seeds, *upper.seeds) > MAX_SEED:
        return None
    return lower, upper
