"""mel -> numbers a performer has words for: how dense, how heavy, how bright a loop is.

Every attribute is read from the mel, of recorded or rendered audio as well as of a spectrogram that a model has just
drawn: one definition, two sources. All are continuous, and none depends on how loud the loop is (but `loudness`).
"""

import dataclasses
import math
from collections.abc import Callable

import torch
from torch import Tensor

from directions.levels import FORMAT, SIXTEENTHS, Levels, between, centers_hz

BARS = 2
FRAMES_PER_S = FORMAT.sample_rate / FORMAT.hop_length
SIXTEENTH = FORMAT.n_frames // SIXTEENTHS
"""Frames of a sixteenth."""
BASS_EDGE_HZ = 120.0
HAT_EDGE_HZ = 6000.0
TONE_HZ = (30.0, 1000.0)
"""Where the notes of basses and pads are."""
NOISE_EDGE_HZ = 500.0
"""Above it bands are of equal width to the ear, so that flatness means noise."""
AUDIBLE_DB = -40.0
"""A band that is fainter, re the loudness of the loop, has nothing left to fall."""
ROLLOFF = 0.95
TINY = 1e-6
"""Power of -60 dB: levels begin there."""
FAINT = 1e-9
"""Power so small that it adds nothing, and of which a root still has a slope."""
METER = (0, -4, -3, -4, -2, -4, -3, -4, -1, -4, -3, -4, -2, -4, -3, -4)
"""Weight of each sixteenth of a bar of 4/4."""


def density(levels: Levels) -> Tensor:
    """How much happens: onset strength, summed over a bar.

    References
    ----------
    Böck and Widmer 2013, "Maximum filter vibrato suppression for onset detection", DAFx, section 2.1: spectral flux of
    logarithmic magnitudes, here not picked for peaks but summed, so that it is continuous.
    """
    return levels.onset_strength.sum(dim=-1) / BARS


def bass(levels: Levels) -> Tensor:
    """How heavy: level below 120 Hz."""
    return decibels(levels.power[:, between(0, BASS_EDGE_HZ)].sum(dim=1).mean(dim=-1))


def brightness(levels: Levels) -> Tensor:
    """Where the middle of the spectrum above 120 Hz is: the centroid, on an axis of octaves.

    What lies below is `bass`: a heavier kick is no darker sound.

    References
    ----------
    Peeters 2004, "A large set of audio features for sound description", section 6.1.1.
    """
    bands = between(BASS_EDGE_HZ, math.inf)
    magnitude = (levels.power[:, bands].mean(dim=-1) + FAINT).sqrt()
    return (magnitude @ octaves(levels)[bands]) / (magnitude.sum(dim=-1) + TINY)


def kick(levels: Levels) -> Tensor:
    """How strong low hits are: rise of the amplitude below 120 Hz, summed over a bar."""
    return hits(levels, between(0, BASS_EDGE_HZ))


def hats(levels: Levels) -> Tensor:
    """How much hats play: rise of the amplitude above 6 kHz, summed over a bar."""
    return hits(levels, between(HAT_EDGE_HZ, math.inf))


