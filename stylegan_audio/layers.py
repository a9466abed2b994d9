"""Pieces shared by the networks: activation, circular padding, smooth doubling and halving."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils import parametrize

LEAKY_SLOPE = 0.2


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU times sqrt 2, which keeps the variance of its input."""
    return F.leaky_relu(x, LEAKY_SLOPE) * math.sqrt(2)


def wrap_time(x: Tensor) -> Tensor:
    """Pad one column circularly at each end in time and one row of zeros at each edge in frequency.

    Parameters
    ----------
    x : Tensor [shape=(B, C, n_rows, n_columns)]
        Features of a loop.

    Returns
    -------
    Tensor [shape=(B, C, n_rows + 2, n_columns + 2)]
        The same, padded for a 3 x 3 convolution.
    """
    return F.pad(F.pad(x, (1, 1, 0, 0), mode="circular"), (0, 0, 1, 1))


def double(x: Tensor) -> Tensor:
    """Double both axes with the kernel 1 3 3 1 / 4, circular in time, edge rows repeated.

    Parameters
    ----------
    x : Tensor [shape=(B, C, n_rows, n_columns)]
        Features of a loop.

    Returns
    -------
    Tensor [shape=(B, C, 2 * n_rows, 2 * n_columns)]
        Each output is 3/4 of the nearest input and 1/4 of the next nearest.

    References
    ----------
    Karras et al. 2020, arXiv 1912.04958, section 4.1 and appendix B: smooth resampling.
    """
    return doubled(F.pad(x, (1, 1, 0, 0), mode="circular"))[..., 2:-2]


def doubled(x: Tensor) -> Tensor:
    """Double both axes as `double` does, but of a cut of a loop: the first and last two columns are not the loop's."""
    x = F.pad(x, (0, 0, 1, 1), mode="replicate")
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)[..., 2:-2, :]


class DoublingKernel(NamedTuple):
    """A 3 x 3 convolution of doubled features, as `convolve_doubled` takes it."""

    inner: Tensor
    """For a transposed convolution, `[C_in, C_out, 3, 3]`."""
    edges: Tensor
    """For the rows beyond the lowest and the highest one, `[2 * C_in, C_out, 1, 3]`."""
    smoothing: Tensor
    """The kernel 1 3 3 1 / 4 of both axes, `[C_out, 1, 4, 4]`."""

    @classmethod
    def of(cls, weight: Tensor) -> "DoublingKernel":
        """Lay out the weights of a convolution, `[C_out, C_in, 3, 3]`."""
        turned = weight.transpose(0, 1).flip(3)
        low, middle, high = (turned[:, :, [row]] for row in range(3))
        tap = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=weight.dtype, device=weight.device) / 4
        smoothing = torch.outer(tap, tap).repeat(len(weight), 1, 1, 1)
        return cls(turned.flip(2), torch.cat([middle - 4 * low, middle - 4 * high]), smoothing)

    def to(self, dtype: torch.dtype, *, memory_format: torch.memory_format) -> "DoublingKernel":
        """Convert all parts."""
        return DoublingKernel(*(part.to(dtype, memory_format=memory_format) for part in self))


def convolve_doubled(x: Tensor, kernel: DoublingKernel) -> Tensor:
    """Double a cut of a loop, then convolve: in a third of the time of doing one after the other.

    Smoothing and convolution change places, so the convolution meets features between which there are zeros still,
    a quarter of the products, and fewer channels are smoothed. At the edges in frequency the first row beyond them
    is the one that `double` repeats, the second one is chosen so that the third is what pads the convolution: zeros.

    Parameters
    ----------
    x : Tensor [shape=(B, C_in, n_rows, n_columns + 2)]
        Features, with one column more at each end.
    kernel : DoublingKernel
        The weights.

    Returns
    -------
    Tensor [shape=(B, C_out, 2 * n_rows, 2 * n_columns)]
        What the convolution makes of the doubled loop.
    """
    rows = F.pad(x, (0, 0, 1, 1), mode="replicate")
    sparse = F.conv_transpose2d(rows, kernel.inner, stride=2, padding=1)
    edges = torch.cat([x[:, :, :1], x[:, :, -1:]], dim=1)
    beyond = F.conv_transpose2d(edges, kernel.edges, stride=(1, 2), padding=(0, 1), groups=2)
    sparse[:, :, :1], sparse[:, :, -1:] = beyond.chunk(2, dim=1)
    return F.conv2d(sparse, kernel.smoothing, groups=len(kernel.smoothing))


