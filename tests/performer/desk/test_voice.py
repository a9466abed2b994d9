"""What is heard of a deck, sample by sample."""

import numpy as np
import pytest

from performer.clock import Clock
from performer.desk.clips import PREROLL, TAIL, Clip, cut_clips, free_slot, publish
from performer.desk.deck_sound import play_voice
from performer.desk.reader import N_TAPS, sinc_table
from performer.desk.voice import FADE_MS, FLIP_TICKS, PLAY, REPEAT_TICKS, new_voice
from performer.memory import N_LOOPS, N_SLOTS, Memory
from tests.performer.conftest import HandOver, tone

TABLE = sinc_table()
BLOCK_SIZES = [1, 64, 65, 256, 1024, 4096]
NOW, BEAT, BAR, LOOP = FLIP_TICKS


class Player:
    """A voice on its own, at unit gain."""

    def __init__(self, memory: Memory, *, sample_rate: int = 48_000) -> None:
        self.memory = memory
        self.sample_rate = sample_rate
        self.clock = Clock(memory, sample_rate=sample_rate)
        self.voice = new_voice()
        self.controls = np.zeros(1, PLAY)
        self.controls["n_ticks"] = 64
        self.gains = np.full((2, 2, N_LOOPS), 0.25)
        self.position = 0
        self.tempo_bpm = 120.0

    def play(self, n: int, *, block_size: int = 4096) -> np.ndarray:
        """Play so many samples of the left channel, float64 `[n]`."""
        state = self.memory.state
        heard = []
        for start in range(0, n, block_size):
            size = min(block_size, n - start)
            out = np.full((2, size), 9.0)
            self.clock.retime(self.position, self.tempo_bpm)
            state["seen"][0] = state["published"][0]
            play_voice(
                out, size, self.position, self.clock.line, self.voice, self.controls, self.memory.clips[0],
                self.memory.headers[0], state["seen"][0, 0], state["playing"][0, 0], np.full((2, N_LOOPS), 0.25),
                self.gains, 0.01, round(FADE_MS * self.sample_rate / 1000), np.zeros((3, N_TAPS)), TABLE,
            )  # fmt: skip
            self.position += size
            heard.append(out[0])
        return np.concatenate(heard)

    def skip_to(self, tick: float) -> None:
        """Play on to a tick."""
        self.play(round(tick * 3000) - self.position)


@pytest.fixture
def player(memory: Memory) -> Player:
    return Player(memory)


def roughness(audio: np.ndarray) -> float:
    """Largest second difference: a pop is many times that of the sound around it."""
    return float(np.abs(np.diff(audio, 2)).max())


def frequency_hz(audio: np.ndarray, sample_rate: int = 48_000) -> float:
    """Frequency of the loudest partial, by the phase between two stretches half a second apart."""
    half = sample_rate // 2
    window = np.hanning(half)
    first, second = (np.fft.rfft(audio[at : at + half] * window) for at in (0, half))
    peak = int(np.abs(first).argmax())
    cycles = np.angle(second[peak] / first[peak]) / (2 * np.pi)
    return float((peak + (cycles + 0.5) % 1 - 0.5) * sample_rate / half)


def test_at_its_own_tempo_and_rate_a_loop_is_copied_to_the_bit(player: Player, hand_over: HandOver) -> None:
    loops = (0.2 * np.random.default_rng(1).standard_normal((4, 192_000))).astype(np.float32)
    hand_over(loops)
    player.play(192_000)
    heard = player.play(2 * 192_000)
    np.testing.assert_allclose(heard[:192_000], loops.astype(np.float64).mean(axis=0), atol=1e-12)
    np.testing.assert_array_equal(heard[:192_000], heard[192_000:])


@pytest.mark.parametrize("tempo_bpm", [60.0, 97.0, 126.0, 133.7, 174.0, 200.0])
def test_a_loop_of_the_clocks_tempo_goes_round_with_it_at_its_own_pitch(
    player: Player, hand_over: HandOver, tempo_bpm: float
) -> None:
    n_frames = round(61_440 / tempo_bpm)
    loops = tone(440, n_frames=n_frames)
    hand_over(loops, n_frames=n_frames)
    player.tempo_bpm = tempo_bpm
    player.play(48_000)
    heard = player.play(round(2 * 480 / tempo_bpm * 48_000) + 48_000)
    turn = 480 / tempo_bpm * 48_000
    assert abs(1200 * np.log2(frequency_hz(heard) / (round(440 * n_frames / 128) * 128 / n_frames))) < 3.6
    assert roughness(heard) < 1.1 * 0.3 * (2 * np.pi * 440 / 48_000) ** 2
    later = np.interp(np.arange(24_000) + turn, np.arange(len(heard)), heard)
    assert np.abs(later - heard[:24_000]).max() < 0.01  # one turn later to the sample


