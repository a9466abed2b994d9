import contextlib
import socket
import struct
import threading

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from performer.cli import main
from performer.errors import PerformerError
from performer.surfaces.osc.packet import (
    MAX_DATAGRAM,
    MAX_DEPTH,
    MAX_MESSAGE,
    MAX_MESSAGES,
    NOW,
    OscError,
    ask_to_admit,
    bind,
    build_packet,
    bundle,
    read_message,
    read_packet,
    send,
    write_message,
)
from tests.performer.surfaces.osc.osc_stage import BUNDLE, answering, element, message, read


def test_a_message_is_read() -> None:
    assert read(message("/deck/2/morph", 0.25, 1)) == [("/deck/2/morph", [0.25, 1])]


def test_a_bundle_in_a_bundle_is_read_in_order() -> None:
    inner = OscBundleBuilder(IMMEDIATELY)
    for value in (1.0, 2.0):
        builder = OscMessageBuilder("/deck/1/bass")
        builder.add_arg(value)
        inner.add_content(builder.build())
    outer = BUNDLE + element(inner.build().dgram) + element(message("/master/level", 0.5))
    assert read(outer) == [("/deck/1/bass", [1.0]), ("/deck/1/bass", [2.0]), ("/master/level", [0.5])]


def test_a_message_has_the_time_tag_of_the_bundle_that_it_is_in() -> None:
    inner = b"#bundle\0" + struct.pack(">Q", 78) + element(message("/b"))
    outer = b"#bundle\0" + struct.pack(">Q", 77) + element(message("/a")) + element(inner) + element(message("/c"))
    assert [tag for tag, _ in read_packet(outer)] == [77, 78, 77]
    assert [tag for tag, _ in read_packet(message("/a"))] == [NOW]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"hello",
        b"noise123",
        b"#bundle\0",
        BUNDLE + struct.pack(">i", -4),  # 20 bytes that hang python-osc's servers for ever
        BUNDLE + struct.pack(">i", -4) + b"/x\0\0",
        BUNDLE + struct.pack(">i", 0),
        BUNDLE + struct.pack(">i", 64) + b"/x\0\0",
        BUNDLE + element(message("/master/level", 0.5)) + element(b"/abc"[:3] + b"\0")[:5],
        BUNDLE + element(message("/a")) * (MAX_MESSAGES + 1),
        BUNDLE * 3,
    ],
)
def test_a_packet_that_is_not_osc_is_refused_as_a_whole(packet: bytes) -> None:
    with pytest.raises(OscError, match=r"needed; |left; send OSC"):
        read_packet(packet)


def test_deep_nesting_is_refused() -> None:
    packet = message("/master/level", 0.5)
    for _ in range(MAX_DEPTH):
        packet = BUNDLE + element(packet)
    assert read(packet) == [("/master/level", [0.5])]
    with pytest.raises(OscError, match="nested more than 4 deep"):
        read_packet(BUNDLE + element(packet))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"/\xff\xfe\0,f\0\0\0\0\0\0", "cannot be read"),
        (b"/abc", "cannot be read"),
        (b"/a\0\0nota", "cannot be read"),
        (b"/a\0\0,ii\0\0\0\0\1", "cannot be read"),
        (b"/a\0\0,[[\0", "cannot be read"),
        (b"/a\0\0,f\0\0", "too short"),  # python-osc reads 0
        (b"/a\0\0,sf\0b\0\0\0", "too short"),
        (b"/a\0\0,cf\0\0\0\0A?\0\0\0", "a type that no address takes"),  # python-osc reads 'A' as the number
        (b"/a\0\0,Sf\0abc\0?\0\0\0", "a type that no address takes"),
        (b"/a\0\0", None),
        (b"/a\0\0,s\0\0" + b"x" * MAX_MESSAGE, "message of 2056 bytes, at most 2048"),
    ],
)
def test_a_message_that_cannot_be_read_is_refused(data: bytes, reason: str | None) -> None:
    if reason is None:
        assert read_message(data) == ("/a", [])
        return
    with pytest.raises(OscError, match=reason):
        read_message(data)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=256))
def test_no_bytes_raise_anything_else_or_hang(packet: bytes) -> None:
    for data in (packet, b"/" + packet, BUNDLE + packet):
        with contextlib.suppress(OscError):
            read(data)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_no_mutation_of_good_packets_raises_anything_else_or_hangs(data: st.DataObject) -> None:
    packet = bytearray(BUNDLE + element(message("/deck/1/morph", 0.5, 0.5)) + element(message("/a", "b", b"c", 3)))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(OscError):
        read(bytes(packet[: data.draw(st.integers(0, len(packet)))]))


