"""Loop -> onset envelope -> onsets, over the loop as it repeats; from its mel, or from its audio."""

import librosa
import numpy as np

from melgan_vocoder.format import LoopFormat
from melgan_vocoder.loop_analysis import whole_hops

FAINTEST_ONSET_DB = 1.0
"""Rise of the mean mel band that the strongest onset of a loop must have."""
SHORT_WINDOW = 512
"""Window of the audio's envelope, in samples: 11 ms, so that it hardly hears a hit before it comes.

A held note below some 150 Hz ripples under it by a decibel or two.
"""
AUDIO_BANDS = 40
"""Mel bands of the audio's envelope."""
MARGIN_FRAMES = 64
"""Frames of the loop repeated on either side, so that what is near its seam is heard in place."""


def mel_envelope(mel: np.ndarray, mel_format: LoopFormat) -> np.ndarray:
    """Measure how much louder each frame of a mel is than the one before it.

    Parameters
    ----------
    mel : np.ndarray [shape=(B, n_mels, n_frames)]
        Normalised log-mel.
    mel_format : LoopFormat
        Its format.

    Returns
    -------
    np.ndarray [shape=(B, n_frames)]
        float32: mean rise of a band, in dB.

    References
    ----------
    Böck and Widmer 2013, "Maximum filter vibrato suppression for onset detection", DAFx, without the maximum filter;
    as in librosa's `onset_strength`.
    """
    rise = np.maximum(mel - np.roll(mel, 1, axis=2), 0).mean(axis=1)
    return (20 * mel_format.scale_log10 * rise).astype(np.float32)


def audio_envelope(audio: np.ndarray, mel_format: LoopFormat) -> np.ndarray:
    """Measure how much louder each frame of a loop's audio is than the one before it.

    Parameters
    ----------
    audio : np.ndarray [shape=(n_samples,)]
        A loop of any length.
    mel_format : LoopFormat
        Its `n_frames` are spread over the loop.

    Returns
    -------
    np.ndarray [shape=(n_frames,)]
        float32: mean rise of a mel band in short windows, in dB.
    """
    audio, hop = whole_hops(audio, mel_format.n_frames)
    margin = MARGIN_FRAMES * hop
    wrapped = np.take(audio, range(-margin, len(audio) + margin), mode="wrap")
    envelope = librosa.onset.onset_strength(
        y=wrapped, sr=mel_format.sample_rate, hop_length=hop, n_fft=SHORT_WINDOW, n_mels=AUDIO_BANDS
    )
    return envelope[MARGIN_FRAMES : MARGIN_FRAMES + mel_format.n_frames].astype(np.float32)


def onset_frames(envelope: np.ndarray, mel_format: LoopFormat) -> np.ndarray:
    """Find the onsets of a loop.

    Parameters
    ----------
    envelope : np.ndarray [shape=(n_frames,)]
        What `mel_envelope` or `audio_envelope` returned for it.
    mel_format : LoopFormat
        Its format.

    Returns
    -------
    np.ndarray [shape=(n_onsets,)]
        int frames, ascending, as of librosa's `onset_detect`; none where nothing rises by a decibel.
    """
    n_frames = len(envelope)
    if envelope.max() < FAINTEST_ONSET_DB:
        return np.zeros(0, int)
    wrapped = np.take(envelope, range(-MARGIN_FRAMES, n_frames + MARGIN_FRAMES), mode="wrap")
    onsets = librosa.onset.onset_detect(
        onset_envelope=wrapped, sr=mel_format.sample_rate, hop_length=mel_format.hop_length, units="frames"
    )
    onsets = onsets - MARGIN_FRAMES
    return onsets[(onsets >= 0) & (onsets < n_frames)].astype(int)
