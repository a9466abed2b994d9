import math

import numpy as np
import pytest

from performer.controls import (
    BY_MIDI,
    CONTROLS,
    CONTROLS_BY_NOTE,
    CONTROLS_BY_PATH,
    N_VALUES,
    SLOTS,
    default_values,
    find_control,
)
from performer.errors import ControlError


def test_every_promised_address_is_in_the_table() -> None:
    names = (
        "model seed corners morph glide psi walk drift density bass spread width balance transpose trim low mid high "
        "filter send level assign mute cue freeze flip repeat rotate bars brightness kick hats register notes openness "
        "swing syncopation noisiness decay own1 own2 own3 own4 pc1 pc2 pc3 pc4 pc5 pc6 hold timbre split"
    )
    master = "/tempo /nudge /crossfader /cue/level /panic /record /master/level /echo/time /echo/feedback /echo/level "
    master += "/midi/clock /midi/offset"
    promised = {f"/deck/{deck}/{name}" for deck in range(1, 5) for name in names.split()} | set(master.split())
    assert promised == set(CONTROLS_BY_PATH)


def test_slots_cover_every_value_once() -> None:
    covered = [index for control in CONTROLS for index in range(N_VALUES)[SLOTS[control.path]]]
    assert covered == list(range(N_VALUES))


def test_defaults_lie_within_their_ranges() -> None:
    values = default_values()
    for control in CONTROLS:
        own = values[SLOTS[control.path]]
        assert own.size == len(control.types)
        assert np.all((own >= control.minimum) & (own <= control.maximum)), control.path


def test_one_deck_sounds_at_start_and_the_others_are_silent() -> None:
    levels = [CONTROLS_BY_PATH[f"/deck/{deck}/level"].default[0] for deck in range(1, 5)]
    assert levels[0] > 0
    assert levels[1:] == [0, 0, 0]


@pytest.mark.parametrize(("sent", "taken"), [(-9, -3.0), (9.5, 3.0), (2, 2.0), (-3.0, -3.0)])
def test_values_are_clipped_to_the_range(sent: float, taken: float) -> None:
    assert find_control("/deck/1/density").accept([sent]) == (taken,)


@pytest.mark.parametrize("bad", ["2", None, math.nan, math.inf, True, b"\0", [1.0]])
def test_what_is_no_finite_number_is_refused(bad: object) -> None:
    with pytest.raises(ControlError, match=r"/deck/1/density got .* a number \(-3 to 3 sigma\) needed"):
        find_control("/deck/1/density").accept([bad])


def test_a_switch_takes_true_and_false() -> None:
    mute = find_control("/deck/1/mute")
    assert (mute.accept([True]), mute.accept([False])) == ((1.0,), (0.0,))
    with pytest.raises(ControlError, match="got True"):
        find_control("/deck/1/seed").accept([True])


def test_a_seed_takes_whole_floats_and_refuses_others() -> None:
    seed = find_control("/deck/2/seed")
    assert seed.accept([7.0]) == (7.0,)
    with pytest.raises(ControlError, match="a whole number"):
        seed.accept([7.5])


@pytest.mark.parametrize("arguments", [[], [0.5], [0.5, 0.5, 0.5]])
def test_the_wrong_number_of_values_is_refused(arguments: list[float]) -> None:
    with pytest.raises(ControlError, match=rf"/deck/1/morph got {len(arguments)} values, 2"):
        find_control("/deck/1/morph").accept(arguments)


def test_an_unknown_address_is_refused_with_the_next_step() -> None:
    with pytest.raises(ControlError, match=r"/deck/5/level is not a control.*loopmorph controls"):
        find_control("/deck/5/level")


def test_no_two_controls_listen_to_one_midi_controller() -> None:
    assert len(BY_MIDI) == sum(len(control.midi_controllers) for control in CONTROLS)
    assert len(CONTROLS_BY_NOTE) == sum(len(control.midi_notes) for control in CONTROLS)
    assert find_control("/deck/2/mute").describe_midi() == "2: 80, note 44"
    assert [find_control(f"/deck/3/{name}").midi_controllers for name in ("density", "bass")] == [(16,), (17,)]
    assert find_control("/tempo").describe_midi() == ""
