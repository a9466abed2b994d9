import contextlib
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from performer.surfaces.osc.inbox import ROWS
from performer.surfaces.osc.packet import OscError
from performer.surfaces.osc.patterns import MAX_PATTERN, AddressSpace, is_pattern, matches, read_part


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("level", "level", True),
        ("level", "levels", False),
        ("*", "", True),
        ("*", "level", True),
        ("l*l", "level", True),
        ("*v*", "level", True),
        ("*x*", "level", False),
        ("l*", "bass", False),
        ("?", "1", True),
        ("?", "", False),
        ("?", "12", False),
        ("[12]", "2", True),
        ("[12]", "3", False),
        ("[1-3]", "3", True),
        ("[1-3]", "4", False),
        ("[!1-3]", "4", True),
        ("[!1-3]", "2", False),
        ("[a-]", "-", True),
        ("[-a]", "-", True),
        ("[!]", "x", True),  # anything but nothing
        ("{low,mid}", "mid", True),
        ("{low,mid}", "high", False),
        ("{a,ab}c", "abc", True),  # the longer word, though the shorter fits too
        ("{,un}mute", "mute", True),
        ("le{v,ve}{l,el}", "level", True),
        ("*[1-4]*", "deck3x", True),
    ],
)
def test_a_pattern_fits_what_osc_says(pattern: str, text: str, fits: bool) -> None:
    assert matches(read_part(pattern), text) is fits


@pytest.mark.parametrize("pattern", ["[12", "{low", "x]", "x}", "a{b,c]"])
def test_half_a_bracket_is_refused(pattern: str) -> None:
    with pytest.raises(OscError, match=r"pattern .* (has no|alone)"):
        read_part(pattern)


def test_a_pattern_finds_addresses_part_by_part() -> None:
    assert ROWS.match("/deck/*/level") == tuple(f"/deck/{deck}/level" for deck in (1, 2, 3, 4))
    assert ROWS.match("/deck/[!2-4]/{low,mid,high}") == ("/deck/1/low", "/deck/1/mid", "/deck/1/high")
    assert ROWS.match("/*/level") == ("/echo/level", "/cue/level", "/master/level")
    assert ROWS.match("/deck/1") == ROWS.match("/*/*/*/*") == ROWS.match("*") == ROWS.match("") == ()
    assert ROWS.match("/deck*level") == ()  # a star does not cross a slash
    assert ROWS.match("/tempo") == ("/tempo",)
    assert set(ROWS.match("/deck/2/*")) == {path for path in ROWS.paths if path.startswith("/deck/2/")}


def test_an_address_is_no_pattern() -> None:
    assert not any(is_pattern(path) for path in ROWS.paths)
    assert all(is_pattern(f"/x{letter}") for letter in "?*[]{}")


def test_a_long_pattern_is_refused() -> None:
    with pytest.raises(OscError, match=f"pattern of {MAX_PATTERN + 1} letters"):
        ROWS.match("/" + "*" * MAX_PATTERN)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_stars_and_marks_fit_as_in_a_regular_expression(pattern: str, text: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(letter, letter) for letter in pattern)
    assert matches(read_part(pattern), text) == bool(re.fullmatch(expression, text))


@settings(max_examples=300, deadline=None)
@given(st.text("/deck1*?[]{},!-~", max_size=40))
def test_no_pattern_raises_anything_else(pattern: str) -> None:
    with contextlib.suppress(OscError):
        ROWS.find(pattern)


def test_the_cost_of_a_pattern_is_bounded() -> None:
    """A regular expression of the first takes longer than the universe is old."""
    space = AddressSpace(["/" + "a" * 60])
    usual = min(timed(space, "/" + "a" * 60) for _ in range(5))
    for pattern in ("*a" * 30 + "b", "{a,aa,aaa}" * 12 + "b", "[a-z]*" * 20 + "b"):
        assert min(timed(space, f"/{pattern}") for _ in range(3)) < 200 * usual


def timed(space: AddressSpace, pattern: str) -> float:
    start_s = time.perf_counter()
    space.find(pattern)
    return time.perf_counter() - start_s
