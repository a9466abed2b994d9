"""Commands that measure the instrument on this machine."""

import json
import sys

import click

from melgan_vocoder.command_line import CommandLine, NumberRange
from performer.ports import HTTP_PORT, OSC_PORT
from performer.table import print_table


@click.group(cls=CommandLine)
def bench() -> None:
    """Measure the instrument on this machine.

    \b
    loopmorph bench latency
    """


@bench.command()
@click.option("--device", default="pulse", show_default=True, help="Sound device; its server's monitor is listened to.")
@click.option("--monitor", help="Name of the monitor; that of the default sink if not given.")
@click.option("--latency-ms", type=NumberRange(1, 1000), default=20, show_default=True,
              help="Latency asked of the sound device.")  # fmt: skip
@click.option("--moves", type=click.IntRange(2, 1000), default=60, show_default=True, help="Moves of each control.")
@click.option(
    "--osc-port", type=click.IntRange(1, 65535), default=OSC_PORT, show_default=True, help="UDP port for OSC."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def latency(*, device: str, monitor: str | None, latency_ms: float, moves: int, osc_port: int, as_json: bool) -> None:
    """Measure how long a move takes from the hand to the ear: OSC packet out, sound back in at the monitor.

    Plays through the speakers. The sound server's own share is measured first, and subtracted.

    \b
    loopmorph bench latency
    loopmorph bench latency --moves 200 --json
    """
    from rich.console import Console
    from rich.progress import Progress

    from performer.crate import find_model
    from performer.measuring import latency as measuring
    from performer.supervisor import Supervisor, stop_on_signals

    header = find_model("drums")
    capture = measuring.Capture(monitor or measuring.default_monitor())
    supervisor, results = None, []
    try:
        with Progress(console=Console(file=sys.stderr), transient=True) as progress:
            task = progress.add_task("the sound server's share", total=None)
            sink_ms = measuring.sink_share_ms(capture, device=device, latency_ms=latency_ms)
            supervisor = Supervisor({"models": [str(header.weights.path.resolve())], "device": device, "midi": None,
                                     "outputs": "master", "latency_ms": latency_ms, "osc_port": osc_port,
                                     "http_port": HTTP_PORT})  # fmt: skip
            with stop_on_signals(supervisor.memory):
                supervisor.start()
                hand = measuring.Hand(osc_port)
                measuring.prepare(hand)
                for scenario in measuring.SCENARIOS:
                    progress.update(task, description=scenario.name, total=moves, completed=0)
                    heard = measuring.measure(
                        scenario, memory=supervisor.memory, hand=hand, capture=capture, n_moves=moves
                    )
                    found = []
                    for move in heard:
                        found.append(move)
                        progress.advance(task)
                    results.append(measuring.report(scenario.name, found, sink_ms))
                hand.close()
    finally:
        if supervisor is not None:
            supervisor.close()
        capture.close()
    if as_json:
        click.echo(json.dumps({"latency": results, "summary": supervisor.summary()}))
        return
    print_table(
        f"From hand to sound (the sound server's {results[0]['sink_ms']:g} ms subtracted)",
        ("move of a", "p50 (ms)", "p95 (ms)", "p99 (ms)", "moves", "missed"),
        [tuple(row[name] for name in ("name", "p50_ms", "p95_ms", "p99_ms", "moves", "missed")) for row in results],
    )


@click.command()
@click.option("--minutes", type=NumberRange(0.1), default=20, show_default=True, help="How long.")
@click.option("--device", metavar="NAME|null", help="Where the sound goes; the default device if not given.")
@click.option("--latency-ms", type=NumberRange(1, 1000), default=20, show_default=True,
              help="Latency asked of the sound device.")  # fmt: skip
@click.option(
    "--osc-port", type=click.IntRange(1, 65535), default=OSC_PORT, show_default=True, help="UDP port for OSC."
)
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def soak(*, minutes: float, device: str | None, latency_ms: float, osc_port: int, as_json: bool) -> None:
    """Play four decks under a hand that does not rest, and report underruns, margins, memory and drift.

    \b
    loopmorph soak --minutes 20
    loopmorph soak --minutes 180 --device null --json
    """
    from rich.console import Console
    from rich.progress import Progress

    from performer.crate import find_model
    from performer.measuring.soak import Soak
    from performer.supervisor import Supervisor, stop_on_signals

    header = find_model("drums")
    supervisor = Supervisor({"models": [str(header.weights.path.resolve())], "device": device, "midi": None,
                             "outputs": "master", "latency_ms": latency_ms, "osc_port": osc_port,
                             "http_port": HTTP_PORT})  # fmt: skip
    try:
        with stop_on_signals(supervisor.memory):
            supervisor.start()
            supervisor.begin_summary()
            soaked = Soak(supervisor, osc_port=osc_port)
            with Progress(console=Console(file=sys.stderr), transient=True) as progress:
                task = progress.add_task("playing", total=minutes * 60)
                for played_s in soaked.play(minutes * 60):
                    progress.update(task, completed=played_s)
            report = soaked.report()
    finally:
        supervisor.close()
    if as_json:
        click.echo(json.dumps(report))
        return
    counters = {name: count for name, count in report.pop("counters").items() if count}
    rows = [(name.replace("_", " "), value) for name, value in {**report, **counters}.items()]
    print_table("Soak", ("what", "how much"), rows)
