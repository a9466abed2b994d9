"""Loops at another tempo: hits sharp, alike and in time, notes in tune, windows equal to the whole."""

import functools

import numpy as np
import pytest
import torch
from torch import Tensor

from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder
from melgan_vocoder.spectrogram import SpectrogramTransform
from melgan_vocoder.tempo import HOLD_FRAMES, frames_at, source_window
from melgan_vocoder.time_stretch import stretch, stretch_window

FORMAT = MelFormat()
SAMPLE_RATE, N_SAMPLES = FORMAT.sample_rate, FORMAT.n_samples
TEMPI_BPM = [97, 174]
BEAT = N_SAMPLES // 8
TIME_S = np.arange(N_SAMPLES) / SAMPLE_RATE


def kicks() -> np.ndarray:
    """Eight equal kicks, one a beat."""
    since_s = TIME_S % 0.5
    return 0.7 * np.sin(2 * np.pi * (50 * since_s + 3.9 * (1 - np.exp(-since_s / 0.03)))) * np.exp(-since_s / 0.12)


def clicks() -> np.ndarray:
    """A decaying tone of 3 kHz and 1 ms on every eighth."""
    since_s = TIME_S % 0.25
    return 0.7 * np.sin(2 * np.pi * 3000 * since_s) * np.exp(-since_s / 0.0003)


def noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(7).standard_normal(N_SAMPLES)


@functools.cache
def spectrogram_of(name: str) -> Tensor:
    """The spectrogram of a sound of this file."""
    audio = {"kicks": kicks, "clicks": clicks, "noise": noise}[name]()
    return SpectrogramTransform(FORMAT)(torch.from_numpy(audio).float()[None])


def play(vocoder: Vocoder, spectrogram: Tensor) -> np.ndarray:
    with torch.inference_mode():
        return vocoder(spectrogram)[0].double().numpy()


def hits(audio: np.ndarray, n_hits: int) -> np.ndarray:
    """Cut a loop into as many equal parts, each from 20 ms before its beginning on."""
    length = len(audio) / n_hits
    return np.stack([np.roll(audio, 960 - round(hit * length))[: int(length) - 960] for hit in range(n_hits)])


def late_ms(audio: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """How much later the attacks of hits `[n_hits, n]` come than that of the one drawn: where they are most alike."""
    attack = drawn[960 - 240 : 960 + 1440]
    lags = np.arange(-480, 481)
    shifted = np.stack([audio[:, 720 + lag : 720 + lag + len(attack)] for lag in lags], axis=1)
    alike = shifted @ attack / np.linalg.norm(shifted, axis=2)
    assert alike.max(axis=1).min() > 0.97 * np.linalg.norm(attack)
    return lags[alike.argmax(axis=1)] / SAMPLE_RATE * 1000


# --- as heard


@pytest.mark.parametrize("tempo_bpm", TEMPI_BPM)
@pytest.mark.parametrize(("name", "n_hits"), [("kicks", 8), ("clicks", 16)])
def test_hits_stay_within_half_a_frame_of_the_grid_and_equal_hits_stay_equal(
    vocoder: Vocoder, name: str, n_hits: int, tempo_bpm: float
) -> None:
    drawn = hits(play(vocoder, spectrogram_of(name)), n_hits)
    stretched = hits(play(vocoder, stretch(spectrogram_of(name), frames_at(tempo_bpm))), n_hits)
    assert np.abs(late_ms(stretched, drawn[0])).max() < 4
    peaks = np.abs(stretched).max(axis=1)
    assert peaks.max() / peaks.min() < 10 ** (0.5 / 20)
    assert peaks.mean() == pytest.approx(np.abs(drawn).max(axis=1).mean(), rel=0.1)


@pytest.mark.parametrize("tempo_bpm", TEMPI_BPM)
@pytest.mark.parametrize("pitch_hz", [220.0, 329.63, 440.0, 880.0])
def test_a_held_note_keeps_its_pitch(vocoder: Vocoder, pitch_hz: float, tempo_bpm: float) -> None:
    audio = 0.3 * np.sin(2 * np.pi * np.round(4 * pitch_hz) / 4 * TIME_S)
    spectrogram = SpectrogramTransform(FORMAT)(torch.from_numpy(audio).float()[None])
    heard = play(vocoder, stretch(spectrogram, frames_at(tempo_bpm)))
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard)), 16 * len(heard)))
    heard_hz = spectrum.argmax() * SAMPLE_RATE / (16 * len(heard))
    assert abs(1200 * np.log2(heard_hz / (np.round(4 * pitch_hz) / 4))) < 2


