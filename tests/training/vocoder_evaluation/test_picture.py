"""The picture of a vocoder."""

import pathlib
from collections.abc import Callable

import matplotlib.image
import numpy as np

from training.vocoder_evaluation.picture import draw_picture
from training.vocoder_evaluation.tones import held_tone, place

HELD = [
    {"waveform": waveform, "pitch_hz": pitch_hz, "error_cents": error}
    for waveform in ("sine", "square", "saw")
    for pitch_hz, error in ((33.0, 2.0), (1000.0, -1300.0))
]


def test_picture_is_written_and_shows_what_the_vocoder_did(
    tmp_path: pathlib.Path, identity: Callable[[np.ndarray], np.ndarray]
) -> None:
    loop = place([0.5 * held_tone(440.0, duration_s=2.0, waveform="saw")], [0])
    pictures = []
    for name, vocoder in (("identity", identity), ("mute", np.zeros_like)):
        path = tmp_path / "new" / f"{name}.png"
        draw_picture(
            path, {"details": {"held_notes": HELD}}, resynthesise=vocoder, loops=[("saw", loop)], title="title"
        )
        pictures.append(matplotlib.image.imread(path))
    alike, mute = pictures
    assert alike.shape == mute.shape == (600, 1200, 4)
    assert np.abs(alike - mute)[:, :600].max() == 0
    assert np.abs(alike - mute)[:300, 600:].max() > 0.5
