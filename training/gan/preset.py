"""The presets of loop model training."""

from training.gan.config import GanTrainingConfig
from training.preset import Presets

GAN_PRESETS = Presets(package="training.gan", kind=GanTrainingConfig, what="gan")
