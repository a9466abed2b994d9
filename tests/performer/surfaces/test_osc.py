import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from performer.actions import Action
from performer.controls import Control
from performer.errors import ControlError, PerformerError
from performer.surfaces.osc import MAX_DEPTH, OscError, bind, obey_packet, receive, send, split_messages

BUNDLE = b"#bundle\0" + struct.pack(">Q", 1)


class Surface:
    """Notes what a packet did."""

    def __init__(self) -> None:
        self.applied: list[tuple[str, tuple[float, ...]]] = []
        self.refused: list[str] = []

    def apply(self, row: Control | Action, values: tuple[float, ...]) -> None:
        if row.path == "/scene/recall":
            raise ControlError("scene 3 is empty")
        self.applied.append((row.path, values))

    def obey(self, packet: bytes) -> "Surface":
        obey_packet(packet, apply=self.apply, refuse=self.refused.append)
        return self


def message(path: str, *arguments: object) -> bytes:
    builder = OscMessageBuilder(path)
    for argument in arguments:
        builder.add_arg(argument)
    return builder.build().dgram


def element(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data


def test_a_message_moves_its_control() -> None:
    assert Surface().obey(message("/deck/2/morph", 0.25, 1)).applied == [("/deck/2/morph", (0.25, 1.0))]


def test_a_bundle_in_a_bundle_moves_all_its_controls_in_order() -> None:
    inner = OscBundleBuilder(IMMEDIATELY)
    for path, value in (("/deck/1/bass", 1.0), ("/deck/1/bass", 2.0)):
        builder = OscMessageBuilder(path)
        builder.add_arg(value)
        inner.add_content(builder.build())
    outer = BUNDLE + element(inner.build().dgram) + element(message("/master/level", 0.5))
    assert Surface().obey(outer).applied == [
        ("/deck/1/bass", (1.0,)),
        ("/deck/1/bass", (2.0,)),
        ("/master/level", (0.5,)),
    ]


def test_a_time_tag_an_hour_ahead_does_not_delay() -> None:
    later = b"#bundle\0" + struct.pack(">II", 2**32 - 1, 0) + element(message("/master/level", 0.5))
    assert Surface().obey(later).applied == [("/master/level", (0.5,))]


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"hello",
        b"noise123",
        b"#bundle\0",
        BUNDLE + struct.pack(">i", -4),  # 20 bytes that hang python-osc's servers for ever
        BUNDLE + struct.pack(">i", 0),
        BUNDLE + struct.pack(">i", 64) + b"/x\0\0",
        BUNDLE + element(b"/abc"[:3] + b"\0") + b"\0\0",
    ],
)
def test_a_packet_that_is_not_osc_is_refused_once(packet: bytes) -> None:
    surface = Surface().obey(packet)
    assert surface.applied == []
    assert len(surface.refused) >= 1


def test_deep_nesting_is_refused() -> None:
    packet = message("/master/level", 0.5)
    for _ in range(MAX_DEPTH + 1):
        packet = BUNDLE + element(packet)
    with pytest.raises(OscError, match="nested more than 4 deep"):
        list(split_messages(packet))


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        (message("/deck/1/density", "loud"), "got 'loud'"),
        (message("/deck/1/density", float("nan")), "got nan"),
        (message("/deck/1/density"), "got 0 values"),
        (message("/deck/9/density", 1.0), "/deck/9/density is not a control"),
        (message("/deck/1/density", True), "got True"),
        (b"/\xff\xfe\0,f\0\0\0\0\0\0", "decode"),
    ],
)
def test_a_bad_message_is_refused_with_its_reason(packet: bytes, reason: str) -> None:
    surface = Surface().obey(packet)
    assert surface.applied == []
    assert len(surface.refused) == 1
    assert reason in surface.refused[0]


def test_a_bad_message_does_not_spoil_its_bundle() -> None:
    packet = BUNDLE + element(message("/nowhere", 1.0)) + element(message("/master/level", 0.5))
    surface = Surface().obey(packet)
    assert surface.applied == [("/master/level", (0.5,))]
    assert len(surface.refused) == 1


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=256))
def test_no_bytes_raise_or_hang(packet: bytes) -> None:
    Surface().obey(packet)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_no_mutation_of_good_packets_raises_or_hangs(data: st.DataObject) -> None:
    packet = bytearray(BUNDLE + element(message("/deck/1/morph", 0.5, 0.5)) + element(message("/deck/1/seed", 3)))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(packet)))
    Surface().obey(bytes(packet[:cut]))