@pytest.mark.parametrize("sample_rate", [44_100, 88_200, 96_000])
def test_a_device_of_another_rate_hears_the_same_pitch_and_tempo(
    memory: Memory, hand_over: HandOver, sample_rate: int
) -> None:
    hand_over(tone(440))
    player = Player(memory, sample_rate=sample_rate)
    player.play(sample_rate)
    heard = player.play(2 * sample_rate)
    assert frequency_hz(heard, sample_rate) == pytest.approx(440, abs=0.05)
    assert roughness(heard) < 1.1 * 0.3 * (2 * np.pi * 440 / sample_rate) ** 2


@pytest.mark.parametrize("tempo_bpm", [100.0, 115.0, 124.0, 150.0])
def test_while_the_clock_differs_pitch_holds_and_cells_keep_to_the_clock(
    player: Player, hand_over: HandOver, tempo_bpm: float
) -> None:
    loops = np.zeros((4, 192_000), np.float32)
    loops[:, ::6000] = 1.0  # a click on each sixteenth
    hand_over(loops)
    player.tempo_bpm = tempo_bpm
    player.play(96_000)
    begin = player.position
    heard = player.play(192_000)
    clicks = np.flatnonzero(heard > 0.5) + begin
    clicks = clicks[np.diff(clicks, prepend=-9) > 2]  # one between two samples raises both
    cell = 15 / tempo_bpm * 48_000
    expected = np.arange(np.ceil(begin / cell), (begin + len(heard)) / cell) * cell
    assert len(clicks) == pytest.approx(len(expected), abs=1)
    assert np.abs(clicks[: len(expected)] - expected[: len(clicks)]).max() < 2
    hand_over(tone(440), revision=2)
    player.play(48_000)
    assert frequency_hz(player.play(96_000)) == pytest.approx(440, abs=2)


def test_a_change_of_tempo_while_playing_makes_no_pop(player: Player, hand_over: HandOver) -> None:
    hand_over(tone(110))
    player.play(48_000)
    for tempo_bpm in (126.0, 125.9, 90.0, 200.0, 60.0, 120.0):
        player.tempo_bpm = tempo_bpm
        heard = player.play(40_000, block_size=256)
        assert roughness(heard) < 4 * 0.3 * (2 * np.pi * 110 / 48_000) ** 2


@pytest.mark.parametrize("tempo_bpm", [119.0, 130.0])
@pytest.mark.parametrize("left", [900, 250, 100, 10, 1])
def test_a_change_of_tempo_just_before_a_cell_ends_makes_no_pop(
    player: Player, hand_over: HandOver, left: int, tempo_bpm: float
) -> None:
    hand_over(tone(110))
    player.play(60_000)
    heard = [player.play(12_000 - left)]
    for bpm in (tempo_bpm, 120.0):
        player.tempo_bpm = bpm
        heard.append(player.play(60, block_size=20))
    assert roughness(np.concatenate(heard)) < 4 * 0.3 * (2 * np.pi * 110 / 48_000) ** 2


def test_a_ramp_of_tempo_block_by_block_keeps_the_beat(player: Player, hand_over: HandOver) -> None:
    hand_over(tone(110))
    player.play(48_000)
    for tempo_bpm in np.linspace(120, 128, 400):
        player.tempo_bpm = float(tempo_bpm)
        heard = player.play(256)
        assert roughness(heard) < 4 * 0.3 * (2 * np.pi * 110 / 48_000) ** 2
    assert player.clock.tick_at(player.position) == pytest.approx(
        16 + 8 / 60 / 48_000 * 256 * np.linspace(120, 128, 400).sum()
    )


def test_a_new_clip_is_heard_in_the_next_block_after_a_fade_of_20_ms(player: Player, hand_over: HandOver) -> None:
    hand_over(0.5)
    player.play(1500)
    hand_over(0.1, revision=2)
    heard = player.play(2000, block_size=100)
    assert heard[0] == pytest.approx(0.5, abs=0.001)
    assert heard[480] == pytest.approx(0.3, abs=0.01)
    np.testing.assert_allclose(heard[960:], 0.1)


