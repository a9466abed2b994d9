"""What lies on a producer's disk: drum loops and tracks drawn here, whose bars are known, and four files of no use."""

import dataclasses
import pathlib
from collections.abc import Sequence

import numpy as np
import pytest

SAMPLE_RATE = 48_000
DRAWN_BPM = 120
"""Tempo of `draw_loop`; a file that says another sample rate plays it at another tempo."""
TEMPI_BPM = (120, 126, 130)
N_LOOP_FILES, N_TRACKS, TRACK_LOOPS, N_TEXTURES = 40, 6, 4, 20
FIRST_TRACK_SEED = 60
LEAD_IN_S = 0.37
"""Silence before a track's first bar, at 120 BPM."""
WALTZ_BPM, WALTZ_BEATS = 132, 66


@dataclasses.dataclass
class Music:
    """A folder of recordings, and where the bars of each good one are."""

    folder: pathlib.Path
    tempo_bpm: dict[str, float] = dataclasses.field(default_factory=dict)
    first_bar_s: dict[str, float] = dataclasses.field(default_factory=dict)

    def add(self, name: str, genre: str, *, seeds: Sequence[int], bpm: int = DRAWN_BPM, lead_in_s: float = 0) -> None:
        """Write loops one after another, at a tempo, after silence."""
        import soundfile

        from training.procedural import draw_loop

        silence = np.zeros(round(lead_in_s * SAMPLE_RATE), np.float32)
        audio = np.concatenate([silence, *(draw_loop(genre, seed) for seed in seeds)])
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        rate = SAMPLE_RATE * bpm // DRAWN_BPM
        soundfile.write(path, audio, rate)
        self.tempo_bpm[name], self.first_bar_s[name] = bpm, len(silence) / rate

    def add_useless(self) -> None:
        """Write a track whose name tells a wrong tempo, silence, a broken file and a waltz."""
        import soundfile

        self.add("wrong 97 bpm.wav", "techno", seeds=range(900, 906), lead_in_s=LEAD_IN_S)
        soundfile.write(self.folder / "silence.wav", np.zeros(10 * SAMPLE_RATE, np.float32), SAMPLE_RATE)
        soundfile.write(self.folder / "waltz.wav", draw_waltz(), SAMPLE_RATE)
        (self.folder / "broken.wav").write_bytes(np.random.default_rng(0).bytes(100_000))


def draw_waltz() -> np.ndarray:
    """Half a minute of kick, snare, snare, with hats in eighths: float32, peak 0.8."""
    from training.procedural.kit import STYLES, draw_voice

    rng = np.random.default_rng(3)
    voices, style = ("kick", "snare", "hat"), STYLES["house"]
    sounds = {voice: draw_voice(voice, rng, style=style, one_shots=None) for voice in voices}
    hits = [(2 * beat, "kick" if beat % 3 == 0 else "snare", 0.5) for beat in range(WALTZ_BEATS)]
    hits += [(eighth, "hat", 0.15) for eighth in range(2 * WALTZ_BEATS)]
    audio = np.zeros(round((1 + 60 * WALTZ_BEATS / WALTZ_BPM) * SAMPLE_RATE), np.float32)
    for eighth, voice, level in hits:
        start = round((0.1 + 30 * eighth / WALTZ_BPM) * SAMPLE_RATE)
        audio[start : start + len(sounds[voice])] += level * sounds[voice][: len(audio) - start]
    return audio * np.float32(0.8 / np.abs(audio).max())


@pytest.fixture(scope="module")
def techno(tmp_path_factory: pytest.TempPathFactory) -> Music:
    """40 files of two bars, six tracks of four loops, each heard twice, and four files of no use."""
    music = Music(tmp_path_factory.mktemp("techno"))
    for number in range(N_LOOP_FILES):
        music.add(f"loops/{number:02d}.wav", "techno", seeds=[number], bpm=TEMPI_BPM[number % len(TEMPI_BPM)])
    for number in range(N_TRACKS):
        first, bpm = FIRST_TRACK_SEED + TRACK_LOOPS * number, TEMPI_BPM[number % len(TEMPI_BPM)]
        seeds = [first + place // 2 for place in range(2 * TRACK_LOOPS)]
        music.add(f"tracks/{number}.wav", "techno", seeds=seeds, bpm=bpm, lead_in_s=LEAD_IN_S)
    music.add_useless()
    return music


@pytest.fixture(scope="module")
def textures(tmp_path_factory: pytest.TempPathFactory) -> Music:
    """20 files of chords and leads and 20 of nature, each heard twice: 8 s."""
    music = Music(tmp_path_factory.mktemp("textures"))
    for number in range(N_TEXTURES):
        for genre in ("pads", "nature"):
            music.add(f"{genre}/{number:02d}.wav", genre, seeds=[number, number])
    return music
