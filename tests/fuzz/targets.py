"""Every reader of files, and good files to begin with."""

from __future__ import annotations

import gzip
import io
import json
import shutil
from pathlib import Path

import numpy as np
import soundfile
import torch
from safetensors.torch import save

from tests.fuzz.array_targets import array_targets
from tests.fuzz.record_targets import record_targets
from tests.fuzz.structure import json_bytes, vary_tree
from tests.fuzz.target import Reader, Target


def targets(folder: Path) -> list[Target]:
    """All of them.

    Args:
        folder: a new one, where what readers need beside their file is put.
    """
    own = [*_sounds(), *_texts(), *_tables(folder), *_configs(), *_weights(folder), *_models(folder)]
    return [*own, *array_targets(folder), *record_targets(folder)]


def _sounds() -> list[Target]:
    from hiervox.processors.audio import read_audio

    tone = 0.3 * np.sin(np.arange(1600) / 9)
    stereo = np.stack([tone, -tone / 2], axis=1)
    made = {
        "wav": [
            ("WAV", "PCM_16", tone),
            ("WAV", "FLOAT", stereo),
            ("WAV", "MS_ADPCM", tone),
            ("WAVEX", "PCM_24", stereo),
        ],
        "flac": [("FLAC", "PCM_16", tone), ("FLAC", "PCM_24", stereo)],
        "ogg": [("OGG", "VORBIS", tone), ("OGG", "OPUS", stereo)],
        "mp3": [("MP3", "MPEG_LAYER_III", tone)],
        "aiff": [
            ("AIFF", "PCM_16", stereo),
            ("AU", "PCM_16", tone),
            ("W64", "PCM_16", tone),
            ("CAF", "PCM_16", tone),
        ],
    }
    return [
        Target(
            f"audio {suffix}",
            f".{suffix}",
            tuple(map(_encoded, kinds)),
            lambda path: read_audio(path, 24_000),
        )
        for suffix, kinds in made.items()
    ]


def _encoded(kind: tuple[str, str, np.ndarray]) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, kind[2], 16_000, format=kind[0], subtype=kind[1])
    return stream.getvalue()


SENTENCES = (
    "Dr. Smith paid $3.50 (about 3/4 of it) on 3/4/2026 at 5:30 p.m. — see [the page](https://a.example/b?c=1).",
    "Say [[həlˈoʊ]] to R&D, please! Don't stop…\n\nA new paragraph: 1,234.5 km/h, 20°C, x² and № 5.",
    "Größe, naïve café; emoji 😀 and שלום, 你好. “Quoted” – 'so'.",
)
SSML = (
    '<speak version="1.0" xml:lang="en"><p><s>One <break time="500ms"/> two.</s></p>'
    '<prosody rate="1.2" pitch="+2st" range="120%">Three <sub alias="four">4</sub></prosody> '
    '<phoneme alphabet="ipa" ph="həlˈoʊ">hello</phoneme></speak>',
)


def _texts() -> list[Target]:
    from hiervox.processors.text.frontend import TextFrontend
    from hiervox.processors.text.lexicon import read_lexicon
    from hiervox.processors.text.script import read_script
    from hiervox.processors.text.symbols import SYMBOLS

    frontend = TextFrontend()

    def speak(path: Path) -> object:
        text = path.read_bytes().decode("utf-8", "surrogateescape")[:3000]
        return [frontend.phonemes(utterance.text) for utterance in read_script(text)]

    return [
        Target("text", ".txt", _encode(SENTENCES), speak),
        Target("ssml", ".xml", _encode(SSML), speak),
        Target(
            "lexicon",
            ".txt",
            _encode(("word\thəlˈoʊ\n# note\nanother word\ta\n",)),
            lambda path: read_lexicon(path, SYMBOLS),
        ),
    ]


