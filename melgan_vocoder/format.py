"""MelFormat: the one set of numbers that spectrograms, models and the vocoder agree on."""

import dataclasses
import json
from typing import TYPE_CHECKING

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.json_entry import read_fields, read_json

if TYPE_CHECKING:
    import numpy as np


@dataclasses.dataclass(frozen=True, kw_only=True)
class LoopFormat:
    """The grid of a loop and the scale of its log-magnitudes: what every version of the format has.

    Frozen and stored in every model file.

    Raises
    ------
    VocoderError
        If a count is below 1, or the bands do not rise within 0 Hz to half of the sample rate.
    """

    version: int
    """Number of this set of rules."""
    sample_rate: int = 48_000
    """Audio samples a second, in hertz."""
    hop_length: int = 375
    """Samples from one frame to the next."""
    n_frames: int = 512
    """Frames of one loop (2 bars of 4/4)."""
    n_mels: int = 128
    """Bands, lowest first."""
    f_min_hz: float = 20.0
    """Lower edge of the lowest band."""
    f_max_hz: float = 20_000.0
    """Upper edge of the highest band."""
    n_channels: int
    """Channels of a spectrogram."""
    floor_log10: float = -4.5
    """Smallest magnitude, as a power of ten of a full-scale sine (-90 dB)."""
    center_log10: float = -2.2
    """Magnitude (power of ten) that maps to 0."""
    scale_log10: float = 2.3
    """Powers of ten from the value 0 to the value 1."""
    beats: int = 8
    """Quarter notes in one loop."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.type in (int, "int") and not (type(value) is int and value >= 1):
                raise VocoderError(f"MelFormat {field.name} is {value}, it must be at least 1; correct it")
        if not 0 <= self.f_min_hz < self.f_max_hz <= self.sample_rate / 2:
            raise VocoderError(
                f"MelFormat bands go from {self.f_min_hz} to {self.f_max_hz} Hz, they must rise within 0 to "
                f"{self.sample_rate / 2:g} Hz; correct f_min_hz and f_max_hz"
            )

    @property
    def n_samples(self) -> int:
        """Samples of one loop at its native tempo."""
        return self.hop_length * self.n_frames

    @property
    def duration_s(self) -> float:
        """Seconds of one loop at its native tempo."""
        return self.n_samples / self.sample_rate

    @property
    def tempo_bpm(self) -> float:
        """Native tempo of a loop, in beats a minute."""
        return 60 * self.beats / self.duration_s

    @property
    def spectrogram_shape(self) -> tuple[int, int, int]:
        """`(n_channels, n_mels, n_frames)` of one loop."""
        return (self.n_channels, self.n_mels, self.n_frames)

    @property
    def floor(self) -> float:
        """The value of a band that is silent."""
        return (self.floor_log10 - self.center_log10) / self.scale_log10

    def to_json(self) -> str:
        """Write the format as JSON, as it stands in a model file."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    def require(self, other: "LoopFormat", *, source: str) -> None:
        """Check that a file's format is this one.

        Parameters
        ----------
        other : LoopFormat
            The format found in the file.
        source : str
            Name of the file, for the error message.

        Raises
        ------
        VocoderError
            Naming each field that differs, what the file has and what is needed.
        """
        differing = [
            f"{field.name} {getattr(other, field.name, 'missing')} where {getattr(self, field.name)} is needed"
            for field in dataclasses.fields(self)
            if getattr(other, field.name, None) != getattr(self, field.name)
        ]
        if differing:
            raise VocoderError(
                f"{source}: its MelFormat has {', '.join(differing[:4])}; export the file again with this version of "
                "loopmorph or choose another one"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class OneChannelFormat(LoopFormat):
    """Version 1: log-magnitude alone, in 128 bands of Slaney's mel scale under one window of 2048 samples."""

    version: int = 1
    n_fft: int = 2048
    """Length of the analysis window (periodic Hann), in samples."""
    n_channels: int = 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class MelFormat(LoopFormat):
    """The numbers that turn a loop into a spectrogram and back: version 2, log-magnitude and band frequency.

    Two files work together if and only if their formats are equal.

    Examples
    --------
    >>> MelFormat().n_samples, MelFormat().duration_s
    (192000, 4.0)
    """

    version: int = 2
    n_channels: int = 2
    n_linear: int = 40
    """Bands of equal width, from `f_min_hz` on; those above them are logarithmic."""
    f_linear_hz: float = 500.0
    """Upper edge of the last band of equal width."""
    low_window: int = 5120
    """Window (periodic Hann) of bands centred below `window_split_hz`, in samples."""
    high_window: int = 2048
    """Window of the other bands."""
    window_split_hz: float = 700.0
    """Where the windows change."""
    gate_window: int = 256
    """Short window (periodic Hann) that says whether a band sounds at all, three to a frame."""
    gate_frames: int = 4
    """Frames that the gate's maximum looks back, and ahead."""
    gate_beyond_log10: float = -0.6
    """How much less it counts a third of a frame beyond (a power of ten of magnitude)."""
    gate_margin_log10: float = 0.1
    """A band may be louder than its gate by this (a power of ten of magnitude)."""
    frequency_limit: float = 1.5
    """Largest band frequency, in bandwidths from the centre of the band."""
    ceiling_log10: float = 0.5
    """Largest magnitude that is played, as a power of ten of a full-scale sine (10 dB)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.n_linear < self.n_mels:
            raise VocoderError(
                f"MelFormat n_linear is {self.n_linear}, it must be below n_mels, {self.n_mels}; correct it"
            )

    @property
    def ceiling(self) -> float:
        """The largest value that is played."""
        return (self.ceiling_log10 - self.center_log10) / self.scale_log10

    @property
    def band_edges_hz(self) -> "np.ndarray":
        """Edges of the bands, float64 `[n_mels + 1]`."""
        import numpy as np  # noqa: PLC0415 - the format alone is read where numpy would be a wait

        linear = np.linspace(self.f_min_hz, self.f_linear_hz, self.n_linear + 1)
        rising = np.geomspace(self.f_linear_hz, self.f_max_hz, self.n_mels - self.n_linear + 1)
        return np.concatenate([linear, rising[1:]])

    @property
    def band_centers_hz(self) -> "np.ndarray":
        """Centres of the bands, float64 `[n_mels]`: arithmetic where bands are of equal width, geometric above."""
        import numpy as np  # noqa: PLC0415

        low, high = self.band_edges_hz[:-1], self.band_edges_hz[1:]
        return np.where(np.arange(self.n_mels) < self.n_linear, (low + high) / 2, np.sqrt(low * high))

    @property
    def bandwidths_hz(self) -> "np.ndarray":
        """Widths of the bands, float64 `[n_mels]`."""
        return self.band_edges_hz[1:] - self.band_edges_hz[:-1]


FORMATS: dict[int, LoopFormat] = {1: OneChannelFormat(), 2: MelFormat()}
"""The formats that models may have, by version; the vocoder plays both."""


def read_format(text: str | None, *, source: str) -> LoopFormat:
    """Read a format from the JSON of a model file.

    Parameters
    ----------
    text : str or None
        What `LoopFormat.to_json` wrote; None if the file has no such entry.
    source : str
        Name of the file, for the error message.

    Raises
    ------
    VocoderError
        If the text is not JSON, of an unknown version, or its keys are not exactly the fields of its version.
    """
    entry = read_json(text, entry="mel_format", source=source)
    version = entry.get("version") if isinstance(entry, dict) else None
    kind = type(FORMATS.get(version, MelFormat())) if isinstance(version, int) else MelFormat
    fields = read_fields(text, {field.name for field in dataclasses.fields(kind)}, entry="mel_format", source=source)
    try:
        return kind(**fields)
    except (TypeError, VocoderError) as error:
        raise VocoderError(f"{source}: its MelFormat cannot be read: {error}; export the file again") from error
