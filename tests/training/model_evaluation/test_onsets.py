"""Onset envelopes of mel and audio, and the onsets in them."""

import librosa
import numpy as np
import pytest

from melgan_vocoder.format import MelFormat
from training.model_evaluation.onsets import audio_envelope, mel_envelope, onset_frames

FORMAT = MelFormat()
CELLS = [0, 3, 8, 14, 16, 22, 27, 31]


def clicks(n_samples: int, *, cells: list[int] = CELLS) -> np.ndarray:
    """Short bursts of noise that begin on sixteenths of a loop of any length."""
    audio = np.zeros(n_samples, np.float32)
    burst = np.random.default_rng(0).standard_normal(4000) * np.exp(-np.arange(4000) / 600)
    for cell in cells:
        start = round(cell * n_samples / 32)
        audio[(start + np.arange(4000)) % n_samples] += (0.3 * burst).astype(np.float32)
    return audio


def test_mel_envelope_is_librosas_but_circular() -> None:
    mel = np.random.default_rng(1).uniform(-1, 1, (2, 128, 512)).astype(np.float32)
    expected = librosa.onset.onset_strength(S=20 * 2.3 * mel[1], sr=48_000, hop_length=375, center=False)
    got = mel_envelope(mel, FORMAT)
    np.testing.assert_allclose(got[1, 1:], expected[1:], rtol=1e-4)
    assert got[1, 0] == pytest.approx(46 * np.maximum(mel[1, :, 0] - mel[1, :, -1], 0).mean(), rel=1e-4)


@pytest.mark.parametrize("n_samples", [192_000, 168_421, 230_400])
def test_onsets_of_audio_are_where_hits_are_whatever_the_tempo(n_samples: int) -> None:
    found = onset_frames(audio_envelope(clicks(n_samples), FORMAT), FORMAT)
    assert len(found) == len(CELLS)
    late = (found - 16 * np.array(CELLS) + 256) % 512 - 256
    assert np.ptp(np.sort(late)) <= 1
    assert np.abs(late).max() <= 2


@pytest.mark.parametrize("frames", [[0, 100], [100, 511]])
def test_onset_at_the_seam_is_found_once(frames: list[int]) -> None:
    envelope = np.zeros(512, np.float32)
    envelope[frames] = [9.0, 7.0]
    assert onset_frames(envelope, FORMAT).tolist() == frames


@pytest.mark.parametrize("audio", [np.zeros(192_000), 0.5 * np.sin(2 * np.pi * 440 * np.arange(192_000) / 48_000)])
def test_silence_and_a_held_note_have_no_onset(audio: np.ndarray) -> None:
    assert len(onset_frames(audio_envelope(audio.astype(np.float32), FORMAT), FORMAT)) == 0
