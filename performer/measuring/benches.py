"""Commands that measure the instrument on this machine."""

import contextlib
import json
import pathlib
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from melgan_vocoder.command_line import CommandLine, NumberRange
from performer.ports import HTTP_PORT, OSC_PORT
from performer.table import print_table

if TYPE_CHECKING:
    from rich.progress import Progress

    from performer.supervisor import Supervisor


@click.group(cls=CommandLine)
def bench() -> None:
    """Measure the instrument on this machine.

    \b
    loopmorph bench latency
    """


@contextlib.contextmanager
def playing(model: pathlib.Path, options: dict[str, Any]) -> "Iterator[Supervisor]":
    """Start an instrument with one model, and end it; exits where one of its processes has said why it cannot."""
    from performer.errors import AlreadyToldError
    from performer.supervisor import Supervisor, stop_on_signals

    always = {"models": [str(model.resolve())], "midi": None, "outputs": "master", "http_port": HTTP_PORT}
    supervisor = Supervisor({**always, **options})
    try:
        with stop_on_signals(supervisor.memory):
            supervisor.start()
            supervisor.begin_summary()
            yield supervisor
    except AlreadyToldError as error:
        raise SystemExit(1) from error
    finally:
        supervisor.close()


def progress_bar() -> "Progress":
    """Make a progress bar on a terminal; elsewhere it shows nothing."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(file=sys.stderr)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


@bench.command()
@click.option("--device", default="pulse", show_default=True, help="Sound device; its server's monitor is listened to.")
@click.option("--monitor", help="Name of the monitor; that of the default sink if not given.")
@click.option("--latency-ms", type=NumberRange(1, 1000), default=20, show_default=True,
              help="Latency asked of the sound device.")  # fmt: skip
@click.option("--moves", type=click.IntRange(2, 1000), default=40, show_default=True, help="Moves of each control.")
@click.option(
    "--osc-port", type=click.IntRange(1, 65534), default=OSC_PORT, show_default=True, help="UDP port for OSC."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def latency(*, device: str, monitor: str | None, latency_ms: float, moves: int, osc_port: int, as_json: bool) -> None:
    """Measure how long a move takes from the hand to the ear: OSC packet out, sound back in at the monitor.

    Plays through the speakers, for two minutes or so. The sound server's own share is measured first, and
    subtracted; beside it stands what the instrument itself says of the same moves.

    \b
    loopmorph bench latency
    loopmorph bench latency --moves 200 --json
    """
    import tempfile

    import numpy as np

    from performer.crate import find_model
    from performer.measuring import capture as capturing
    from performer.measuring import latency as measuring
    from performer.measuring.hand import Hand
    from performer.measuring.still_model import write_still_model

    capture = capturing.Capture(monitor or capturing.default_monitor())
    rows = []
    try:
        with progress_bar() as progress, tempfile.TemporaryDirectory() as folder:
            task = progress.add_task("the sound server's share", total=None)
            sink_ms = capturing.sink_share_ms(capture, device=device, latency_ms=latency_ms)
            progress.update(task, description="loading the networks")
            model = write_still_model(find_model("drums"), pathlib.Path(folder) / "still.safetensors")
            options = {"device": device, "latency_ms": latency_ms, "osc_port": osc_port}
            with playing(model.weights.path, options) as supervisor, contextlib.closing(Hand(osc_port)) as hand:
                sink_s = float(np.median(sink_ms)) / 1000
                listening = measuring.LatencyBench(memory=supervisor.memory, hand=hand, capture=capture, sink_s=sink_s)
                listening.prepare()
                for scenario in measuring.SCENARIOS:
                    progress.update(task, description=scenario.name, total=moves, completed=0)
                    found = []
                    for move in listening.measure(scenario, moves):
                        supervisor.require_alive()
                        found.append(move)
                        progress.advance(task)
                    rows.append(measuring.report(scenario.name, found, sink_ms))
    finally:
        capture.close()
    if as_json:
        click.echo(json.dumps({"latency": rows, "summary": supervisor.summary()}))
        return
    columns = ("name", "p50_ms", "p95_ms", "p99_ms", "played_p50_ms", "played_p95_ms", "moves", "missed")
    print_table(
        f"From hand to sound (the sound server's {rows[0]['sink_ms']:g} ms subtracted)",
        ("move of a", "p50 (ms)", "p95 (ms)", "p99 (ms)", "played p50", "played p95", "moves", "missed"),
        [tuple(row[name] for name in columns) for row in rows],
    )


@click.command()
@click.option("--minutes", type=NumberRange(0.1), default=20, show_default=True, help="How long.")
@click.option("--device", metavar="NAME|null", help="Where the sound goes; the default device if not given.")
@click.option("--latency-ms", type=NumberRange(1, 1000), default=20, show_default=True,
              help="Latency asked of the sound device.")  # fmt: skip
@click.option(
    "--osc-port", type=click.IntRange(1, 65534), default=OSC_PORT, show_default=True, help="UDP port for OSC."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def soak(*, minutes: float, device: str | None, latency_ms: float, osc_port: int, as_json: bool) -> None:
    """Play four decks under a hand that does not rest, and report gaps, margins, memory and drift.

    An underrun is a gap in the sound. One that came while the machine itself stood still, or while its host took
    processor time, is the machine's. A margin is by how much new sound was there before the playhead needed more.

    \b
    loopmorph soak --minutes 20
    loopmorph soak --minutes 180 --device null --json
    """
    from performer.crate import find_model
    from performer.measuring.soak import Soak
    from performer.measuring.standstill import StandstillWatch

    options = {"device": device, "latency_ms": latency_ms, "osc_port": osc_port}
    with (
        playing(find_model("drums").weights.path, options) as supervisor,
        contextlib.closing(StandstillWatch()) as watch,
        contextlib.closing(Soak(supervisor, osc_port=osc_port, watch=watch)) as soaked,
        progress_bar() as progress,
    ):
        task = progress.add_task("playing", total=minutes * 60)
        for played_s in soaked.play(minutes * 60):
            progress.update(task, completed=played_s, description=f"playing, {soaked.blame.underruns} underruns")
        report = soaked.report()
    if as_json:
        click.echo(json.dumps(report))
        return
    print_table(f"A set of {report['played_s'] / 60:.1f} minutes", ("what", "how much"), soak_rows(report))


def soak_rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """Put the report of a soak into words."""
    machine, margin = report["standstills"], report["margin_ms"]
    told_above = {"underruns", "late_blocks", "late_cells"}
    processes = [
        (f"memory of the {name} process", f"{size:g} MB" + ("" if slope is None else f", {slope:+g} MB an hour"))
        for name, size in report["memory_mb"].items()
        for slope in [report["memory_mb_an_hour"].get(name)]
    ]
    return [
        ("underruns", f"{report['underruns']}, {report['machine_underruns']} of them the machine's"),
        ("standstills of the machine", "cannot be told without real-time priority" if machine["count"] is None
         else f"{machine['count']}, {machine['longest_ms']:g} ms at most"),
        ("processor time that the host took", f"{report['stolen_s']:g} s"),
        ("longest block of 5.3 ms took", f"{report['longest_block_ms']:g} ms"),
        ("late blocks", f"{report['late_blocks']}"),
        ("late cells", f"{report['late_cells']}"),
        ("margin of what was drawn", "nothing was drawn" if margin["p5"] is None
         else f"5th percentile {margin['p5']:g} ms, least {margin['least']:g} ms"),
        ("drift of the clock", f"{report['drift_samples']:g} samples"),
        *processes,
        *((name.replace("_", " "), f"{count}") for name, count in report["counters"].items()
          if count and name not in told_above),
    ]  # fmt: skip
