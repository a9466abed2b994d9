"""MelFormat: the one set of numbers that spectrograms, models and the vocoder agree on."""

import dataclasses
import json

from melgan_vocoder.errors import VocoderError
from melgan_vocoder.json_entry import read_fields


@dataclasses.dataclass(frozen=True, kw_only=True)
class MelFormat:
    """The numbers that turn a loop into a spectrogram and back.

    Frozen and stored in every model file: two files work together if and only if their formats are equal.

    Examples
    --------
    >>> MelFormat().n_samples, MelFormat().duration_s
    (192000, 4.0)
    """

    version: int = 1
    """Number of this set of rules; a file of another version is refused."""
    sample_rate: int = 48_000
    """Audio samples a second, in hertz."""
    hop_length: int = 375
    """Samples from one frame to the next."""
    n_frames: int = 512
    """Frames of one loop (2 bars of 4/4)."""
    n_fft: int = 2048
    """Length of the analysis window (periodic Hann), in samples."""
    n_mels: int = 128
    """Mel bands, lowest first."""
    f_min_hz: float = 20.0
    """Lower edge of the lowest band."""
    f_max_hz: float = 20_000.0
    """Upper edge of the highest band."""
    n_channels: int = 1
    """Channels of a spectrogram: the log-magnitude mel alone in this version."""
    floor_log10: float = -4.5
    """Smallest magnitude, as a power of ten of a full-scale sine (-90 dB)."""
    center_log10: float = -2.2
    """Magnitude (power of ten) that maps to 0."""
    scale_log10: float = 2.3
    """Powers of ten from the value 0 to the value 1."""
    beats: int = 8
    """Quarter notes in one loop."""

    def __post_init__(self) -> None:
        for name in ("sample_rate", "hop_length", "n_frames", "n_fft", "n_mels", "n_channels", "beats"):
            if getattr(self, name) < 1:
                raise VocoderError(f"MelFormat {name} is {getattr(self, name)}, it must be at least 1; correct it")
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

    def to_json(self) -> str:
        """Write the format as JSON, as it stands in a model file."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str | None, *, source: str) -> "MelFormat":
        """Read a format from the JSON of a model file.

        Parameters
        ----------
        text : str or None
            What `to_json` wrote; None if the file has no such entry.
        source : str
            Name of the file, for the error message.

        Raises
        ------
        VocoderError
            If the text is not JSON, or its keys are not exactly the fields of `MelFormat`.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        fields = read_fields(text, names, entry="mel_format", source=source)
        try:
            return cls(**fields)
        except (TypeError, VocoderError) as error:
            raise VocoderError(f"{source}: its MelFormat cannot be read: {error}; export the file again") from error

    def require(self, other: "MelFormat", *, source: str) -> None:
        """Check that a file's format is this one.

        Parameters
        ----------
        other : MelFormat
            The format found in the file.
        source : str
            Name of the file, for the error message.

        Raises
        ------
        VocoderError
            Naming each field that differs, what the file has and what is needed.
        """
        differing = [
            f"{field.name} {getattr(other, field.name)} where {getattr(self, field.name)} is needed"
            for field in dataclasses.fields(self)
            if getattr(other, field.name) != getattr(self, field.name)
        ]
        if differing:
            raise VocoderError(
                f"{source}: its MelFormat has {', '.join(differing)}; export the file again with this version of "
                "loopmorph or choose another one"
            )
