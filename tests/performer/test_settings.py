import numpy as np

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
    expected = DeckSettings(seed=5, morph=(0.25, 0.75), strengths=(-1.0, 2.0), spread=1.5)
    assert DeckSettings.from_controls(values, deck=3) == expected
    assert DeckSettings.from_controls(values, deck=2) != expected
    np.testing.assert_array_equal(expected.to_array(), [5, 0.25, 0.75, -1, 2, 1.5])
    assert expected.to_array().size == N_SETTINGS
