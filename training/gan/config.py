"""What a loop model's training is told: sizes, batches, losses, augmentation, optimisers, limits."""

import dataclasses
from typing import Literal

from stylegan_audio.config import ModelConfig
from stylegan_audio.discriminator import GROUP_SIZE
from training.errors import require

RISE = 0.6
"""How far above the floor augmentation shifts channel 0 fully; at the floor it does not."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BatchConfig:
    """How many spectrograms a step sees, over all GPUs."""

    batch_size: int = 64
    """Spectrograms of one step; a multiple of the discriminator's group size, 4, times the parts of a step."""
    images_per_pass: int = 0
    """Most that go through the networks at once on one GPU, which bounds memory; 0 for all of them."""
    n_threads: int = 2
    """Threads that read spectrograms ahead; results do not depend on it."""

    def __post_init__(self) -> None:
        for name, least in (("batch_size", 1), ("images_per_pass", 0), ("n_threads", 1)):
            require(getattr(self, name) >= least, name=name, got=getattr(self, name), needed=f"at least {least}")
        for name in ("batch_size", "images_per_pass"):
            require(getattr(self, name) % GROUP_SIZE == 0, name=name, got=getattr(self, name),
                    needed=f"a multiple of {GROUP_SIZE}")  # fmt: skip

    def n_parts(self, n_ranks: int) -> int:
        """Count the parts that a step is cut into.

        Parameters
        ----------
        n_ranks : int
            GPUs that share a step.

        Returns
        -------
        int
            The same number of parts for each GPU.

        Raises
        ------
        TrainingError
            If the batch cannot be cut so that no group of the discriminator is.
        """
        passes = 1
        if self.images_per_pass:
            passes = -(-self.batch_size // (n_ranks * self.images_per_pass))
        parts = n_ranks * passes
        needed = f"a multiple of {GROUP_SIZE * parts} ({n_ranks} GPUs x {passes} passes x {GROUP_SIZE})"
        require(self.batch_size % (GROUP_SIZE * parts) == 0, name="batch_size", got=self.batch_size, needed=needed)
        return parts


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossConfig:
    """The game between generator and discriminator."""

    r1_gamma: float = 0.2
    """Weight of the gradient penalty on reals (R1); 0 for none."""
    r1_every: int = 16
    """Steps from one penalty to the next; its weight is multiplied by as much."""
    r1_images: int = 32
    """Reals that are penalised each time, over all GPUs; at most the batch."""
    path_length_weight: float = 0.0
    """Weight of path-length regularisation; 0 for none."""
    path_length_every: int = 4
    """Steps from one to the next; its weight is multiplied by as much."""
    mixing_share: float = 0.0
    """Share of loops whose fine levels take another latent than the coarse ones; 0 to 1."""
    band_frequency_scale: float = 0.5
    """Factor on channel 1 in what the discriminator sees."""
    band_frequency_by_loudness: bool = True
    """Whether the discriminator sees channel 1 times the loudness of its band (0 at the floor, 1 at value 0, -44 dB):
    where there is no partial it is noise, which nobody hears and which would cost the networks most of their effort."""

    def __post_init__(self) -> None:
        for name in ("r1_gamma", "path_length_weight", "band_frequency_scale"):
            require(
                0 <= getattr(self, name) <= 1000, name=name, got=getattr(self, name), needed="a number from 0 to 1000"
            )
        for name in ("r1_every", "path_length_every"):
            require(getattr(self, name) >= 1, name=name, got=getattr(self, name), needed="at least 1")
        require(self.r1_images >= GROUP_SIZE and self.r1_images % GROUP_SIZE == 0, name="r1_images", got=self.r1_images,
                needed=f"a multiple of {GROUP_SIZE}")  # fmt: skip
        require(0 <= self.mixing_share <= 1, name="mixing_share", got=self.mixing_share, needed="a share from 0 to 1")


@dataclasses.dataclass(frozen=True, kw_only=True)
class AugmentationConfig:
    """What the discriminator is shown in place of spectrograms, so that it cannot learn a small corpus by heart."""

    target: float = 0.6
    """Mean sign of the discriminator's logits on reals that the probability is steered to; 0 for no augmentation."""
    kimg: float = 500.0
    """Thousands of images in which the probability can go from 0 to 1."""
    every: int = 4
    """Steps from one move of the probability to the next."""
    greatest: float = 0.85
    """Greatest probability: above it augmentations would leak into the loops."""
    gain: float = 0.1
    """Greatest shift of channel 0, louder or softer (0.1 is 4.6 dB)."""
    tilt: float = 0.15
    """Greatest rise or fall of channel 0 from its middle band to its highest (0.15 is 6.9 dB)."""
    cutout: float = 0.25
    """Greatest share of the bands, or of the time, that is cut out to the floor."""

    def __post_init__(self) -> None:
        require(0 <= self.target < 1, name="target", got=self.target, needed="a number from 0 to below 1")
        require(self.kimg > 0, name="kimg", got=self.kimg, needed="a number above 0")
        require(self.every >= 1, name="every", got=self.every, needed="at least 1")
        for name in ("greatest", "gain", "tilt", "cutout"):
            require(0 <= getattr(self, name) <= 1, name=name, got=getattr(self, name), needed="a number from 0 to 1")
        greatest = round(RISE - self.tilt, 6)  # or the loudest would become softer than what is below them
        require(
            self.gain <= greatest, name="gain", got=self.gain, needed=f"at most {greatest} with a tilt of {self.tilt}"
        )


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimiserConfig:
    """How weights move: Adam, equalised learning rate, running mean."""

    learning_rate: float = 0.002
    """Step size of the generator."""
    discriminator_learning_rate: float = 0.002
    """Step size of the discriminator."""
    mapping_lr_multiplier: float = 0.01
    """Step size of the mapping network, as a share of the generator's."""
    betas: tuple[float, float] = (0.0, 0.99)
    """Decay of Adam's two running means."""
    ema_kimg: float = 10.0
    """Longest half-life of the running mean of the generator's weights, in thousands of images."""
    ema_share: float = 0.05
    """Its half-life as a share of the images seen, where that is shorter."""
    frozen_levels: int = 0
    """Levels of the discriminator that keep their weights, finest first (FreezeD), for fine-tuning."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Arithmetic of the convolutions; on a CPU always float32."""
    compile: bool = False
    """Whether synthesis and discriminator are compiled, on a GPU: 90 s more at first, then four times as fast."""
    channels_last: bool = False
    """Whether the channels of a place lie beside each other in memory: faster on a GPU, and with few channels."""
    max_bad_steps: int = 20
    """Steps in a row that may be skipped for a loss that is not finite."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "betas", tuple(self.betas))
        for name in ("learning_rate", "discriminator_learning_rate", "mapping_lr_multiplier", "ema_kimg", "ema_share"):
            require(getattr(self, name) > 0, name=name, got=getattr(self, name), needed="a number above 0")
        require(len(self.betas) == 2 and all(0 <= beta < 1 for beta in self.betas), name="betas", got=self.betas,
                needed="two numbers from 0 to below 1")  # fmt: skip
        for name, least in (("frozen_levels", 0), ("max_bad_steps", 1)):
            require(getattr(self, name) >= least, name=name, got=getattr(self, name), needed=f"at least {least}")
        kinds = ("float32", "bfloat16")
        require(self.precision in kinds, name="precision", got=self.precision, needed=" or ".join(kinds))


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunConfig:
    """When a run ends, and how often it saves, draws and writes; all of it may change when a run is resumed."""

    kimg: float = 1000.0
    """Thousands of reals of the whole run."""
    minutes: float = 0.0
    """Minutes of the whole run, pauses between not counted; 0 for no limit."""
    checkpoint_minutes: float = 5.0
    """Minutes from one checkpoint to the next."""
    evaluate_kimg: float = 25.0
    """Thousands of reals from one set of sample pictures and sounds to the next."""
    pictures: int = 8
    """Loops in a sample picture; 0 for none."""
    sounds: int = 2
    """Loops that are made to sound each time; 0 for none."""
    log_every: int = 20
    """Steps whose mean losses make one line of the log."""

    def __post_init__(self) -> None:
        for name in ("kimg", "evaluate_kimg"):
            require(getattr(self, name) > 0, name=name, got=getattr(self, name), needed="a number above 0")
        for name, least in (
            ("minutes", 0),
            ("checkpoint_minutes", 0),
            ("pictures", 0),
            ("sounds", 0),
            ("log_every", 1),
        ):
            require(getattr(self, name) >= least, name=name, got=getattr(self, name), needed=f"at least {least}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class GanTrainingConfig:
    """All of a run's settings."""

    preset: str = "none"
    """Name of the preset that they come from."""
    corpus: str = ""
    """What tells the corpus from others; set by the run."""
    seed: int = 0
    """What batches, latents and first weights are drawn from."""
    model: ModelConfig = dataclasses.field(default_factory=ModelConfig)
    """Sizes of the generator."""
    discriminator_channels: tuple[int, ...] = ()
    """Feature channels of the discriminator's levels, coarsest first; the generator's if empty."""
    batch: BatchConfig = dataclasses.field(default_factory=BatchConfig)
    """Batches."""
    loss: LossConfig = dataclasses.field(default_factory=LossConfig)
    """Losses."""
    augmentation: AugmentationConfig = dataclasses.field(default_factory=AugmentationConfig)
    """Augmentation."""
    optimiser: OptimiserConfig = dataclasses.field(default_factory=OptimiserConfig)
    """Optimisers."""
    run: RunConfig = dataclasses.field(default_factory=RunConfig)
    """Limits and intervals."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "discriminator_channels", tuple(self.discriminator_channels))
        n_levels = self.model.n_levels
        channels = self.discriminator_channels
        require(len(channels) in (0, n_levels), name="discriminator_channels", got=channels,
                needed=f"{n_levels} counts, as the generator has levels, or none")  # fmt: skip
        require(self.optimiser.frozen_levels < n_levels, name="frozen_levels", got=self.optimiser.frozen_levels,
                needed=f"fewer than the {n_levels} levels")  # fmt: skip
        require(self.loss.r1_images <= self.batch.batch_size, name="r1_images", got=self.loss.r1_images,
                needed=f"at most batch_size, {self.batch.batch_size},")  # fmt: skip

    @property
    def discriminator(self) -> ModelConfig:
        """Sizes of the discriminator."""
        return dataclasses.replace(self.model, channels=self.discriminator_channels or self.model.channels)
