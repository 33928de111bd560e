"""How long a loader takes to start on a large corpus, and its memory: a synthetic manifest without sound.

`python -m hiervox.models.base.data.benchmark --cuts 400000 --folder /tmp/large` makes the manifest. Run again
with this folder, it prints CPU seconds and MiB: of the first start, which indexes it, and then of later ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from hiervox.models.base.config import DataConfig, ExperimentConfig, TrainConfig
from hiervox.models.base.data.batch import Split
from hiervox.models.base.data.manifest import CUTS_NAME
from hiervox.utils.host import peak_memory

RATE, HOP = 16_000, 320


def main() -> None:
    """Make the manifest where there is none; start a loader, an epoch half through, and a validation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=400_000)
    parser.add_argument("--folder", type=Path, required=True)
    given = parser.parse_args()
    manifest = given.folder / CUTS_NAME
    if not manifest.exists():
        write_manifest(manifest, given.cuts)
        sys.stdout.write(f"wrote {manifest}\n")
        return
    experiment = ExperimentConfig(
        system="none",
        part="none",
        out_dir=given.folder,
        data=DataConfig(cuts=manifest, dev_size=128),
        train=TrainConfig(batch_size=32, workers=0),
    )
    for name, seconds in timed_starts(experiment):
        memory = peak_memory() / 2**20
        sys.stdout.write(f"{name}: {seconds:.2f} s, {memory:.0f} MiB at most\n")


def timed_starts(experiment: ExperimentConfig) -> list[tuple[str, float]]:
    """Seconds from nothing to the first list of cuts to read."""
    begun = time.process_time()
    from hiervox.models.base.data.loader import CutLoader

    starts = [("imports", time.process_time() - begun)]
    begun = time.process_time()
    loader = CutLoader(experiment, frozenset({"wav"}))
    asked: tuple[tuple[str, Split, int, int], ...] = (
        ("start of training", "train", 0, 0),
        ("next epoch, 6000 batches in", "train", 1, 6000),
        ("validation", "dev", 0, 0),
    )
    for name, split, epoch, skip in asked:
        batches: Any = loader.batches(split, epoch=epoch, skip_batches=skip, rank=0, world_size=1)
        next(iter(batches.sampler))
        starts.append((name, time.process_time() - begun))
        begun = time.process_time()
    return starts


def write_manifest(path: Path, cuts: int) -> None:
    """Cuts of 2 to 15 s with stored waveform, F0, semantic vectors, and tokens; their arrays don't exist."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seconds = np.random.default_rng(0).uniform(2, 15, cuts)
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as lines:
        for number, length in enumerate(seconds.round(2).tolist()):
            lines.write(json.dumps(_tree(f"speaker{number % 999:03d}-{number:07d}", number, length)) + "\n")


def _tree(name: str, number: int, seconds: float) -> dict[str, Any]:
    samples = round(seconds * 24_000)
    frames = round(seconds * RATE) // HOP
    arrays = {
        "wav": ([frames * HOP], 1 / RATE),
        "f0": ([4 * frames], 0.005),
        "semantic": ([frames, 64], 0.02),
    }
    custom = {
        field: {
            "array": {
                "storage_type": "numpy_hdf5",
                "storage_path": f"blocks/{number // 64:05d}.h5",
                "storage_key": f"{number % 64:03d}/{field}",
                "shape": shape,
            },
            "temporal_dim": 0,
            "frame_shift": shift,
            "start": 0,
        }
        for field, (shape, shift) in arrays.items()
    }
    source = {"type": "file", "channels": [0], "source": f"/corpus/{name}.wav"}
    recording = {
        "id": name,
        "sources": [source],
        "sampling_rate": 24_000,
        "num_samples": samples,
        "duration": samples / 24_000,
        "channel_ids": [0],
    }
    supervision = {
        "id": name,
        "recording_id": name,
        "start": 0.0,
        "duration": samples / 24_000,
        "channel": 0,
        "text": "This is what is said here. " * 3,
        "language": "en-us",
        "speaker": name[:10],
        "custom": {"ipa": "ðɪs ɪz wɒt ɪz sˈɛd hˈɪə " * 3, "tokens": [7] * 72},
    }
    return {
        "id": name,
        "start": 0,
        "duration": samples / 24_000,
        "channel": 0,
        "supervisions": [supervision],
        "recording": recording,
        "custom": custom,
        "type": "MonoCut",
    }


if __name__ == "__main__":
    main()
