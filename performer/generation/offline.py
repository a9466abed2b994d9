"""Settings -> sound: the instrument's own path, without waiting for real time."""

import numpy as np

from melgan_vocoder.vocoder_file import load_vocoder
from performer.console import say
from performer.controls import SLOTS
from performer.desk.limiter import delay_samples
from performer.desk.playback import Playback
from performer.direction_names import DIRECTION_NAMES
from performer.errors import PerformerError
from performer.generation.renderer import LoopRenderer
from performer.generation.worker import Worker
from performer.memory import Memory
from performer.output.outputs import N_CHANNELS
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
    np.ndarray [shape=(n_samples, 2)]
        float32 in [-1, 1]; the same on every run on one machine.
    """
    memory = Memory.private()
    memory.state["controls"][0] = values
    settings = DeckSettings.from_controls(values, deck=1)
    renderer = LoopRenderer(header, load_vocoder())
    for name, strength in zip(DIRECTION_NAMES, settings.strengths, strict=True):
        if strength and name in renderer.repertoire.idle:
            say(f"model {header.name}: {name} does nothing: {renderer.repertoire.idle[name]}")
    worker = Worker(memory, [renderer])
    while not worker.decks[0].drawing.is_complete():
        worker.step()  # the first deck is heard, and so drawn first
        if worker.decks[0].failed is not None:
            raise PerformerError("the loop could not be drawn, see the line above; try another seed or model")
    playback = Playback(memory)
    playback.position = 0
    sample_rate = header.mel_format.sample_rate
    loop = 60 * header.mel_format.beats / float(values[SLOTS["/tempo"]][0]) * sample_rate
    first = round(loop) + delay_samples(sample_rate)  # in the first turn gains and limiter have yet to settle
    audio = np.zeros((first + round(n_loops * loop), N_CHANNELS), np.float32)
    for start in range(0, len(audio), BLOCK_SIZE):
        playback.render(audio[start : start + BLOCK_SIZE])
    return audio[first:]
