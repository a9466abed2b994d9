import pytest

from performer.session.tap import TapTempo


def tap_all(*intervals_s: float) -> list[float | None]:
    taps, now_s = TapTempo(), 100.0
    tempos = [taps.tap(now_s)]
    for interval_s in intervals_s:
        now_s += interval_s
        tempos.append(taps.tap(now_s))
    return tempos


def test_the_first_tap_says_nothing_and_the_second_a_tempo() -> None:
    assert tap_all(0.5) == [None, pytest.approx(120)]


def test_a_trembling_hand_is_evened_out() -> None:
    tempos = tap_all(0.48, 0.5, 0.53, 0.5, 0.49, 0.51, 0.5)
    assert tempos[-1] == pytest.approx(120)


def test_eight_taps_count_so_that_a_change_is_followed() -> None:
    tempos = tap_all(*[0.5] * 20, *[0.45] * 4)
    assert tempos[20] == pytest.approx(120)
    assert tempos[-1] == pytest.approx(60 / 0.45)


def test_a_pause_begins_a_new_tempo() -> None:
    assert tap_all(0.5, 0.5, 2.1, 0.4)[-2:] == [None, pytest.approx(150)]
    assert tap_all(2.1) == [None, None]


@pytest.mark.parametrize("outlier_s", [0.25, 1.0])
def test_an_outlier_begins_a_new_tempo(outlier_s: float) -> None:
    assert tap_all(0.5, 0.5, outlier_s, 0.4)[-2:] == [None, pytest.approx(150)]


def test_tempo_stays_within_its_range() -> None:
    assert tap_all(1.9)[-1] == 60
    assert tap_all(0.1)[-1] == 200
    assert tap_all(0.0)[-1] == 200
