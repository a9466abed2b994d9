"""A hand that moves controls by OSC, and keeps moving some."""

import socket
import threading
import time

from performer.measuring.still_model import STILL
from performer.surfaces.osc.packet import build_packet

MOVES_HZ = 50.0
"""Moves a second of a hand that does not stop moving."""
STEPS = 20
"""Moves there, and as many back."""


class Hand:
    """Move controls of a running instrument by OSC; decks that are to keep moving, from a thread.

    Parameters
    ----------
    port : int
        Its OSC port.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        self.sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.moving = 0
        """Decks that keep moving, along the direction that changes no sound."""
        self.closing = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def set(self, path: str, *values: float) -> float:
        """Move a control; returns when the packet went out, in monotonic seconds."""
        packet = build_packet(path, values)
        sent_s = time.monotonic()
        self.sending.sendto(packet, ("127.0.0.1", self.port))
        return sent_s

    def run(self) -> None:
        """Keep moving."""
        turn = 0
        while not self.closing.wait(1 / MOVES_HZ):
            turn += 1
            for deck in range(1, self.moving + 1):
                self.set(f"/deck/{deck}/{STILL}", abs(turn % (2 * STEPS) - STEPS) / STEPS)

    def close(self) -> None:
        """Stop moving."""
        self.closing.set()
        self.thread.join()
        self.sending.close()
