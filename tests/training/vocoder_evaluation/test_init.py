"""What the package offers."""

import subprocess
import sys

import pytest

from training import vocoder_evaluation


def test_every_name_is_loaded_from_its_room() -> None:
    for name in vocoder_evaluation.__all__:
        assert callable(getattr(vocoder_evaluation, name))
    with pytest.raises(AttributeError, match="evaluates"):
        _ = vocoder_evaluation.evaluates


def test_evaluation_leaves_torch_out() -> None:
    script = (
        "import sys; from training import vocoder_evaluation as v; [getattr(v, n) for n in v.__all__]; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
