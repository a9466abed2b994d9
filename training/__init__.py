"""Corpora, trainers and converters: everything that makes a model file."""

from training.errors import TrainingError

__all__ = ["TrainingError"]
