"""audio -> spectrogram: against a direct computation in float64; exact, gated, circular in time."""

import numpy as np
import pytest
import torch

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.format import MelFormat
from melgan_vocoder.spectrogram import SpectrogramTransform, band_weights

FORMAT = MelFormat()
TRANSFORM = SpectrogramTransform(FORMAT)
HOP = FORMAT.hop_length
N_SAMPLES = 128 * HOP
"""Samples of a loop of one second."""
FEWEST_FRAMES = -(-FORMAT.low_window // HOP)
"""Frames of the shortest loop that can be analysed."""
N_SHORT = 16 * HOP
"""Samples of a loop that is short enough to be computed frame by frame."""
RATE_HZ = FORMAT.sample_rate
FLOOR = FORMAT.floor
UNGATED = SpectrogramTransform(MelFormat(gate_window=8192, gate_margin_log10=4.0))
WINDOWS = {True: FORMAT.low_window, False: FORMAT.high_window}
"""Window of the low bands, and of the others."""
SHORT = FORMAT.gate_window


def sine(frequency_hz: float, *, amplitude: float = 1.0, n_samples: int = N_SAMPLES) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(n_samples) / RATE_HZ)


def analyse(audio: np.ndarray, transform: SpectrogramTransform = TRANSFORM) -> np.ndarray:
    """The spectrogram of one loop, `[2, 128, n_frames]`."""
    with torch.inference_mode():
        return transform(torch.from_numpy(np.asarray(audio, np.float32))[None])[0].numpy()


def level_db(mel: np.ndarray) -> np.ndarray:
    """Log-magnitudes in dB re a full-scale sine."""
    return 20 * (2.3 * mel - 2.2)


def frequency_hz(spectrogram: np.ndarray, band: int) -> float:
    """The mean over time of what channel 1 says of a band."""
    return float(FORMAT.band_centers_hz[band] + spectrogram[1, band].mean() * FORMAT.bandwidths_hz[band])


def kick(start: int) -> np.ndarray:
    """A loop with one kick drum at a sample."""
    time_s = np.arange(20_000) / RATE_HZ
    sweep = np.sin(2 * np.pi * (50 * time_s + 2.4 * (1 - np.exp(-time_s / 0.03)))) * np.exp(-time_s / 0.12)
    audio = np.zeros(N_SAMPLES)
    audio[(start + np.arange(20_000)) % N_SAMPLES] = 0.7 * sweep * np.minimum(1, time_s / 0.001)
    return audio


# --- the formula, one frame and one band at a time


def direct_centers_hz() -> np.ndarray:
    linear = [26 + 12 * band for band in range(40)]
    return np.array(linear + [500 * 40 ** ((band + 0.5) / 88) for band in range(88)])


def direct_widths_hz() -> np.ndarray:
    return np.array([12.0] * 40 + [500 * (40 ** ((band + 1) / 88) - 40 ** (band / 88)) for band in range(88)])


