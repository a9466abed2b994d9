"""The plain multi-band MelGAN, run from its tensors: what a vocoder without integrated phase can do."""

import pathlib
from collections.abc import Mapping

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional as F

from melgan_vocoder.one_channel import OneChannelTransform
from melgan_vocoder.pqmf import PQMF, wrap
from training.errors import TrainingError

LEAKY_SLOPE = 0.2
STRIDES = (3, 5, 5)
DILATIONS = (1, 3, 9, 27)


class PlainVocoder:
    """Resynthesise loops with the prototype's vocoder: one channel of log-magnitude, no excitation.

    Parameters
    ----------
    path : pathlib.Path
        The prototype's `vocoder.safetensors`: `pre`, three stages of a transposed convolution `up` and four residual
        blocks `res0` to `res3`, `post`.

    Raises
    ------
    TrainingError
        If the file is missing, broken, or holds other tensors.

    References
    ----------
    Yang et al. 2020, "Multi-band MelGAN", arXiv 2005.05106.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.tensors = read_tensors(path)
        self.analysis, self.pqmf = OneChannelTransform(), PQMF()

    def __call__(self, audio: np.ndarray) -> np.ndarray:
        """Analyse and draw loops, float32 `[B, n_samples]`."""
        with torch.inference_mode():
            return self.pqmf.synthesis(draw_bands(self.analysis(torch.from_numpy(audio))[:, 0], self.tensors)).numpy()


def read_tensors(path: pathlib.Path) -> dict[str, Tensor]:
    """Read the prototype's tensors as float32."""
    if not path.is_file():
        raise TrainingError(f"{path}: no such file; the prototype's vocoder.safetensors is needed; check the path")
    try:
        tensors = {name: tensor.float() for name, tensor in load_file(path).items()}
    except SafetensorError as error:
        raise TrainingError(
            f"{path}: not a whole safetensors file ({error}); the prototype's vocoder is needed; copy it again"
        ) from error
    if not {"pre.weight", "stage0.up.weight", "stage2.res3.pointwise.bias", "post.bias"} <= set(tensors):
        raise TrainingError(f"{path.name}: not the prototype's tensors; its vocoder.safetensors is needed; choose it")
    return tensors


def draw_bands(mel: Tensor, tensors: Mapping[str, Tensor]) -> Tensor:
    """Draw sub-bands, `[B, 128, n_frames]` to `[B, 5, n_frames * 75]`."""

    def layer(name: str, x: Tensor, dilation: int = 1) -> Tensor:
        weight = tensors[f"{name}.weight"]
        reach = dilation * (weight.shape[-1] // 2)
        return F.conv1d(wrap(x, reach, reach), weight, tensors[f"{name}.bias"], dilation=dilation)

    x = layer("pre", mel)
    for index, stride in enumerate(STRIDES):
        up = f"stage{index}.up"
        n_out, start = x.shape[-1] * stride, stride + stride // 2
        x = wrap(F.leaky_relu(x, LEAKY_SLOPE), 1, 1)
        x = F.conv_transpose1d(x, tensors[f"{up}.weight"], tensors[f"{up}.bias"], stride=stride)
        x = x[..., start : start + n_out]
        for block, dilation in enumerate(DILATIONS):
            name = f"stage{index}.res{block}"
            hidden = F.leaky_relu(layer(f"{name}.dilated", F.leaky_relu(x, LEAKY_SLOPE), dilation), LEAKY_SLOPE)
            x = x + layer(f"{name}.pointwise", hidden)
    return layer("post", F.leaky_relu(x, LEAKY_SLOPE)).tanh()
