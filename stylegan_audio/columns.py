"""Neighbouring columns of a loop, which may run over its end: what a window needs of each level."""

import dataclasses

import torch
from torch import Tensor


@dataclasses.dataclass(frozen=True)
class Columns:
    """Some neighbouring columns of a level."""

    first: int
    """The first one; below 0 it is counted back from the loop's end."""
    count: int
    """How many; `of` at most."""
    of: int
    """Columns of the whole level."""

    @classmethod
    def whole(cls, of: int) -> "Columns":
        """Take all columns of a level."""
        return cls(0, of, of)

    @property
    def end(self) -> int:
        """The column after the last one."""
        return self.first + self.count

    def widened(self, by: int) -> "Columns":
        """Take more columns at each end, or the whole level where that is no more."""
        return Columns(self.first - by, self.count + 2 * by, self.of).capped()

    def even(self) -> "Columns":
        """Take whole pairs of columns, as a coarser level draws them."""
        first = self.first - self.first % 2
        return Columns(first, self.end + self.end % 2 - first, self.of).capped()

    def coarser(self) -> "Columns":
        """Columns of the next coarser level from which these pairs are drawn: one more at each end than pairs."""
        return Columns(self.first // 2, self.count // 2, self.of // 2).widened(1)

    def capped(self) -> "Columns":
        """Take the whole level where these are no fewer."""
        return self if self.count < self.of else Columns.whole(self.of)


def take(x: Tensor, have: Columns, first: int, count: int) -> Tensor:
    """Cut columns out of features, round the loop's end where they are those of a whole loop.

    Parameters
    ----------
    x : Tensor [shape=(B, C, n_rows, have.count)]
        Features, of which columns `have` were drawn.
    have : Columns
        Which ones.
    first, count : int
        Which ones are wanted: among `have` where that is not the whole level.

    Returns
    -------
    Tensor [shape=(B, C, n_rows, count)]
        The columns, in the same memory format.
    """
    start = (first - have.first) % have.of
    if start + count <= have.count:
        return x[..., start : start + count]
    parts, before = [x[..., start:]], have.of - start
    while before < count:
        parts.append(x[..., : count - before])
        before += have.of
    return torch.cat(parts, dim=-1)
