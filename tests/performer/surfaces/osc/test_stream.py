import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from performer.surfaces.osc.packet import MAX_PACKET, OscError
from performer.surfaces.osc.stream import Counted, Framing, Slip, guess_framing

PACKETS = st.lists(st.binary(min_size=4, max_size=40).map(lambda data: b"/" + data), min_size=1, max_size=8)


@given(PACKETS, st.sampled_from([Slip, Counted]), st.data())
def test_packets_come_through_however_the_stream_is_cut(
    packets: list[bytes], kind: type[Framing], data: st.DataObject
) -> None:
    stream = b"".join(kind().write(packet) for packet in packets)
    framing = guess_framing(stream[0])
    assert type(framing) is kind
    found = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += framing.read(stream[:size])
        stream = stream[size:]
    assert found == packets


def test_slip_escapes_as_rfc_1055_says() -> None:
    assert Slip().write(b"a\xc0b\xdbc\xdc") == b"\xc0a\xdb\xdcb\xdb\xddc\xdc\xc0"
    assert Slip().read(b"a\xdb\xdd\xdcb\xc0\xc0\xc0c\xc0d") == [b"a\xdb\xdcb", b"c"]  # escapes are read once


def test_slip_without_a_first_end_is_told_by_what_osc_begins_with() -> None:
    assert type(guess_framing(ord("/"))) is type(guess_framing(ord("#"))) is Slip


@pytest.mark.parametrize("size", [0, -1, MAX_PACKET + 1, 2**31 - 1])
def test_a_length_that_cannot_be_is_refused(size: int) -> None:
    with pytest.raises(OscError, match=f"packet of {size} bytes"):
        Counted().read(size.to_bytes(4, "big", signed=True))


def test_a_packet_without_an_end_is_refused_before_it_fills_the_memory() -> None:
    framing = Slip()
    while len(framing.rest) <= 2 * MAX_PACKET - MAX_PACKET // 8:
        framing.read(bytes(MAX_PACKET // 8))
    with pytest.raises(OscError, match="without an end"):
        framing.read(bytes(MAX_PACKET // 8))
    assert len(framing.rest) < 3 * MAX_PACKET


@given(st.lists(st.binary(max_size=60), max_size=6), st.sampled_from([Slip, Counted]))
def test_no_stream_raises_anything_else(pieces: list[bytes], kind: type[Framing]) -> None:
    framing = kind()
    with contextlib.suppress(OscError):
        for piece in pieces:
            framing.read(piece)


@pytest.mark.parametrize(
    "head", [b"POST / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n", b"PRI * HTTP/2.0\r\n", b"\x16\x03\x01"]
)
def test_a_page_elsewhere_plays_nothing_with_what_its_request_holds(head: bytes) -> None:
    with pytest.raises(OscError, match=r"it begins with .*send OSC"):
        guess_framing(head[0])
