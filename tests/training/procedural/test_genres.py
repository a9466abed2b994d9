"""Every genre: the same loop for the same seed, whole, level, seamless, and unlike the other genres."""

import dataclasses
import functools

import numpy as np
import pytest
from scipy import fft

from training.errors import TrainingError
from training.procedural import GENRES, draw_loop
from training.procedural.names import GENRE_NAMES

N_SEEDS = 50
DRUMS = ("techno", "house", "breaks", "percussion")


@dataclasses.dataclass(frozen=True)
class Measured:
    """What was measured on the loops of a genre, an array entry for each seed."""

    dtypes: set[str]
    shapes: set[tuple[int, ...]]
    finite: np.ndarray
    peak: np.ndarray
    seam: np.ndarray
    low_share: np.ndarray
    centroid_hz: np.ndarray
    unevenness: np.ndarray
    backbeat: np.ndarray
    beat_four: np.ndarray
    thumbs: np.ndarray


def seam_ratio(loop: np.ndarray, order: int) -> float:
    """Largest difference of an order that spans the loop's ends, relative to the largest elsewhere."""
    steps = np.abs(np.diff(np.concatenate([loop[-order:], loop]).astype(float), order))
    return float(steps[:order].max() / max(steps[order:].max(), 1e-12))


@functools.cache
def measure(genre: str) -> Measured:
    rows = []
    for seed in range(N_SEEDS):
        loop = draw_loop(genre, seed)
        spectrum = fft.rfft(loop)
        power = np.abs(spectrum) ** 2
        frequency = np.fft.rfftfreq(len(loop), 1 / 48_000)
        cells = np.sqrt(np.mean(loop.reshape(32, 6000) ** 2, axis=1)) + 1e-9
        low = fft.irfft(spectrum * (frequency < 120), len(loop)).reshape(32, 6000)
        thumps = np.sqrt(np.mean(low**2, axis=1)) + 1e-9
        bright = fft.irfft(spectrum * (frequency > 1500), len(loop)).reshape(32, 6000)
        high = np.sqrt(np.mean(bright**2, axis=1)) + 1e-9
        rows.append(
            (
                str(loop.dtype),
                loop.shape,
                np.isfinite(loop).all(),
                np.max(np.abs(loop)),
                max(seam_ratio(loop, 1), seam_ratio(loop, 2)),
                power[frequency < 120].sum() / power.sum(),
                (power * frequency).sum() / power.sum(),
                cells.std() / cells.mean(),
                high[4::8].mean() / high[::8].mean(),
                thumps[::4].min() / thumps.max(),
                cells / np.linalg.norm(cells),
            )
        )
    columns = list(zip(*rows, strict=True))
    return Measured(set(columns[0]), set(columns[1]), *(np.array(column) for column in columns[2:]))


def test_names_of_the_command_line_are_the_genres() -> None:
    assert tuple(GENRES) == GENRE_NAMES


@pytest.mark.parametrize("genre", GENRE_NAMES)
def test_same_seed_gives_the_same_loop_and_another_seed_another(genre: str) -> None:
    first = draw_loop(genre, 7)
    np.testing.assert_array_equal(first, draw_loop(genre, 7))
    assert np.max(np.abs(first - draw_loop(genre, 8))) > 1e-3


def test_same_seed_of_two_genres_is_two_patterns() -> None:
    techno, house = draw_loop("techno", 3), draw_loop("house", 3)
    assert abs(np.corrcoef(techno, house)[0, 1]) < 0.9


@pytest.mark.parametrize("genre", GENRE_NAMES)
def test_loops_are_float32_of_two_bars_finite_and_within_full_scale(genre: str) -> None:
    measured = measure(genre)
    assert measured.dtypes == {"float32"}
    assert measured.shapes == {(192_000,)}
    assert measured.finite.all()
    assert measured.peak.max() <= 1
    assert measured.peak.min() > 10 ** (-51 / 20)


@pytest.mark.parametrize("genre", [name for name in GENRE_NAMES if name not in ("tones", "sweeps")])
def test_levels_vary_between_minus_12_and_minus_1_db(genre: str) -> None:
    peak_db = 20 * np.log10(measure(genre).peak)
    assert -12.01 < peak_db.min() < -9
    assert -4 < peak_db.max() < -0.99


def test_levels_of_tones_reach_from_soft_to_full() -> None:
    peak_db = 20 * np.log10(measure("tones").peak)
    assert peak_db.min() < -35
    assert peak_db.max() > -3


@pytest.mark.parametrize("genre", GENRE_NAMES)
def test_seam_is_no_larger_than_the_largest_step_elsewhere(genre: str) -> None:
    # a kick that is struck on the first beat alone may make the largest step of its loop there, by its own onset
    assert measure(genre).seam.max() < 1.2


def test_seam_of_a_loop_that_is_cut_would_be_seen() -> None:
    loop = draw_loop("bass", 0)
    assert seam_ratio(loop[: len(loop) - 100], 2) > 5


@pytest.mark.parametrize("genre", GENRE_NAMES)
def test_loops_of_a_genre_are_not_all_alike(genre: str) -> None:
    thumbs = measure(genre).thumbs
    alike = (thumbs @ thumbs.T)[np.triu_indices(N_SEEDS, 1)]
    assert np.mean(alike > 0.999) < 0.4  # held tones are level, that is alike


def test_drum_genres_are_told_apart_by_their_kicks_and_backbeats() -> None:
    four = {genre: np.mean(measure(genre).beat_four > 0.3) for genre in DRUMS}
    assert four["techno"] > 0.6
    assert four["house"] > 0.8
    assert four["breaks"] < 0.2
    assert four["percussion"] < 0.2
    backbeat = {genre: np.median(measure(genre).backbeat) for genre in DRUMS}
    assert min(backbeat["house"], backbeat["breaks"]) > 1.6 * max(backbeat["techno"], backbeat["percussion"])


def test_spectra_order_the_genres() -> None:
    low = {genre: np.median(measure(genre).low_share) for genre in GENRE_NAMES}
    assert low["bass"] > 0.5
    assert low["techno"] > low["breaks"] > low["percussion"]
    assert max(low["pads"], low["nature"]) < 0.05
    centroid = {genre: np.median(measure(genre).centroid_hz) for genre in GENRE_NAMES}
    assert centroid["bass"] < centroid["pads"] < centroid["nature"]
    assert np.median(measure("percussion").unevenness) > np.median(measure("pads").unevenness)


def test_unknown_genre_names_the_known_ones() -> None:
    with pytest.raises(TrainingError, match=r"genre 'polka' is unknown, one of techno, house.* is needed; choose one"):
        draw_loop("polka", 0)


def test_negative_seed_is_refused() -> None:
    with pytest.raises(TrainingError, match="seed is -1, it must be at least 0; choose another"):
        draw_loop("techno", -1)
