"""w -> what a loop there will sound like: a small network that knows, everywhere in W, how attributes rise."""

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit

from directions.errors import DirectionError
from stylegan_audio.model_file import ModelHeader

N_LAYERS = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class AttributeMap:
    """Predicts attributes, and how they rise.

    It sees w on the widest principal axes of random latents, in standard deviations: `u`. One unit of `u` is one
    standard deviation of w, whichever way it leads.
    """

    names: tuple[str, ...]
    """The attributes, keys of `directions.attributes.ATTRIBUTES`."""
    mean: np.ndarray
    """Mean of random latents, `[w_dim]`."""
    steps: np.ndarray
    """Principal axes, each one standard deviation long, `[w_dim, n_axes]`."""
    weights: tuple[np.ndarray, ...]
    """Of each layer, `[n_in, n_out]`; between the layers are SiLUs."""
    biases: tuple[np.ndarray, ...]
    """Of each layer, `[n_out]`."""

    def __post_init__(self) -> None:
        sizes = [self.steps.shape[-1], *(len(bias) for bias in self.biases)]
        shapes = [weight.shape for weight in self.weights]
        fits = shapes == list(itertools.pairwise(sizes)) and sizes[-1] == len(self.names)
        if not fits or self.steps.shape[:1] != self.mean.shape or not np.square(self.steps).sum(axis=0).all():
            raise DirectionError(
                f"attribute map of {len(self.names)} attributes has layers {shapes} behind {self.steps.shape}, axes "
                "of some length and layers that fit each other are needed; find the directions again"
            )

    def place(self, w: np.ndarray) -> np.ndarray:
        """Tell where latents are, `[..., w_dim]` to `u`, `[..., n_axes]`."""
        return (w - self.mean) @ (self.steps / np.square(self.steps).sum(axis=0))

    def predict(self, u: np.ndarray) -> np.ndarray:
        """Predict attributes, `[..., n_axes]` to `[..., n_attributes]`, in standard deviations of random loops."""
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            before = u @ weight + bias
            u = before * expit(before)
        return u @ self.weights[-1] + self.biases[-1]

    def slopes(self, u: np.ndarray) -> np.ndarray:
        """Tell how attributes rise, `[..., n_axes]` to `[..., n_attributes, n_axes]`."""
        bends = []
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            before = u @ weight + bias
            gate = expit(before)
            u = before * gate
            bends.append(gate + u * (1 - gate))
        rise = self.weights[-1].T
        for weight, bend in zip(self.weights[-2::-1], bends[::-1], strict=True):
            rise = (rise * bend[..., None, :]) @ weight.T
        return rise

    def parts(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Give what the model file holds of it: JSON, and tensors by name."""
        layers = {f"weight.{number}": weight for number, weight in enumerate(self.weights)}
        layers |= {f"bias.{number}": bias for number, bias in enumerate(self.biases)}
        return {"names": list(self.names)}, {"mean": self.mean, "steps": self.steps, **layers}


def read_attribute_map(header: ModelHeader) -> AttributeMap | None:
    """Read the attribute map of a model; None if it has none.

    Raises
    ------
    DirectionError
        If its parts do not fit each other or the model.
    """
    parts = header.attribute_map()
    if parts is None:
        return None
    source = header.weights.source
    entry, tensors = parts
    try:
        found = AttributeMap(
            names=tuple(map(str, entry["names"])),
            **{name: tensors[name].astype(np.float64) for name in ("mean", "steps")},
            weights=layers_of(tensors, "weight"),
            biases=layers_of(tensors, "bias"),
        )
    except KeyError as error:
        raise DirectionError(f"{source}: its attribute map lacks {error}; find its directions again") from error
    except TypeError as error:
        raise DirectionError(
            f"{source}: the entry of its attribute map is {entry!r:.60}, an object with names is needed; find its "
            "directions again"
        ) from error
    except DirectionError as error:
        raise DirectionError(f"{source}: {error}") from error
    if len(found.mean) != header.config.w_dim:
        raise DirectionError(
            f"{source}: its attribute map is of w_dim {len(found.mean)}, the model has {header.config.w_dim}; find its "
            "directions again"
        )
    return found


def layers_of(tensors: Mapping[str, np.ndarray], kind: str) -> tuple[np.ndarray, ...]:
    """Pick the tensors of one kind, a layer each."""
    return tuple(tensors[f"{kind}.{number}"].astype(np.float64) for number in range(N_LAYERS))
