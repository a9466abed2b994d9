import pytest

from performer.generation.governor import REST_CELLS, WINDOW_CELLS, Governor, Plan, doubles

SPAN_S = 0.25


def governor(window_s: float) -> Governor:
    governor = Governor()
    governor.full_s = {WINDOW_CELLS: window_s, REST_CELLS: 2 * window_s}
    return governor


@pytest.mark.parametrize(
    ("n_moving", "window_s", "plan"),
    [
        (0, 0.2, Plan()),
        (1, 0.05, Plan()),
        (4, 0.05, Plan()),
        (4, 0.07, Plan(n_loops=2)),
        (4, 0.09, Plan(n_loops=1)),
        (4, 0.12, Plan(n_loops=1, n_decks=3)),
        (4, 0.2, Plan(n_loops=1, n_decks=1)),
        (4, 9.0, Plan(n_loops=1, n_decks=1)),
        (1, 9.0, Plan(n_loops=1)),
        (1, 0.07, Plan(n_loops=2)),
        (2, 0.09, Plan(n_loops=1)),
    ],
)
def test_first_fewer_loops_then_fewer_decks(n_moving: int, window_s: float, plan: Plan) -> None:
    assert governor(window_s).decide(n_moving=n_moving, n_resting=0, span_s=SPAN_S) == plan


def test_decks_that_come_to_rest_take_their_share() -> None:
    assert governor(0.05).decide(n_moving=3, n_resting=0, span_s=SPAN_S) == Plan()
    assert governor(0.06).decide(n_moving=3, n_resting=2, span_s=SPAN_S) == Plan(n_loops=2)


def test_decks_at_rest_are_whole_however_long_a_window_takes() -> None:
    assert governor(0.09).decide(n_moving=0, n_resting=1, span_s=SPAN_S) == Plan()


def test_a_faster_tempo_leaves_less_time() -> None:
    assert governor(0.05).decide(n_moving=4, n_resting=0, span_s=0.15).n_loops == 1


def test_it_widens_again_only_when_there_is_room_to_spare() -> None:
    narrow = governor(0.06)
    assert narrow.decide(n_moving=4, n_resting=0, span_s=SPAN_S).n_loops == 2
    narrow.full_s[WINDOW_CELLS] = 0.05
    assert narrow.decide(n_moving=4, n_resting=0, span_s=SPAN_S).n_loops == 2
    narrow.full_s[WINDOW_CELLS] = 0.04
    assert narrow.decide(n_moving=4, n_resting=0, span_s=SPAN_S).n_loops == 4


def test_it_learns_what_a_window_of_four_loops_takes_from_narrower_ones() -> None:
    slow = governor(0.05)
    slow.decide(n_moving=4, n_resting=0, span_s=0.15)
    for _ in range(30):
        slow.note(WINDOW_CELLS, 0.059)
    assert slow.full_s[WINDOW_CELLS] == pytest.approx(0.1, rel=0.01)
    assert slow.took_s(WINDOW_CELLS) == pytest.approx(0.059, rel=0.01)


def test_doubles_are_of_the_loops_that_are_drawn() -> None:
    assert [doubles(n) for n in (4, 2, 1)] == [[0, 1, 2, 3], [0, 1, 0, 1], [0, 0, 0, 0]]
