"""Readers of spectrograms, codes and voices, each with the network that takes what is read."""

from __future__ import annotations

import io
import os
import shutil
from pathlib import Path

import numpy as np

from hiervox.utils.array_files import read_arrays
from tests.fuzz.structure import vary_npy, vary_safetensors
from tests.fuzz.target import Target

FRAMES = 6


def array_targets(folder: Path) -> list[Target]:
    """All of them.

    Args:
        folder: for the models.
    """
    return [*_mels(folder), *_codes(folder), *_voices(folder)]


def _mels(folder: Path) -> list[Target]:
    from hiervox.models.base.pipelines.mel_file import read_mel, write_mel
    from hiervox.models.vocoder.pipeline import VocoderPipeline
    from hiervox.models.vocoder.training import build_network
    from hiervox.modules.generators.vocoder import VocoderGenerator
    from tests.models.vocoder.small import experiment

    small = experiment("nsf_hifigan")
    network = build_network(small)
    assert isinstance(network, VocoderGenerator)
    vocoder = VocoderPipeline(network, small.mel)

    def vocode(path: Path) -> object:
        saved = read_mel(path)
        if saved.config is not None:
            vocoder.require_mel(saved.config)
        f0 = np.full(saved.mel.shape[-1:], 120, np.float32) if saved.f0 is None else saved.f0
        return vocoder.vocode(saved.mel, f0)

    mel = np.full((small.mel.n_mels, FRAMES), -3.0, np.float32)
    f0 = np.full(FRAMES, 120.0, np.float32)
    file = folder / "seed.safetensors"
    write_mel(file, mel, small.mel, f0)
    arrays, texts = read_arrays(file)
    stream = io.BytesIO()
    np.save(stream, mel)
    return [
        Target("mel array", ".npy", (stream.getvalue(),), vocode, lambda rng: vary_npy(mel, rng)),
        Target(
            "mel",
            ".safetensors",
            (file.read_bytes(),),
            vocode,
            lambda rng: vary_safetensors(arrays, texts, rng),
        ),
    ]


def _codes(folder: Path) -> list[Target]:
    from hiervox.models.codec.encodec.pipeline import EncodecPipeline, ScaledEncodecPipeline
    from tests.models.codec.encodec.tiny_encodec import tiny_encodec

    whole = EncodecPipeline(tiny_encodec())
    scaled = ScaledEncodecPipeline(tiny_encodec(scale_input=True, segment_seconds=0.1))
    return [
        _codes_target("codes", whole, folder / "seed.codes"),
        _codes_target("codes of segments", scaled, folder / "seed.scaled.codes"),
    ]


def _codes_target(name: str, codec: object, file: Path) -> Target:
    from hiervox.bins.codec import decoded
    from hiervox.models.base.pipelines.codes import record_of, write_codes
    from hiervox.models.codec.encodec.pipeline import EncodecPipeline, ScaledEncodecPipeline

    assert isinstance(codec, EncodecPipeline)
    wav = np.random.default_rng(0).normal(0, 0.1, 6000).astype(np.float32)
    record = record_of(codec, "encodec")
    if isinstance(codec, ScaledEncodecPipeline):
        codes, scales = codec.encode_scaled(wav, 24_000)
        write_codes(file, codes, record, {"scales": scales})
    else:
        write_codes(file, codec.encode(wav, 24_000), record)
    arrays, texts = read_arrays(file)
    return Target(
        name,
        ".codes",
        (file.read_bytes(),),
        lambda path: decoded(codec, "encodec", path),
        lambda rng: vary_safetensors(arrays, texts, rng),
    )


def _voices(folder: Path) -> list[Target]:
    from tests.models.tts.hierspeechpp.tiny_bundle import write_tiny_bundle
    from tests.models.tts.valle.tiny_valle import write_tiny_valle

    os.environ["HIERVOX_HOME"] = str(folder / "home")
    valle = write_tiny_valle(folder / "valle")
    return [
        _voice_target("voice", write_tiny_bundle(folder / "hierspeechpp"), "fuzzed"),
        _voice_target("voice of VALL-E", valle, "fuzzed-too"),
    ]


def _voice_target(name: str, bundle: Path, voice: str) -> Target:
    """A voice is read, listed and, where it is accepted, spoken in."""
    import hiervox
    from hiervox.models.base.pipelines.voice_store import read_record, save_voice, voice_path, voices_folder
    from tests.models.tts.hierspeechpp.tiny_bundle import voice as sound

    pipeline = hiervox.load(bundle, "tts", device="cpu")
    voices_folder().mkdir(parents=True, exist_ok=True)
    file = voice_path(voice)
    save_voice(voice, pipeline.voice((sound(1.0), 16_000)), overwrite=True)
    seed = file.read_bytes()
    arrays, texts = read_arrays(file)
    controls = None
    if "VALL-E" in name:
        from hiervox.models.tts.valle.controls import ValleControls

        controls = ValleControls(prompt_text="Yes.", frames_per_token=1, stop_at_bound=True)

    def speak(path: Path) -> object:
        shutil.copyfile(path, file)
        read_record(file)
        return pipeline.tts("No.", voice, controls)

    return Target(name, ".safetensors", (seed,), speak, lambda rng: vary_safetensors(arrays, texts, rng))
