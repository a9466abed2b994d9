"""Sizes of the networks, as stored in every model file."""

import dataclasses
import json

from melgan_vocoder.format import LoopFormat
from melgan_vocoder.json_entry import read_fields
from stylegan_audio.errors import ModelError

MAX_SIZE = 4096
"""No size of a network is larger: a broken file shall not fill the memory."""


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
        if not self.channels or not all(type(size) is int and 1 <= size <= MAX_SIZE for size in sizes):
            raise ModelError(
                f"model sizes {str(sizes)[:80]} must all be whole numbers from 1 to {MAX_SIZE}; correct them"
            )

    @property
    def n_levels(self) -> int:
        """Resolutions of the synthesis network, each steered by its own copy of w."""
        return len(self.channels)

    def level_shape(self, level: int) -> tuple[int, int]:
        """Rows and columns of a level's features."""
        return self.const_height << level, self.const_width << level

    def require_fits(self, mel_format: LoopFormat, *, source: str) -> None:
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
    def from_json(cls, text: str | None, *, source: str) -> "ModelConfig":
        """Read sizes from JSON.

        Raises
        ------
        LoopmorphError
            If the text is not JSON, its keys are not exactly the fields of `ModelConfig`, or a size is impossible.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        fields = read_fields(text, names, entry="architecture", source=source)
        try:
            return cls(**fields)
        except (TypeError, ModelError) as error:
            raise ModelError(f"{source}: its architecture cannot be read: {error}; export the file again") from error
