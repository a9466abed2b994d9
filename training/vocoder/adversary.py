"""The discriminators' side of the game: what they learn, and what they tell the vocoder."""

import torch
from torch import Tensor

from melgan_vocoder.discriminators import Discriminators, Judgement
from training.vocoder.config import VocoderTrainingConfig
from training.vocoder.losses import adversarial_loss, discriminator_loss, feature_loss


class Adversary:
    """Discriminators that hear cuts at one loudness.

    Parameters
    ----------
    config : VocoderTrainingConfig
        Their sizes, the kind of game, the precision.
    device : torch.device
        Where they live.
    """

    def __init__(self, config: VocoderTrainingConfig, device: torch.device) -> None:
        self.discriminators = Discriminators(config.discriminator).to(device)
        self.kind = config.loss.adversarial
        self.is_half = config.optimiser.precision == "bfloat16"

    def judge(self, audio: Tensor) -> list[Judgement]:
        """Judge cuts `[B, n_samples]`."""
        with torch.autocast(audio.device.type, torch.bfloat16, enabled=self.is_half):
            return self.discriminators(audio)

    def own_loss(self, drawn: Tensor, real: Tensor) -> Tensor:
        """How badly the discriminators tell cuts apart; the vocoder gets no gradient.

        Parameters
        ----------
        drawn, real : Tensor [shape=(B, n_samples)]
            Cuts, levelled.

        Returns
        -------
        Tensor [shape=()]
            The loss.
        """
        return discriminator_loss(self.judge(drawn.detach()), self.judge(real), self.kind)

    def losses(self, drawn: Tensor, real: Tensor) -> dict[str, Tensor]:
        """Tell the vocoder what to think of its cuts; the discriminators get no gradient.

        Parameters
        ----------
        drawn, real : Tensor [shape=(B, n_samples)]
            Cuts, levelled.

        Returns
        -------
        dict of str to Tensor
            Losses `adversarial` and `feature`.
        """
        with torch.no_grad():
            judged_real = self.judge(real)
        self.discriminators.requires_grad_(False)
        judged_drawn = self.judge(drawn)
        self.discriminators.requires_grad_(True)
        return {
            "adversarial": adversarial_loss(judged_drawn, self.kind),
            "feature": feature_loss(judged_drawn, judged_real),
        }
