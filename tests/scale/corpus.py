"""Made-up corpora of any size: sines of 1 to 15 s with a text, as a manifest and as shards.

A thousand utterances are made. Larger corpora hold them again and again, under other ids: their shards are
hard links, so that a million utterances fit a small disk, and every byte that is read is a real one.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from hiervox.models.base.data.corpus import cut_tree
from hiervox.models.base.data.manifest import CUTS_NAME, iterate_trees, write_trees
from hiervox.models.base.data.shard_format import (
    CHECKSUMS_NAME,
    IDS_NAME,
    SHARDS_NAME,
    STARTS_NAME,
    SUMMARY_NAME,
    TABLE_NAME,
    ShardFile,
    ShardList,
    shard_file,
)
from hiervox.models.base.data.sharding import shard
from hiervox.models.base.data.utterance import Utterance

UNIT = 1000
RATE = 16_000
SPEAKERS = 50


def make_unit(folder: Path, seed: int = 0) -> Path:
    """Write the utterances themselves and shard them; returns the folder of the shards."""
    shards = folder / "unit"
    if (shards / SHARDS_NAME).exists():
        return shards
    rng = np.random.default_rng(seed)
    sounds = folder / "sounds"
    sounds.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in range(UNIT):
        time = np.arange(round(float(rng.uniform(1, 15)) * RATE)) / RATE
        wav = 0.3 * np.sin(2 * np.pi * rng.uniform(100, 400) * time) + rng.normal(0, 0.003, time.size)
        audio = sounds / f"{number:05d}.wav"
        soundfile.write(audio, wav, RATE)
        text, speaker = f"this is sentence {number}", f"speaker {number % SPEAKERS}"
        rows.append(Utterance(f"u{number:05d}", audio, text, speaker, "en-us", None, f"row {number}"))
    write_trees(map(cut_tree, rows), folder / CUTS_NAME)
    shard(folder / CUTS_NAME, shards)
    return shards


def make_manifest(folder: Path, utterances: int) -> Path:
    """A manifest of so many utterances, in a folder of its own."""
    make_unit(folder)
    trees = list(iterate_trees(folder / CUTS_NAME))
    out = folder / f"manifest-{utterances}"
    if not out.is_dir():
        renamed = (
            {
                **trees[number % len(trees)],
                "id": f"{number // len(trees):05d}-{trees[number % len(trees)]['id']}",
            }
            for number in range(utterances)
        )
        write_trees(renamed, out / CUTS_NAME)
    return out


def make_shards(folder: Path, utterances: int) -> Path:
    """Shards of so many utterances, a whole number of units."""
    unit = make_unit(folder)
    listed = ShardList.model_validate_json((unit / SHARDS_NAME).read_text(encoding="utf-8"))
    copies = max(1, utterances // listed.cuts)
    out = folder / f"shards-{copies * listed.cuts}"
    if (out / SHARDS_NAME).exists():
        return out
    (out / "shar").mkdir(parents=True, exist_ok=True)
    count = len(listed.shards)
    for copy in range(copies):
        for number, entry in enumerate(listed.shards):
            for field in entry.files:
                link = out / shard_file(field, copy * count + number)
                link.unlink(missing_ok=True)
                os.link(unit / shard_file(field, number), link)
    for name in (TABLE_NAME, STARTS_NAME, CHECKSUMS_NAME):
        rows: Any = np.load(unit / name)
        np.save(out / name, np.concatenate([rows] * copies))
    lines = gzip.decompress((unit / IDS_NAME).read_bytes()).decode().splitlines()
    ids = [json.dumps(f"{copy:05d}-{json.loads(line)}") for copy in range(copies) for line in lines]
    (out / IDS_NAME).write_bytes(gzip.compress(("\n".join(ids) + "\n").encode(), compresslevel=1))
    (out / SUMMARY_NAME).write_bytes((unit / SUMMARY_NAME).read_bytes())
    files = {
        file.name: ShardFile(bytes=file.stat().st_size, sha256=hashlib.sha256(file.read_bytes()).hexdigest())
        for file in sorted(out.iterdir())
        if file.is_file()
    }
    whole = listed.model_copy(
        update={
            "cuts": copies * listed.cuts,
            "seconds": copies * listed.seconds,
            "shards": listed.shards * copies,
            "files": files,
        }
    )
    (out / SHARDS_NAME).write_text(whole.model_dump_json(), encoding="utf-8")
    return out
