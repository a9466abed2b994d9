"""Names, tones and loops of the chords that a vocoder is tried on."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from training.vocoder_evaluation.resynthesis import SAMPLE_RATE
from training.vocoder_evaluation.tones import LEVEL, fades, held_tone, note_hz, place

FAMILIES = ("chords", "kick_over_bass", "close_intervals")
C2, C3, C5 = 36, 48, 72
ROOT_STEP = 4
WIDE_INTERVALS = (4, 5, 7, 9, 12)
CLOSE_INTERVALS = (1, 2, 3)
TRIADS = {"major": (0, 4, 7), "minor": (0, 3, 7)}
FIFTH_ROOTS = range(C2, C3, 2)
CLOSE_ROOTS = (48, 60, 72)
HELD_S = 2.0
HELD_START = SAMPLE_RATE
KICK_HZ = 55.0
KICK_DECAY_S = 0.3
KICK_BASSES_HZ = (87.3, 98.0, 110.0)
BEAT = SAMPLE_RATE // 2
SETTLED = round(0.02 * SAMPLE_RATE)
MIN_WINDOW = 16_384
LOBE_BINS = 4.0
"""Half the main lobe of a Blackman-Harris window, in bins of its length."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chord:
    """Tones that sound together, and where to listen to them."""

    name: str
    """Its notes, for the report."""
    family: str
    """One of `FAMILIES`."""
    tones_hz: Sequence[float]
    """Frequencies of its sines in hertz, rising."""

    @property
    def window_length(self) -> int:
        """Samples of analysis window, so that the main lobes of neighbours stand apart; a power of two."""
        needed = 2 * LOBE_BINS * SAMPLE_RATE / min(np.diff(self.tones_hz))
        return max(MIN_WINDOW, 2 ** int(np.ceil(np.log2(needed))))

    @property
    def lobe_hz(self) -> float:
        """Half the width of the window's main lobe, in hertz."""
        return LOBE_BINS * SAMPLE_RATE / self.window_length

    @property
    def window_starts(self) -> Sequence[int]:
        """Samples at which windows begin: after each kick, or spread over the held part without its first 0.1 s."""
        if self.family == "kick_over_bass":
            return [beat * BEAT + SETTLED for beat in range(8)]
        edge = SAMPLE_RATE // 10
        last = HELD_START + round(HELD_S * SAMPLE_RATE) - edge - self.window_length
        return list(range(HELD_START + edge, last + 1, self.window_length // 4))

    def loop(self) -> np.ndarray:
        """Synthesise the chord, float32 `[n_samples]`, each tone with an equal share of -12 dB re full scale."""
        share = LEVEL / len(self.tones_hz)
        if self.family == "kick_over_bass":
            bass = held_tone(self.tones_hz[1], duration_s=8 * BEAT / SAMPLE_RATE, waveform="sine")
            return place([share * bass, *[2 * share * bass_kick()] * 8], [0, *range(0, 8 * BEAT, BEAT)])
        tones = [share * held_tone(f, duration_s=HELD_S, waveform="sine") for f in self.tones_hz]
        return place(tones, [HELD_START] * len(tones))


def bass_kick() -> np.ndarray:
    """Half a second of a decaying sine of 55 Hz, `[n_samples]`, peak below 1."""
    seconds = np.arange(BEAT) / SAMPLE_RATE
    return np.sin(2 * np.pi * KICK_HZ * seconds) * np.exp(-seconds / KICK_DECAY_S) * fades(BEAT)


def chord_set(n_pitches: int) -> list[Chord]:
    """List the chords: dyads from four semitones, triads, fifths from C2, kick over bass, closer intervals.

    Parameters
    ----------
    n_pitches : int
        Pitches of the held notes: below 40, chords are thinned likewise, but each family keeps some.

    Returns
    -------
    list of Chord
        67 if `n_pitches` is 40 or more.
    """
    shapes = [((0, i), "chords") for i in WIDE_INTERVALS] + [(triad, "chords") for triad in TRIADS.values()]
    notes = [(root, shape, family) for shape, family in shapes for root in range(C3, C5 + 1, ROOT_STEP)]
    notes += [(root, (0, 7), "chords") for root in FIFTH_ROOTS]
    chords = [named(root, shape, family) for root, shape, family in notes]
    close = [named(root, (0, i), "close_intervals") for i in CLOSE_INTERVALS for root in CLOSE_ROOTS]
    kicks = [
        Chord(name=f"kick 55 Hz + {f:g} Hz", family="kick_over_bass", tones_hz=(KICK_HZ, f)) for f in KICK_BASSES_HZ
    ]
    step = max(1, 40 // n_pitches)
    return [*chords[::step], *kicks[:: min(step, 2)], *close[::step]]


def named(root: int, shape: Sequence[int], family: str) -> Chord:
    """Build the chord of sines on a MIDI note, named by its notes."""
    letters = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    midi_notes = [root + interval for interval in shape]
    name = " ".join(f"{letters[note % 12]}{note // 12 - 1}" for note in midi_notes)
    return Chord(name=name, family=family, tones_hz=tuple(note_hz(note) for note in midi_notes))
