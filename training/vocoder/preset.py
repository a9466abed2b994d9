"""The presets of vocoder training."""

from training.preset import Presets
from training.vocoder.config import VocoderTrainingConfig

VOCODER_PRESETS = Presets(package="training.vocoder", kind=VocoderTrainingConfig, what="vocoder")
