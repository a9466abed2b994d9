"""Metadata, extras and entry points; the settings of tools are in pyproject.toml."""

import pathlib

from setuptools import find_packages, setup

PACKAGES = ["melgan_vocoder", "stylegan_audio", "directions", "performer", "training"]

setup(
    name="loopmorph",
    version="0.1.0",
    description="A live instrument: StyleGAN2 draws mel spectrograms of 2-bar loops, MelGAN turns them into sound.",
    long_description=pathlib.Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    python_requires=">=3.11",
    packages=find_packages(include=[pattern for name in PACKAGES for pattern in (name, f"{name}.*")]),
    package_data={
        "melgan_vocoder": ["weights/*.safetensors", "py.typed"],
        "stylegan_audio": ["models/*.safetensors", "py.typed"],
        "directions": ["py.typed"],
        "performer": ["surfaces/midi/mappings/*.toml", "surfaces/web/static/*", "py.typed"],
        "training": ["gan/presets/*.yaml", "vocoder/presets/*.yaml", "py.typed"],
    },
    install_requires=[
        "torch>=2.10",
        "click>=8.1",
        "librosa>=0.11",
        "mido>=1.3",
        "numba>=0.61",
        "numpy>=2.0",
        "python-osc>=1.9",
        "python-rtmidi>=1.5.8",
        "rich>=13",
        "safetensors>=0.5",
        "scipy>=1.14",
        "segno>=1.6",
        "sounddevice>=0.5",
        "soundfile>=0.13",
        "soxr>=1.0",
        "starlette>=0.46",
        "uvicorn>=0.35",
        "websockets>=14",
        "zeroconf>=0.130",
        "ifaddr>=0.2",
    ],
    extras_require={
        "train": ["matplotlib>=3.9", "pyyaml>=6", "soundfile>=0.13", "soxr>=1.0", "tensorboard>=2.19"],
        "link": ["LinkPython-extern>=1.3"],
        "dev": [
            "LinkPython-extern>=1.3; sys_platform == 'linux' and platform_machine == 'x86_64'",
            "hypothesis>=6",
            "lupa>=2.2",
            "matplotlib>=3.9",
            "mypy>=1.15",
            "playwright>=1.50",
            "py2tosc>=0.6",
            "pytest>=8",
            "pytest-timeout>=2.3",
            "ruff>=0.9",
            "scipy-stubs",
            "types-PyYAML",
            "soundfile>=0.13",
        ],
    },
    entry_points={
        "console_scripts": [
            "loopmorph = performer.cli:main",
            "loopmorph-train = training.cli:main",
        ]
    },
)
