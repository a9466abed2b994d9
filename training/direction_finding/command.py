"""The commands that find and measure directions: `loopmorph-train directions`."""

import json
import pathlib

import click

FILE = click.Path(dir_okay=False, path_type=pathlib.Path)
FOLDER = click.Path(file_okay=False, path_type=pathlib.Path)
SEEDS = click.option("--seeds", type=click.IntRange(2, 100_000), default=200, show_default=True,
                     help="Loops that each direction is measured on.")  # fmt: skip
JSON = click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")


@click.group()
def directions() -> None:
    """Find the directions of a model, and measure what they do.

    \b
    loopmorph-train directions find mine.safetensors
    loopmorph-train directions report mine.safetensors --out report/
    loopmorph-train directions morphs mine.safetensors
    """


@directions.command()
@click.argument("model", type=FILE)
@click.option("--attribute", "names", multiple=True,
              help="What to find one for; may be given again [default: what suits the model's role].")  # fmt: skip
@click.option("--loops", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True,
              help="Random loops to draw and measure.")  # fmt: skip
@SEEDS
@click.option("--axes", type=click.Choice(["pca", "sefa"]), default="pca", show_default=True,
              help="What pc1 to pc6 are: where latents vary most, or where styles answer most.")  # fmt: skip
@JSON
def find(model: pathlib.Path, names: tuple[str, ...], loops: int, seeds: int, axes: str, as_json: bool) -> None:
    """Measure random loops of MODEL, find its directions and write them into the file, each with its report.

    For each attribute two: one that lets related attributes move along as they usually do, and one that holds the rest.
    What does not pass is written too, with the reason, and is not offered as a knob.

    \b
    loopmorph-train directions find mine.safetensors
    loopmorph-train directions find mine.safetensors --attribute density --attribute bass --seeds 50
    """
    from rich.progress import Progress

    from training.direction_finding.finding import Plan, find_directions
    from training.direction_finding.report_table import print_reports

    plan = Plan(names=names, n_loops=loops, n_seeds=seeds, axes=axes)
    with Progress(transient=True) as progress:
        task = progress.add_task("listening", total=None)
        table = find_directions(
            model,
            plan,
            begin=lambda total: progress.update(task, total=total),
            advance=lambda count: progress.advance(task, count),
        )
    print_reports({name: direction.report for name, direction in table.items()}, as_json=as_json)


@directions.command()
@click.argument("model", type=FILE)
@click.option("--corpus", type=FOLDER, help="Loops that a direction must not leave [default: the model's own].")
@click.option("--plain", is_flag=True, help="Measure plain ridge directions beside the model's own.")
@click.option("--out", type=FOLDER, help="Write report.json and picture.png here.")
@SEEDS
@JSON
def report(
    model: pathlib.Path, corpus: pathlib.Path | None, plain: bool, out: pathlib.Path | None, seeds: int, as_json: bool
) -> None:
    """Measure what the directions of MODEL do to loops that took no part in finding them. The file is not changed.

    \b
    loopmorph-train directions report mine.safetensors
    loopmorph-train directions report mine.safetensors --corpus corpus/ --plain --out report/
    """
    from rich.progress import Progress

    from training.direction_finding.picture import draw_picture
    from training.direction_finding.report_table import print_reports
    from training.direction_finding.reporting import report_directions

    with Progress(transient=True) as progress:
        task = progress.add_task("listening", total=None)
        reports = report_directions(
            model,
            corpus=corpus,
            with_plain=plain,
            n_seeds=seeds,
            begin=lambda total: progress.update(task, total=total),
            advance=lambda count: progress.advance(task, count),
        )
    print_reports(reports, as_json=as_json)
    if out is not None:
        draw_picture(out / "picture.png", reports, title=model.stem)
        (out / "report.json").write_text(json.dumps(reports, indent=1) + "\n", encoding="utf-8")


@directions.command()
@click.argument("model", type=FILE)
@click.option("--morphs", "n_morphs", type=click.IntRange(1, 10_000), default=100, show_default=True,
              help="Pairs of random loops to go between.")  # fmt: skip
@click.option("--steps", "n_steps", type=click.IntRange(3, 10_000), default=64, show_default=True,
              help="Places to listen at on each way.")  # fmt: skip
@JSON
def morphs(model: pathlib.Path, n_morphs: int, n_steps: int, as_json: bool) -> None:
    """Measure how evenly MODEL morphs from loop to loop, and whether the beat holds on the way.

    Each pair is gone through twice: straight in W, as decks do, and for comparison along the great circle in Z.

    \b
    loopmorph-train directions morphs mine.safetensors
    loopmorph-train directions morphs mine.safetensors --morphs 10 --steps 32 --json
    """
    from rich.progress import Progress

    from training.direction_finding.morphs import WAYS, measure_model_morphs
    from training.direction_finding.report_table import print_morphs

    with Progress(transient=True) as progress:
        task = progress.add_task("listening", total=len(WAYS) * n_morphs * n_steps)
        found = measure_model_morphs(
            model, n_morphs=n_morphs, n_steps=n_steps, advance=lambda count: progress.advance(task, count)
        )
    print_morphs(found, as_json=as_json)
