import pytest

from performer.errors import ControlError
from performer.session.pad import Edge, find_edge, lead_over, played_seed
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


def test_a_seed_that_no_corner_can_be_pinned_to_is_not_led_over_to() -> None:
    assert lead_over(deck(0, 0), deck(1, 0, seed=MAX_SEED)) is None