def halve(x: Tensor) -> Tensor:
    """Halve both axes with the kernel 1 3 3 1 / 8, circular in time, edge rows repeated.

    Parameters
    ----------
    x : Tensor [shape=(B, C, n_rows, n_columns)]
        Features of a loop, both sizes even.

    Returns
    -------
    Tensor [shape=(B, C, n_rows // 2, n_columns // 2)]
        The smoothed features.
    """
    wrapped = F.pad(F.pad(x, (1, 1, 0, 0), mode="circular"), (0, 0, 1, 1), mode="replicate")
    tap = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=x.dtype, device=x.device) / 8
    kernel = torch.outer(tap, tap).expand(x.shape[1], 1, 4, 4)
    return F.conv2d(wrapped, kernel, stride=2, groups=x.shape[1])


class EqualisedGain(nn.Module):
    """The factor that equalised learning rate puts on a weight at run time."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain

    def forward(self, weight: Tensor) -> Tensor:
        return weight * self.gain


def equalise(network: nn.Module, *, lr_multiplier: float = 1.0) -> nn.Module:
    """Draw a network's weights from a normal distribution and scale them at run time, for training.

    Every layer then learns at the same speed whatever its width. `fold` takes the factors out again.

    Parameters
    ----------
    network : nn.Module
        Linear and convolution weights (two axes or more, named `weight`) are replaced in place; biases stay.
    lr_multiplier : float > 0
        Learning rate of these layers relative to the optimiser's.

    Returns
    -------
    nn.Module
        The same network.

    References
    ----------
    Karras et al. 2018, arXiv 1710.10196, section 4.1.
    """
    for module in list(network.modules()):
        weight = getattr(module, "weight", None)
        if isinstance(weight, nn.Parameter) and weight.ndim >= 2:
            gain = lr_multiplier / math.sqrt(weight[0].numel())
            with torch.no_grad():
                weight.normal_(std=1 / lr_multiplier)
            parametrize.register_parametrization(module, "weight", EqualisedGain(gain))
    return network


def fold(network: nn.Module) -> nn.Module:
    """Multiply the factors of `equalise` into the weights, for playing.

    Parameters
    ----------
    network : nn.Module
        Changed in place; what it computes stays the same.

    Returns
    -------
    nn.Module
        The same network, its weights plain again.
    """
    for module in list(network.modules()):
        if parametrize.is_parametrized(module, "weight"):
            made = type(module)  # torch made it for this module, but copies share it: it must stay as it is for them
            module.__class__ = type(made.__name__, made.__bases__, dict(vars(made)))
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    return network


def unfold(network: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Divide plain weights by the factors of `equalise`, to train a played network further.

    Parameters
    ----------
    network : nn.Module
        Equalised; gives the factors.
    state : mapping of str to Tensor
        State of such a network, folded.

    Returns
    -------
    dict of str to Tensor
        State that `network.load_state_dict` takes; with it the network computes what the folded one does.
    """
    stored = dict(state)
    for name, module in network.named_modules():
        if parametrize.is_parametrized(module, "weight") and f"{name}.weight" in stored:
            gain = module.parametrizations.weight[0].gain
            stored[f"{name}.parametrizations.weight.original"] = stored.pop(f"{name}.weight") / gain
    return stored