# --- the spectrogram


@pytest.mark.parametrize("n_channels", [1, 2])
def test_at_its_own_tempo_a_loop_stays_as_it_is_bit_for_bit(n_channels: int) -> None:
    spectrogram = spectrogram_of("kicks")[:, :n_channels]
    assert torch.equal(stretch(spectrogram, 512), spectrogram)


@pytest.mark.parametrize("tempo_bpm", [60, 97, 119, 126, 174, 200])
@pytest.mark.parametrize(("first", "n"), [(0, 10), (-5, 40), (290, 40), (100, 1), (50, 200)])
@pytest.mark.parametrize("n_channels", [1, 2])
def test_a_window_is_that_cut_of_the_whole_bit_for_bit(tempo_bpm: float, first: int, n: int, n_channels: int) -> None:
    loops = torch.cat([spectrogram_of(name) for name in ("kicks", "clicks", "noise")])[:, :n_channels]
    n_frames = frames_at(tempo_bpm)
    begin, n_columns = source_window(first, n, n_frames=n_frames)
    columns = loops[..., torch.arange(begin, begin + n_columns) % 512]
    window = stretch_window(columns, first, n, n_frames=n_frames)
    assert torch.equal(window, stretch(loops, n_frames)[..., torch.arange(first, first + n) % n_frames])


@pytest.mark.parametrize("n_frames", [307, 488, 633, 1024])
def test_without_hits_each_frame_lies_on_a_straight_line_at_its_place(n_frames: int) -> None:
    time = torch.arange(512) / 512
    mel = 0.3 * torch.sin(2 * torch.pi * (3 * time + torch.linspace(0, 1, 128)[:, None]))
    spectrogram = torch.stack([mel, mel.flip(0)])[None]
    places = np.arange(n_frames) * 512 / n_frames
    for drawn, stretched in zip(spectrogram[0].flatten(0, 1).numpy(), stretch(spectrogram, n_frames)[0].flatten(0, 1)):
        needed = np.interp(places, np.arange(513), np.append(drawn, drawn[0]))
        np.testing.assert_allclose(stretched.numpy(), needed, atol=1e-6)


@pytest.mark.parametrize("rise", [(), (-0.4,), (-0.6, 0.1)])
@pytest.mark.parametrize("n_frames", [307, 400, 633, 1024])
def test_a_hit_is_in_the_nearest_frame_at_once_and_goes_on_as_it_was_drawn(
    n_frames: int, rise: tuple[float, ...]
) -> None:
    spectrogram = torch.full((1, 1, 128, 512), FORMAT.floor)
    columns = (0, 50, 101, 300, 480)
    decay = torch.cat([torch.tensor(rise), torch.linspace(0.8, -0.9, 40 - len(rise))])
    for column in columns:
        spectrogram[..., (column + torch.arange(40)) % 512] = torch.maximum(
            spectrogram[..., (column + torch.arange(40)) % 512], decay
        )
    stretched = stretch(spectrogram, n_frames)[0, 0]
    for column in columns[1:]:
        frame = int(np.floor(column * n_frames / 512 + 0.5))
        first_frames = stretched.roll(-frame, -1)[:, :HOLD_FRAMES]
        assert torch.equal(first_frames, decay[:HOLD_FRAMES].expand(128, -1))
        assert (stretched[:, frame - 1] < -0.6).all()


@pytest.mark.parametrize("n_frames", [307, 488, 633, 1024])
def test_frequency_is_read_only_from_columns_that_sound(n_frames: int) -> None:
    rng = np.random.default_rng(3)
    sounds = torch.from_numpy(rng.random((1, 128, 512)) < 0.5)
    mel = torch.where(sounds, 0.2, FORMAT.floor)
    frequency = torch.where(sounds, 0.4, 0.0)
    stretched = stretch(torch.stack([mel, frequency], dim=1), n_frames)
    heard = stretched[:, 0] > FORMAT.floor + 1e-3
    torch.testing.assert_close(stretched[:, 1][heard], torch.full_like(stretched[:, 1][heard], 0.4))


def test_rolling_by_a_beat_that_both_grids_share_rolls_the_stretched_loop() -> None:
    spectrogram = torch.cat([spectrogram_of("kicks"), spectrogram_of("noise")])
    rolled = stretch(spectrogram.roll(64, -1), 480)
    assert torch.equal(rolled, stretch(spectrogram, 480).roll(60, -1))
