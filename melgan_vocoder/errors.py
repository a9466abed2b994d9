"""What can go wrong, in one line a performer can act on: name, got, needed, next step."""


class LoopmorphError(Exception):
    """Root of every deliberate error in Loopmorph; its text is one line for the user."""


class VocoderError(LoopmorphError):
    """Root of the errors of `melgan_vocoder`: a format, a weights file or audio that does not fit."""
