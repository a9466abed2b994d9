import numpy as np
import pytest

from performer.mixer import CEILING, mix_block

N_SAMPLES = 1500


class Bench:
    """The kernel's arguments, for one deck of four loops."""

    def __init__(self, rng: np.random.Generator, *, n_channels: int = 2) -> None:
        self.pages = (0.1 * rng.standard_normal((1, 3, 4, N_SAMPLES))).astype(np.float32)
        self.page, self.old_page = np.array([0]), np.array([-1])
        self.fade_left = np.zeros(1, np.int64)
        self.correlation = np.ones(1)
        self.targets = rng.uniform(0.1, 0.3, (1, 2, 4))
        self.gains = self.targets.copy()
        self.smoothing, self.fade_samples, self.release = 0.01, 100, 0.999
        self.limiter = np.zeros(1)
        self.n_channels = n_channels
        self.limited = False

    def mix(self, n_samples: int, *, position: int = 0, block_size: int = 256) -> np.ndarray:
        """Mix block by block; float32 `[n_samples, n_channels]`."""
        out = np.full((n_samples, self.n_channels), 9, np.float32)
        for start in range(0, n_samples, block_size):
            block = out[start : start + block_size]
            self.limited |= mix_block(
                block, self.pages, position + start, self.page, self.old_page, self.fade_left, self.correlation,
                self.gains, self.targets, self.smoothing, self.fade_samples, self.limiter, self.release,
            )  # fmt: skip
        return out


@pytest.fixture
def bench(rng: np.random.Generator) -> Bench:
    return Bench(rng)


def test_loops_are_weighted_and_go_round(bench: Bench) -> None:
    twice = np.concatenate([bench.pages[0, 0], bench.pages[0, 0]], axis=1)
    expected = (bench.targets[0] @ twice[:, 700 : 700 + N_SAMPLES]).T
    np.testing.assert_allclose(bench.mix(N_SAMPLES, position=700), expected, atol=1e-6)


@pytest.mark.parametrize("block_size", [1, 64, 65, 256, 1024, 4096])
def test_block_sizes_do_not_matter(rng: np.random.Generator, block_size: int) -> None:
    seed = rng.integers(2**31)
    whole, parts = (Bench(np.random.default_rng(seed)) for _ in range(2))
    for each in (whole, parts):
        each.page[0], each.old_page[0], each.fade_left[0] = 1, 0, 100
        each.gains[:] = 0
        each.pages *= 12  # into the limiter
    np.testing.assert_array_equal(parts.mix(3000, block_size=block_size), whole.mix(3000, block_size=3000))


def test_no_page_is_silence_and_spare_channels_are_silent(rng: np.random.Generator) -> None:
    bench = Bench(rng, n_channels=4)
    assert np.all(bench.mix(300)[:, 2:] == 0)
    bench.page[0] = -1
    assert np.all(bench.mix(300) == 0)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 1.0])
def test_a_fade_keeps_the_power_of_pages_of_any_correlation(rng: np.random.Generator, correlation: float) -> None:
    bench = Bench(rng)
    common, own = rng.standard_normal((2, 4, N_SAMPLES)) * 0.1
    bench.pages[0, 0] = common
    bench.pages[0, 1] = correlation * common + np.sqrt(1 - correlation**2) * own
    bench.page[0], bench.old_page[0] = 1, 0
    bench.correlation[0] = correlation
    bench.fade_samples, bench.fade_left[0] = 1_000_000, 500_000  # stands still in the middle, as far as one can hear
    faded = np.std(bench.mix(N_SAMPLES))
    bench.fade_left[0] = 0
    assert faded == pytest.approx(np.std(bench.mix(N_SAMPLES)), rel=0.05)


def test_a_fade_begins_with_the_old_page_and_ends_with_the_new_one(bench: Bench) -> None:
    bench.pages[0, 0], bench.pages[0, 1] = 0.5, -0.5
    bench.page[0], bench.old_page[0], bench.fade_left[0] = 1, 0, 100
    bench.targets[:] = bench.gains[:] = 0.25
    left = bench.mix(101)[:, 0]
    assert left[0] == pytest.approx(0.49)
    assert left[99:] == pytest.approx(-0.5)
    assert np.all(np.diff(left[:100]) < 0)


def test_gains_approach_their_targets_without_a_step(bench: Bench) -> None:
    bench.pages[:] = 1
    bench.gains[:], bench.targets[:] = 0, 0.2
    left = bench.mix(1000)[:, 0]
    assert left[0] == pytest.approx(0.8 * 0.01)
    assert np.abs(np.diff(left)).max() < 0.01
    assert left[-1] == pytest.approx(0.8, rel=1e-3)


def test_the_limiter_holds_the_ceiling_and_is_silent_about_quiet_sound(bench: Bench) -> None:
    bench.mix(N_SAMPLES)
    assert not bench.limited
    bench.pages *= 100
    assert np.abs(bench.mix(N_SAMPLES)).max() <= CEILING + 1e-6
    assert bench.limited
