from performer.controls import SLOTS, default_values
from performer.memory import N_SETTINGS
from performer.settings import DeckSettings


def test_settings_are_read_from_their_own_deck() -> None:
    values = default_values()
    values[SLOTS["/deck/3/seed"]] = 5
    values[SLOTS["/deck/3/morph"]] = (0.25, 0.75)
    values[SLOTS["/deck/3/density"]] = -1
    values[SLOTS["/deck/3/bass"]] = 2
    values[SLOTS["/deck/3/spread"]] = 1.5
    values[SLOTS["/deck/3/corners"]] = (-1, 70, -1, 8)
    values[SLOTS["/deck/3/psi"]] = 0.5
    values[SLOTS["/deck/3/walk"]] = 2.5
    values[SLOTS["/deck/3/transpose"]] = -5
    values[SLOTS["/tempo"]] = 126
    expected = DeckSettings(
        seed=5,
        corners=(-1, 70, -1, 8),
        morph=(0.25, 0.75),
        truncation_psi=0.5,
        strengths=(-1.0, 2.0),
        spread=1.5,
        walk=2.5,
        transpose=-5,
        tempo_bpm=126,
    )
    assert DeckSettings.from_controls(values, deck=3) == expected
    assert DeckSettings.from_controls(values, deck=2) != expected
    assert DeckSettings.from_array(expected.to_array()) == expected
    assert expected.seeds == (5, 70, 7, 8)
    assert expected.to_array().size == N_SETTINGS
