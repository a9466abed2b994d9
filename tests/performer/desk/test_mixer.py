"""The desk: what each control does to the sound."""

import numpy as np
import pytest

from performer.controls import SLOTS
from performer.desk.limiter import CEILING, delay_samples
from performer.desk.mixer import DECKS, N_CHANNELS, STEREO, WITH_CUE
from performer.desk.playback import Playback
from performer.memory import Memory
from tests.performer.conftest import HandOver, tone

BLOCK_SIZES = [1, 64, 65, 256, 1024, 4096]
DELAY = delay_samples(48_000)


class Bench:
    """A playback whose controls are set by name."""

    def __init__(self, memory: Memory, *, channels: int = 0) -> None:
        self.memory = memory
        self.playback = Playback(memory, channels=channels)
        self.playback.position = 0
        self.set("/master/level", 1)
        self.set("/deck/1/level", 1)

    def set(self, path: str, *values: float) -> None:
        self.memory.state["controls"][0, SLOTS[path]] = values

    def play(self, n: int, *, block_size: int = 4096) -> np.ndarray:
        """Play; float32 `[n, n_channels]`."""
        out = np.full((n, N_CHANNELS[self.playback.channels]), 9, np.float32)
        for start in range(0, n, block_size):
            self.playback.render(out[start : start + block_size])
        return out


@pytest.fixture
def bench(memory: Memory) -> Bench:
    return Bench(memory)


def level_db(audio: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(audio.astype(np.float64) ** 2) + 1e-20))


def test_faders_are_squared_and_decks_add_up(bench: Bench, hand_over: HandOver) -> None:
    hand_over(tone(440))
    bench.play(48_000)
    whole = level_db(bench.play(48_000))
    bench.set("/deck/1/level", 0.5)
    bench.play(24_000)
    assert level_db(bench.play(48_000)) - whole == pytest.approx(20 * np.log10(0.25), abs=0.01)
    hand_over(tone(440), deck=2)
    bench.set("/deck/3/level", 0.5)
    bench.play(24_000)
    assert level_db(bench.play(48_000)) - whole == pytest.approx(20 * np.log10(0.5), abs=0.01)
    bench.set("/master/level", 0.5)
    bench.play(24_000)
    assert level_db(bench.play(48_000)) - whole == pytest.approx(20 * np.log10(0.125), abs=0.01)


@pytest.mark.parametrize(
    ("path", "value", "db"),
    [
        ("/deck/1/mute", 1, -150), ("/deck/1/trim", -6, -6), ("/deck/1/trim", 6, 6), ("/panic", 1, -150),
        ("/deck/1/low", 0, -40), ("/deck/1/low", 1, 6), ("/deck/1/mid", 0, 0), ("/deck/1/filter", 0.9, -60),
    ],
)  # fmt: skip
def test_the_strip(bench: Bench, hand_over: HandOver, path: str, value: float, db: float) -> None:
    hand_over(tone(60))
    bench.play(48_000)
    whole = level_db(bench.play(48_000))
    bench.set(path, value)
    bench.play(48_000)
    change = level_db(bench.play(48_000)) - whole
    if db <= -40:
        assert change < db
    else:
        assert change == pytest.approx(db, abs=0.3)


def test_a_neutral_strip_changes_not_a_bit(bench: Bench, hand_over: HandOver, rng: np.random.Generator) -> None:
    loops = np.repeat((0.1 * rng.standard_normal((1, 192_000))).astype(np.float32), 4, axis=0)
    hand_over(loops)
    bench.set("/deck/1/width", 0)
    bench.play(192_000)
    heard = bench.play(192_000)[:, 0]
    np.testing.assert_allclose(heard, np.roll(loops[0], DELAY), atol=2e-8)


def test_the_crossfader_leaves_both_sides_whole_in_the_middle(bench: Bench, hand_over: HandOver) -> None:
    hand_over(tone(440))
    bench.play(48_000)
    whole = level_db(bench.play(48_000))
    for assigned, position, db in (
        (0, 1, 0),
        (-1, 0, 0),
        (-1, -1, 0),
        (-1, 1, -150),
        (1, -1, -150),
        (1, 1, 0),
        (-1, 0.5, -5.33),
    ):
        bench.set("/deck/1/assign", assigned)
        bench.set("/crossfader", position)
        bench.play(48_000)
        change = level_db(bench.play(24_000)) - whole
        assert change < db if db == -150 else change == pytest.approx(db, abs=0.1)


