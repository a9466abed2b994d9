"""The command that serves LoopGAN's Max patch."""

import os
import pathlib

import click

PORT, REPLY_PORT = 10015, 10018
"""Where the patch sends, and where it listens."""


@click.command()
@click.option("--model", default="drums", show_default=True, help="Model of the crate, or a .safetensors file.")
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True,
              help="UDP port that the patch sends to; 0 for any.")  # fmt: skip
@click.option("--reply-port", type=click.IntRange(1, 65535), default=REPLY_PORT, show_default=True,
              help="UDP port that the patch listens on.")  # fmt: skip
@click.option("--bars", type=click.Choice(["1", "2"]), default="1", show_default=True, help="Length of the loops.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=pathlib.Path), metavar="DIR",
              help="Where the loops are written; a temporary folder if not given.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), help="The same random loops in each run.")
def loopgan(
    *, model: str, port: int, reply_port: int, bars: str, folder: pathlib.Path | None, seed: int | None
) -> None:
    """Serve the public Max patch of LoopGAN: it asks for loops, and is told of their files. Ctrl-C stops.

    \b
    loopmorph loopgan
    loopmorph loopgan --bars 2 --folder loops
    """
    import contextlib
    import signal

    from performer.console import say
    from performer.crate import find_model
    from performer.supervisor import ENVIRONMENT

    header = find_model(model)
    os.environ |= {**ENVIRONMENT, **os.environ}  # read when torch loads: as in the worker
    with contextlib.ExitStack() as stack:
        from performer.surfaces.loopgan.batch import BatchDrawer
        from performer.surfaces.loopgan.request import N_COEFFICIENTS, Request
        from performer.surfaces.loopgan.server import Server, open_folder

        drawer = BatchDrawer(header, bars=int(bars), seed=seed)
        server = Server(drawer, open_folder(folder, stack), port=port, reply_port=reply_port)
        stack.callback(server.close)
        drawer.draw(drawer.take(Request(True, (0.0,) * N_COEFFICIENTS, 0.1)))  # the first one takes longer
        say(f"LoopGAN: {header.name}, {bars} bar{'s' if bars == '2' else ''}, hears 127.0.0.1:{server.port}, "
            f"answers on {reply_port}; loops in {server.files.folder}; Ctrl-C stops")  # fmt: skip
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve()
