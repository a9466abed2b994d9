"""The command that makes a corpus of recordings: `loopmorph-train corpus`."""

import contextlib
import os
import pathlib
from collections.abc import Iterator

import click

from melgan_vocoder.command_line import NumberRange
from training.errors import TrainingError


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.argument("out", type=click.Path(file_okay=False, path_type=pathlib.Path))
@click.option("--role", type=click.Choice(["rhythm", "bass", "pad", "texture"]), default="rhythm", show_default=True,
              help="What the loops are for; rhythms must keep to the grid, textures need no beat.")  # fmt: skip
@click.option("--bpm", type=NumberRange(40, 250),
              help="Tempo of all files [default: a file's name, its length, or what is heard].")  # fmt: skip
@click.option("--licence", default="unknown", show_default=True, help="Licence of the recordings, an SPDX name.")
@click.option("--processes", type=click.IntRange(1, 256), help="How many work at a time [default: one a core].")
def corpus(
    folder: pathlib.Path, out: pathlib.Path, role: str, bpm: float | None, licence: str, processes: int | None
) -> None:
    """Cut the recordings in FOLDER, tracks or loops, into 2-bar loops, and write them as the corpus OUT.

    Any files that soundfile reads, in folders below FOLDER too. Tempo and downbeat are found; loops keep their tempo.
    A run that was cut goes on when the command is given again.

    \b
    loopmorph-train corpus my_tracks/ my_corpus/ --licence CC-BY-4.0
    loopmorph-train corpus breaks_174/ my_corpus/ --bpm 174
    loopmorph-train corpus field_recordings/ rain_corpus/ --role texture
    """
    from rich.console import Console
    from rich.progress import Progress

    from training.corpus import Corpus
    from training.recordings.build import build_corpus
    from training.recordings.picture import draw_loops
    from training.recordings.settings import Settings
    from training.recordings.summary import make_table, tell_doubtful_names

    settings = Settings(role=role, tempo_bpm=bpm, licence=licence)
    with telling_stop(out), Progress(transient=True) as progress:
        task = progress.add_task("cutting", total=None)

        def advance(error: str) -> None:
            progress.advance(task)
            if error:
                progress.console.print(f"skipped: {error}", markup=False, highlight=False, soft_wrap=True)

        records = build_corpus(
            folder,
            out,
            settings,
            processes=processes or os.cpu_count() or 1,
            begin=lambda count: progress.update(task, total=count),
            advance=advance,
        )
    made = Corpus.open(out)
    draw_loops(made, out / "loops.png")
    Console(markup=False, emoji=False).print(make_table(records, made.entries, title=f"{out}"))
    if doubtful := tell_doubtful_names(records):
        click.echo(doubtful)


@contextlib.contextmanager
def telling_stop(out: pathlib.Path) -> Iterator[None]:
    """Within it Ctrl-C is told in one line.

    Raises
    ------
    TrainingError
        At Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise TrainingError(f"{out}: stopped; run the same command again to go on with the files that remain") from None