def test_sending_reaches_a_bound_port_and_a_taken_port_is_named() -> None:
    surface = Surface()
    with bind("127.0.0.1", 0) as receiving:
        port = receiving.getsockname()[1]
        send("/deck/3/seed", (12.0,), host="127.0.0.1", port=port)
        receive(receiving, apply=surface.apply, refuse=surface.refused.append)
        with pytest.raises(PerformerError, match=rf"OSC port {port} on 127.0.0.1 cannot be taken .*--osc-port"):
            bind("127.0.0.1", port)
    assert surface.applied == [("/deck/3/seed", (12.0,))]


def test_sending_to_nobody_says_so() -> None:
    with bind("127.0.0.1", 0) as receiving:
        port = receiving.getsockname()[1]
    with pytest.raises(PerformerError, match=f"nothing listens on OSC port {port}"):
        send("/master/level", (0.5,), host="127.0.0.1", port=port)


def test_nothing_has_arrived() -> None:
    surface = Surface()
    with bind("127.0.0.1", 0) as receiving:
        receive(receiving, apply=surface.apply, refuse=surface.refused.append)
    assert (surface.applied, surface.refused) == ([], [])


def test_a_burst_leaves_no_backlog_and_its_newest_values() -> None:
    surface = Surface()
    with bind("127.0.0.1", 0) as receiving, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect(receiving.getsockname())
        for step in range(150):
            sending.send(message("/deck/1/density", step / 50))
            sending.send(message("/deck/2/bass", -step / 50))
        sending.send(message("/deck/2/bass", "loud"))
        passed_over = receive(receiving, apply=surface.apply, refuse=surface.refused.append)
    assert surface.applied == [
        ("/deck/1/density", (pytest.approx(149 / 50),)),
        ("/deck/2/bass", (pytest.approx(-149 / 50),)),  # what was refused does not stand in for it
    ]
    assert passed_over == 298
    assert len(surface.refused) == 1


def test_of_a_burst_of_actions_none_is_passed_over_and_each_keeps_its_place() -> None:
    surface = Surface()
    with bind("127.0.0.1", 0) as receiving, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect(receiving.getsockname())
        for packet in (message("/deck/1/seed", 5), message("/scene/save", 1), message("/deck/1/seed", 6)):
            sending.send(packet)
        for _ in range(3):
            sending.send(message("/deck/1/undo"))
        assert receive(receiving, apply=surface.apply, refuse=surface.refused.append) == 0
    assert surface.applied[:3] == [("/deck/1/seed", (5.0,)), ("/scene/save", (1.0,)), ("/deck/1/seed", (6.0,))]
    assert surface.applied[3:] == [("/deck/1/undo", (1.0,))] * 3


def test_an_action_that_cannot_be_obeyed_is_refused_with_its_reason() -> None:
    surface = Surface().obey(message("/scene/recall", 3))
    assert (surface.applied, surface.refused) == ([], ["scene 3 is empty"])


def test_an_action_is_sent_with_its_values() -> None:
    surface = Surface()
    with bind("127.0.0.1", 0) as receiving:
        for path, values in (("/deck/2/undo", (1.0,)), ("/scene/morph", (3.0, 0.25))):
            send(path, values, host="127.0.0.1", port=receiving.getsockname()[1])
            receive(receiving, apply=surface.apply, refuse=surface.refused.append)
    assert surface.applied == [("/deck/2/undo", (1.0,)), ("/scene/morph", (3.0, 0.25))]


def test_a_bundle_keeps_its_place_among_messages() -> None:
    surface = Surface()
    bundle = BUNDLE + element(message("/master/level", 0.25))
    with bind("127.0.0.1", 0) as receiving, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect(receiving.getsockname())
        for packet in (message("/master/level", 0.125), bundle, message("/master/level", 0.5)):
            sending.send(packet)
        receive(receiving, apply=surface.apply, refuse=surface.refused.append)
    assert [values for _, values in surface.applied] == [(0.125,), (0.25,), (0.5,)]