def swing(levels: Levels) -> Tensor:
    """Where in an eighth its second sixteenth comes, in per cent: 50 is straight, 67 a triplet.

    References
    ----------
    Butterfield 2011, "Why do jazz musicians swing their eighth notes?", Music Theory Spectrum 33 (1): the ratio of
    pairs of notes; here of the centres of onset strength around them.
    """
    onsets = levels.onset_strength.square()
    place = torch.arange(-SIXTEENTH // 2, SIXTEENTH // 2).to(onsets)
    around = onsets.roll(SIXTEENTH // 2, dims=-1).reshape(len(onsets), -1, 2, SIXTEENTH)
    late = (around * place).sum(dim=(1, 3)) / (around.sum(dim=(1, 3)) + TINY)  # [B, 2], frames
    return 50 + 100 * (late[:, 1] - late[:, 0]) / (2 * SIXTEENTH)


def syncopation(levels: Levels) -> Tensor:
    """How much is played off the beat and not on the next stronger one, against all that is played.

    References
    ----------
    Longuet-Higgins and Lee 1984, "The rhythmic interpretation of monophonic music", Music Perception 1 (4): the
    difference of metrical weight between a note and the rest that follows it; here graded by onset strength.
    """
    onsets = levels.onset_strength.roll(SIXTEENTH // 4, dims=-1)
    strength = onsets.reshape(len(onsets), SIXTEENTHS, SIXTEENTH).sum(dim=-1)
    total = strength.new_zeros(len(strength))
    for place in range(SIXTEENTHS):
        weight = METER[place % len(METER)]
        ahead = next((n for n in range(1, len(METER)) if METER[(place + n) % len(METER)] > weight), None)
        if ahead is not None:
            heavier = METER[(place + ahead) % len(METER)] - weight
            rest = strength[:, place] - strength[:, (place + ahead) % SIXTEENTHS]
            total = total + heavier * rest.clamp_min(0)
    return total / (strength.sum(dim=-1) + TINY)


def noisiness(levels: Levels) -> Tensor:
    """How flat the spectrum is, in decibels: 0 is white noise, less is more of tones.

    References
    ----------
    Johnston 1988, "Transform coding of audio signals using perceptual noise criteria", IEEE JSAC 6 (2), eq. 3: spectral
    flatness; here of bands above 500 Hz, frames weighted by their power.
    """
    bands = between(NOISE_EDGE_HZ, math.inf)
    flatness = levels.level_db[:, bands].mean(dim=1) - decibels(levels.power[:, bands].mean(dim=1))
    weight = levels.power[:, bands].sum(dim=1)
    return (flatness * weight).sum(dim=-1) / (weight.sum(dim=-1) + TINY)


def decay(levels: Levels) -> Tensor:
    """How long sounds ring, in octaves of seconds: the time for 60 dB at the rate at which bands mostly fall.

    References
    ----------
    ISO 3382-1:2009, section 3.5: reverberation time from the slope of the decay.
    """
    before = levels.level_db.roll(1, dims=-1)
    fall_db = (before - levels.level_db).clamp_min(0) * (before > AUDIBLE_DB)
    rate_db = fall_db.sum(dim=(1, 2)) / ((fall_db > 0).sum(dim=(1, 2)) + TINY)  # a frame
    return torch.log2(60 / (FRAMES_PER_S * rate_db + 1))


def loudness(levels: Levels) -> Tensor:
    """How loud, K-weighted; a deck evens it out.

    References
    ----------
    ITU-R BS.1770-5 (2023), annex 1.
    """
    return levels.loudness_db


def register(levels: Levels) -> Tensor:
    """How high the notes are: mean pitch of what is strongest from 30 Hz to 1 kHz, in semitones above 20 Hz."""
    bands = between(*TONE_HZ)
    weight = levels.power[:, bands].square()
    return 12 * (octaves(levels)[bands] @ weight.sum(dim=-1).T) / (weight.sum(dim=(1, 2)) + TINY**2)


def notes(levels: Levels) -> Tensor:
    """How many notes: onset strength from 30 Hz to 1 kHz, summed over a bar."""
    return levels.rise_db[:, between(*TONE_HZ)].mean(dim=1).sum(dim=-1) / BARS


def openness(levels: Levels) -> Tensor:
    """How far a filter is open, in octaves above 20 Hz: below it lies 95 % of the amplitude.

    References
    ----------
    Peeters 2004, "A large set of audio features for sound description", section 6.1.5: roll-off.
    """
    share = (levels.power.mean(dim=-1) + FAINT).sqrt().cumsum(dim=-1)
    share = share / (share[:, -1:] + TINY)
    width = torch.diff(octaves(levels), append=octaves(levels)[-1:])
    slope = torch.diff(share, append=share[:, -1:]) + TINY
    return octaves(levels)[0] + (((ROLLOFF - share) / slope).clamp(0, 1) * width).sum(dim=-1)


def hits(levels: Levels, bands: slice) -> Tensor:
    """Rise of the amplitude in some bands, summed over a bar, in decibels re the loudness of the loop."""
    amplitude = (levels.power[:, bands].sum(dim=1) + FAINT).sqrt()
    rise = (amplitude - amplitude.roll(1, dims=-1)).clamp_min(0).sum(dim=-1) / BARS
    return 20 * torch.log10(rise + 1e-3)


def decibels(power: Tensor) -> Tensor:
    """Power in decibels, from -60."""
    return 10 * torch.log10(power + TINY)


def octaves(levels: Levels) -> Tensor:
    """Octaves of each band above 20 Hz, `[n_mels]`."""
    return torch.log2(centers_hz(levels.power) / FORMAT.f_min_hz)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Attribute:
    """A quantity of the sound that can be measured."""

    measure: Callable[[Levels], Tensor]
    """Levels of `B` loops to `[B]` numbers."""
    unit: str
    """What the numbers count."""
    family: frozenset[str]
    """Attributes that naturally move with it, itself among them."""


RHYTHM = frozenset({"density", "hats", "notes", "syncopation"})
LOW = frozenset({"bass", "kick"})
HIGH = frozenset({"brightness", "hats", "noisiness", "openness"})

ATTRIBUTES: dict[str, Attribute] = {
    "density": Attribute(measure=density, unit="dB a bar", family=RHYTHM),
    "bass": Attribute(measure=bass, unit="dB", family=LOW),
    "brightness": Attribute(measure=brightness, unit="octaves", family=HIGH),
    "kick": Attribute(measure=kick, unit="dB", family=LOW),
    "hats": Attribute(measure=hats, unit="dB", family=RHYTHM | HIGH),
    "swing": Attribute(measure=swing, unit="%", family=frozenset({"swing"})),
    "syncopation": Attribute(measure=syncopation, unit="", family=RHYTHM),
    "noisiness": Attribute(measure=noisiness, unit="dB", family=HIGH),
    "decay": Attribute(measure=decay, unit="octaves", family=frozenset({"decay"})),
    "loudness": Attribute(measure=loudness, unit="dB", family=frozenset({"loudness"})),
    "register": Attribute(measure=register, unit="semitones", family=frozenset({"register"})),
    "notes": Attribute(measure=notes, unit="dB a bar", family=RHYTHM),
    "openness": Attribute(measure=openness, unit="octaves", family=HIGH),
}
"""Every attribute by its name."""


def measure(mel: Tensor) -> dict[str, Tensor]:
    """Measure every attribute of loops.

    Parameters
    ----------
    mel : Tensor [shape=(B, n_mels, n_frames)]
        Channel 0 of `MelFormat`.

    Returns
    -------
    dict of str to Tensor [shape=(B,)]
        Values by name of the attribute.
    """
    levels = Levels.of(mel)
    return {name: attribute.measure(levels) for name, attribute in ATTRIBUTES.items()}
