"""z -> w -> mel: mapping and synthesis with the mean latent, as one network."""

import torch
from torch import Tensor, nn

from melgan_vocoder.format import LoopFormat
from stylegan_audio.config import ModelConfig
from stylegan_audio.errors import ModelError
from stylegan_audio.mapping import Mapping, truncate
from stylegan_audio.synthesis import Synthesis


class Generator(nn.Module):
    """Draw spectrograms of loops from random latents.

    Parameters
    ----------
    mel_format : LoopFormat
        The format of the spectrograms.
    config : ModelConfig
        Sizes of the network; its finest level must have the format's bands and frames.

    Raises
    ------
    ModelError
        If it has not.
    """

    w_avg: Tensor

    def __init__(self, mel_format: LoopFormat, config: ModelConfig) -> None:
        super().__init__()
        config.require_fits(mel_format, source="generator")
        self.mel_format = mel_format
        self.config = config
        self.mapping = Mapping(config)
        self.synthesis = Synthesis(config, n_channels=mel_format.n_channels)
        self.register_buffer("w_avg", torch.zeros(config.w_dim))

    def map(self, z: Tensor, *, truncation_psi: float = 1.0) -> Tensor:
        """Map input latents to truncated mapped ones.

        Parameters
        ----------
        z : Tensor [shape=(B, z_dim)]
            Standard normal.
        truncation_psi : float
            0 (always the mean loop) to 1 (no truncation).

        Returns
        -------
        Tensor [shape=(B, w_dim)]
            Mapped latents.
        """
        if z.ndim != 2 or z.shape[1] != self.config.z_dim:
            raise ModelError(
                f"z has shape {tuple(z.shape)}, [B, {self.config.z_dim}] is needed; draw it with the model's z_dim"
            )
        return truncate(self.mapping(z), self.w_avg, truncation_psi=truncation_psi)

    def broadcast(self, w: Tensor) -> Tensor:
        """Give every level the same mapped latent.

        Parameters
        ----------
        w : Tensor [shape=(B, w_dim)]
            Mapped latents.

        Returns
        -------
        Tensor [shape=(B, n_levels, w_dim)]
            What `synthesis` takes.
        """
        return w[:, None].expand(-1, self.config.n_levels, -1)

    def forward(self, z: Tensor, *, truncation_psi: float = 1.0) -> Tensor:
        """Draw spectrograms from input latents.

        Parameters
        ----------
        z : Tensor [shape=(B, z_dim)]
            Standard normal.
        truncation_psi : float
            0 (always the mean loop) to 1 (no truncation).

        Returns
        -------
        Tensor [shape=(B, n_channels, n_mels, n_frames)]
            float32, about -1 to 1.
        """
        return self.synthesis(self.broadcast(self.map(z, truncation_psi=truncation_psi)))


def mix_styles(coarse: Tensor, fine: Tensor, *, crossover: int) -> Tensor:
    """Take the coarse levels of one loop and the fine levels of another.

    Parameters
    ----------
    coarse, fine : Tensor [shape=(B, n_levels, w_dim)]
        Mapped latents of each level.
    crossover : int
        First level taken from `fine`: 0 takes all of them, `n_levels` none.

    Returns
    -------
    Tensor [shape=(B, n_levels, w_dim)]
        The mixture.

    References
    ----------
    Karras et al. 2019, arXiv 1812.04948, section 3.1: style mixing.
    """
    return torch.cat([coarse[:, :crossover], fine[:, crossover:]], dim=1)