def test_the_send_echoes_in_time_after_the_deck_is_gone(bench: Bench, hand_over: HandOver) -> None:
    loops = np.zeros((4, 192_000), np.float32)
    loops[:, :2400] = tone(440)[:, :2400]
    hand_over(loops)
    bench.set("/deck/1/send", 1)
    bench.set("/echo/time", 0.75)
    bench.play(192_000 + 48_000)
    loud = np.abs(bench.play(144_000)[:, 0]) > 0.01
    begun = np.flatnonzero(loud & ~np.roll(np.maximum.accumulate(loud), 1))[:1]
    assert begun[0] == pytest.approx(DELAY + 3 * 18_000 - 48_000, abs=100)  # the third echo of the burst
    bench.set("/panic", 1)
    bench.play(48_000)
    bench.set("/panic", 0)
    bench.set("/deck/1/mute", 1)
    assert np.abs(bench.play(24_000)).max() < 1e-4


def test_a_deck_stands_where_its_balance_says_and_its_bass_in_the_middle(bench: Bench, hand_over: HandOver) -> None:
    loops = np.stack([tone(frequency_hz)[0] for frequency_hz in (400, 500, 600, 700)])
    hand_over(loops)
    bench.set("/deck/1/balance", 1, 0)  # the second loop alone
    bench.play(48_000)
    heard = bench.play(48_000)
    np.testing.assert_allclose(heard[:, 0], heard[:, 1], atol=1e-6)
    spectrum = np.abs(np.fft.rfft(heard[:, 0]))
    assert spectrum.argmax() == 500
    assert spectrum[[400, 600, 700]].max() < 1e-3 * spectrum[500]


def test_each_deck_goes_to_a_pair_of_outputs_of_its_own(memory: Memory, hand_over: HandOver) -> None:
    bench = Bench(memory, channels=DECKS)
    for deck, frequency_hz in enumerate((200, 300, 400, 500)):
        hand_over(tone(frequency_hz), deck=deck)
        bench.set(f"/deck/{deck + 1}/level", 0.5)
    bench.play(48_000)
    heard = bench.play(48_000)
    peaks = np.abs(np.fft.rfft(heard, axis=0)).argmax(axis=0)
    np.testing.assert_array_equal(peaks, [200, 200, 300, 300, 400, 400, 500, 500])


def test_the_headphones_hear_what_has_arrived_before_it_is_flipped_to(memory: Memory, hand_over: HandOver) -> None:
    bench = Bench(memory, channels=WITH_CUE)
    hand_over(tone(300))
    bench.play(24_000)
    bench.set("/deck/1/flip", 3)
    bench.set("/deck/1/cue", 1)
    hand_over(tone(500), revision=2)
    bench.play(24_000)
    heard = bench.play(48_000)
    peaks = np.abs(np.fft.rfft(heard, axis=0)).argmax(axis=0)
    np.testing.assert_array_equal(peaks, [300, 300, 500, 500])
    bench.set("/deck/1/cue", 0)
    bench.play(24_000)
    assert np.abs(bench.play(4096)[:, 2:]).max() < 1e-4


def test_headphones_that_were_off_are_in_time_at_once_and_claim_nothing_meanwhile(
    memory: Memory, hand_over: HandOver
) -> None:
    bench = Bench(memory, channels=WITH_CUE)
    hand_over(tone(300))
    bench.set("/deck/1/cue", 1)
    bench.play(48_000)
    assert memory.state["cued"][0, 0].any()
    bench.set("/deck/1/cue", 0)
    bench.play(48_000)
    assert not memory.state["cued"][0, 0].any()
    hand_over(tone(500), revision=2)
    bench.play(1_920_000)
    bench.set("/deck/1/cue", 1)
    bench.play(4800)
    heard = bench.play(48_000)
    np.testing.assert_allclose(heard[:, 2] / heard[:, 2].std(), heard[:, 0] / heard[:, 0].std(), atol=0.05)


@pytest.mark.parametrize("channels", [0, DECKS])
def test_panic_silences_every_output(memory: Memory, hand_over: HandOver, channels: int) -> None:
    bench = Bench(memory, channels=channels)
    hand_over(tone(300))
    assert np.abs(bench.play(48_000)).max() > 0.1
    bench.set("/panic", 1)
    bench.play(24_000)
    assert np.abs(bench.play(4800)).max() < 1e-6
    bench.set("/panic", 0)
    assert np.abs(bench.play(48_000)).max() > 0.1


def test_no_sample_exceeds_the_ceiling(bench: Bench, hand_over: HandOver) -> None:
    for deck in range(4):
        hand_over(tone(440, level=1.0), deck=deck)
        bench.set(f"/deck/{deck + 1}/level", 1)
        bench.set(f"/deck/{deck + 1}/trim", 12)
    heard = bench.play(96_000)
    assert np.abs(heard).max() <= np.float32(CEILING)
    assert bench.memory.counters()["limited_blocks"] > 0


