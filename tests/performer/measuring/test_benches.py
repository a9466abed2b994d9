import json
import os
import socket
import subprocess
import sys

import pytest

from performer.measuring.benches import soak_rows
from performer.memory import PROCESSES

OPTIONS = ("--device", "null", "--osc-port", "19127")


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "performer.cli", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_short_soak_reports_what_a_long_one_does() -> None:
    done = run("soak", "--minutes", "0.15", *OPTIONS, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    print(report)
    assert 8 < report["played_s"] < 20
    assert report["machine_underruns"] <= report["underruns"]
    assert set(report["standstills"]) == {"count", "longest_ms"}
    assert report["late_blocks"] <= report["counters"]["late_blocks"]
    assert report["late_cells"] <= report["counters"]["late_cells"]
    assert report["longest_block_ms"] > 0
    assert report["margin_ms"]["least"] <= report["margin_ms"]["p5"]
    assert report["drift_samples"] == 0
    assert {"audio", "worker", "control", "recorder"} <= set(report["memory_mb"]) <= set(PROCESSES)
    assert set(report["memory_mb_an_hour"]) <= set(report["memory_mb"])
    assert report["memory_mb"]["worker"] > 50
    assert report["counters"]["osc_messages"] > 100
    assert report["counters"]["windows"] > 10


REPORT = {
    "played_s": 1200.1,
    "stolen_s": 0.4,
    "longest_block_ms": 0.61,
    "counters": {"underruns": 5, "late_blocks": 1, "late_cells": 2, "windows": 17_000, "osc_refused": 0},
    "underruns": 3,
    "machine_underruns": 2,
    "standstills": {"count": 4, "longest_ms": 11.25},
    "late_blocks": 1,
    "late_cells": 2,
    "margin_ms": {"p5": 101.5, "least": -3.0},
    "drift_samples": 0.0,
    "memory_mb": {"audio": 82.0, "worker": 531.3},
    "memory_mb_an_hour": {"audio": 0.0, "worker": None},
}


def test_a_report_is_put_into_words() -> None:
    assert soak_rows(REPORT) == [
        ("underruns", "3, 2 of them the machine's"),
        ("standstills of the machine", "4, 11.25 ms at most"),
        ("processor time that the host took", "0.4 s"),
        ("longest block of 5.3 ms took", "0.61 ms"),
        ("late blocks", "1"),
        ("late cells", "2"),
        ("margin of what was drawn", "5th percentile 101.5 ms, least -3 ms"),
        ("drift of the clock", "0 samples"),
        ("memory of the audio process", "82 MB, +0 MB an hour"),
        ("memory of the worker process", "531.3 MB"),
        ("windows", "17000"),
    ]


def test_what_could_not_be_told_is_said() -> None:
    silent = {"standstills": {"count": None, "longest_ms": None}, "margin_ms": {"p5": None, "least": None}}
    rows = dict(soak_rows({**REPORT, **silent}))
    assert rows["standstills of the machine"] == "cannot be told without real-time priority"
    assert rows["margin of what was drawn"] == "nothing was drawn"


@pytest.mark.slow
def test_a_port_that_is_taken_ends_a_soak_with_one_line() -> None:

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        done = run("soak", "--device", "null", "--osc-port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert done.stdout == ""
    assert [line for line in done.stderr.splitlines() if "cannot be taken" in line]
    assert "Traceback" not in done.stderr


def test_a_bench_needs_a_sound_server() -> None:
    done = run("bench", "latency", PATH="/nowhere")
    assert done.returncode == 1
    assert done.stderr.startswith("loopmorph: no PulseAudio or PipeWire server answers")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("bench", "latency", "--moves", "1"), ("soak", "--minutes", "0")])
def test_usage_is_told_in_one_line(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
