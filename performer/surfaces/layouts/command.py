"""The command that writes layouts."""

import pathlib

import click

from performer.ports import OSC_PORT

KINDS = {".tosc": "TouchOSC", ".json": "Open Stage Control", ".png": "a picture"}
"""What a suffix asks for."""


@click.command()
@click.argument("out", type=click.Path(dir_okay=False, path_type=pathlib.Path))
@click.option("--osc-port", type=click.IntRange(1, 65535), default=OSC_PORT, show_default=True,
              help="UDP port of the instrument, for Open Stage Control; TouchOSC asks for it itself.")  # fmt: skip
def layout(out: pathlib.Path, osc_port: int) -> None:
    """Write a layout for a tablet, made from the table of controls: TouchOSC, Open Stage Control, or a picture of it.

    \b
    loopmorph layout loopmorph.tosc
    loopmorph layout loopmorph.json
    loopmorph layout loopmorph.png
    """
    kind = out.suffix.lower()
    if kind not in KINDS:
        needed = ", ".join(f"{suffix} ({name})" for suffix, name in KINDS.items())
        raise click.BadParameter(f"{out} ends in {kind or 'nothing'!r}; {needed} is needed", param_hint="OUT")
    from performer.errors import PerformerError
    from performer.surfaces.layouts.open_stage import write_open_stage
    from performer.surfaces.layouts.pages import make_pages
    from performer.surfaces.layouts.picture import write_picture
    from performer.surfaces.layouts.touchosc import write_touchosc

    pages = make_pages()
    if kind == ".tosc":
        data = write_touchosc(pages)
    elif kind == ".json":
        data = write_open_stage(pages, target=f"127.0.0.1:{osc_port}")
    else:
        data = write_picture(pages)
    try:
        out.write_bytes(data)
    except OSError as error:
        raise PerformerError(
            f"{out} cannot be written ({error.strerror}); a place to write is needed; name another"
        ) from error
    count = sum(len(page.widgets) for page in pages)
    click.echo(f"{out}: {KINDS[kind]}, {len(pages)} pages, {count} widgets", err=True)
