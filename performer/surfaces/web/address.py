"""How another device finds the page: its address in words, and as a QR code for the camera of a tablet."""

import io
import os
import pathlib
import secrets

import segno

from performer.surfaces.admission import TOKEN_BYTES, own_addresses


def keep_token(path: pathlib.Path) -> str:
    """Read the token of this machine, or make it: a tablet that was let in once finds back after a restart.

    Parameters
    ----------
    path : pathlib.Path
        Where it is kept; readable for the owner alone. Without the file, every device must ask anew.
    """
    try:
        token = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        token = ""
    if len(token) < TOKEN_BYTES:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(token + "\n")
    return token


def page_addresses(token: str, *, http_port: int) -> list[str]:
    """List the addresses of the page for other devices of the network, the likeliest first.

    Parameters
    ----------
    token : str
        That lets a device in.
    http_port : int
        Where the page is.
    """
    return [f"http://{address}:{http_port}/?token={token}" for address in own_addresses()]


def draw_code(address: str) -> str:
    """Draw a QR code with half blocks, for a dark terminal; cameras read it on a light one too."""
    out = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(out, border=2, compact=True)
    return out.getvalue()


def invite(token: str, *, http_port: int) -> str:
    """Write the lines that are printed with `--tablet`, at start and on another network.

    Parameters
    ----------
    token : str
        That lets a device in.
    http_port : int
        Where the page is.
    """
    addresses = page_addresses(token, http_port=http_port)
    if not addresses:
        return "loopmorph: this machine has no address on a network; connect it, and the code appears here"
    return f"{draw_code(addresses[0])}\nloopmorph: on a tablet, scan this or open {addresses[0]}"