def test_a_cell_that_is_about_to_end_is_not_flipped_within(player: Player, hand_over: HandOver) -> None:
    hand_over(0.5)
    player.play(4500)
    hand_over(0.1, revision=2)
    heard = player.play(3000)
    np.testing.assert_allclose(heard[:500], 0.5)  # the fade into the next cell begins 20 ms before it
    np.testing.assert_allclose(heard[1500:], 0.1)


def test_where_the_phases_of_a_loop_have_not_closed_its_ends_are_faded(memory: Memory, player: Player) -> None:
    turn = 2 * np.pi * 110.13 / 48_000  # half a turn too much in a loop
    loops = np.repeat(0.3 * np.sin(turn * np.arange(-PREROLL, 192_000 + TAIL))[None], N_LOOPS, axis=0)
    for cell, (audio, start) in enumerate(cut_clips(loops, n_cells=32, cell_length=6000, offset=PREROLL)):
        clip = Clip(audio=audio, start=start, length=6000, revision=1, covariance=np.full((N_LOOPS, N_LOOPS), 0.01))
        assert publish(memory, 0, cell, clip)
    player.play(48_000)
    assert roughness(player.play(192_000)) < 4 * 0.3 * turn**2


@pytest.mark.parametrize(("flip", "tick"), [(BEAT, 16), (BAR, 32), (LOOP, 64)])
def test_a_quantised_flip_ends_on_its_boundary(
    memory: Memory, player: Player, hand_over: HandOver, flip: int, tick: int
) -> None:
    hand_over(0.5)
    player.play(27_000)
    player.controls["flip"] = flip
    hand_over(0.1, revision=2)
    before = player.play(tick * 3000 - player.position)
    np.testing.assert_allclose(before[:-960], 0.5)
    assert before[-480] == pytest.approx(0.3, abs=0.01)
    np.testing.assert_allclose(player.play(192_000), 0.1)


def test_a_loop_of_which_only_a_part_has_arrived_is_not_flipped_to(
    memory: Memory, player: Player, hand_over: HandOver
) -> None:
    hand_over(0.5)
    player.play(6000)
    player.controls["flip"] = BEAT
    hand_over(0.1, revision=2)
    published = memory.state["published"][0, 0]
    published[9] = published[9] % N_SLOTS + N_SLOTS * 1  # as if cell 9 were still the first revision's
    np.testing.assert_allclose(player.play(60_000), 0.5)


def test_a_frozen_deck_keeps_its_loop(player: Player, hand_over: HandOver) -> None:
    hand_over(0.5)
    player.play(200_000)
    player.controls["frozen"] = 1
    hand_over(0.1, revision=2)
    np.testing.assert_allclose(player.play(200_000), 0.5)
    player.controls["frozen"] = 0
    np.testing.assert_allclose(player.play(200_000)[7000:], 0.1)


@pytest.mark.parametrize("ticks", REPEAT_TICKS[1:])
def test_beat_repeat_goes_round_a_note_and_comes_back_in_time(player: Player, hand_over: HandOver, ticks: int) -> None:
    loops = np.repeat(np.repeat(np.arange(64) / 100, 3000)[None], 4, axis=0).astype(np.float32)  # each tick its level
    hand_over(loops)
    player.skip_to(64 + 18)
    player.controls["repeat"] = ticks
    first = 18 - 18 % ticks
    player.skip_to(64 + 32)
    for tick in range(32, 48):
        expected = (first + (tick - first) % ticks) / 100
        assert player.play(3000)[500] == pytest.approx(expected)
    player.controls["repeat"] = 0
    player.skip_to(64 + 52)
    assert player.play(3000)[500] == pytest.approx(0.52)


def test_a_deck_is_rotated_by_sixteenths_and_halved_to_a_bar(player: Player, hand_over: HandOver) -> None:
    loops = np.repeat(np.repeat(np.arange(64) / 100, 3000)[None], 4, axis=0).astype(np.float32)
    hand_over(loops)
    player.play(3000)
    player.controls["rotate"] = 3
    player.skip_to(10)
    assert player.play(3000)[500] == pytest.approx(0.16)
    player.controls["rotate"], player.controls["n_ticks"] = 0, 32
    player.skip_to(40)
    assert player.play(3000)[500] == pytest.approx(0.08)


