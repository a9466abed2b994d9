"""The game between generator and discriminator, and what keeps it stable."""

import torch
from torch import Tensor
from torch.nn import functional as F

from melgan_vocoder.format import LoopFormat
from training.gan.config import LossConfig


def generator_loss(drawn_logits: Tensor) -> Tensor:
    """How badly the generator deceives: the non-saturating logistic loss.

    Parameters
    ----------
    drawn_logits : Tensor [shape=(B,)]
        The discriminator's logits of drawn loops.

    Returns
    -------
    Tensor [shape=()]
        Mean of `log(1 + exp(-logit))`.

    References
    ----------
    Goodfellow et al. 2014, arXiv 1406.2661, section 3.
    """
    return F.softplus(-drawn_logits).mean()


def discriminator_loss(drawn_logits: Tensor, real_logits: Tensor) -> Tensor:
    """How badly the discriminator tells drawn loops from real ones.

    Parameters
    ----------
    drawn_logits, real_logits : Tensor [shape=(B,)]
        Logits, above 0 for what looks real.

    Returns
    -------
    Tensor [shape=()]
        The logistic loss, the mean of each side added up.
    """
    return F.softplus(drawn_logits).mean() + F.softplus(-real_logits).mean()


def gradient_penalty(real_logits: Tensor, real: Tensor) -> Tensor:
    """How steep the discriminator is at the reals (R1).

    Parameters
    ----------
    real_logits : Tensor [shape=(B,)]
        Logits, made from `real` with gradients.
    real : Tensor [shape=(B, ...)]
        Reals that require a gradient.

    Returns
    -------
    Tensor [shape=()]
        Mean over the batch of the gradient's squared norm; R1 is this times `gamma / 2`.

    References
    ----------
    Mescheder et al. 2018, arXiv 1801.04406, section 4.1.
    """
    (gradient,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
    return gradient.float().square().sum(dim=tuple(range(1, real.ndim))).mean()


def path_lengths(spectrogram: Tensor, w: Tensor, noise: Tensor) -> Tensor:
    """How far a loop moves for a step in W, in a random direction of spectrograms.

    Parameters
    ----------
    spectrogram : Tensor [shape=(B, n_channels, n_mels, n_frames)]
        Drawn from `w`, with gradients.
    w : Tensor [shape=(B, w_dim)]
        Mapped latents that require a gradient.
    noise : Tensor
        Standard normal, of the spectrogram's shape.

    Returns
    -------
    Tensor [shape=(B,)]
        Norms of the Jacobian's product with the noise, divided by the root of a channel's size.

    References
    ----------
    Karras et al. 2020, arXiv 1912.04958, section 3.2.
    """
    n_pixels = spectrogram.shape[2] * spectrogram.shape[3]
    product = (spectrogram * noise).sum() / n_pixels**0.5
    (gradient,) = torch.autograd.grad(product, w, create_graph=True)
    return (gradient.square().sum(dim=1) + 1e-12).sqrt()


def discriminator_view(spectrogram: Tensor, config: LossConfig, mel_format: LoopFormat) -> Tensor:
    """Show the discriminator channel 1 smaller than it is, and smallest where nobody hears it.

    Parameters
    ----------
    spectrogram : Tensor [shape=(B, 2, n_mels, n_frames)]
        Drawn or real.
    config : LossConfig
        Says how much smaller.
    mel_format : LoopFormat
        Gives the floor.

    Returns
    -------
    Tensor [shape=(B, 2, n_mels, n_frames)]
        The same channel 0, and channel 1 scaled.
    """
    mel, band_frequency = spectrogram[:, :1], spectrogram[:, 1:] * config.band_frequency_scale
    if config.band_frequency_by_loudness:
        band_frequency = band_frequency * ((mel - mel_format.floor) / -mel_format.floor).clamp(0, 1)
    return torch.cat([mel, band_frequency], dim=1)
