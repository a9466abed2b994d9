"""Networks, optimisers and one step of a vocoder's training."""

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn

from melgan_vocoder.format import MelFormat
from melgan_vocoder.generator import Vocoder
from training.errors import TrainingError
from training.vocoder.adversary import Adversary
from training.vocoder.analysis import Drawing, Example, SegmentAnalysis
from training.vocoder.config import VocoderTrainingConfig
from training.vocoder.losses import (
    STFTLoss,
    level,
    mel_loss,
    stand_in_loss,
)
from training.vocoder.schedule import ema_decay, rate_share

SEED_STRIDE = 1_000_003
"""Steps of one seed that no other seed repeats."""


class VocoderTrainer:
    """Train a vocoder step by step.

    Parameters
    ----------
    config : VocoderTrainingConfig
        All settings; the first weights are drawn from its seed.
    mel_format : MelFormat
        The format of the spectrograms.
    device : torch.device
        Where networks and batches live.
    """

    def __init__(self, config: VocoderTrainingConfig, mel_format: MelFormat, device: torch.device) -> None:
        self.config = config
        self.mel_format = mel_format
        self.device = device
        self.precision = torch.bfloat16 if config.optimiser.precision == "bfloat16" else torch.float32
        torch.manual_seed(config.seed)
        self.vocoder = Vocoder(mel_format, config.generator).to(device)
        self.averaged = copy.deepcopy(self.vocoder).eval().requires_grad_(False)
        self.adversary = Adversary(config, device) if config.loss.adversarial_weight else None
        one_channel = config.loss.stand_in_weight > 0
        self.analysis = SegmentAnalysis(mel_format, config.batch, one_channel=one_channel).to(device)
        self.stft_loss = STFTLoss(config.loss.windows).to(device)
        self.band_loss = STFTLoss(config.loss.band_windows).to(device)
        self.optimisers = {"vocoder_optimiser": self.adam(self.vocoder)}
        if self.adversary is not None:
            self.optimisers["discriminator_optimiser"] = self.adam(self.adversary.discriminators)

    @property
    def networks(self) -> dict[str, nn.Module]:
        """All networks that a checkpoint holds."""
        networks: dict[str, nn.Module] = {"vocoder": self.vocoder, "averaged": self.averaged}
        if self.adversary is not None:
            networks["discriminators"] = self.adversary.discriminators
        return networks

    def adam(self, network: nn.Module) -> torch.optim.Optimizer:
        """Make the optimiser of a network."""
        settings = self.config.optimiser
        return torch.optim.AdamW(network.parameters(), betas=settings.betas, weight_decay=settings.weight_decay)

    def start_from(self, vocoder: Vocoder, *, source: str) -> None:
        """Begin with a vocoder's weights.

        Parameters
        ----------
        vocoder : Vocoder
            Of the same sizes.
        source : str
            Name of its file, for the error message.

        Raises
        ------
        TrainingError
            If its sizes differ.
        """
        if vocoder.config != self.vocoder.config:
            raise TrainingError(
                f"{source}: its vocoder has {vocoder.config}, the preset needs {self.vocoder.config}; choose another "
                "file or preset"
            )
        self.vocoder.load_state_dict(vocoder.state_dict())
        self.averaged.load_state_dict(vocoder.state_dict())

    def train_step(self, cuts: np.ndarray, *, step: int, progress: float) -> dict[str, Tensor] | None:
        """Move all weights by one step.

        Parameters
        ----------
        cuts : np.ndarray [shape=(B, n_samples)]
            The step's batch.
        step : int
            Steps done before.
        progress : float
            How much of the run is done; 1 is the end.

        Returns
        -------
        dict of str to Tensor or None
            Losses by name; None if one was not finite, so that the step was skipped.
        """
        torch.manual_seed(self.config.seed * SEED_STRIDE + step)  # so that a resumed run draws the same
        example = self.analysis(torch.from_numpy(cuts).to(self.device), self.vocoder)
        drawing = self.analysis.draw(self.vocoder, example.spectrogram, precision=self.precision)
        losses = self.reconstruction_losses(drawing, example)
        if self.adversary is not None and step >= self.config.optimiser.discriminator_from_step:
            drawn, real = level(drawing.audio, example.audio)
            losses["discriminator"] = self.adversary.own_loss(drawn, real)
            if not self.descend("discriminator_optimiser", losses["discriminator"], step=step, progress=progress):
                return None
            losses |= self.adversary.losses(drawn, real)
        losses["total"] = self.weigh(losses)
        if not self.descend("vocoder_optimiser", losses["total"], step=step, progress=progress):
            return None
        self.update_average(step)
        return {name: loss.detach() for name, loss in losses.items()}

    def reconstruction_losses(self, drawing: Drawing, example: Example) -> dict[str, Tensor]:
        """Compare what was drawn with what should have been."""
        fmt = self.mel_format
        losses = {
            "stft": self.stft_loss(drawing.audio, example.audio),
            "band": self.band_loss(drawing.bands.flatten(0, 1), example.bands.flatten(0, 1)),
            "mel": mel_loss(drawing.mel, example.target[:, 0], fmt),
        }
        if self.config.loss.stand_in_weight:
            drawn = self.analysis.segment(self.vocoder.stand_in(example.one_channel))
            losses["stand_in"] = stand_in_loss(drawn, example.target, fmt)
        return losses

    def weigh(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Add the vocoder's losses up."""
        weights = {name: getattr(self.config.loss, f"{name}_weight", 0.0) for name in losses}
        return torch.stack([weights[name] * loss for name, loss in losses.items() if weights[name]]).sum()

    def descend(self, name: str, loss: Tensor, *, step: int, progress: float) -> bool:
        """Move an optimiser's weights against the gradient of a loss.

        Parameters
        ----------
        name : str
            Which of the optimisers.
        loss : Tensor [shape=()]
            What shall become smaller.
        step, progress
            As of `train_step`.

        Returns
        -------
        bool
            False if loss or gradient are not finite; then nothing is moved.
        """
        settings, optimiser = self.config.optimiser, self.optimisers[name]
        rate = settings.learning_rate if name == "vocoder_optimiser" else settings.discriminator_learning_rate
        share = rate_share(step, progress, warmup_steps=settings.warmup_steps, final_share=settings.final_share)
        (group,) = optimiser.param_groups
        group["lr"] = rate * share
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(group["params"], settings.clip_norm)
        if not bool((norm + loss.detach()).isfinite()):
            return False
        optimiser.step()
        return True

    @torch.no_grad()
    def update_average(self, step: int) -> None:
        """Let the running mean follow the weights."""
        weight = 1 - ema_decay(step, self.config.optimiser.ema_decay)
        for mean, value in zip(self.averaged.parameters(), self.vocoder.parameters(), strict=True):
            mean.lerp_(value, weight)

    @torch.no_grad()
    def evaluate(self, loop: np.ndarray) -> tuple[dict[str, float], Tensor]:
        """Let the averaged vocoder draw a whole loop.

        Parameters
        ----------
        loop : np.ndarray [shape=(n_samples,)]
            A loop that it was not trained with.

        Returns
        -------
        tuple of dict of str to float, and Tensor [shape=(n_samples,)]
            Losses by name (`mel` in decades), and the audio.
        """
        audio = torch.from_numpy(np.ascontiguousarray(loop, dtype=np.float32))[None].to(self.device)
        target = self.analysis.transform(audio)
        drawn = self.averaged(target)
        losses = {
            "mel": mel_loss(self.analysis.transform.mel(drawn), target[:, 0], self.mel_format),
            "stft": self.stft_loss(drawn, audio),
        }
        if self.analysis.one_channel is not None:
            one_channel = self.analysis.one_channel(audio)
            losses["stand_in"] = stand_in_loss(self.averaged.stand_in(one_channel), target, self.mel_format)
        return {name: float(loss) for name, loss in losses.items()}, drawn[0]