def test_meters_read_each_deck_and_the_master(bench: Bench, hand_over: HandOver) -> None:
    hand_over(tone(440, level=0.25))
    bench.play(48_000)
    readings = bench.memory.state["readings"][0]
    assert readings[0, :2] == pytest.approx(0.25, abs=0.001)
    assert readings[4, :2] == pytest.approx(0.25, abs=0.001)
    assert np.all(readings[1:4, :2] == 0)
    heard = bench.play(4096)
    first, last = bench.memory.state["taped"][0] - 4096, bench.memory.state["taped"][0]
    np.testing.assert_array_equal(np.take(bench.memory.tape, np.arange(first, last), axis=0, mode="wrap"), heard)


@pytest.mark.parametrize("channels", [DECKS, WITH_CUE])
def test_no_pair_of_outputs_exceeds_the_ceiling_nor_is_it_cut_off(
    memory: Memory, hand_over: HandOver, channels: int
) -> None:
    bench = Bench(memory, channels=channels)
    bench.set("/cue/level", 1)
    for deck in range(4):
        hand_over(tone(440, level=0.9), deck=deck)
        bench.set(f"/deck/{deck + 1}/level", 1)
        bench.set(f"/deck/{deck + 1}/trim", 12)
        bench.set(f"/deck/{deck + 1}/cue", 1)
    bench.play(48_000)
    heard = bench.play(48_000)
    assert np.abs(heard).max() <= np.float32(CEILING)
    spectra = np.abs(np.fft.rfft(heard, axis=0))
    assert np.all(spectra[440] > 0.4 * 48_000)
    assert np.all(spectra[3 * 440] < 0.01 * spectra[440])  # a tone that is cut off has overtones
    assert bench.memory.counters()["limited_blocks"] > 0


@pytest.mark.parametrize("channels", [DECKS, WITH_CUE])
def test_all_pairs_of_outputs_are_heard_at_the_same_time_as_the_master(
    memory: Memory, hand_over: HandOver, channels: int
) -> None:
    bench = Bench(memory, channels=channels)
    loops = np.zeros((4, 192_000), np.float32)
    loops[:, 60_000:60_100] = 0.1
    hand_over(loops)
    bench.set("/deck/1/cue", 1)
    heard = bench.play(192_000)
    begins = [np.flatnonzero(np.abs(pair) > 0.01)[0] for pair in (memory.tape[:192_000, 0], heard[:, 0], heard[:, 2])
              if pair.any()]  # fmt: skip
    assert len(begins) == (3 if channels == WITH_CUE else 2)
    assert set(begins) == {60_000 + DELAY}


@pytest.mark.parametrize("channels", [STEREO, WITH_CUE, DECKS])
def test_the_tape_of_the_headphones_is_what_outputs_3_and_4_play(
    memory: Memory, hand_over: HandOver, channels: int
) -> None:
    bench = Bench(memory, channels=channels)
    hand_over(tone(300))
    bench.set("/deck/1/cue", 1)
    heard = bench.play(24_000)
    taped = memory.cue_tape[:24_000]
    assert np.abs(taped).max() > 0.1
    if channels == WITH_CUE:
        np.testing.assert_array_equal(taped, heard[:, 2:])


def evening(memory: Memory, hand_over: HandOver, block_size: int, *, channels: int = WITH_CUE) -> np.ndarray:
    """Every control of the strip and the master moved, every 8192 samples."""
    bench = Bench(memory, channels=channels)
    heard = []
    hand_over(tone(80))
    hand_over(tone(300), deck=1)
    bench.set("/deck/2/level", 0.7)
    moves = [
        ("/deck/1/low", 0.0), ("/deck/1/filter", -0.6), ("/deck/2/send", 0.8), ("/deck/1/filter", 0.5),
        ("/tempo", 126.0),
        ("/deck/1/assign", -1), ("/crossfader", 0.9), ("/deck/2/cue", 1), ("/deck/1/low", 0.5), ("/deck/1/filter", 0.0),
        ("/echo/time", 0.5), ("/deck/2/width", 0.0), ("/deck/2/trim", 12), ("/cue/level", 1.0),
        ("/panic", 1), ("/panic", 0),
    ]  # fmt: skip
    for path, value in moves:
        heard.append(bench.play(8192, block_size=block_size))
        bench.set(path, value)
    heard.append(bench.play(8192, block_size=block_size))
    return np.concatenate(heard)


@pytest.mark.parametrize("channels", [WITH_CUE, DECKS])
@pytest.mark.parametrize("block_size", BLOCK_SIZES)
def test_block_sizes_do_not_matter(memory: Memory, hand_over: HandOver, block_size: int, channels: int) -> None:
    from performer.desk.clips import publish
    from tests.performer.conftest import loop_clips

    other = Memory.private()

    def hand_other(loops: np.ndarray, *, deck: int = 0) -> None:
        for cell, clip in enumerate(loop_clips(loops, revision=1)):
            publish(other, deck, cell, clip)

    np.testing.assert_array_equal(
        evening(memory, hand_over, block_size, channels=channels), evening(other, hand_other, 8192, channels=channels)
    )
    np.testing.assert_array_equal(memory.cue_tape, other.cue_tape)
