"""Which device a command works on."""

import torch

from training.errors import TrainingError


def choose_device(name: str | None) -> torch.device:
    """Choose where to train.

    Parameters
    ----------
    name : {"cpu", "cuda"} or None
        What is asked for; None for a GPU if there is one.

    Returns
    -------
    torch.device
        The device.

    Raises
    ------
    TrainingError
        If a GPU is asked for and torch finds none.
    """
    has_gpu = torch.cuda.is_available()
    if name == "cuda" and not has_gpu:
        raise TrainingError("--device is cuda, torch finds no such GPU; install its driver or choose --device cpu")
    return torch.device(name or ("cuda" if has_gpu else "cpu"))
