"""Handing a page from the worker to the audio process."""

import dataclasses

import numpy as np

from performer.memory import N_PAGES, Memory
from performer.settings import DeckSettings


@dataclasses.dataclass(frozen=True)
class Page:
    """Four loops of a deck, ready to be mixed."""

    audio: np.ndarray
    """float32 `[4, n_samples]`; one bass for all."""
    covariance: np.ndarray
    """K-weighted covariance of the loops, float64 `[4, 4]`."""


def may_write(memory: Memory, deck: int) -> bool:
    """Whether the newest page of a deck sounds alone, so that the one after it is free to be written.

    Parameters
    ----------
    memory : Memory
        Where the pages are.
    deck : int
        Counted from 0.
    """
    return bool(memory.state["published"][0, deck] == memory.state["sounding"][0, deck])


def publish(memory: Memory, deck: int, page: Page, settings: DeckSettings) -> None:
    """Write a page behind the sounding one and hand it over.

    Parameters
    ----------
    memory : Memory
        Where the pages are.
    deck : int
        Counted from 0; `may_write` must hold.
    page : Page
        Four loops.
    settings : DeckSettings
        What they were made from.
    """
    state = memory.state
    generation = int(state["published"][0, deck]) + 1
    target = generation % N_PAGES
    sounding = memory.pages[deck, (generation - 1) % N_PAGES]
    memory.pages[deck, target] = page.audio
    state["covariance"][0, deck, target] = page.covariance
    state["correlation"][0, deck, target] = correlate(page.audio, sounding)
    state["rendered"][0, deck] = settings.to_array()
    state["published"][0, deck] = generation  # last: from now on the audio process may read the page


def correlate(new: np.ndarray, old: np.ndarray) -> float:
    """Correlation of two pages.

    Parameters
    ----------
    new, old : np.ndarray [shape=(4, n_samples)]
        float32 loops.

    Returns
    -------
    float
        0 (unrelated, or worse) to 1 (equal); 1 if one of them is silent.
    """
    power = float(np.vdot(new, new)) * float(np.vdot(old, old))
    return float(np.clip(np.vdot(new, old) / np.sqrt(power), 0, 1)) if power > 0 else 1.0