@given(
    st.text("/abc", max_size=9),
    st.lists(
        st.one_of(
            st.integers(-(2**31) + 1, 2**31 - 1), st.floats(width=32, allow_nan=False), st.text("aé\x01", max_size=9)
        ),
        max_size=5,
    ),
)
def test_what_is_written_python_osc_reads(path: str, values: list[float | str]) -> None:
    kinds = {int: "i", float: "f", str: "s"}
    written = OscMessage(write_message(f"/{path}", "".join(kinds[type(value)] for value in values), values))
    assert (written.address, written.params) == (f"/{path}", values)


def test_a_count_beyond_32_bits_is_clipped() -> None:
    assert read(write_message("/count/underruns", "ii", (2.0**40, -(2.0**40)))) == [
        ("/count/underruns", [2**31 - 1, -(2**31) + 1])
    ]


def test_a_control_is_written_with_its_types() -> None:
    assert build_packet("/deck/1/morph", (0.5, 0.25)) == message("/deck/1/morph", 0.5, 0.25)
    assert build_packet("/deck/1/seed", (7.0,)) == message("/deck/1/seed", 7)
    assert build_packet("/scene/morph", (3.0, 0.25)) == message("/scene/morph", 3, 0.25)
    assert build_packet("/deck/1/preset", ("amen",)) == message("/deck/1/preset", "amen")
    assert build_packet("/deck/1/preset", (2.0,)) == message("/deck/1/preset", 2)


@given(st.lists(st.integers(1, 800), max_size=40))
def test_bundles_fit_a_frame_and_keep_everything_in_order(sizes: list[int]) -> None:
    messages = [write_message(f"/{number}", "s", ("x" * size,)) for number, size in enumerate(sizes)]
    packets = list(bundle(messages))
    assert [data for packet in packets for _, data in read_packet(packet)] == messages
    assert all(len(packet) <= MAX_DATAGRAM for packet in packets)
    assert all(OscBundle.dgram_is_bundle(packet) == (len(read_packet(packet)) > 1) for packet in packets)


def test_sending_waits_until_it_is_obeyed() -> None:
    with answering() as (port, heard):
        send("/deck/3/seed", (12.0,), host="127.0.0.1", port=port)
    assert heard == [("/deck/3/seed", [12]), ("/ping", [])]


def test_what_the_instrument_refuses_is_told_to_the_sender() -> None:
    with answering(refusal="scene 7 is empty") as (port, _), pytest.raises(PerformerError, match="scene 7 is empty"):
        send("/scene/recall", (7.0,), host="127.0.0.1", port=port)


def test_a_program_that_does_not_answer_is_no_instrument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("performer.surfaces.osc.packet.ANSWER_S", 0.05)
    with bind("127.0.0.1", 0) as receiving:
        port = receiving.getsockname()[1]
        with pytest.raises(PerformerError, match=f"no answer from OSC port {port}"):
            send("/deck/3/seed", (12.0,), host="127.0.0.1", port=port)


def test_a_taken_port_is_named() -> None:
    with bind("127.0.0.1", 0) as receiving:
        port = receiving.getsockname()[1]
        with pytest.raises(PerformerError, match=rf"OSC port {port} on 127.0.0.1 cannot be taken .*--osc-port"):
            bind("127.0.0.1", port)


def test_admitting_without_an_instrument_is_one_line() -> None:
    with bind("127.0.0.1", 0) as receiving:
        port = receiving.getsockname()[1]
    done = CliRunner().invoke(main, ["admit", "192.168.1.7", "--osc-port", str(port)])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"loopmorph: nothing listens on OSC port {port}")
    assert len(done.stderr.splitlines()) == 1


def test_sending_to_nobody_says_so() -> None:
    with bind("127.0.0.1", 0) as receiving:
        port = receiving.getsockname()[1]
    with pytest.raises(PerformerError, match=f"nothing listens on OSC port {port}"):
        send("/master/level", (0.5,), host="127.0.0.1", port=port)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (message("/admitted", "192.168.1.7"), None),
        (message("/refused", "no tablet"), "no tablet"),
        (None, "no answer from OSC port"),
    ],
)
def test_asking_to_admit_a_device(answer: bytes | None, error: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("performer.surfaces.osc.packet.ANSWER_S", 2.0 if answer else 0.05)
    asked = []

    def answer_once(instrument: socket.socket) -> None:
        packet, peer = instrument.recvfrom(64)
        asked.extend(read(packet))
        if answer:
            instrument.sendto(answer, peer)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as instrument:
        instrument.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=answer_once, args=(instrument,))
        thread.start()
        try:
            if error is None:
                ask_to_admit("192.168.1.7", port=instrument.getsockname()[1])
            else:
                with pytest.raises(PerformerError, match=error):
                    ask_to_admit("192.168.1.7", port=instrument.getsockname()[1])
        finally:
            thread.join()
    assert asked == [("/admit", ["192.168.1.7"])]
