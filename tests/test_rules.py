"""Rules of the house: which way imports run, what library code may not do, where torch may be."""

import ast
import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from melgan_vocoder.errors import LoopmorphError

ROOT = pathlib.Path(__file__).parents[1]
MAY_IMPORT = {
    "melgan_vocoder": set(),
    "stylegan_audio": {"melgan_vocoder"},
    "directions": {"melgan_vocoder", "stylegan_audio"},
    "performer": {"melgan_vocoder", "stylegan_audio", "directions"},
    "training": {"melgan_vocoder", "stylegan_audio", "directions"},
}
MAX_LINES = 400
TORCH_FREE = [
    "melgan_vocoder",
    "melgan_vocoder.format",
    "melgan_vocoder.weights_file",
    "stylegan_audio",
    "stylegan_audio.config",
    "stylegan_audio.latent",
    "stylegan_audio.model_file",
    "directions",
    "directions.move",
    "directions.table",
    "performer.controls",
    "performer.memory",
    "performer.desk.playback",
    "performer.output.outputs",
    "performer.output.sound_device",
    "performer.output.wav_file",
    "performer.surfaces.osc.packet",
    "performer.surfaces.midi.surface",
    "performer.session.chronicle",
    "performer.session.session",
    "performer.session.conductor",
    "performer.audio_process",
    "performer.control_process",
    "performer.recorder_process",
    "performer.headphones_process",
    "performer.cli",
    "training",
    "training.cli",
    "training.corpus",
    "training.procedural",
    "training.recordings.build",
]
PROBE = """
import importlib, json, sys
guilty = []
for name in {names!r}:
    before = "torch" in sys.modules
    importlib.import_module(name)
    if "torch" in sys.modules and not before:
        guilty.append(name)
print(json.dumps(guilty))
"""


def files_of(package: str) -> list[pathlib.Path]:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"no code in {ROOT / package}"
    return files


def imported_names(code: str) -> Iterator[str]:
    """Absolute dotted names that code imports, wherever the statement stands."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            yield from (argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant))


def wrong_arrows(package: str, code: str) -> set[str]:
    """Packages of ours that code imports and must not."""
    return {name.split(".")[0] for name in imported_names(code)} & (set(MAY_IMPORT) - MAY_IMPORT[package] - {package})


def forbidden(code: str) -> list[str]:
    """Statements that library code must not hold."""
    names = list(imported_names(code))
    found = [name for name in names if name == "torch.load" or name.split(".")[0] in ("pickle", "dill", "joblib")]
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assert):
            found.append(f"line {node.lineno}: assert")
        elif isinstance(node, ast.Attribute) and ast.unparse(node) == "torch.load":
            found.append(f"line {node.lineno}: torch.load")
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            found.append(f"line {node.value.lineno}: allow_pickle")
    return found


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    wrong = {path.name: wrong_arrows(package, path.read_text(encoding="utf-8")) for path in files_of(package)}
    assert not {name: packages for name, packages in wrong.items() if packages}


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("import performer", {"performer"}),
        ("import numpy, training.cli as t", {"training"}),
        ("from performer.clock import Clock", {"performer"}),
        ("def f():\n    from directions import apply", {"directions"}),
        ("import importlib\nimportlib.import_module('training.cli')", {"training"}),
        ("from melgan_vocoder import format\nfrom . import latent\nimport stylegan_audio.latent", set()),
        ("import performers", set()),
    ],
)
def test_wrong_arrow_is_seen_wherever_it_stands(code: str, wrong: set[str]) -> None:
    assert wrong_arrows("stylegan_audio", code) == wrong


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_library_neither_asserts_nor_unpickles(package: str) -> None:
    found = {path.name: forbidden(path.read_text(encoding="utf-8")) for path in files_of(package)}
    assert not {name: lines for name, lines in found.items() if lines}


@pytest.mark.parametrize(
    "code",
    [
        "assert True",
        "def f():\n    assert x, 'y'",
        "import torch\ntorch.load('a')",
        "from torch import load",
        "import pickle",
        "from pickle import loads",
        "def f():\n    import pickle as p",
        "np.load(a, allow_pickle=True)",
    ],
)
def test_forbidden_statement_is_seen_wherever_it_stands(code: str) -> None:
    assert forbidden(code)
    assert not forbidden("import torch\ntorch.loaded = 1\n# assert, pickle, torch.load(x)\nload = 'import pickle'")


@pytest.mark.parametrize("folder", [*MAY_IMPORT, "tests"])
def test_no_file_is_longer_than_400_lines(folder: str) -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in files_of(folder)}
    assert not {name: length for name, length in lengths.items() if length > MAX_LINES}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_package_has_one_root_error_under_the_common_one(package: str) -> None:
    """Its name is the package's; further ones come below it."""
    module = __import__(f"{package}.errors", fromlist=["errors"])
    own = [
        thing
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Exception) and thing.__module__ == module.__name__
    ]
    roots = [error for error in own if LoopmorphError in error.__bases__]
    assert len(roots) == 1
    assert all(issubclass(error, (*roots,)) or error is LoopmorphError for error in own)


def first_to_import_torch(*names: str) -> list[str]:
    """Import modules one after another in a fresh interpreter; name the one that brought torch in."""
    script = PROBE.format(names=names)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_modules_of_the_audio_and_control_processes_leave_torch_out() -> None:
    assert first_to_import_torch(*TORCH_FREE) == []


def test_module_that_needs_torch_is_seen_by_name() -> None:
    assert first_to_import_torch("melgan_vocoder.format", "melgan_vocoder.pqmf") == ["melgan_vocoder.pqmf"]
