"""audio of a bass -> its held notes: how steady each is, and whether it is in the key.

References
----------
Mauch and Dixon 2014, "pYIN: a fundamental frequency estimator using probabilistic threshold distributions", ICASSP
(which frames sound, and about where; librosa's).
"""

import dataclasses
import itertools
from collections.abc import Sequence

import librosa
import numpy as np

from melgan_vocoder.format import LoopFormat
from training.procedural.harmony import scale_notes
from training.vocoder_evaluation.pitch_track import cents_between, track_cents

TRACK_RATE = 8000
"""Samples a second at which notes are looked for."""
FRAME, HOP = 1024, 80
LOWEST_HZ, HIGHEST_HZ = 30.0, 250.0
SAME_NOTE_CENTS = 60.0
"""A frame further from the one before begins another note; slides are no held notes."""
LEAST_HELD_S = 0.3
"""Shorter notes are not held ones."""
EDGE_S = 0.08
"""Left out at either end of a note: half of what its pitch is measured in."""
NEAR_CENTS = 15.0
"""How far a frame may be from its note, or a note from the key."""
NEAR_SHARE = 0.9
"""Share of a steady note's frames that are so near."""
LOWEST_MIDI, HIGHEST_MIDI = 20, 62
"""Notes that such pitches may be."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HeldNote:
    """A note that is held."""

    pitch_hz: float
    """Its median pitch."""
    off_cents: np.ndarray
    """How far its pitch is from that in frames of 20 ms, `[n_frames]`."""

    @property
    def steady(self) -> bool:
        """Whether it keeps its pitch."""
        return bool(np.mean(np.abs(self.off_cents) <= NEAR_CENTS) >= NEAR_SHARE)

    @property
    def in_key(self) -> bool:
        """Whether it is a note of C major and A minor, A at 440 Hz."""
        midi = 69 + float(cents_between(self.pitch_hz, 440.0)) / 100
        nearest = min(abs(midi - note) for note in scale_notes(LOWEST_MIDI, HIGHEST_MIDI))
        return 100 * nearest <= NEAR_CENTS


def held_notes(audio: np.ndarray, mel_format: LoopFormat) -> list[HeldNote]:
    """Find the held notes of a loop.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        The loop.
    mel_format : LoopFormat
        Gives its sample rate.

    Returns
    -------
    list of HeldNote
        Those of 0.3 s and more between 30 and 250 Hz, in time.
    """
    slow = librosa.resample(audio.astype(np.float32), orig_sr=mel_format.sample_rate, target_sr=TRACK_RATE)
    if np.abs(slow).max() < 1e-4:
        return []
    pitch_hz, voiced, _ = librosa.pyin(
        slow, fmin=LOWEST_HZ, fmax=HIGHEST_HZ, sr=TRACK_RATE, frame_length=FRAME, hop_length=HOP, fill_na=None
    )
    found = (measure_note(audio, pitch_hz[span], span, mel_format) for span in spans(pitch_hz, voiced))
    return [note for note in found if note is not None]


def spans(pitch_hz: np.ndarray, voiced: np.ndarray) -> list[slice]:
    """Cut a track of pitches where it is unvoiced or jumps."""
    apart = np.abs(np.diff(cents_between(pitch_hz, LOWEST_HZ))) > SAME_NOTE_CENTS
    cuts = np.flatnonzero(apart | (voiced[1:] != voiced[:-1])) + 1
    edges = [0, *cuts.tolist(), len(pitch_hz)]
    return [slice(start, stop) for start, stop in itertools.pairwise(edges) if voiced[start]]


def measure_note(audio: np.ndarray, pitch_hz: np.ndarray, span: slice, mel_format: LoopFormat) -> HeldNote | None:
    """Measure one note to fractions of a cent; None if it is not held."""
    start_s, stop_s = (edge * HOP / TRACK_RATE for edge in (span.start, span.stop))
    if stop_s - start_s < LEAST_HELD_S:
        return None
    about_hz = float(np.median(pitch_hz))
    start, stop = (round(edge * mel_format.sample_rate) for edge in (start_s + EDGE_S, stop_s - EDGE_S))
    cents = track_cents(audio, pitch_hz=about_hz, waveform="saw", start=start, stop=stop)
    middle = float(np.median(cents))
    return HeldNote(pitch_hz=about_hz * 2 ** (middle / 1200), off_cents=cents - middle)


def note_shares(notes: Sequence[HeldNote]) -> dict[str, float]:
    """Tell which share of held notes is steady, and which is in the key; 0 where there are none."""
    return {
        "steady": float(np.mean([note.steady for note in notes])) if notes else 0.0,
        "in_key": float(np.mean([note.in_key for note in notes])) if notes else 0.0,
    }
