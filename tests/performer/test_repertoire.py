"""What a deck can do with a model that was taught more."""

import pathlib

import pytest

from performer.controls import SLOTS, default_values
from performer.direction_names import DIRECTION_NAMES
from performer.errors import ControlError
from performer.repertoire import Repertoire, direction_labels, read_repertoire, read_repertoires
from stylegan_audio import ModelHeader, rewrite_model
from tests.performer.taught_model import PRESETS, REASON, teach_drums


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> ModelHeader:
    return teach_drums(tmp_path_factory.mktemp("taught") / "drums.safetensors")


@pytest.fixture(scope="module")
def repertoire(taught: ModelHeader) -> Repertoire:
    return read_repertoire(taught)


def test_controls_play_the_directions_of_their_name_and_own_ones_the_others(repertoire: Repertoire) -> None:
    same = ("density", "bass", "brightness", "hats", "pc1", "pc2")
    assert repertoire.labels == {**{name: name for name in same}, "own1": "grit", "own2": "air"}
    assert list(repertoire.labels) == [name for name in DIRECTION_NAMES if name in repertoire.labels]
    assert repertoire.presets == PRESETS


def test_what_is_held_is_held_where_the_model_offers_that(repertoire: Repertoire) -> None:
    assert repertoire.held["density"].name == "density.hold"
    assert repertoire.held["bass"].name == "bass"  # its own is not offered
    assert repertoire.held["own1"].name == "grit"
    assert repertoire.held.keys() == repertoire.directions.keys()


def test_what_does_nothing_is_told_with_the_reason(repertoire: Repertoire) -> None:
    assert repertoire.unplayed == {"kick": REASON}
    assert repertoire.tell_idle() == [
        f"kick does nothing: {REASON}",
        "register, notes, openness, own3, own4, pc3, pc4, pc5, pc6, swing, syncopation, noisiness, decay do nothing: "
        "the model has no such direction",
    ]


def test_more_own_directions_than_controls_are_told(taught: ModelHeader, tmp_path: pathlib.Path) -> None:
    table = taught.direction_table()
    entry, vector = table["grit"]
    more = {name: ({**entry, "name": name}, vector) for name in ("hiss", "hum", "dust")}
    found = read_repertoire(rewrite_model(taught, tmp_path / "more.safetensors", directions={**table, **more}))
    assert [found.labels[f"own{number}"] for number in range(1, 5)] == ["grit", "air", "hiss", "hum"]
    assert found.unplayed["dust"] == "own1 to own4 play others"


def test_a_direction_is_found_by_its_name_or_its_controls(repertoire: Repertoire) -> None:
    assert [repertoire.control_of(name) for name in ("grit", "own1", "hats")] == ["own1", "own1", "hats"]
    with pytest.raises(ControlError, match=rf"direction 'kick' cannot be played, {REASON}; one of density, bass"):
        repertoire.control_of("kick")
    with pytest.raises(ControlError, match="'flute' cannot be played, the model has no such direction"):
        repertoire.control_of("flute")


def test_labels_follow_each_decks_model(repertoire: Repertoire) -> None:
    values = default_values()
    values[SLOTS["/deck/2/model"]] = 1
    values[SLOTS["/deck/3/model"]] = 9  # plays the last one
    labels = direction_labels((repertoire, Repertoire()), values)
    assert [labels[f"/deck/{deck}/own1"] for deck in (1, 2, 3, 4)] == ["grit", "", "", "grit"]
    assert len(labels) == 4 * len(DIRECTION_NAMES)


def test_a_model_that_cannot_be_read_any_more_plays_nothing(taught: ModelHeader, tmp_path: pathlib.Path) -> None:
    paths = [str(tmp_path / "gone.safetensors"), str(taught.weights.path)]
    gone, there = read_repertoires(paths)
    assert gone == Repertoire()
    assert there.labels.keys() == read_repertoire(taught).labels.keys()
    assert set(gone.idle) == set(DIRECTION_NAMES)
