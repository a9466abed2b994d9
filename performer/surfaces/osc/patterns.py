"""Address patterns of OSC: one message for many controls, such as `/deck/*/level` or `/deck/{1,2}/[lm]*`.

No regular expression is made of what comes over the network: a pattern is followed through the text with the set of
all places where it may stand, so that its cost is bounded by the product of the two lengths.
"""

import dataclasses
import functools
from collections.abc import Iterable
from typing import Any

from performer.surfaces.osc.packet import OscError

WILD = frozenset("?*[]{}")
MAX_PATTERN = 128
"""Letters of a pattern."""
MAX_KEPT = 256
"""Patterns whose matches are kept."""
Tree = dict[str, Any]
"""Addresses by their parts: what is below each, or at the end the address itself."""
CLOSING = {"[": "]", "{": "}"}


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of a pattern through a text."""

    choices: tuple[str, ...] = ()
    """Words, one of which must come: one for letters, several for `{}`."""
    ranges: tuple[tuple[str, str], ...] = ()
    """First and last of each range of letters, one of which must come."""
    is_other: bool = False
    """Whether a letter outside the ranges must come."""
    is_any: bool = False
    """Whether any number of letters may come."""

    def go(self, text: str, places: set[int]) -> set[int]:
        """Go on from every place at once."""
        if self.is_any:
            return set(range(min(places, default=len(text) + 1), len(text) + 1))
        if self.choices:
            return {place + len(word) for place in places for word in self.choices if text.startswith(word, place)}
        return {place + 1 for place in places if place < len(text) and self.allows(text[place])}

    def allows(self, letter: str) -> bool:
        """Whether a letter may come."""
        return any(first <= letter <= last for first, last in self.ranges) != self.is_other


def read_letters(inside: str) -> Step:
    """Read what stands between `[` and `]`: letters, ranges, and at first `!` for all others."""
    is_other = inside.startswith("!")
    letters = inside[is_other:]
    ranges = []
    while letters:
        if letters[1:2] == "-" and len(letters) > 2:
            ranges.append((letters[0], letters[2]))
            letters = letters[3:]
        else:
            ranges.append((letters[0], letters[0]))
            letters = letters[1:]
    return Step(ranges=tuple(ranges), is_other=is_other)


def read_part(part: str) -> tuple[Step, ...]:
    """Read a pattern between two slashes.

    Raises
    ------
    OscError
        If a bracket has no other half.
    """
    steps = []
    at = 0
    while at < len(part):
        letter = part[at]
        if letter in CLOSING:
            end = part.find(CLOSING[letter], at)
            if end < 0:
                raise OscError(f"pattern {part!r} has no {CLOSING[letter]!r} after {letter!r}; close it")
            inside = part[at + 1 : end]
            steps.append(read_letters(inside) if letter == "[" else Step(choices=tuple(inside.split(","))))
            at = end
        elif letter == "*":
            steps.append(Step(is_any=True))
        elif letter == "?":
            steps.append(Step(is_other=True))
        elif letter in WILD:
            raise OscError(f"pattern {part!r} has {letter!r} alone; open it")
        else:
            steps.append(Step(choices=(letter,)))
        at += 1
    return tuple(steps)


def matches(steps: Iterable[Step], text: str) -> bool:
    """Whether a pattern fits a whole text."""
    places = {0}
    for step in steps:
        places = step.go(text, places)
    return len(text) in places


def is_pattern(address: str) -> bool:
    """Whether an address may mean several."""
    return not WILD.isdisjoint(address)


class AddressSpace:
    """Addresses that patterns are matched with.

    Parameters
    ----------
    paths : iterable of str
        All of them.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = tuple(paths)
        self.tree: Tree = {}
        for path in self.paths:
            *above, name = path.split("/")
            node = self.tree
            for part in above:
                node = node.setdefault(part, {})
            node[name] = path
        self.match = functools.lru_cache(MAX_KEPT)(self.find)

    def find(self, pattern: str) -> tuple[str, ...]:
        """Find the addresses that a pattern means, part by part between the slashes.

        Parameters
        ----------
        pattern : str
            An address, or a pattern.

        Returns
        -------
        tuple of str
            None if nothing fits.

        Raises
        ------
        OscError
            If it is longer than `MAX_PATTERN`, or a bracket has no other half.

        References
        ----------
        OSC 1.0 specification, "OSC Message Dispatching and Pattern Matching".
        """
        if len(pattern) > MAX_PATTERN:
            raise OscError(f"pattern of {len(pattern)} letters, at most {MAX_PATTERN} are needed; send a shorter one")
        wanted = [read_part(part) for part in pattern.split("/")]
        fits = functools.cache(lambda depth, name: matches(wanted[depth], name))
        nodes = [self.tree]
        for depth in range(len(wanted) - 1):
            found = [below for node in nodes for name, below in node.items() if fits(depth, name)]
            nodes = [below for below in found if isinstance(below, dict)]
        last = len(wanted) - 1
        leaves = [below for node in nodes for name, below in node.items() if fits(last, name)]
        return tuple(path for path in leaves if isinstance(path, str))
