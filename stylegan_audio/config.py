"""Sizes of the networks, as stored in every model file."""

import dataclasses
import json

from melgan_vocoder.format import MelFormat
from stylegan_audio.errors import ModelError


@dataclasses.dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Sizes of generator and discriminator."""

    z_dim: int = 256
    """Length of the input latent."""
    w_dim: int = 256
    """Length of the mapped latent."""
    mapping_layers: int = 6
    """Fully connected layers from z to w."""
    channels: tuple[int, ...] = (256, 256, 256, 128, 64, 32)
    """Feature channels of each level, coarsest first; each level after the first doubles both axes."""
    const_height: int = 4
    """Mel rows of the learned constant."""
    const_width: int = 16
    """Time columns of the learned constant: eighth notes of the loop."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))
        sizes = (self.z_dim, self.w_dim, self.mapping_layers, self.const_height, self.const_width, *self.channels)
        if not self.channels or min(sizes) < 1:
            raise ModelError(f"model sizes {sizes} must all be at least 1; correct the architecture")

    @property
    def n_levels(self) -> int:
        """Resolutions of the synthesis network, each steered by its own copy of w."""
        return len(self.channels)

    def level_shape(self, level: int) -> tuple[int, int]:
        """Rows and columns of a level's features."""
        return self.const_height << level, self.const_width << level

    def require_fits(self, mel_format: MelFormat, *, source: str) -> None:
        """Check that the finest level has the format's bands and frames.

        Raises
        ------
        ModelError
            If it has not.
        """
        got, needed = self.level_shape(self.n_levels - 1), (mel_format.n_mels, mel_format.n_frames)
        if got != needed:
            raise ModelError(
                f"{source}: its architecture draws {got[0]} x {got[1]}, the MelFormat needs {needed[0]} x {needed[1]}; "
                "export it again"
            )

    def to_json(self) -> str:
        """Write the sizes as JSON."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str, *, source: str) -> "ModelConfig":
        """Read sizes from JSON.

        Raises
        ------
        ModelError
            If the text is not JSON, or its keys are not the fields of `ModelConfig`.
        """
        try:
            return cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"{source}: architecture {text[:80]!r} cannot be read ({error}); needed are the fields of ModelConfig; "
                "export the file again"
            ) from error