def direct_weights(n_fft: int) -> np.ndarray:
    """Triangles from one centre to the next, in float64, one bin at a time."""
    centers = direct_centers_hz()
    knots = [centers[0] - 12, *centers, centers[-1] * centers[-1] / centers[-2]]
    weights = np.zeros((128, n_fft // 2 + 1))
    for band in range(128):
        low, center, high = knots[band : band + 3]
        for k in range(int(low / RATE_HZ * n_fft), int(high / RATE_HZ * n_fft) + 2):
            hz = k * RATE_HZ / n_fft
            weights[band, k] = max(0.0, (hz - low) / (center - low) if hz < center else (high - hz) / (high - center))
    return weights


def raised_cosine(length: int) -> np.ndarray:
    return np.sin(np.pi * np.arange(length) / length) ** 2


def frame_power(audio: np.ndarray, center: int, window: np.ndarray, n_fft: int) -> tuple[np.ndarray, np.ndarray]:
    """Power of each bin, 1 for all of a full-scale sine, and its instantaneous frequency times that power, in hertz."""
    length = len(window)
    index = (center + np.arange(length) - length // 2) % len(audio)
    spectrum = np.fft.rfft(audio[index] * window, n_fft)
    derivative = np.pi / length * np.sin(2 * np.pi * np.arange(length) / length)
    turning = np.fft.rfft(audio[index] * derivative, n_fft)
    full_scale = n_fft * np.sum(window**2) / 4
    radians = 2 * np.pi * np.arange(n_fft // 2 + 1) / n_fft
    motion = radians * np.abs(spectrum) ** 2 - np.imag(turning * np.conj(spectrum))
    return np.abs(spectrum) ** 2 / full_scale, motion / full_scale * RATE_HZ / (2 * np.pi)


def tone_power(center_hz: float, window: np.ndarray, n_fft: int) -> np.ndarray:
    """Power of each bin for a complex exponential, 1 for all of it."""
    tone = np.exp(2j * np.pi * center_hz / RATE_HZ * np.arange(len(window)))
    return np.abs(np.fft.fft(window * tone, n_fft))[: n_fft // 2 + 1] ** 2 / (n_fft * np.sum(window**2))


def between_bins(power: np.ndarray, n_fft: int) -> np.ndarray:
    """Power of a short window, read off its own grid in straight lines at the bins of a long one."""
    return np.interp(np.arange(n_fft // 2 + 1) / n_fft, np.arange(SHORT + 1) / (2 * SHORT), power)


def direct_spectrogram(audio: np.ndarray) -> np.ndarray:
    """DESIGN.md section 4, with the gate as `SpectrogramTransform` describes it."""
    centers, widths = direct_centers_hz(), direct_widths_hz()
    n_frames = len(audio) // HOP
    power, motion = np.zeros((2, 128, n_frames))
    heard = np.zeros((128, 3 * n_frames))
    margin = np.zeros(128)
    for is_low, long in WINDOWS.items():
        chosen, n_fft = (centers < FORMAT.window_split_hz) == is_low, 2 * long
        weights = direct_weights(n_fft)
        for frame in range(n_frames):
            bins, moving = frame_power(audio, frame * HOP, raised_cosine(long), n_fft)
            power[chosen, frame], motion[chosen, frame] = weights[chosen] @ bins, weights[chosen] @ moving
        for step in range(3 * n_frames):
            short = frame_power(audio, step * HOP // 3, raised_cosine(SHORT), 2 * SHORT)[0]
            heard[chosen, step] = weights[chosen] @ between_bins(short, n_fft)
        for band in np.flatnonzero(chosen):
            whole = weights[band] @ tone_power(centers[band], raised_cosine(long), n_fft)
            short = tone_power(centers[band], raised_cosine(SHORT), 2 * SHORT)
            margin[band] = 10 ** (2 * FORMAT.gate_margin_log10) * whole / (weights[band] @ between_bins(short, n_fft))
    spectrogram = np.zeros((2, 128, n_frames))
    for frame in range(n_frames):
        reach, beyond = 3 * FORMAT.gate_frames + 1, 10 ** (2 * FORMAT.gate_beyond_log10)
        earlier = [heard[:, (3 * frame - step) % (3 * n_frames)] for step in range(-1, reach)]
        later = [heard[:, (3 * frame + step) % (3 * n_frames)] for step in range(-1, reach)]
        before, after = (np.max([beyond * first, *rest], axis=0) for first, *rest in (earlier, later))
        gated = np.minimum(power[:, frame], margin * np.minimum(before, after))
        silent = gated <= 1e-9
        spectrogram[0, :, frame] = (np.log10(np.maximum(gated, 1e-9)) / 2 + 2.2) / 2.3
        offset = (motion[:, frame] / np.maximum(power[:, frame], 1e-20) - centers) / widths
        spectrogram[1, :, frame] = np.where(silent, 0, np.clip(offset, -1.5, 1.5))
    return spectrogram


SOUNDS = {
    "noise": np.random.default_rng(1).uniform(-1, 1, N_SHORT),
    "two notes over noise": sine(113, amplitude=0.3, n_samples=N_SHORT)
    + sine(2471, amplitude=0.2, n_samples=N_SHORT)
    + 0.003 * np.random.default_rng(2).standard_normal(N_SHORT),
    "noise that sets in": 0.3 * np.random.default_rng(3).standard_normal(N_SHORT) * (np.arange(N_SHORT) > 2900),
    "click at sample 0": np.eye(1, N_SHORT, 0)[0],
}


@pytest.mark.parametrize("sound", SOUNDS)
def test_equals_the_formula_computed_directly(sound: str) -> None:
    got, needed = analyse(SOUNDS[sound]), direct_spectrogram(SOUNDS[sound])
    np.testing.assert_allclose(got[0], needed[0], atol=1e-4)
    clear = needed[0] > FLOOR + 1e-3  # at the floor itself, rounding decides whether a band is silent
    np.testing.assert_allclose(got[1][clear], needed[1][clear], atol=2e-3)
    assert clear.mean() > 0.05
    assert np.abs(needed[1][clear]).max() > 0.1


def test_bands_are_triangles_whose_sum_is_one_from_the_first_centre_to_the_last() -> None:
    hz = np.arange(4097) * RATE_HZ / 8192
    weights = band_weights(FORMAT, hz)
    np.testing.assert_allclose(weights, direct_weights(8192), atol=1e-12)
    centers = direct_centers_hz()
    np.testing.assert_allclose(weights.sum(axis=0)[(hz >= centers[0]) & (hz <= centers[-1])], 1)


# --- what the figures mean


@pytest.mark.parametrize("hz", [33, 50, 106, 440, 690, 705, 720, 1500, 4000, 15_000])
@pytest.mark.parametrize("amplitude", [1.0, 0.01])
def test_power_of_a_sine_adds_up_over_the_bands_to_its_level(hz: float, amplitude: float) -> None:
    mel = analyse(sine(hz, amplitude=amplitude))[0]
    total_db = 10 * np.log10(np.sum(10 ** (level_db(mel) / 10) * (mel > FLOOR + 1e-6), axis=0))
    np.testing.assert_allclose(total_db, 20 * np.log10(amplitude), atol=0.5)


@pytest.mark.parametrize("hz", [33, 36, 41, 44, 50, 55, 98, 110, 221, 440, 650, 705, 880, 3000, 9000, 15_000])
def test_band_frequency_of_a_partial_is_its_frequency_within_2_cents(hz: float) -> None:
    spectrogram = analyse(sine(hz, amplitude=0.5))
    loudest = int(spectrogram[0].mean(axis=1).argmax())
    for band in (loudest - 1, loudest, loudest + 1):
        if spectrogram[0, band].mean() > spectrogram[0, loudest].mean() - 0.13:  # 6 dB
            offset = spectrogram[1, band] * FORMAT.bandwidths_hz[band]
            cents = 1200 * np.log2((FORMAT.band_centers_hz[band] + offset) / hz)
            assert np.abs(cents.mean()) < 2, band
    assert abs(FORMAT.band_centers_hz[loudest] - hz) < 0.6 * FORMAT.bandwidths_hz[loudest]


@pytest.mark.parametrize("low_hz", [80, 110, 150, 200, 275, 400, 460])
def test_partials_30_hz_apart_below_500_hz_are_two_peaks_at_their_frequencies(low_hz: float) -> None:
    spectrogram = analyse(sine(low_hz, amplitude=0.4) + sine(low_hz + 30, amplitude=0.4))
    mel = spectrogram[0].mean(axis=1)
    peaks = [band for band in range(1, 127) if mel[band - 1] < mel[band] >= mel[band + 1] and mel[band] > -0.2]
    assert len(peaks) == 2
    found = [frequency_hz(spectrogram, band) for band in peaks]
    np.testing.assert_allclose(found, [low_hz, low_hz + 30], atol=0.8)


def test_band_frequency_of_noise_is_near_the_centre(rng: np.random.Generator) -> None:
    offset = analyse(0.1 * rng.standard_normal(N_SAMPLES))[1]
    assert np.abs(np.median(offset, axis=1)).mean() < 0.1
    assert np.abs(offset).mean() < 0.35


@pytest.mark.parametrize("n_frames", [FEWEST_FRAMES, FEWEST_FRAMES + 1, FEWEST_FRAMES + 2, 128])
def test_silence_is_the_floor_at_no_frequency(n_frames: int) -> None:
    spectrogram = analyse(np.zeros(n_frames * HOP))
    np.testing.assert_allclose(spectrogram[0], FLOOR, atol=1e-6)
    assert pytest.approx(-1) == FLOOR
    np.testing.assert_array_equal(spectrogram[1], 0)


def test_double_the_amplitude_adds_log10_of_2_and_leaves_the_frequencies(rng: np.random.Generator) -> None:
    audio = rng.uniform(-0.5, 0.5, N_SHORT)
    soft, loud = analyse(audio), analyse(2 * audio)
    np.testing.assert_allclose(loud[0] - soft[0], np.log10(2) / 2.3, atol=1e-4)
    np.testing.assert_allclose(loud[1], soft[1], atol=1e-3)


@pytest.mark.parametrize("n_samples", [FEWEST_FRAMES * HOP, N_SHORT, 192_000])
def test_shape_dtype_and_range_of_a_batch_of_any_length(rng: np.random.Generator, n_samples: int) -> None:
    spectrogram = TRANSFORM(torch.from_numpy(rng.uniform(-1, 1, (2, n_samples)).astype(np.float32)))
    assert spectrogram.shape == (2, 2, 128, n_samples // 375)
    assert spectrogram.dtype == torch.float32
    assert spectrogram.isfinite().all()
    assert FLOOR - 1e-6 <= spectrogram[:, 0].min() < spectrogram[:, 0].max() < 1.2
    assert spectrogram[:, 1].abs().max() <= 1.5


# --- the gate


ONSETS = {"kick": kick(100 * HOP + 112), "click": np.eye(1, N_SAMPLES, 100 * HOP + 112)[0]}


@pytest.mark.parametrize("sound", ONSETS)
def test_nothing_sounds_more_than_2_frames_before_an_onset(sound: str) -> None:
    mel = analyse(ONSETS[sound])[0]
    np.testing.assert_allclose(mel[:, 50:99], FLOOR, atol=1e-6)
    assert mel[:, 99:102].max() > FLOOR + 0.3


@pytest.mark.parametrize("sound", ONSETS)
def test_the_long_window_alone_sees_an_onset_early(sound: str) -> None:
    mel = analyse(ONSETS[sound], UNGATED)[0]
    first = -(-(100 * HOP + 112 - FORMAT.low_window // 2) // HOP)  # the first frame whose window reaches the onset
    assert first <= 95
    assert mel[:, first : first + 2].max() > FLOOR + 0.2
    np.testing.assert_allclose(mel[:, 50:first], FLOOR, atol=1e-6)


def test_nothing_sounds_long_after_a_click() -> None:
    mel = analyse(ONSETS["click"])[0]
    np.testing.assert_allclose(mel[:, 103:], FLOOR, atol=1e-6)


@pytest.mark.parametrize("late", [0, 60, 94, 130, 187, 220, 281, 374])
def test_click_is_heard_wherever_it_falls_between_two_frames(late: int) -> None:
    click = np.eye(1, N_SAMPLES, 60 * HOP + late)[0]
    gated, free = (10 ** (level_db(analyse(click, transform)[0]) / 10) for transform in (TRANSFORM, UNGATED))
    for bands in (slice(0, 48), slice(48, 128)):
        lost_db = 10 * np.log10(free[bands].sum() / gated[bands].sum())
        assert lost_db < 8


@pytest.mark.parametrize("hz", [50, 440, 705, 3000])
def test_gate_takes_nothing_from_a_held_tone(hz: float) -> None:
    gated, free = analyse(sine(hz))[0], analyse(sine(hz), UNGATED)[0]
    loud = free > free.max() - 0.2  # 9 dB
    assert loud.any(axis=0).all()
    np.testing.assert_allclose(gated[loud], free[loud], atol=1e-6)


# --- loops


@pytest.mark.parametrize("n_frames", [1, 5, 63])
def test_rolling_by_frames_rolls_the_spectrogram(rng: np.random.Generator, n_frames: int) -> None:
    audio = rng.uniform(-1, 1, 64 * HOP)
    rolled = analyse(np.roll(audio, n_frames * HOP))
    needed = np.roll(analyse(audio), n_frames, axis=2)
    np.testing.assert_allclose(rolled[0], needed[0], atol=1e-4)
    np.testing.assert_allclose(rolled[1], needed[1], atol=2e-3)


def test_click_at_sample_0_looks_the_same_from_both_ends_of_the_loop() -> None:
    mel = analyse(np.eye(1, 64 * HOP, 0)[0], UNGATED)[0]
    for distance in (1, 2, 3):
        assert mel[:, distance].max() > FLOOR + 0.1
        np.testing.assert_allclose(mel[:, distance], mel[:, -distance], atol=1e-3)
    reach = FORMAT.low_window // 2 // HOP
    np.testing.assert_allclose(mel[:, reach + 1 : -reach], FLOOR, atol=1e-6)


@pytest.mark.parametrize("sound", SOUNDS)
def test_mel_alone_is_channel_0(sound: str) -> None:
    audio = torch.from_numpy(SOUNDS[sound].astype(np.float32))[None]
    torch.testing.assert_close(TRANSFORM.mel(audio), TRANSFORM(audio)[:, 0], atol=1e-6, rtol=0)


def test_batch_equals_one_at_a_time(rng: np.random.Generator) -> None:
    audio = torch.from_numpy(rng.uniform(-1, 1, (3, N_SHORT)).astype(np.float32))
    torch.testing.assert_close(
        TRANSFORM(audio), torch.cat([TRANSFORM(loop[None]) for loop in audio]), atol=5e-5, rtol=0
    )


# --- training


def test_gradient_reaches_every_sample_and_is_finite_also_in_silence(rng: np.random.Generator) -> None:
    audio = torch.from_numpy(rng.uniform(-1, 1, (4, N_SHORT)).astype(np.float32))
    audio[1] = 0
    audio[2, 1000:] = 0
    audio[3] *= 1e-5
    audio.requires_grad_()
    TRANSFORM(audio).square().sum().backward()
    assert audio.grad is not None
    assert audio.grad.isfinite().all()
    assert (audio.grad[0] != 0).all()


def test_gradient_is_the_slope_of_the_spectrogram(rng: np.random.Generator) -> None:
    transform = SpectrogramTransform(FORMAT).double()
    audio = torch.from_numpy(rng.uniform(-1, 1, (1, N_SHORT))).requires_grad_()
    weight = torch.from_numpy(rng.standard_normal((1, 2, 128, 16)))
    toward = torch.from_numpy(rng.standard_normal((1, N_SHORT)))
    (gradient,) = torch.autograd.grad((transform(audio) * weight).sum(), audio)
    with torch.inference_mode():
        ends = [(transform(audio + step * toward) * weight).sum() for step in (1e-7, -1e-7)]
    assert float((gradient * toward).sum()) == pytest.approx(float(ends[0] - ends[1]) / 2e-7, rel=1e-4)


def test_has_nothing_to_learn_or_to_store() -> None:
    assert not TRANSFORM.state_dict()
    assert not list(TRANSFORM.parameters())


@pytest.mark.parametrize("n_samples", [0, 375, (FEWEST_FRAMES - 1) * HOP, FORMAT.low_window + 1, 192_001])
def test_length_that_is_no_loop_is_refused(n_samples: int) -> None:
    needed = rf"a multiple of 375 of at least {FORMAT.low_window} is needed"
    message = rf"audio has {n_samples} samples, {needed}; cut or pad the loop"
    with pytest.raises(VocoderError, match=message):
        TRANSFORM(torch.zeros(1, n_samples))
    with pytest.raises(VocoderError, match=message):
        TRANSFORM.mel(torch.zeros(1, n_samples))
