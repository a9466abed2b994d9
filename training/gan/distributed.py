"""Several GPUs, or processes, that take one step together: what torchrun started, or one process alone."""

import datetime
import os
from collections.abc import Iterable

import torch
from torch import Tensor, distributed, nn

from training.device import choose_device

PATIENCE_H = 12
"""How long companions wait while the first process makes the spectrograms of a large corpus."""


class Ranks:
    """What a process knows of its companions.

    Parameters
    ----------
    rank : int
        Its number; the process of number 0 writes files.
    n_ranks : int
        How many there are.
    device : torch.device
        Where this one trains.

    Notes
    -----
    With `n_ranks` above 1 every method that gives or takes tensors waits for all companions.
    """

    def __init__(self, *, rank: int = 0, n_ranks: int = 1, device: torch.device) -> None:
        self.rank = rank
        self.n_ranks = n_ranks
        self.device = device

    @classmethod
    def join(cls, device: str | None) -> "Ranks":
        """Join the companions that torchrun started; alone if it did not.

        Parameters
        ----------
        device : {"cpu", "cuda"} or None
            What is asked for; None for GPUs if there are any.

        Returns
        -------
        Ranks
            Connected, by nccl on GPUs and gloo on CPUs.

        Raises
        ------
        TrainingError
            If a GPU is asked for and torch finds none.
        """
        chosen = choose_device(device)
        n_ranks = int(os.environ.get("WORLD_SIZE", "1"))
        if n_ranks == 1:
            return cls(device=chosen)
        if chosen.type == "cuda":
            chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
            torch.cuda.set_device(chosen)
        backend = "nccl" if chosen.type == "cuda" else "gloo"
        distributed.init_process_group(backend, timeout=datetime.timedelta(hours=PATIENCE_H))
        return cls(rank=distributed.get_rank(), n_ranks=n_ranks, device=chosen)

    @property
    def is_first(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def share(self, network: nn.Module) -> None:
        """Give a network the weights that it has on the first process."""
        if self.n_ranks > 1:
            for tensor in network.state_dict().values():
                distributed.broadcast(tensor, src=0)

    def mean(self, tensor: Tensor) -> Tensor:
        """Mean of a tensor over all processes."""
        if self.n_ranks > 1:
            tensor = tensor / self.n_ranks  # a copy: the caller's stays as it is
            distributed.all_reduce(tensor)
        return tensor

    def mean_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Put the mean over all processes in place of each gradient."""
        if self.n_ranks == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = self.mean(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, part in zip(
            gradients, torch.split(flat, [gradient.numel() for gradient in gradients]), strict=True
        ):
            gradient.copy_(part.view_as(gradient))

    def agree(self, wish: bool) -> bool:
        """Whether any process has a wish."""
        if self.n_ranks == 1:
            return wish
        wishes = torch.tensor([float(wish)], device=self.device)
        distributed.all_reduce(wishes)
        return bool(wishes.item())

    def wait(self) -> None:
        """Wait for all companions."""
        self.agree(False)

    def leave(self) -> None:
        """Disconnect."""
        if self.n_ranks > 1:
            distributed.destroy_process_group()
