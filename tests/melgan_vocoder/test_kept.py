"""What follows from weights: computed once, and anew when they change."""

import copy
import gc
import weakref

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrize

from melgan_vocoder.kept import KEPT, keep, plays


class Doubled(nn.Module):
    """A layer that counts how often it computes twice its weight."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(3.0))
        self.n_times = 0

    def compute(self, dtype: torch.dtype) -> torch.Tensor:
        self.n_times += 1
        return 2 * self.weight.to(dtype)

    def forward(self, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        return keep(self, self.compute, weights=(self.weight,), dtype=dtype)


@pytest.fixture
def layer() -> Doubled:
    return Doubled().requires_grad_(False)


def test_it_is_computed_once(layer: Doubled) -> None:
    assert layer() is layer()
    assert layer.n_times == 1


@pytest.mark.parametrize("change", ["in place", "loaded", "other memory", "by an optimiser"])
def test_changed_weights_are_noticed(layer: Doubled, change: str) -> None:
    layer()
    if change == "in place":
        layer.weight.add_(1)
    elif change == "loaded":
        layer.load_state_dict({"weight": torch.ones(3)})
    elif change == "other memory":
        layer.weight.data = torch.full((3,), 7.0)
    else:
        layer.weight.requires_grad_().grad = torch.ones(3)
        torch.optim.Adam([layer.weight], lr=0.5).step()
        layer.requires_grad_(False)
    torch.testing.assert_close(layer(), 2 * layer.weight)
    assert layer.n_times == 2


def test_another_precision_is_another_thing(layer: Doubled) -> None:
    assert (layer().dtype, layer(torch.bfloat16).dtype) == (torch.float32, torch.bfloat16)


def test_a_copy_starts_anew(layer: Doubled) -> None:
    layer.weight.add_(1)
    layer()
    copied = copy.deepcopy(layer)
    copied.weight.add_(1)
    torch.testing.assert_close(copied(), 2 * copied.weight)


def test_weights_that_are_made_anew_each_time_are_never_kept(layer: Doubled) -> None:
    parametrize.register_parametrization(layer, "weight", nn.Identity())
    with torch.no_grad():
        for value in (1.0, 5.0):
            layer.parametrizations.weight.original.fill_(value)
            torch.testing.assert_close(layer(), torch.full((3,), 2 * value))
    assert layer not in KEPT


def test_weights_that_do_not_count_their_changes_are_never_kept() -> None:
    with torch.inference_mode():
        layer = Doubled()
        layer()
        layer.weight.add_(1)
        torch.testing.assert_close(layer(), 2 * layer.weight)
    assert layer not in KEPT


def test_it_goes_with_its_layer() -> None:
    layer = Doubled().requires_grad_(False)
    layer()
    assert layer in KEPT
    gone = weakref.ref(layer)
    del layer
    gc.collect()
    assert gone() is None


def test_what_learns_does_not_play() -> None:
    assert not plays()
    with torch.no_grad():
        assert plays()
