"""From hand to sound: `python benchmarks/latency.py [options of loopmorph bench latency]`.

Runs `loopmorph bench latency` on this machine's PulseAudio or PipeWire server, prints what it found and appends it to
`benchmarks/results.jsonl`, keyed by commit. The machine should have nothing else to do.
"""

import json
import os
import pathlib
import platform
import subprocess
import sys

RESULTS = pathlib.Path(__file__).with_name("results.jsonl")


def main() -> None:
    """Measure, print and append."""
    command = [sys.executable, "-m", "performer.cli", "bench", "latency", "--json", *sys.argv[1:]]
    measured = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    rows = json.loads(measured.stdout)["latency"]
    for row in rows:
        print(json.dumps(row))
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    result = {
        "benchmark": "latency",
        "commit": commit.stdout.strip(),
        "machine": f"{platform.machine()}, {os.cpu_count()} threads",
        "load": round(os.getloadavg()[0], 2),
        "from hand to sound": rows,
    }
    with RESULTS.open("a") as file:
        file.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
