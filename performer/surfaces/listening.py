"""Taking a TCP port, for the page and for its sound."""

import socket

from performer.errors import PerformerError


def listen(host: str, port: int, *, what: str) -> socket.socket:
    """Take a TCP port.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        0 for any that is free.
    what : str
        What it is for, in words.

    Raises
    ------
    PerformerError
        If it is taken or may not be taken.
    """
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise PerformerError(
            f"HTTP port {port} on {host} cannot be taken ({error.strerror}); a free TCP port is needed for {what}; "
            "choose one with --http-port"
        ) from error
    return listening
