import contextlib
import itertools
import socket
from collections.abc import Iterator

import pytest

from performer.controls import N_DECKS, find_control
from performer.measuring.hand import Hand
from performer.measuring.still_model import STILL
from performer.surfaces.osc.packet import read_message, read_packet

Move = tuple[str, tuple[float, ...]]


@pytest.fixture
def receiving() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(5.0)
        yield listening


@pytest.fixture
def hand(receiving: socket.socket) -> Iterator[Hand]:
    with contextlib.closing(Hand(receiving.getsockname()[1])) as moving:
        yield moving


def receive(receiving: socket.socket) -> Move:
    ((_, message),) = read_packet(receiving.recv(1000))
    path, arguments = read_message(message)
    return path, find_control(path).accept(arguments)


def test_it_rests_until_it_is_told_to_move(hand: Hand, receiving: socket.socket) -> None:
    hand.set("/deck/1/morph", 0.5, 0.25)
    assert receive(receiving) == ("/deck/1/morph", (0.5, 0.25))
    receiving.settimeout(0.1)
    with pytest.raises(TimeoutError):
        receiving.recv(1000)


def test_it_moves_every_deck_it_is_told_to_and_never_stands_still(hand: Hand, receiving: socket.socket) -> None:
    hand.moving = N_DECKS
    moves = [receive(receiving) for _ in range(45 * N_DECKS)]
    for deck in range(1, N_DECKS + 1):
        values = [value[0] for path, value in moves if path == f"/deck/{deck}/{STILL}"]
        assert len(values) >= 40
        assert all(one != other for one, other in itertools.pairwise(values))
        assert min(values) == 0.0
        assert max(values) == 1.0
        find_control(f"/deck/{deck}/{STILL}").accept([max(values)])
