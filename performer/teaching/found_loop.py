"""A place in W -> a sound file, as the instrument draws it."""

import pathlib

import numpy as np

from directions.survey import TRUNCATION_PSI
from melgan_vocoder.tempo import frames_at
from melgan_vocoder.vocoder_file import load_vocoder
from performer.generation.renderer import Grid, LoopRenderer
from performer.output.outputs import N_CHANNELS
from performer.output.wav_file import write_wav
from stylegan_audio.model_file import ModelHeader


def write_loop(path: pathlib.Path, header: ModelHeader, w: np.ndarray, *, tempo_bpm: float) -> None:
    """Write the loop of a place in W to a WAV file, the same in both channels.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes.
    header : ModelHeader
        The model.
    w : np.ndarray [shape=(w_dim,)]
        Mapped latent, not truncated.
    tempo_bpm : float
        60 to 200 beats a minute.

    Raises
    ------
    LoopmorphError
        If the model cannot be loaded, or the file cannot be written.
    """
    renderer = LoopRenderer(header, load_vocoder())
    w_avg = renderer.generator.w_avg.numpy()
    played = w_avg + np.float32(TRUNCATION_PSI) * (w - w_avg)
    ws = np.tile(played, (1, header.config.n_levels, 1))
    windows = [window for window in renderer.whole(ws, Grid(n_frames=frames_at(tempo_bpm))) if window is not None]
    stereo = np.repeat(windows[0].audio[0][:, None], N_CHANNELS, axis=1)
    write_wav(path, stereo.clip(-1, 1), sample_rate=renderer.sample_rate)
