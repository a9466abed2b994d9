import os
import subprocess
import sys

import pytest

from performer.console import N_RECENT, Warnings
from tests.performer.conftest import FakeClock


def test_a_flood_of_warnings_is_a_few_lines(capsys: pytest.CaptureFixture[str], clock: FakeClock) -> None:
    warnings = Warnings(now_s=clock)
    for _ in range(1000):
        warnings.warn("osc", "bad packet")
    warnings.warn("midi", "bad controller")
    warnings.flush()  # too early
    clock.advance(2.5)
    warnings.flush()
    warnings.flush()  # nothing is left
    assert capsys.readouterr().err.splitlines() == [
        "loopmorph: bad packet",
        "loopmorph: bad controller",
        "loopmorph: bad packet (and 998 more before it)",
    ]


def test_lines_are_kept_for_those_who_listen_in(clock: FakeClock) -> None:
    warnings = Warnings(now_s=clock)
    warnings.warn("osc", "first")
    warnings.warn("midi", "second")
    assert warnings.said_since(0) == ["first", "second"]
    assert warnings.said_since(1) == ["second"]
    assert warnings.said_since(2) == []
    for number in range(1000):
        warnings.warn(str(number), f"line {number}")
    assert len(warnings.said_since(0)) == N_RECENT
    assert warnings.said_since(0)[-1] == "line 999"


def test_what_c_libraries_print_stays_away_from_the_terminal() -> None:
    code = (
        "import os\nfrom performer.console import quiet_libraries, say\n"
        "with quiet_libraries(): os.write(2, b'ALSA lib noise')\nsay('heard')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stderr == "loopmorph: heard\n"