def _encode(texts: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(text.encode() for text in texts)


def _tables(folder: Path) -> list[Target]:
    from hiervox.bins.rows import SOURCE, read_rows
    from hiervox.evaluation.table import read_table
    from hiervox.models.base.data.corpus import iterate_corpus
    from hiervox.models.base.data.manifest import read_cuts, write_cuts

    soundfile.write(folder / "a.wav", 0.3 * np.sin(np.arange(16_000) / 9), 16_000)
    rows = ("id,audio,text,speaker,language", 'a,{0},"Hello, ""you"".",anna,en', "b,{0},More.,bert,de")
    table = "\n".join(rows).format(folder / "a.wav") + "\n"
    (folder / "table.csv").write_text(table)
    write_cuts(iterate_corpus(folder / "table.csv"), folder / "cuts.jsonl.gz")
    utterances = [{"id": name, "audio": str(folder / "a.wav"), "text": "One."} for name in "ab"]
    lines = "".join(json.dumps(utterance) + "\n" for utterance in utterances)
    judge = f"id,system,audio,text,prompt,reference\na,x,{folder / 'a.wav'},hello,{folder / 'a.wav'},\n"
    manifest = (folder / "cuts.jsonl.gz").read_bytes()
    sources = (
        f"id,source,voice,prompt,out\na,{folder / 'a.wav'},anna:0.5,,b.wav\nc,{folder / 'a.wav'},,a.wav,\n"
    )
    return [
        Target(
            "table csv",
            ".csv",
            _encode((table, table.replace(",", "|"))),
            lambda path: list(iterate_corpus(path)),
        ),
        Target("table jsonl", ".jsonl", _encode((lines,)), lambda path: list(iterate_corpus(path))),
        Target(
            "table to convert",
            ".csv",
            _encode((sources,)),
            lambda path: read_rows(path, SOURCE, None, path.parent / "out"),
        ),
        Target("table to evaluate", ".csv", _encode((judge,)), read_table),
        Target("manifest", ".jsonl", (gzip.decompress(manifest),), read_cuts),
        Target("packed manifest", ".jsonl.gz", (manifest,), read_cuts),
    ]


EXPERIMENT = """{
  system: "speechsr", part: "speechsr", out_dir: "run", seed: 1, // a comment
  data: {cuts: "cuts.jsonl.gz", dev_size: 2},
  model: {rate: 24000, channels: 8, kernel_sizes: [3], dilations: [[1, 3]]},
  train: {max_steps: 100, batch_size: 2, optimizer: {learning_rate: 1e-4, betas: [0.8, 0.99]}, workers: 0},
}
"""


def _configs() -> list[Target]:
    from hiervox.models.base.training.experiment import load_experiment

    return [Target("config", ".json5", _encode((EXPERIMENT,)), load_experiment)]


def _weights(folder: Path) -> list[Target]:
    from hiervox.models.base.checkpoints.importing import read_published
    from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle

    torch_file = io.BytesIO()
    torch.save({"model": {"a.weight": torch.zeros(30), "b": torch.ones(2, 2).bfloat16()}}, torch_file)
    legacy = io.BytesIO()
    torch.save({"a": torch.zeros(3)}, legacy, _use_new_zipfile_serialization=False)
    return [
        *_model("speechsr", write_tiny_bundle(folder / "bundle") / "speechsr24"),
        Target(
            "published safetensors",
            ".safetensors",
            (save({"a.weight": torch.zeros(30)}, {"format": "pt"}),),
            read_published,
        ),
        Target("published torch", ".pth", (torch_file.getvalue(), legacy.getvalue()), read_published),
    ]


MODELS = ("dddm_vc", "f0_quantizer", "diff_hiervc", "hierspeech", "jets")
"""Networks whose configs and weights are changed beside those of a bundle of the flagship."""


def _models(folder: Path) -> list[Target]:
    from tests.models.tts.hierspeech.test_pipeline import write_hierspeech
    from tests.models.tts.jets.tiny_jets import write_jets
    from tests.models.vc.dddm_vc.tiny_dddm import write_bundle
    from tests.models.vc.diff_hiervc.tiny_diff_hiervc import write_checkpoint

    place = folder / "models"
    bundle = write_bundle(place / "dddm_vc")
    write_checkpoint(place / "diff_hiervc")
    write_hierspeech(place / "hierspeech")
    write_jets(place / "jets")
    folders = {name: place / name for name in MODELS}
    folders |= {"dddm_vc": bundle / "converter", "f0_quantizer": bundle / "f0_quantizer"}
    return [target for name, part in folders.items() for target in _model(name, part)]


def _model(name: str, part: Path) -> list[Target]:
    """The config of a checkpoint, of other contents and bytes, and its weights, of other bytes."""
    from hiervox.models.base.checkpoints.checkpoint import CONFIG_NAME, WEIGHTS_NAME, load_network

    def changed(kept: str, file: str) -> Reader:
        def read(path: Path) -> object:
            place = path.parent / "model"
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            (place / kept).symlink_to(part / kept)
            shutil.copyfile(path, place / file)
            return load_network(place)

        return read

    config = (part / CONFIG_NAME).read_bytes()
    tree = json.loads(config)
    return [
        Target(
            f"config of {name}",
            ".json",
            (config,),
            changed(WEIGHTS_NAME, CONFIG_NAME),
            lambda rng: json_bytes(vary_tree(tree, rng)),
        ),
        Target(
            f"weights of {name}",
            ".safetensors",
            ((part / WEIGHTS_NAME).read_bytes(),),
            changed(CONFIG_NAME, WEIGHTS_NAME),
        ),
    ]
