import pytest

from performer.errors import ControlError
from performer.session.pad import Edge, find_edge, lead_over, played_seed, preset_corner
from performer.settings import DeckSettings
from stylegan_audio.latent import MAX_SEED


def deck(right: float, up: float, *, seed: int = 10) -> DeckSettings:
    return DeckSettings(seed=seed, morph=(right, up))


@pytest.mark.parametrize(
    ("morph", "seeds", "place"),
    [
        ((0.0, 0.0), (10, 10), 0.0),
        ((1.0, 0.0), (11, 11), 1.0),
        ((0.0, 1.0), (12, 12), 0.0),
        ((1.0, 1.0), (13, 13), 1.0),
        ((0.25, 0.0), (10, 11), 0.25),
        ((0.25, 1.0), (12, 13), 0.25),
        ((0.0, 0.75), (10, 12), 0.75),
        ((1.0, 0.75), (11, 13), 0.75),
    ],
)
def test_an_edge_is_two_seeds_and_a_corner_one(
    morph: tuple[float, float], seeds: tuple[int, int], place: float
) -> None:
    assert find_edge(deck(*morph)) == Edge(seeds=seeds, place=place)


def test_inside_the_pad_there_is_no_edge() -> None:
    assert find_edge(deck(0.5, 0.5)) is None


def test_the_seed_that_plays_is_that_of_the_corner() -> None:
    assert [played_seed(deck(*morph)) for morph in ((0, 0), (1, 0), (0, 1), (1, 1))] == [10, 11, 12, 13]
    assert played_seed(DeckSettings(seed=10, corners=(-1, 77, -1, -1), morph=(1.0, 0.0))) == 77


def test_a_preset_plays_and_is_led_over_to_as_a_seed_is() -> None:
    stomp = DeckSettings(seed=10, corners=(-3, -1, -1, -1))
    assert played_seed(stomp) == -3
    assert lead_over(stomp, deck(0, 0, seed=50)) == (Edge(seeds=(-3, -3), place=0.0), Edge(seeds=(50, 50), place=0.0))


def test_a_preset_is_found_by_its_name_or_its_number() -> None:
    assert [preset_corner(("amen", "stomp"), wanted) for wanted in ("amen", 1.0, "stomp", 2.0)] == [-2, -2, -3, -3]
    for wanted, reason in ((3.0, "preset 3 is not in the deck's model, there are amen, stomp;"), ("x", "preset x is")):
        with pytest.raises(ControlError, match=reason):
            preset_corner(("amen", "stomp"), wanted)
    with pytest.raises(ControlError, match="there are none; choose one of 'loopmorph models', or make one with"):
        preset_corner((), 1.0)


@pytest.mark.parametrize("morph", [(0.5, 0.5), (0.5, 0.0)])
def test_between_corners_no_single_seed_plays(morph: tuple[float, float]) -> None:
    with pytest.raises(ControlError, match=r"several seeds play at morph 0.5 0.*; move into a corner"):
        played_seed(deck(*morph))


def test_two_edges_make_a_pad_and_four_seeds_do_not() -> None:
    assert lead_over(deck(0.25, 0.0), deck(0, 0, seed=50)) == (
        Edge(seeds=(10, 11), place=0.25),
        Edge(seeds=(50, 50), place=0.0),
    )
    assert lead_over(deck(0.5, 0.5), deck(0, 0, seed=50)) is None
    assert lead_over(deck(0, 0, seed=50), deck(0.5, 0.5)) is None


def test_a_timbre_from_elsewhere_is_not_led_over() -> None:
    mixed = DeckSettings(seed=50, timbre=(1.0, 0.0), split=0.5)
    assert lead_over(deck(0, 0), mixed) is None
    assert lead_over(mixed, deck(0, 0)) is None


def test_a_seed_that_no_corner_can_be_pinned_to_is_not_led_over_to() -> None:
    assert lead_over(deck(0, 0), deck(1, 0, seed=MAX_SEED)) is None
