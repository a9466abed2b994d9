"""Where the instrument listens, unless told otherwise."""

OSC_PORT = 9000
"""UDP."""
HTTP_PORT = 8765
"""TCP, where the page is."""
TABLET_PORT = 9001
"""UDP, of a tablet: where the layouts want to hear feedback."""


def loudspeaker_port(http_port: int) -> int:
    """Tell the port on which the page hears the sound, beside its own: it plays on when the page's server is gone."""
    return http_port + 1 if http_port else 0
