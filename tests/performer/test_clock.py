import numpy as np
import pytest

from performer.clock import Clock, read_clock
from performer.memory import Memory


def test_a_beat_lasts_half_a_second_at_120_bpm(memory: Memory) -> None:
    clock = Clock(memory, sample_rate=48_000)
    clock.retime(0, 120.0)
    assert clock.tick_at(24_000) == 8


def test_a_change_of_tempo_goes_on_from_the_tick_it_came_at(memory: Memory) -> None:
    clock = Clock(memory, sample_rate=48_000)
    clock.retime(0, 120.0)
    clock.retime(24_000, 60.0)
    assert clock.tick_at(24_000) == 8
    assert clock.tick_at(24_000 + 48_000) == 16


def test_three_hours_with_a_thousand_changes_of_tempo_do_not_drift(memory: Memory, rng: np.random.Generator) -> None:
    clock = Clock(memory, sample_rate=48_000)
    position, exact = 0, 0.0
    for _ in range(1000):
        tempo_bpm, n = float(rng.uniform(60, 200)), int(rng.integers(1, 1_000_000))
        clock.retime(position, tempo_bpm)
        position += n
        exact += n * tempo_bpm * 8 / (60 * 48_000)
    ticks_a_sample = clock.line["ticks_a_sample"][0]
    assert abs(clock.tick_at(position) - exact) / ticks_a_sample < 1e-3  # samples


def test_other_processes_read_the_tick_of_the_newest_block(memory: Memory) -> None:
    assert read_clock(memory).ticks_a_second == 0
    clock = Clock(memory, sample_rate=44_100)
    clock.retime(0, 90.0)
    clock.record_position(44_100, heard_s=5.0)
    reading = read_clock(memory)
    assert (reading.position, reading.tick) == (44_100, pytest.approx(12))
    assert reading.tick_in(0.5) == pytest.approx(18)


def test_a_reader_does_not_wait_for_a_writer_that_died_while_writing(memory: Memory) -> None:
    Clock(memory, sample_rate=48_000).retime(0, 120.0)
    memory.state["clock_turn"] = -1
    assert read_clock(memory).ticks_a_second == 16


def test_a_successor_goes_on_where_the_music_would_be(memory: Memory) -> None:
    clock = Clock(memory, sample_rate=48_000)
    clock.retime(0, 120.0)
    clock.retime(48_000, 150.0)
    clock.record_position(96_000, heard_s=100.0)
    successor = Clock(memory, sample_rate=48_000)
    position = successor.resume_position(heard_s=102.5)
    assert position == 96_000 + 120_000
    assert successor.tick_at(position) == pytest.approx(16 + 20 + 50)
    assert successor.tempo_bpm == 150


def test_a_device_of_another_rate_takes_the_music_up_at_the_same_tick(memory: Memory) -> None:
    clock = Clock(memory, sample_rate=48_000)
    clock.retime(0, 120.0)
    clock.record_position(480_000, heard_s=100.0)
    successor = Clock(memory, sample_rate=44_100)
    assert successor.tick_at(successor.resume_position(heard_s=101.0)) == pytest.approx(11 * 16)


def test_nothing_was_played_yet(memory: Memory) -> None:
    assert Clock(memory, sample_rate=48_000).resume_position(heard_s=7.0) == 0
