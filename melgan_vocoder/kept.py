"""What follows from weights alone, computed once and kept: for playing, where they stay as they are."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

Computed = TypeVar("Computed")

KEPT: weakref.WeakKeyDictionary[nn.Module, tuple[object, Any]] = weakref.WeakKeyDictionary()
"""By layer: what tells its weights from other ones, and what was computed from them. Copies of a layer start anew."""


def plays() -> bool:
    """Whether weights stay as they are: nothing learns, and nothing is being compiled."""
    return not torch.is_grad_enabled() and not torch.compiler.is_compiling()


def keep(
    layer: nn.Module,
    compute: Callable[[torch.dtype], Computed],
    *,
    weights: Sequence[Tensor],
    dtype: torch.dtype,
) -> Computed:
    """Compute something from a layer's weights, or give what was computed last, if they are the same.

    Parameters
    ----------
    layer : nn.Module
        The layer; one thing is kept for each.
    compute : callable
        Computes it, for a dtype.
    weights : sequence of Tensor
        The parameters and buffers that it is computed from. Whatever changes them in place is noticed, unless it goes
        through `.data`.
    dtype : torch.dtype
        What it is computed in.

    Returns
    -------
    object
        What `compute` returned.
    """
    if hasattr(layer, "parametrizations") or any(weight.is_inference() for weight in weights):
        return compute(dtype)  # these are new tensors at each call, or do not count their changes
    key = (dtype, [(weight.data_ptr(), weight._version) for weight in weights])
    known, computed = KEPT.get(layer, (None, None))
    if known != key:
        computed = compute(dtype)
        KEPT[layer] = key, computed
    return computed
