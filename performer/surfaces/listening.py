"""Taking a TCP port: for the page, its sound, OSC and OSCQuery."""

import socket

from performer.errors import PerformerError


def listen(host: str, port: int, *, what: str, option: str = "--http-port") -> socket.socket:
    """Take a TCP port; its socket does not block.

    Parameters
    ----------
    host : str
        Address to listen on.
    port : int
        0 for any that is free.
    what : str
        What it is for, in words.
    option : str
        Of the command line, which chooses another.

    Raises
    ------
    PerformerError
        If it is taken or may not be taken.
    """
    listening = socket.socket()
    listening.setblocking(False)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        raise PerformerError(
            f"TCP port {port} on {host} cannot be taken ({error.strerror}); a free one is needed for {what}; choose it "
            f"with {option}"
        ) from error
    return listening
