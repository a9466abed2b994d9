from performer.lenience import FORGIVEN_S, STOOD_STILL_S, Lenience
from tests.performer.conftest import FakeClock


def test_who_has_slept_judges_nobody_for_a_while(clock: FakeClock) -> None:
    lenience = Lenience(now_s=clock)
    for _ in range(20):
        clock.advance(0.05)
        assert lenience.may_judge()
    clock.advance(STOOD_STILL_S + 0.01)
    assert not lenience.may_judge()
    for _ in range(round(FORGIVEN_S / 0.05) - 1):
        clock.advance(0.05)
        assert not lenience.may_judge()
    clock.advance(0.1)
    assert lenience.may_judge()
