"""The command that measures a vocoder: `loopmorph-train vocoder-eval`."""

import json
import pathlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from melgan_vocoder.generator import Vocoder
    from training.vocoder_evaluation.real_loops import NamedLoop
    from training.vocoder_evaluation.resynthesis import Resynthesise

FOLDER = click.Path(exists=True, file_okay=False, path_type=pathlib.Path)
FILE = click.Path(dir_okay=False, path_type=pathlib.Path)


@click.command("vocoder-eval")
@click.argument("model", type=FILE, required=False)
@click.argument("folder", type=FOLDER, required=False)
@click.option("--pitches", type=click.IntRange(1, 40), default=40, show_default=True,
              help="Held notes of each waveform; fewer thin the other sets as well.")  # fmt: skip
@click.option("--loops", type=click.IntRange(1, 100_000), default=32, show_default=True,
              help="Real loops of FOLDER to measure, spread over its files.")  # fmt: skip
@click.option("--griffin-lim", type=click.IntRange(1, 1000), multiple=True,
              help="Measure so many steps of Griffin-Lim beside it, from the same spectrogram and from a mel of its "
                   "own, finer above 1 kHz; may be given again.")  # fmt: skip
@click.option("--plain", type=FILE, help="Measure the prototype's plain vocoder beside it.")
@click.option("--excitation", type=click.IntRange(1, 64), multiple=True,
              help="Measure so many of its sinusoids without its network beside it; may be given again.")  # fmt: skip
@click.option("--drawn-by", type=FILE, help="Measure it also on loops that this model file draws.")
@click.option("--picture", type=FILE, help="Draw loops before and after, and pitch errors, into this PNG.")
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
def vocoder_eval(
    model: pathlib.Path | None,
    folder: pathlib.Path | None,
    pitches: int,
    loops: int,
    griffin_lim: tuple[int, ...],
    plain: pathlib.Path | None,
    excitation: tuple[int, ...],
    drawn_by: pathlib.Path | None,
    picture: pathlib.Path | None,
    as_json: bool,
) -> None:
    """Measure the vocoder file MODEL (by default the shipped one) on test sounds and on the audio in FOLDER.

    Without FOLDER, procedural loops that every corpus holds out stand in for real ones.

    \b
    loopmorph-train vocoder-eval
    loopmorph-train vocoder-eval vocoder/vocoder.safetensors samples/ --griffin-lim 32 --picture vocoder.png
    """
    from rich.console import Console
    from rich.progress import Progress

    from melgan_vocoder.vocoder_file import SHIPPED, load_vocoder
    from training.vocoder_evaluation import compare_reports, draw_picture, read_real_loops
    from training.vocoder_evaluation.griffin_lim import GriffinLim, own_mel_magnitude
    from training.vocoder_evaluation.plain import PlainVocoder
    from training.vocoder_evaluation.trained import ExcitationAlone, TrainedVocoder, unheard_loops
    from training.vocoder_evaluation.vocoder_mel import vocoder_mel_magnitude

    path = model or SHIPPED
    trained = TrainedVocoder(load_vocoder(path))
    vocoders: dict[str, Resynthesise] = {path.stem: trained}
    if plain is not None:
        vocoders["plain"] = PlainVocoder(plain)
    vocoders |= {f"{n} sinusoids": ExcitationAlone(trained.vocoder, n_partials=n) for n in excitation}
    for steps in griffin_lim:
        vocoders[f"Griffin-Lim {steps}"] = GriffinLim(steps, vocoder_mel_magnitude)
        vocoders[f"Griffin-Lim {steps}, own mel"] = GriffinLim(steps, own_mel_magnitude)
    warnings = Console(stderr=True, markup=False, emoji=False)
    real = unheard_loops(loops) if folder is None else read_real_loops(folder, report=warnings.print, n_loops=loops)
    with Progress(console=warnings, transient=True) as progress:
        task = progress.add_task("listening")
        reports = measure_all(
            vocoders,
            real,
            analyse=trained.analyse,
            n_pitches=pitches,
            begin=lambda total: progress.update(task, total=total),
            advance=lambda count: progress.advance(task, count),
        )
    if drawn_by is not None:
        reports[path.stem]["drawn_mel_l1_decades"] = measure_drawn(trained.vocoder, drawn_by, n_loops=loops)
    if picture is not None:
        draw_picture(picture, reports[path.stem], resynthesise=trained, loops=real, title=path.stem)
    if as_json:
        click.echo(json.dumps(reports))
    else:
        Console(markup=False, emoji=False).print(compare_reports(reports))
        if drawn_by is not None:
            click.echo(f"loops of {drawn_by.name}: mel L1 {reports[path.stem]['drawn_mel_l1_decades']:.3f} decades")


def measure_drawn(vocoder: "Vocoder", model: pathlib.Path, *, n_loops: int) -> float:
    """Measure a vocoder on the spectrograms that a model draws: mel L1 in decades."""
    from stylegan_audio.generator_weights import load_generator
    from stylegan_audio.model_file import read_model_header
    from training.vocoder_evaluation.generated import generated_mel_l1

    generator = load_generator(read_model_header(model))
    return generated_mel_l1(vocoder, generator, n_loops=n_loops, advance=lambda _: None)


def measure_all(
    vocoders: "Mapping[str, Resynthesise]",
    loops: "list[NamedLoop]",
    *,
    analyse: Callable[..., Any],
    n_pitches: int,
    begin: Callable[[int], None],
    advance: Callable[[int], None],
) -> dict[str, dict[str, Any]]:
    """Measure vocoders one after the other; `begin` is told how many loops that is, `advance` each batch of them."""
    from training.vocoder_evaluation.report import count_baseline_work, count_work, evaluate, measure_baseline

    work = count_work(len(loops), n_pitches=n_pitches, with_baseline=False)
    begin(count_baseline_work(len(loops)) + len(vocoders) * work)
    baseline = measure_baseline(loops, advance=advance)
    return {
        name: evaluate(
            resynthesise,
            loops,
            analyse=analyse,
            advance=advance,
            n_pitches=n_pitches,
            baseline_lsd_db=baseline,
        )
        for name, resynthesise in vocoders.items()
    }
