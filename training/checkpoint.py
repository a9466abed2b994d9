"""All that a run needs to go on, in one safetensors file: tensors by name, progress as JSON in its header."""

import dataclasses
import json
import pathlib
from collections.abc import Mapping

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from melgan_vocoder.format import MelFormat, read_format
from melgan_vocoder.weights_file import written_whole
from training.errors import TrainingError

VERSION = "1"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is."""

    step: int = 0
    """Steps done."""
    elapsed_s: float = 0.0
    """Seconds trained, over all sittings."""
    skipped: int = 0
    """Steps that were skipped because a loss was not finite."""
    losses: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """What the last evaluation gave."""


def write_checkpoint(
    path: pathlib.Path,
    progress: Progress,
    *,
    kind: str,
    mel_format: MelFormat,
    networks: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
) -> None:
    """Write a checkpoint; the one before it stays until this one is whole.

    Parameters
    ----------
    path : pathlib.Path
        Where it goes.
    progress : Progress
        How far the run is.
    kind : str
        What is trained; `read_checkpoint` asks for the same.
    mel_format : MelFormat
        The format that it learns.
    networks, optimisers : mapping
        What is saved, by name.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    tensors: dict[str, Tensor] = {}
    for name, network in networks.items():
        tensors |= {f"{name}/{key}": value for key, value in network.state_dict().items()}
    for name, optimiser in optimisers.items():
        tensors |= {f"{name}/{key}": value for key, value in optimiser_tensors(optimiser).items()}
    entries = {
        "kind": kind,
        "version": VERSION,
        "mel_format": mel_format.to_json(),
        "progress": json.dumps(dataclasses.asdict(progress)),
    }
    with written_whole(path) as partial:
        save_file({key: value.detach().cpu().contiguous() for key, value in tensors.items()}, partial, metadata=entries)


def read_checkpoint(
    path: pathlib.Path,
    *,
    kind: str,
    mel_format: MelFormat,
    networks: Mapping[str, nn.Module],
    optimisers: Mapping[str, torch.optim.Optimizer],
) -> Progress:
    """Fill networks and optimisers from a checkpoint.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kind : str
        What it must have trained.
    mel_format : MelFormat
        The format that it must have learned.
    networks, optimisers : mapping
        What is filled, by name.

    Returns
    -------
    Progress
        How far the run was.

    Raises
    ------
    LoopmorphError
        If the file is broken, of another kind, version or format, or of other networks.
    """
    entries, tensors = read_tensors(path)
    if entries.get("kind") != kind or entries.get("version") != VERSION:
        raise TrainingError(
            f"{path}: holds {entries.get('kind', 'no kind')!r} version {entries.get('version', 'missing')}, {kind!r} "
            f"version {VERSION} is needed; choose another folder"
        )
    mel_format.require(read_format(entries.get("mel_format"), source=str(path)), source=str(path))
    try:
        for name, network in networks.items():
            network.load_state_dict(part_of(tensors, name))
        for name, optimiser in optimisers.items():
            load_optimiser(optimiser, part_of(tensors, name))
        return Progress(**json.loads(entries["progress"]))
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[-1].strip()
        raise TrainingError(
            f"{path}: does not fit the networks of its run ({reason[:160]}); the checkpoint of the same settings is "
            "needed; choose another folder"
        ) from error


def read_tensors(path: pathlib.Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Read a checkpoint's entries and tensors.

    Raises
    ------
    TrainingError
        If it is no whole safetensors file.
    """
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {}), {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise TrainingError(
            f"{path}: not a whole checkpoint ({error}); a safetensors file is needed; put a copy back, or remove it to "
            "begin anew"
        ) from error


def part_of(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    """Tensors of one network or optimiser, under their own names."""
    return {key.removeprefix(f"{name}/"): value for key, value in tensors.items() if key.startswith(f"{name}/")}


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Take what an optimiser remembers, as tensors named by parameter number and kind."""
    state = optimiser.state_dict()["state"]
    return {f"{index}.{kind}": value for index, kinds in state.items() for kind, value in kinds.items()}


def load_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Let an optimiser remember what `optimiser_tensors` gave.

    Raises
    ------
    ValueError
        If it is of other parameters.
    """
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, kind = key.split(".")
        state.setdefault(int(index), {})[kind] = value
    empty = optimiser.state_dict()
    n_parameters = sum(len(group["params"]) for group in empty["param_groups"])
    if any(index >= n_parameters for index in state):
        raise ValueError(f"optimiser of {max(state) + 1} parameters where {n_parameters} are needed")
    optimiser.load_state_dict({**empty, "state": state})