def scenario(memory: Memory, hand_over: HandOver, block_size: int) -> np.ndarray:
    """Flips, tempo, repeat, rotation and quantised flips, decided every 4096 samples."""
    player, heard = Player(memory), []

    def play(n_blocks: int) -> None:
        heard.append(player.play(n_blocks * 4096, block_size=block_size))

    hand_over(tone(110))
    play(3)
    hand_over(tone(180), revision=2)
    play(3)
    player.controls["repeat"] = 4
    play(9)
    player.controls["repeat"], player.tempo_bpm = 1, 123.0
    play(9)
    player.controls["repeat"] = 0
    hand_over(tone(180, n_frames=500), revision=3)
    play(30)
    player.controls["rotate"], player.controls["flip"] = 5, BEAT
    play(5)
    hand_over(tone(90, n_frames=500), revision=4)
    play(30)
    player.controls["n_ticks"], player.controls["repeat"] = 32, 8
    play(30)
    return np.concatenate(heard)


@pytest.fixture(scope="module")
def whole_scenario() -> np.ndarray:
    memory = Memory.private()
    return scenario(memory, handing_over(memory), 1 << 20)


def handing_over(memory: Memory) -> HandOver:
    from tests.performer.conftest import loop_clips

    def hand_over(loops: np.ndarray, *, revision: int = 1) -> None:
        for cell, clip in enumerate(loop_clips(loops, revision=revision)):
            assert publish(memory, 0, cell, clip)

    return hand_over


@pytest.mark.parametrize("block_size", BLOCK_SIZES)
def test_block_sizes_do_not_matter(
    memory: Memory, hand_over: HandOver, block_size: int, whole_scenario: np.ndarray
) -> None:
    np.testing.assert_array_equal(scenario(memory, hand_over, block_size), whole_scenario)


def test_nothing_in_all_of_it_pops(whole_scenario: np.ndarray) -> None:
    assert np.abs(np.diff(whole_scenario)).max() < 2 * 0.3 * 2 * np.pi * 180 / 48_000
    assert roughness(whole_scenario) < 5 * 0.3 * (2 * np.pi * 180 / 48_000) ** 2


def test_every_slot_that_is_read_is_named_to_the_worker(memory: Memory, player: Player, hand_over: HandOver) -> None:
    hand_over(0.5)
    player.play(3000)
    hand_over(0.1, revision=2)
    player.play(10)
    cell, slot, old_slot = (int(player.voice[name][0]) for name in ("cell", "slot", "old_slot"))
    assert memory.state["playing"][0, 0, cell] == slot + 1 + 4 * (old_slot + 1)
    assert free_slot(memory, 0, cell) not in (slot, old_slot)
    player.play(960)
    assert memory.state["playing"][0, 0, cell] == slot + 1


def test_a_quantised_flip_leaves_the_old_clip_alone_until_it_has_faded(
    memory: Memory, player: Player, hand_over: HandOver
) -> None:
    hand_over(0.5)
    player.play(20_000)
    player.controls["flip"] = BEAT
    hand_over(0.1, revision=2)
    player.play(24_000 - 480 - player.position)  # in the middle of the fade that ends on the beat
    assert player.voice["fade_left"][0] == 480
    old_cell, old_slot = int(player.voice["old_cell"][0]), int(player.voice["old_slot"][0])
    assert free_slot(memory, 0, old_cell) != old_slot
    player.play(1000)
    assert memory.state["playing"][0, 0, old_cell] < 4


def test_a_clip_from_nothing_fades_in_and_silence_stays_silent(player: Player, hand_over: HandOver) -> None:
    assert np.all(player.play(5000) == 0)
    hand_over(0.5)
    heard = player.play(3000)
    assert heard[0] < 0.01
    assert heard[-1] == pytest.approx(0.5)
    assert np.abs(np.diff(heard)).max() < 0.01


@pytest.mark.parametrize("shared", [1.0, 0.0])
@pytest.mark.parametrize(("flip", "at"), [(NOW, 4000), (BEAT, 24_000 - 960)])
def test_a_fade_keeps_the_power_of_equal_and_of_unrelated_loops(
    player: Player, hand_over: HandOver, rng: np.random.Generator, shared: float, flip: int, at: int
) -> None:
    common, own = (0.2 * rng.standard_normal((2, 1, 192_000))).astype(np.float32)
    other = shared * common + np.sqrt(1 - shared**2) * own
    cells = np.arange(192_000).reshape(-1, 6000)[:, :1000]  # each begins alike: told is where the two meet
    other[:, cells] = common[:, cells]
    hand_over(np.repeat(common, 4, axis=0))
    player.controls["flip"] = flip
    player.play(192_000 - 24_000 + at % 24_000)
    hand_over(np.repeat(other, 4, axis=0).astype(np.float32), revision=2)
    heard = player.play(960)
    assert player.voice["fade_left"] == 0
    assert player.voice["slot"] != player.voice["old_slot"]
    assert np.std(heard) == pytest.approx(0.2, rel=0.06)
