"""Errors of the loop generator and its model file."""

from melgan_vocoder.errors import LoopmorphError


class ModelError(LoopmorphError):
    """Root of the errors of `stylegan_audio`: a model file or a latent that does not fit."""
