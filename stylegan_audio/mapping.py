"""z -> w: the mapping network, and the truncation trick."""

from torch import Tensor, nn

from stylegan_audio.config import ModelConfig
from stylegan_audio.layers import activate


class Mapping(nn.Module):
    """Map input latents to W, where directions are close to straight.

    Parameters
    ----------
    config : ModelConfig
        Sizes of the network.

    References
    ----------
    Karras et al. 2019, arXiv 1812.04948, section 2.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Linear(config.z_dim if index == 0 else config.w_dim, config.w_dim)
            for index in range(config.mapping_layers)
        )

    def forward(self, z: Tensor) -> Tensor:
        """Map latents.

        Parameters
        ----------
        z : Tensor [shape=(B, z_dim)]
            Standard normal; its length does not matter.

        Returns
        -------
        Tensor [shape=(B, w_dim)]
            Mapped latents, not truncated.
        """
        w = z * (z.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()
        for layer in self.layers:
            w = activate(layer(w))
        return w


def truncate(w: Tensor, w_avg: Tensor, *, truncation_psi: float) -> Tensor:
    """Pull mapped latents towards their mean, for typical rather than odd loops.

    Parameters
    ----------
    w : Tensor [shape=(B, w_dim)]
        Mapped latents.
    w_avg : Tensor [shape=(w_dim,)]
        Their running mean.
    truncation_psi : float
        0 (the mean itself) to 1 (no truncation).

    Returns
    -------
    Tensor [shape=(B, w_dim)]
        `w_avg + truncation_psi * (w - w_avg)`.
    """
    return w_avg + truncation_psi * (w - w_avg)
