"""Where the instrument listens, unless told otherwise."""

OSC_PORT = 9000
"""UDP."""
HTTP_PORT = 8800
"""TCP, where the browser is the loudspeaker."""
