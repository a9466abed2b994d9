"""`loopmorph loopgan` and liblo, in the place of LoopGAN's Max patch."""

import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import soundfile
from PIL import Image

from tests.rig.conftest import need, wait_until

MOVES = 10


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MaxPatch:
    """What sends and listens as the patch does."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.port, self.reply_port = free_port(), free_port()
        self.log, self.heard = folder / "loopgan.log", folder / "heard.log"
        command = [sys.executable, "-m", "performer.cli", "loopgan", "--port", str(self.port)]
        options = ["--reply-port", str(self.reply_port), "--seed", "1"]
        with self.log.open("w") as log, self.heard.open("w") as heard:
            self.process = subprocess.Popen([*command, *options], stderr=log)
            self.listener = subprocess.Popen(["stdbuf", "-oL", "oscdump", str(self.reply_port)], stdout=heard)

    def wait_ready(self) -> None:
        wait_until(lambda: "Ctrl-C stops" in self.log.read_text(), what="the server is ready", patience_s=120)

    def ask(self, address: str, *numbers: float) -> float:
        """Send a request and wait for its answer; seconds that it took."""
        before, began_s = len(self.answers()), time.monotonic()
        command = ["oscsend", "127.0.0.1", str(self.port), address, "f" * len(numbers), *map(str, numbers)]
        subprocess.run(command, check=True)
        wait_until(lambda: len(self.answers()) > before, what=f"{address} is answered", patience_s=30)
        return time.monotonic() - began_s

    def answers(self) -> list[str]:
        return [line for line in self.heard.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def files(self) -> tuple[pathlib.Path, pathlib.Path]:
        """Paths of the newest answer."""
        found = re.fullmatch(r'\S+ /generated ss "(.+)" "(.+)"', self.answers()[-1].strip())
        assert found, self.answers()[-1]
        return pathlib.Path(found[1]), pathlib.Path(found[2])

    def end(self) -> None:
        for process in (self.process, self.listener):
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=20)


@pytest.fixture
def patch(tmp_path: pathlib.Path) -> Iterator[MaxPatch]:
    need("oscsend", "oscdump", "stdbuf")
    found = MaxPatch(tmp_path)
    try:
        yield found
    finally:
        found.end()


@pytest.mark.slow
def test_the_patch_is_served(patch: MaxPatch) -> None:
    patch.wait_ready()
    patch.ask("/generate_random", 0, 0, 0, 0, 0, 0, 0.1)
    wav, png = patch.files()
    about = soundfile.info(wav)
    assert (about.channels, about.frames, about.samplerate, about.subtype) == (4, 88_200, 44_100, "PCM_16")
    with Image.open(png) as picture:
        picture.load()
    first = wav.read_bytes()
    took_s = [patch.ask("/generate_xy", 10 * move / MOVES, 0, 0, 0, 0, 0, 0.1) for move in range(1, MOVES + 1)]
    print(
        f"\nloopgan: request to answer, median {statistics.median(took_s) * 1000:.0f} ms,"
        f" worst {max(took_s) * 1000:.0f} ms"
    )
    wav, _ = patch.files()
    assert wav.read_bytes() != first
    assert len(list(wav.parent.glob("*.wav"))) <= 8
    patch.ask("/generate_xy", 1)
    assert "/error s" in patch.answers()[-1]
    patch.end()
    assert patch.process.returncode == 0, patch.log.read_text()
    assert not wav.parent.exists()
    assert "Traceback" not in patch.log.read_text()
