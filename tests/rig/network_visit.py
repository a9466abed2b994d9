"""An instrument whose network comes after its start, and changes: what a tablet is answered, as JSON.

Run as `python -m tests.rig.network_visit FOLDER` in a network namespace of its own.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import urllib.error
import urllib.request

from tests.rig.conftest import Instrument, wait_until

NETWORKS = ("192.168.77.5", "10.9.9.9")


def change_address(deed: str, address: str) -> None:
    """Join a network, or leave it."""
    subprocess.run(["ip", "addr", deed, f"{address}/24", "dev", "lo"], check=True)


def ask_page(address: str, *, host: str | None = None) -> int:
    """Ask for the page by an address with its token; the status of the answer."""
    request = urllib.request.Request(address, headers={"Host": host} if host else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def main(folder: pathlib.Path) -> None:
    """Let networks come and go."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    options = ("--tablet", "--device", "null", "--session", str(folder / "session.json"))
    instrument = Instrument(*options, environment=dict(os.environ), folder=folder)
    try:
        instrument.wait_for("this machine has no address on a network; connect it, and the code appears here")
        visits = {}
        for number, address in enumerate(NETWORKS):
            change_address("add", address)
            instrument.wait_for(f"on a tablet, scan this or open http://{address}")
            wait_until(
                lambda number=number: instrument.log.read_text().count("advertised: Loopmorph") >= 2 * number + 2,
                what="the network is told",
            )
            (page,) = re.findall(rf"http://{re.escape(address)}\S+", instrument.log.read_text())
            visits[address] = [ask_page(page), ask_page(page, host="evil.example")]
            change_address("del", address)
        print(json.dumps({"visits": visits, **instrument.stop()}))
    finally:
        instrument.process.kill()
        instrument.process.wait()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
