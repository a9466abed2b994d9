"""The command that measures a model: `loopmorph-train evaluate`."""

import json
import pathlib

import click

from stylegan_audio.model_file import ROLES

FOLDER = click.Path(file_okay=False, path_type=pathlib.Path)
FILE = click.Path(dir_okay=False, path_type=pathlib.Path)


@click.command("evaluate")
@click.argument("model", type=click.Path(path_type=pathlib.Path))
@click.argument("corpus", type=FOLDER)
@click.option("--loops", type=click.IntRange(40, 1_000_000), default=2000, show_default=True,
              help="Loops of the model, and held-out ones; fewer where CORPUS has fewer.")  # fmt: skip
@click.option("--heard", type=click.IntRange(1, 1_000_000), default=256, show_default=True,
              help="So many of them are turned into audio.")  # fmt: skip
@click.option("--genre", "genres", multiple=True,
              help="Compare with this genre of CORPUS; may be given again.")  # fmt: skip
@click.option("--role", type=click.Choice(ROLES),
              help="Its part in the music [default: what the model file says; rhythm for a run].")  # fmt: skip
@click.option("--truncation", type=click.FloatRange(0, 1), default=1.0, show_default=True,
              help="Truncation of the model's loops; 1 is none.")  # fmt: skip
@click.option("--bfloat16", is_flag=True,
              help="Draw in bfloat16, as the instrument does where it is faster.")  # fmt: skip
@click.option("--vocoder", type=FILE, help="Vocoder file to listen through [default: the shipped one].")
@click.option("--mel-only", is_flag=True, help="Measure the mel alone: no vocoder, in less time.")
@click.option("--out", type=FOLDER, help="Write report.json and picture.png here.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True,
              help="What loops, bins and paths are drawn from.")  # fmt: skip
@click.option("--device", type=click.Choice(["cpu", "cuda"]), help="Where to draw; by default a GPU if there is one.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def evaluate(
    model: pathlib.Path,
    corpus: pathlib.Path,
    loops: int,
    heard: int,
    genres: tuple[str, ...],
    role: str | None,
    truncation: float,
    bfloat16: bool,
    vocoder: pathlib.Path | None,
    mel_only: bool,
    out: pathlib.Path | None,
    seed: int,
    device: str | None,
    as_json: bool,
) -> None:
    """Measure how close the loops of MODEL come to loops of CORPUS that it has never seen.

    Every figure stands beside the one that real loops reach. MODEL is a model file, or the folder of a run: then the
    figures are kept in it as evaluation.json, and the card of the model file that `export` makes has them.

    \b
    loopmorph-train evaluate run/ corpus/ --role rhythm
    loopmorph-train evaluate drums.safetensors corpus/ --out evaluation/
    loopmorph-train evaluate drums.safetensors corpus/ --genre techno --loops 200 --mel-only
    """
    from rich.console import Console

    from training.model_evaluation.plan import EvaluationConfig
    from training.model_evaluation.run import evaluate_file

    config = EvaluationConfig(
        n_loops=loops, n_heard=heard, genres=genres, truncation_psi=truncation, bfloat16=bfloat16, seed=seed
    )
    evaluation = evaluate_file(
        model,
        corpus,
        config=config,
        role=role,
        vocoder=vocoder,
        mel_only=mel_only,
        device=device,
        console=Console(stderr=True),
    )
    title = evaluation.report["model"]["name"]
    if as_json:
        click.echo(json.dumps(evaluation.report))
    else:
        from training.model_evaluation.report_table import lay_table

        Console(markup=False, emoji=False).print(lay_table(evaluation.report, title=title))
    if out is not None:
        from training.model_evaluation.picture import draw_picture

        draw_picture(out / "picture.png", evaluation, title=title)
        (out / "report.json").write_text(json.dumps(evaluation.report, indent=1) + "\n", encoding="utf-8")
