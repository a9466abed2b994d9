"""Recordings that are synthesised: drum tracks of known tempo and downbeat, a waltz."""

import pathlib
from collections.abc import Callable

import numpy as np
import pytest
import soundfile

SAMPLE_RATE = 48_000
Track = Callable[..., np.ndarray]


def play(hits: list[tuple[float, np.ndarray]], *, duration_s: float) -> np.ndarray:
    """Sounds at times in seconds; float32, peak 0.8."""
    audio = np.zeros(round(duration_s * SAMPLE_RATE), np.float32)
    for time_s, sound in hits:
        start = round(time_s * SAMPLE_RATE)
        audio[start : start + len(sound)] += sound[: max(0, len(audio) - start)]
    return audio * np.float32(0.8 / np.abs(audio).max())


@pytest.fixture(scope="session")
def track() -> Track:
    """Plays the pattern of a procedural genre and seed at any tempo for some bars, after silence."""
    from training.procedural.drums import LEVELS_DB, draw_pattern
    from training.procedural.grid import amplitude
    from training.procedural.kit import STYLES, draw_voice

    def render(genre: str, seed: int, *, tempo_bpm: float, bars: int = 8, offset_s: float = 0.0) -> np.ndarray:
        pattern = draw_pattern(genre, seed)
        rng = np.random.default_rng([seed, len(genre)])
        voices = sorted({hit.voice for hit in pattern.hits})
        sounds = {voice: draw_voice(voice, rng, style=STYLES[genre], one_shots=None) for voice in voices}
        cell_s = 15 / tempo_bpm
        hits = []
        for turn in range(bars // 2):
            for hit in pattern.hits:
                late = pattern.swing if int(hit.cell) % 2 == 1 else 0.0
                gain = np.float32(amplitude(LEVELS_DB[hit.voice] + hit.level_db))
                hits.append((offset_s + (hit.cell + late + 32 * turn) * cell_s, gain * sounds[hit.voice]))
        return play(hits, duration_s=offset_s + 16 * bars * cell_s)

    return render


@pytest.fixture(scope="session")
def waltz() -> np.ndarray:
    """Kick, snare, snare at 132 BPM, with hats in eighths: 31 s."""
    from training.procedural.kit import STYLES, draw_voice

    rng = np.random.default_rng(3)
    kick, snare, hat = (
        draw_voice(voice, rng, style=STYLES["house"], one_shots=None) for voice in ("kick", "snare", "hat")
    )
    hits = []
    for beat in range(66):
        time_s = 0.1 + beat * 60 / 132
        hits += [(time_s, kick if beat % 3 == 0 else 0.5 * snare), (time_s, 0.3 * hat), (time_s + 30 / 132, 0.2 * hat)]
    return play(hits, duration_s=31.05)


@pytest.fixture(scope="session")
def recordings(track: Track, waltz: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with good tracks, and one of everything that must be left out."""
    folder = tmp_path_factory.mktemp("recordings")
    (folder / "more").mkdir()
    files = {
        "breaks.wav": track("breaks", 1, tempo_bpm=97, offset_s=0.313),
        "more/house.flac": track("house", 2, tempo_bpm=126, offset_s=0.7),
        "more/again.wav": 0.5 * track("house", 2, tempo_bpm=126, offset_s=0.2),
        "wrong 100 BPM.wav": track("breaks", 7, tempo_bpm=126, offset_s=0.1),
        "silence.wav": np.zeros(10 * SAMPLE_RATE, np.float32),
        "clipped.wav": 0.9 * np.clip(40 * track("techno", 5, tempo_bpm=126, offset_s=0.1), -1, 1),
        "waltz.wav": waltz,
        "short.wav": track("breaks", 1, tempo_bpm=97)[: 2 * SAMPLE_RATE + 7],
    }
    for name, audio in files.items():
        soundfile.write(folder / name, audio, SAMPLE_RATE)
    (folder / "corrupt.wav").write_bytes(b"RIFF....WAVEfmt nonsense" * 50)
    (folder / "notes.txt").write_text("not audio")
    return folder
