"""Settings -> sound: the instrument's own path, without waiting for real time."""

import numpy as np

from performer.console import say
from performer.controls import DIRECTION_NAMES
from performer.memory import Memory
from performer.outputs import N_CHANNELS
from performer.pages import publish
from performer.playback import Playback
from performer.renderer import LoopRenderer
from performer.settings import DeckSettings
from stylegan_audio.model_file import ModelHeader

BLOCK_SIZE = 4096


def play_offline(header: ModelHeader, values: np.ndarray, *, n_loops: int) -> np.ndarray:
    """Play the first deck for whole loops.

    Parameters
    ----------
    header : ModelHeader
        The model.
    values : np.ndarray [shape=(N_VALUES,)]
        Values of all controls.
    n_loops : int >= 1
        How many times the loop goes round.

    Returns
    -------
    np.ndarray [shape=(n_loops * n_samples, 2)]
        float32 in [-1, 1]; the same on every run on one machine.
    """
    mel_format = header.mel_format
    memory = Memory.private(mel_format)
    memory.state["controls"][0] = values
    settings = DeckSettings.from_controls(values, deck=1)
    renderer = LoopRenderer(header)
    for name, strength in zip(DIRECTION_NAMES, settings.strengths, strict=True):
        if strength and name in renderer.missing_directions:
            say(f"model {header.name} has no direction {name!r}: that option does nothing")
    publish(memory, 0, renderer.render(settings), settings)
    playback = Playback(memory, mel_format)
    playback.snap()
    audio = np.zeros(((1 + n_loops) * mel_format.n_samples, N_CHANNELS), np.float32)
    for start in range(0, len(audio), BLOCK_SIZE):
        playback.render(audio[start : start + BLOCK_SIZE])
    return audio[mel_format.n_samples :]  # in the first turn the limiter has yet to settle
