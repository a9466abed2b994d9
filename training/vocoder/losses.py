"""How far what the vocoder drew is from what it should have drawn.

Every loss is a mean over the batch of something that does not change with the level of a cut, down to a floor: below
it, as in digital silence, it is zero and so is its gradient. Cuts have ends, so no window reaches over them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from melgan_vocoder.discriminators import Judgement
from melgan_vocoder.format import LoopFormat

FLOOR_DB = -100.0
"""Magnitude of an STFT bin, of a full-scale sine, below which nothing counts."""
NO_DISTANCE = 1e-3
"""Log-spectral distance below which its slope falls to 0, as a root has none there."""
LEVEL_FLOOR_DB = -60.0
"""Cuts are amplified for the discriminators up to this level, quieter ones no more than it."""
LEVEL_DB = -20.0
"""Level to which they are amplified."""


class STFTLoss(nn.Module):
    """Compare magnitude spectrograms of several windows: spectral convergence, and log-spectral distance (in nepers).

    The distance of a frame is the root of the mean square over bins: what was drawn too quietly, as between the beats
    of close partials or in the holes of noise, counts for more than in a mean of sizes.

    Parameters
    ----------
    windows : sequence of int
        Window lengths (periodic Hann) in samples; hops are a quarter of them.

    References
    ----------
    Yamamoto et al. 2020, "Parallel WaveGAN", arXiv 1910.11480, section 2.2, eq. 5; Gray and Markel 1976,
    "Distance measures for speech processing", IEEE Trans. ASSP 24 (5) (the distance). The norm of each cut is its own,
    and both magnitudes are floored.
    """

    def __init__(self, windows: Sequence[int]) -> None:
        super().__init__()
        self.windows = tuple(windows)
        for n in self.windows:
            self.register_buffer(f"window_{n}", torch.hann_window(n), persistent=False)

    def forward(self, drawn: Tensor, target: Tensor) -> Tensor:
        """Compare signals.

        Parameters
        ----------
        drawn, target : Tensor [shape=(B, n_samples)]
            float32, at least as long as the longest window.

        Returns
        -------
        Tensor [shape=()]
            0 for equal signals; near 1 plus the log-spectral distance for unrelated ones.
        """
        losses = [self.distance(drawn, target, n) for n in self.windows]
        return torch.stack(losses).mean()

    def distance(self, drawn: Tensor, target: Tensor, n: int) -> Tensor:
        """Compare at one window."""
        both = torch.stft(
            torch.cat([drawn, target]),
            n,
            n // 4,
            window=getattr(self, f"window_{n}"),
            center=False,
            return_complex=True,
        )
        floor = 10 ** (FLOOR_DB / 20) * n / 4  # a full-scale sine peaks at n / 4
        power = both.real.square() + both.imag.square() + floor**2
        power_drawn, power_target = power.chunk(2)
        square = (0.5 * (power_drawn.log() - power_target.log())).square().mean(dim=1)
        log_distance = (square / ((square + NO_DISTANCE**2).sqrt() + NO_DISTANCE)).mean()
        difference = (power_drawn.sqrt() - power_target.sqrt()).square().sum(dim=(1, 2))
        # the root of the difference, flat within the floor: a root has no gradient at 0
        root = difference / ((difference + floor**2).sqrt() + floor)
        return (root / power_target.sum(dim=(1, 2)).sqrt()).mean() + log_distance


def mel_loss(drawn: Tensor, target: Tensor, mel_format: LoopFormat) -> Tensor:
    """Mean distance of two mels, in decades.

    Parameters
    ----------
    drawn, target : Tensor [shape=(B, n_mels, n_frames)]
        Channel 0 of both.
    mel_format : LoopFormat
        Their format.

    Returns
    -------
    Tensor [shape=()]
        0.05 is one decibel.
    """
    return (drawn - target).abs().mean() * mel_format.scale_log10


def band_frequency_loss(drawn: Tensor, target: Tensor, mel_format: LoopFormat) -> Tensor:
    """Mean distance of two spectrograms' band frequencies, in bandwidths.

    Parameters
    ----------
    drawn, target : Tensor [shape=(B, 2, n_mels, n_frames)]
        Spectrograms; channel 1 is compared.
    mel_format : LoopFormat
        Their format.

    Returns
    -------
    Tensor [shape=()]
        Each band counts by how far the target's mel is above the floor: silent bands have no frequency.
    """
    heard = (target[:, 0] - mel_format.floor).clamp_min(0)
    return ((drawn[:, 1] - target[:, 1]).abs() * heard).sum() / heard.sum().clamp_min(1)


def stand_in_loss(drawn: Tensor, target: Tensor, mel_format: LoopFormat) -> Tensor:
    """Distance of the spectrogram that was made of one channel from that of the audio: mel and band frequency.

    Parameters
    ----------
    drawn, target : Tensor [shape=(B, 2, n_mels, n_frames)]
        Spectrograms.
    mel_format : LoopFormat
        Their format.

    Returns
    -------
    Tensor [shape=()]
        Decades plus bandwidths.
    """
    return mel_loss(drawn[:, 0], target[:, 0], mel_format) + band_frequency_loss(drawn, target, mel_format)


def level(drawn: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Amplify cuts for the discriminators, both of a pair by the target's gain.

    Parameters
    ----------
    drawn, target : Tensor [shape=(B, n_samples)]
        Audio.

    Returns
    -------
    tuple of Tensor [shape=(B, n_samples)]
        With the target at `LEVEL_DB` (root mean square), unless it is below `LEVEL_FLOOR_DB`.
    """
    rms = target.square().mean(dim=-1, keepdim=True).sqrt().clamp_min(10 ** (LEVEL_FLOOR_DB / 20))
    gain = 10 ** (LEVEL_DB / 20) / rms
    return drawn * gain, target * gain


