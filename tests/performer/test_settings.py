from performer.controls import SLOTS, default_values
from performer.direction_names import DIRECTION_NAMES
from performer.memory import N_SETTINGS
from performer.settings import DeckSettings, preset_index


def test_settings_are_read_from_their_own_deck() -> None:
    values = default_values()
    values[SLOTS["/deck/3/seed"]] = 5
    values[SLOTS["/deck/3/morph"]] = (0.25, 0.75)
    values[SLOTS["/deck/3/density"]] = -1
    values[SLOTS["/deck/3/bass"]] = 2
    values[SLOTS["/deck/3/spread"]] = 1.5
    values[SLOTS["/deck/3/decay"]] = 1.5
    values[SLOTS["/deck/3/hold"]] = 1
    values[SLOTS["/deck/3/timbre"]] = (0.125, 0.5)
    values[SLOTS["/deck/3/split"]] = 0.75
    values[SLOTS["/deck/3/corners"]] = (-1, 70, -3, 8)
    values[SLOTS["/deck/3/psi"]] = 0.5
    values[SLOTS["/deck/3/walk"]] = 2.5
    values[SLOTS["/deck/3/transpose"]] = -5
    values[SLOTS["/tempo"]] = 126
    expected = DeckSettings(
        seed=5,
        corners=(-1, 70, -3, 8),
        morph=(0.25, 0.75),
        timbre=(0.125, 0.5),
        split=0.75,
        truncation_psi=0.5,
        strengths=(-1.0, 2.0, *(0.0,) * (len(DIRECTION_NAMES) - 3), 1.5),
        hold=1,
        spread=1.5,
        walk=2.5,
        transpose=-5,
        tempo_bpm=126,
    )
    assert DeckSettings.from_controls(values, deck=3) == expected
    assert DeckSettings.from_controls(values, deck=2) != expected
    assert DeckSettings.from_array(expected.to_array()) == expected
    assert expected.seeds == (5, 70, -3, 8)
    assert expected.to_array().size == N_SETTINGS


def test_strengths_that_are_left_out_are_0() -> None:
    assert DeckSettings(seed=1, strengths=(1.5, -0.5)).strengths == (1.5, -0.5, *(0.0,) * (len(DIRECTION_NAMES) - 2))
    assert DeckSettings(seed=1).strengths == (0.0,) * len(DIRECTION_NAMES)


def test_a_corner_holds_a_seed_or_a_preset() -> None:
    assert [preset_index(corner) for corner in (0, 70, -1, -2, -3, -17)] == [None, None, None, 0, 1, 15]
