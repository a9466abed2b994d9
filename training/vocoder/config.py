"""What a vocoder's training is told: sizes, batches, losses, optimiser, limits; `preset` reads it from YAML."""

import dataclasses
import math
from typing import Literal

from melgan_vocoder.discriminators import DiscriminatorConfig
from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import VocoderConfig
from melgan_vocoder.pqmf import N_BANDS
from training.errors import require


def analysis_reach(mel_format: MelFormat) -> int:
    """Frames to either side of one that its analysis hears: half of the longest window, and the gate."""
    gate = mel_format.gate_frames * mel_format.hop_length + mel_format.gate_window / 2
    return math.ceil(max(mel_format.low_window / 2, gate) / mel_format.hop_length)


MIN_HALO = analysis_reach(MelFormat())
"""Frames that hide the seam of a cut from its segment."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """How cuts of loops are drawn from the corpus and varied."""

    batch_size: int = 32
    """Cuts in one batch."""
    segment_frames: int = 96
    """Frames of a cut on which the losses are computed."""
    halo_frames: int = 16
    """Further frames on either side, which keep the circular network's seam outside; at least `MIN_HALO`."""
    gain_db: tuple[float, float] = (-40.0, 3.0)
    """Least and greatest gain of a cut in decibels, the greatest likeliest; less where a cut would clip."""
    mix_share: float = 0.3
    """Share of cuts in which two loops sound together; 0 to 1."""
    resample_share: float = 0.5
    """Share of cuts of loops that are resampled, so that pitch and tempo change together; 0 to 1."""
    resample_semitones: float = 5.0
    """Greatest change of pitch, up or down, in semitones; 0 to 24."""
    n_threads: int = 2
    """Threads that prepare batches ahead; batches do not depend on it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "gain_db", tuple(self.gain_db))
        for name, least in (("batch_size", 1), ("segment_frames", 4), ("halo_frames", MIN_HALO), ("n_threads", 1)):
            require(getattr(self, name) >= least, name=name, got=getattr(self, name), needed=f"at least {least}")
        require(len(self.gain_db) == 2 and self.gain_db[0] <= self.gain_db[1], name="gain_db", got=self.gain_db,
                needed="a least and a greatest gain in dB")  # fmt: skip
        for name in ("mix_share", "resample_share"):
            require(0 <= getattr(self, name) <= 1, name=name, got=getattr(self, name), needed="a share from 0 to 1")
        require(0 <= self.resample_semitones <= 24, name="resample_semitones", got=self.resample_semitones,
                needed="a number from 0 to 24")  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossConfig:
    """Which losses, and how much each counts; a weight of 0 leaves a loss out, also of the reckoning."""

    windows: tuple[int, ...] = (4096, 2048, 1024, 512, 256)
    """Windows of the full-band STFT loss, in samples."""
    stft_weight: float = 1.0
    """Weight of the full-band STFT loss."""
    band_windows: tuple[int, ...] = (512, 256, 128)
    """Windows of the sub-band STFT loss, in samples of a sub-band."""
    band_weight: float = 0.5
    """Weight of the sub-band STFT loss."""
    mel_weight: float = 2.0
    """Weight of the mel loss, which is in decades."""
    stand_in_weight: float = 1.0
    """Weight of the loss of the network that makes two channels of one."""
    adversarial: Literal["least_squares", "hinge"] = "least_squares"
    """Kind of adversarial loss."""
    adversarial_weight: float = 0.4
    """Weight of the generator's adversarial loss; 0 trains without discriminators."""
    feature_weight: float = 1.0
    """Weight of feature matching."""

    def __post_init__(self) -> None:
        for name in ("windows", "band_windows"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
            sizes = getattr(self, name)
            require(bool(sizes) and min(sizes) >= 16, name=name, got=sizes, needed="windows of at least 16 samples")
        for field in dataclasses.fields(self):
            if field.name.endswith("_weight"):
                value = getattr(self, field.name)
                require(0 <= value <= 1000, name=field.name, got=value, needed="a weight from 0 to 1000")
        kinds = ("least_squares", "hinge")
        require(self.adversarial in kinds, name="adversarial", got=self.adversarial, needed=" or ".join(kinds))


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimiserConfig:
    """How weights move: Adam, warm-up, cosine decay, running mean."""

    learning_rate: float = 1e-3
    """Greatest step size of the generator."""
    discriminator_learning_rate: float = 5e-4
    """Greatest step size of the discriminators."""
    betas: tuple[float, float] = (0.8, 0.99)
    """Decay of Adam's two running means."""
    weight_decay: float = 0.0
    """Decoupled weight decay (AdamW)."""
    warmup_steps: int = 200
    """Steps in which the step size rises from 0."""
    final_share: float = 0.02
    """Step size at the end of the run, as a share of the greatest."""
    clip_norm: float = 10.0
    """Greatest norm of a gradient; longer ones are shortened."""
    discriminator_from_step: int = 2000
    """First step that trains and heeds the discriminators."""
    ema_decay: float = 0.999
    """Decay of the running mean of the generator's weights, which is what is played; less in the first steps."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the convolutions; losses are always float32."""
    max_bad_steps: int = 20
    """Steps in a row that may be skipped for a loss that is not finite."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "betas", tuple(self.betas))
        for name in ("learning_rate", "discriminator_learning_rate", "clip_norm"):
            require(getattr(self, name) > 0, name=name, got=getattr(self, name), needed="a number above 0")
        for name in ("warmup_steps", "discriminator_from_step", "weight_decay"):
            require(getattr(self, name) >= 0, name=name, got=getattr(self, name), needed="at least 0")
        for name, value in (("betas", max(self.betas)), ("ema_decay", self.ema_decay)):
            require(0 <= value < 1, name=name, got=value, needed="a number from 0 to below 1")
        require(0 <= self.final_share <= 1, name="final_share", got=self.final_share, needed="a share from 0 to 1")
        require(self.max_bad_steps >= 1, name="max_bad_steps", got=self.max_bad_steps, needed="at least 1")
        kinds = ("float32", "bfloat16")
        require(self.precision in kinds, name="precision", got=self.precision, needed=" or ".join(kinds))


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunConfig:
    """When a run ends, and how often it saves, listens and writes; all of it may change when a run is resumed."""

    steps: int = 20_000
    """Steps of the whole run."""
    minutes: float = 0.0
    """Minutes of the whole run, pauses between not counted; 0 for no limit. Decay follows what ends first."""
    checkpoint_minutes: float = 3.0
    """Minutes from one checkpoint to the next."""
    evaluate_every: int = 1000
    """Steps from one hearing of the held-out loops to the next."""
    evaluation_loops: int = 4
    """Held-out loops that are heard; 0 for none."""
    log_every: int = 20
    """Steps whose mean losses make one line of the log."""

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("evaluate_every", 1), ("log_every", 1), ("evaluation_loops", 0)):
            require(getattr(self, name) >= least, name=name, got=getattr(self, name), needed=f"at least {least}")
        for name in ("minutes", "checkpoint_minutes"):
            require(getattr(self, name) >= 0, name=name, got=getattr(self, name), needed="at least 0")


@dataclasses.dataclass(frozen=True, kw_only=True)
class VocoderTrainingConfig:
    """All of a run's settings."""

    preset: str = "none"
    """Name of the preset that they come from."""
    corpus: str = ""
    """What tells the corpus from others; set by the run."""
    seed: int = 0
    """What batches and first weights are drawn from."""
    generator: VocoderConfig = dataclasses.field(default_factory=VocoderConfig)
    """Sizes of the vocoder."""
    discriminator: DiscriminatorConfig = dataclasses.field(default_factory=DiscriminatorConfig)
    """Sizes of the discriminators."""
    batch: BatchConfig = dataclasses.field(default_factory=BatchConfig)
    """Cuts of loops."""
    loss: LossConfig = dataclasses.field(default_factory=LossConfig)
    """Losses."""
    optimiser: OptimiserConfig = dataclasses.field(default_factory=OptimiserConfig)
    """Optimiser."""
    run: RunConfig = dataclasses.field(default_factory=RunConfig)
    """Limits and intervals."""

    def __post_init__(self) -> None:
        n_samples = self.batch.segment_frames * MelFormat().hop_length
        for name, windows, n in (
            ("loss windows", self.loss.windows, n_samples),
            ("loss band_windows", self.loss.band_windows, n_samples // N_BANDS),
            ("discriminator windows", self.discriminator.windows, n_samples),
        ):
            needed = f"at most the {n} samples of segment_frames {self.batch.segment_frames}"
            require(max(windows, default=0) <= n, name=name, got=windows, needed=needed)