def adversarial_loss(judgements: Sequence[Judgement], kind: str) -> Tensor:
    """How far the discriminators are from taking what was drawn for real.

    Parameters
    ----------
    judgements : sequence of Judgement
        Of what was drawn.
    kind : {"least_squares", "hinge"}
        The kind of game.

    Returns
    -------
    Tensor [shape=()]
        Mean over the discriminators.

    References
    ----------
    Mao et al. 2017, "Least squares GAN", arXiv 1611.04076, eq. 9; Lim and Ye 2017, "Geometric GAN", arXiv 1705.02894.
    """
    if kind == "hinge":
        return torch.stack([-judgement.score.float().mean() for judgement in judgements]).mean()
    return torch.stack([(judgement.score.float() - 1).square().mean() for judgement in judgements]).mean()


def discriminator_loss(drawn: Sequence[Judgement], real: Sequence[Judgement], kind: str) -> Tensor:
    """How badly the discriminators tell what was drawn from what is real.

    Parameters
    ----------
    drawn, real : sequence of Judgement
        Of both.
    kind : {"least_squares", "hinge"}
        The kind of game; as in `adversarial_loss`.

    Returns
    -------
    Tensor [shape=()]
        Mean over the discriminators; 0.5 (least squares) or 2 (hinge) for one that cannot tell.
    """
    losses = []
    for fake, true in zip(drawn, real, strict=True):
        fake_score, true_score = fake.score.float(), true.score.float()
        if kind == "hinge":
            losses.append((1 - true_score).relu().mean() + (1 + fake_score).relu().mean())
        else:
            losses.append((1 - true_score).square().mean() + fake_score.square().mean())
    return torch.stack(losses).mean()


def feature_loss(drawn: Sequence[Judgement], real: Sequence[Judgement]) -> Tensor:
    """How differently the discriminators' hidden layers see what was drawn and what is real.

    Parameters
    ----------
    drawn, real : sequence of Judgement
        Of both.

    Returns
    -------
    Tensor [shape=()]
        Mean over layers of the mean distance as a share of the real features' mean magnitude, which makes layers
        of any scale count alike.

    References
    ----------
    Kumar et al. 2019, "MelGAN", arXiv 1910.06711, eq. 4.
    """
    shares = []
    for fake, true in zip(drawn, real, strict=True):
        for ours, theirs in zip(fake.features, true.features, strict=True):
            theirs = theirs.detach().float()
            shares.append((ours.float() - theirs).abs().mean() / theirs.abs().mean().clamp_min(1e-4))
    return torch.stack(shares).mean()
