"""The server: takes the patch's requests off the network, has the newest drawn, and answers."""

import contextlib
import pathlib
import select
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from performer.console import Warnings, say
from performer.errors import PerformerError
from performer.surfaces.loopgan.files import LoopFiles
from performer.surfaces.loopgan.request import Request, RequestError, read_requests
from performer.surfaces.osc.packet import MAX_PACKET, write_message

if TYPE_CHECKING:
    from performer.surfaces.loopgan.batch import Batch

HOST = "127.0.0.1"
MAX_DRAIN = 2_000
"""Packets taken before the newest request is drawn."""
DONE, REFUSED = "/generated", "/error"
SAMPLE_RATE = 44_100


class Drawer(Protocol):
    """What draws."""

    def take(self, request: Request) -> np.ndarray:
        """Go where a request leads."""

    def draw(self, ws: np.ndarray) -> "Batch":
        """Draw the loops there."""


class Server:
    """Serve the patch on this machine.

    Parameters
    ----------
    drawer : Drawer
        What draws.
    files : LoopFiles
        Where the loops go.
    port, reply_port : int
        UDP ports: of requests, and of the patch.
    now_s : callable
        Monotonic time in seconds.

    Raises
    ------
    PerformerError
        If the port is taken.
    """

    def __init__(
        self,
        drawer: Drawer,
        files: LoopFiles,
        *,
        port: int,
        reply_port: int,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.drawer, self.files = drawer, files
        self.reply_port = reply_port
        self.now_s = now_s
        self.warnings = Warnings()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        try:
            self.socket.bind((HOST, port))
        except OSError as error:
            self.socket.close()
            raise PerformerError(
                f"UDP port {port} cannot be taken ({error.strerror}); a free one is needed; end the program that has "
                "it, or choose another with --port"
            ) from error
        self.port = int(self.socket.getsockname()[1])

    def serve(self) -> None:
        """Answer until it is interrupted."""
        while True:
            self.step(timeout_s=0.5)

    def step(self, *, timeout_s: float) -> None:
        """Wait for requests, and answer the newest of those that are there."""
        if not select.select([self.socket], [], [], timeout_s)[0]:
            self.warnings.flush()
            return
        began_s = self.now_s()
        requests = self.receive()
        if not requests:
            return
        try:
            for request in requests:
                ws = self.drawer.take(request)  # a new loop counts as the one that later moves start from
            batch = self.drawer.draw(ws)
            wav, png = self.files.write(batch.audio, batch.mel, sample_rate=SAMPLE_RATE)
        except PerformerError as error:
            self.refuse(str(error))
            return
        self.answer(DONE, str(wav), str(png))
        took_ms = (self.now_s() - began_s) * 1000
        passed_over = f", {len(requests) - 1} older passed over" if requests[1:] else ""
        say(f"{'new' if requests[-1].is_new else 'moved'}: {wav.name} in {took_ms:.0f} ms{passed_over}")

    def receive(self) -> list[Request]:
        """Take all requests that have come, oldest first; what is none is refused."""
        requests: list[Request] = []
        with contextlib.suppress(BlockingIOError):
            for _ in range(MAX_DRAIN):
                packet, _sender = self.socket.recvfrom(MAX_PACKET)
                try:
                    requests += read_requests(packet)
                except RequestError as error:
                    self.refuse(str(error))
        return requests

    def refuse(self, reason: str) -> None:
        """Say what could not be done, here and to the patch."""
        self.warnings.warn("refused", reason)
        self.answer(REFUSED, reason)

    def answer(self, address: str, *words: str) -> None:
        """Send a message to the patch."""
        with contextlib.suppress(OSError):  # nobody listens yet, or no longer
            self.socket.sendto(write_message(address, "s" * len(words), words), (HOST, self.reply_port))

    def close(self) -> None:
        """Give the port back and remove the loops."""
        self.socket.close()
        self.files.close()


def open_folder(folder: pathlib.Path | None, stack: contextlib.ExitStack) -> LoopFiles:
    """Choose where the loops go: a folder, or one that is removed in the end."""
    import tempfile  # noqa: PLC0415 - seldom needed

    if folder is None:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="loopgan-")))
    return LoopFiles(folder)
