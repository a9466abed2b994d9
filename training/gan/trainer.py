"""Networks, optimisers and one step of a loop model's training."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from melgan_vocoder.format import LoopFormat
from stylegan_audio.discriminator import GROUP_SIZE
from training.errors import TrainingError, require
from training.gan import losses
from training.gan.augmentation import Augmentation
from training.gan.average import ema_decay, update_average
from training.gan.config import GanTrainingConfig
from training.gan.distributed import Ranks
from training.gan.draws import Draw, draw
from training.gan.networks import make_networks
from training.gan.optimisers import discriminator_adam, freeze_levels, generator_adam, set_learning

PATH_LENGTH_DECAY = 0.99
"""Share of the old mean path length that a step keeps."""


class StepSkippedError(TrainingError):
    """A gradient was not finite: the step moves nothing more."""


class GanTrainer:
    """Train generator and discriminator step by step.

    Parameters
    ----------
    config : GanTrainingConfig
        All settings; the first weights are drawn from its seed.
    mel_format : LoopFormat
        The format of the spectrograms.
    ranks : Ranks
        The processes that share each step, and this one's device.

    Raises
    ------
    TrainingError
        If the batch cannot be shared so that the discriminator's groups stay whole.
    """

    def __init__(self, config: GanTrainingConfig, mel_format: LoopFormat, ranks: Ranks) -> None:
        self.config = config
        self.mel_format = mel_format
        self.ranks = ranks
        self.device = ranks.device
        self.n_parts = config.batch.n_parts(ranks.n_ranks)
        require(config.loss.r1_images % (GROUP_SIZE * self.n_parts) == 0, name="r1_images", got=config.loss.r1_images,
                needed=f"a multiple of {GROUP_SIZE * self.n_parts} ({self.n_parts} parts of a step)")  # fmt: skip
        on_gpu = self.device.type == "cuda"
        self.is_half = on_gpu and config.optimiser.precision == "bfloat16"
        made = make_networks(config, mel_format)
        for network in made.named().values():
            network.to(self.device)
            if config.optimiser.channels_last:
                network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.made = made
        self.generator, self.averaged = made.generator, made.averaged
        self.discriminator: nn.Module = made.named()["discriminator"]
        self.augmentation = Augmentation(config.augmentation, mel_format).to(self.device)
        self.state = TrainerState().to(self.device)
        self.networks = {**made.named(), "augmentation": self.augmentation, "state": self.state}
        freeze_levels(self.discriminator, config.optimiser.frozen_levels)
        self.optimisers = {
            "generator_optimiser": generator_adam(self.generator, config),
            "discriminator_optimiser": discriminator_adam(self.discriminator, config),
        }
        self.generator.synthesis.feature_dtype = torch.bfloat16 if self.is_half else torch.float32
        self.synthesise, self.judge_view = self.generator.synthesis, self.discriminator
        if on_gpu and config.optimiser.compile:
            self.synthesise = torch.compile(self.generator.synthesis)  # type: ignore[assignment]
            self.judge_view = torch.compile(self.discriminator)  # type: ignore[assignment]

    @property
    def rows(self) -> slice:
        """Which of a step's loops this process sees."""
        return slice(self.ranks.rank, None, self.ranks.n_ranks)

    def train_step(self, reals: np.ndarray, *, step: int) -> dict[str, Tensor] | None:
        """Move all weights by one step.

        Parameters
        ----------
        reals : np.ndarray [shape=(n, 2, n_mels, n_frames)]
            This process's `rows` of the step's reals.
        step : int
            Steps done before.

        Returns
        -------
        dict of str to Tensor or None
            Losses by name; None if a gradient was not finite, so that the rest of the step was skipped.
        """
        loss = self.config.loss
        real = torch.from_numpy(reals).to(self.device, non_blocking=True).float()
        try:
            figures = self.train_discriminator(real, step=step)
            if loss.r1_gamma and step % loss.r1_every == 0:
                figures["r1"] = self.penalise_gradients(real, step=step)
            drawn_figures, w_mean = self.train_generator(step=step)
            figures |= drawn_figures
            if loss.path_length_weight and step % loss.path_length_every == 0:
                figures["path_length"] = self.regularise_paths(step=step)
        except StepSkippedError:
            return None
        means = self.ranks.mean(torch.cat([torch.stack(list(figures.values())), w_mean]))
        figures = dict(zip(figures, means, strict=False))
        batch_size = self.config.batch.batch_size
        decay = ema_decay((step + 1) * batch_size, batch_size, self.config.optimiser)
        update_average(self.averaged, self.generator, means[len(figures) :], decay=decay)
        self.augmentation.adapt(figures["real_sign"], step=step, batch_size=batch_size)
        return {**figures, "augmentation": self.augmentation.probability.clone()}

    def train_discriminator(self, real: Tensor, *, step: int) -> dict[str, Tensor]:
        """Let the discriminator tell drawn loops from real ones."""
        total, signs = real.new_zeros(()), real.new_zeros(())
        seen = self.draw("reals", step=step)
        for rows, drawn in self.parts("discriminator", step=step):
            with torch.no_grad():
                fake, _ = self.imagine(drawn)
            logits = self.judge(real[rows], seen.part(self.global_rows(rows), self.device).chances)
            loss = losses.discriminator_loss(self.judge(fake, drawn.chances), logits) / self.n_passes
            torch.autograd.backward(loss)
            total += loss.detach()
            signs += logits.detach().sign().mean() / self.n_passes
        self.descend("discriminator_optimiser")
        return {"discriminator": total, "real_sign": signs}

    def penalise_gradients(self, real: Tensor, *, step: int) -> Tensor:
        """Let the discriminator become flatter at the reals: R1, not compiled, for it needs second derivatives."""
        loss, total = self.config.loss, real.new_zeros(())
        seen = self.draw("reals", step=step)
        n_images = loss.r1_images // self.n_parts
        for first in range(self.n_passes):
            rows = slice(first, None, self.n_passes)
            chances = seen.part(self.global_rows(rows), self.device).chances[:n_images]
            view = self.view(real[rows][:n_images], chances).requires_grad_()
            penalty = losses.gradient_penalty(self.judge_eagerly(view), view) / self.n_passes
            torch.autograd.backward(penalty * (loss.r1_gamma / 2 * loss.r1_every))
            total += penalty.detach()
        self.descend("discriminator_optimiser")
        return total

    def train_generator(self, *, step: int) -> tuple[dict[str, Tensor], Tensor]:
        """Let the generator deceive the discriminator; also give the mean of its mapped latents."""
        learning = [value for value in self.discriminator.parameters() if value.requires_grad]
        set_learning(learning, False)
        total = torch.zeros((), device=self.device)
        w_mean = torch.zeros(self.config.model.w_dim, device=self.device)
        for _, drawn in self.parts("generator", step=step):
            fake, w = self.imagine(drawn)
            loss = losses.generator_loss(self.judge(fake, drawn.chances)) / self.n_passes
            torch.autograd.backward(loss)
            total += loss.detach()
            w_mean += w.detach().mean(dim=0) / self.n_passes
        set_learning(learning, True)
        self.descend("generator_optimiser")
        return {"generator": total}, w_mean

    def regularise_paths(self, *, step: int) -> Tensor:
        """Let equal steps in W move loops equally far; on half of the loops, not compiled."""
        loss, total = self.config.loss, torch.zeros((), device=self.device)
        for _, drawn in self.parts("path_length", step=step):
            half = drawn.part(slice(0, max(1, len(drawn.noise_seeds) // 2)), self.device)
            w = self.generator.mapping(half.z)
            fake = self.generator.synthesis(
                self.generator.broadcast(w), half.noise(self.generator.synthesis.noise_shapes)
            )
            (direction,) = half.noise([tuple(fake.shape[1:])])
            lengths = losses.path_lengths(fake, w, direction)
            mean = self.ranks.mean(lengths.detach().mean())
            self.state.path_length.lerp_(mean, 1 - PATH_LENGTH_DECAY)
            penalty = (lengths - self.state.path_length.clone()).square().mean() / self.n_passes
            torch.autograd.backward(penalty * (loss.path_length_weight * loss.path_length_every))
            total += mean / self.n_passes
        self.descend("generator_optimiser")
        return total

    @property
    def n_passes(self) -> int:
        """Parts of a step that this process takes one after another."""
        return self.n_parts // self.ranks.n_ranks

    def global_rows(self, rows: slice) -> slice:
        """Rows of the whole batch that are some rows of this process's share."""
        return slice(self.ranks.rank + (rows.start or 0) * self.ranks.n_ranks, None, self.n_parts)

    def draw(self, role: str, *, step: int) -> Draw:
        """Draw what chance decides in a step, for the whole batch."""
        config = self.config
        return draw(
            role,
            seed=config.seed,
            step=step,
            batch_size=config.batch.batch_size,
            z_dim=config.model.z_dim,
            n_levels=config.model.n_levels,
            mixing_share=config.loss.mixing_share,
        )

    def parts(self, role: str, *, step: int) -> Iterator[tuple[slice, Draw]]:
        """Cut a step into parts: rows of this process's reals, and what chance decides for as many drawn loops.

        A part is every n-th loop of the batch, as a group of the discriminator is: so groups stay whole.
        """
        drawn = self.draw(role, step=step)
        for first in range(self.n_passes):
            rows = slice(first, None, self.n_passes)
            yield rows, drawn.part(self.global_rows(rows), self.device)

    def imagine(self, drawn: Draw) -> tuple[Tensor, Tensor]:
        """Draw loops; also give their mapped latents."""
        w = self.generator.mapping(drawn.z)
        ws = self.generator.broadcast(w)
        if self.config.loss.mixing_share:
            levels = torch.arange(ws.shape[1], device=self.device)
            is_fine = levels >= drawn.crossover[:, None]
            ws = torch.where(is_fine[:, :, None], self.generator.mapping(drawn.z_fine)[:, None], ws)
        return self.synthesise(ws, drawn.noise(self.generator.synthesis.noise_shapes)), w

    def view(self, spectrogram: Tensor, chances: Tensor) -> Tensor:
        """Vary loops, and show them as the discriminator sees them."""
        return losses.discriminator_view(self.augmentation(spectrogram, chances), self.config.loss, self.mel_format)

    def judge(self, spectrogram: Tensor, chances: Tensor) -> Tensor:
        """Vary loops and judge them: logits `[B]`."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_half):
            return self.judge_view(self.view(spectrogram, chances)).float()

    def judge_eagerly(self, view: Tensor) -> Tensor:
        """Judge what the discriminator sees, so that its gradients have gradients."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_half):
            return self.discriminator(view).float()

    def descend(self, name: str) -> None:
        """Move an optimiser's weights against their gradients, the mean over all processes.

        Raises
        ------
        StepSkippedError
            If one is not finite, on any process; then nothing is moved.
        """
        optimiser = self.optimisers[name]
        weights = [weight for group in optimiser.param_groups for weight in group["params"]]
        self.ranks.mean_gradients(weights)
        norm = nn.utils.get_total_norm([weight.grad for weight in weights if weight.grad is not None])
        if not bool(norm.isfinite()):
            optimiser.zero_grad()
            raise StepSkippedError(f"{name} has a gradient of norm {norm.item()}, a finite one is needed; go on")
        optimiser.step()
        optimiser.zero_grad()


class TrainerState(nn.Module):
    """What else a run must remember."""

    path_length: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("path_length", torch.zeros(()))
