"""The command that draws a corpus: `loopmorph-train synth`."""

import os
import pathlib

import click

from training import procedural
from training.errors import TrainingError
from training.procedural.names import GENRE_NAMES

HELP = f"""Draw a corpus of loops of each GENRE into the folder OUT.

Genres: {", ".join(GENRE_NAMES)}, or all.

\b
loopmorph-train synth techno techno_corpus/ --loops 2000
loopmorph-train synth bass pads corpus/ --seed 7
"""


@click.command(help=HELP)
@click.argument("genres", nargs=-1, required=True, type=click.Choice([*GENRE_NAMES, "all"]), metavar="GENRE...")
@click.argument("out", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.option("--loops", type=click.IntRange(1, 10_000_000), default=2000, show_default=True,
              help="How many, shared equally by the genres.")  # fmt: skip
@click.option("--samples", type=click.Path(file_okay=False, path_type=pathlib.Path),
              help="Folder of drum hits, named like bd_boom.flac, that stand in for some of the drums.")  # fmt: skip
@click.option("--licence", default="CC0-1.0", show_default=True,
              help="Licence of the loops: that of the samples, if some are given.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True,
              help="Which loops; another seed's are all different.")  # fmt: skip
@click.option("--processes", type=click.IntRange(1, 256), help="How many work at a time [default: one a core].")
def synth(
    genres: tuple[str, ...],
    out: pathlib.Path,
    loops: int,
    samples: pathlib.Path | None,
    licence: str,
    seed: int,
    processes: int | None,
) -> None:
    """Draw a corpus of loops, as `HELP` says."""
    from rich.progress import Progress

    chosen = GENRE_NAMES if "all" in genres else tuple(dict.fromkeys(genres))
    one_shots = procedural.read_one_shots(samples) if samples is not None else None
    try:
        with Progress(transient=True) as progress:
            task = progress.add_task("drawing", total=loops)
            count = procedural.synthesise(
                chosen,
                out,
                n_loops=loops,
                seed=seed,
                one_shots=one_shots,
                licence=licence,
                processes=processes or os.cpu_count() or 1,
                advance=lambda n: progress.advance(task, n),
            )
    except KeyboardInterrupt:
        raise TrainingError(
            f"{out}: stopped, and left empty, for drawing cannot go on in the middle; run the same command again to "
            "begin anew"
        ) from None
    click.echo(f"{out}: {count} loops")
