"""Vocoding with every system: chunks, batches, what is refused, checkpoints."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

import hiervox
from hiervox.bins.app import app
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.base.checkpoints.inference import prepared
from hiervox.models.base.pipelines.mel_file import read_mel, write_mel
from hiervox.models.base.registry import SYSTEMS
from hiervox.models.vocoder.pipeline import VocoderPipeline
from hiervox.models.vocoder.training import build_network
from hiervox.models.vocoder.training import run as run_network
from hiervox.modules.autoregressive.generation import Folding
from hiervox.modules.generators.hifigan import HiFiGANGenerator, HiFiGANSizes
from hiervox.modules.normalization.weight_norm import remove_weight_norm
from hiervox.processors.mel_presets import PRESETS
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError, DataError
from hiervox.utils.registry import resolve
from tests.models.base.data.corpora import voice
from tests.models.vocoder.small import HOP, MELS, MODELS, RATE, experiment


def network_of(system: str) -> Any:
    torch.manual_seed(0)
    network = build_network(experiment(system)).eval()
    for name, parameter in network.named_parameters():
        if not name.endswith("gamma") and parameter.abs().max() == 0:  # layers that start at zero
            torch.nn.init.normal_(parameter, std=0.05)
    return network


def pipeline_of(system: str) -> Any:
    config = experiment(system)
    return resolve(SYSTEMS.named(system).pipeline or "")(
        prepared(network_of(system), system), config.mel, config.features.pitch
    )


def inputs(pipeline: Any, frames: int = 150) -> tuple[np.ndarray, np.ndarray | None]:
    wav = voice(frames * HOP / RATE, RATE).astype(np.float32)
    mel = pipeline.mel_of(wav, RATE)[:, :frames]
    return mel, np.full(mel.shape[1], 150, np.float32) if pipeline.network.needs_f0 else None


@pytest.mark.parametrize("system", sorted(MODELS))
def test_chunks_are_the_whole_and_batches_the_single_ones(system: str) -> None:
    pipeline = pipeline_of(system)
    frames = 12 if system in ("wavenet", "wavernn") else 150
    mel, f0 = inputs(pipeline, frames)
    whole = pipeline.vocode(mel, f0)
    assert len(whole) in (frames * HOP, (frames - 1) * HOP) and np.isfinite(whole).all()
    assert np.array_equal(whole, pipeline.vocode(mel, f0))
    chunks = list(pipeline.stream(mel, f0, frames // 5))
    np.testing.assert_allclose(np.concatenate(chunks), whole, atol=2e-5)
    assert len(chunks) >= 5
    short, short_f0 = mel[:, :9], None if f0 is None else f0[:9]
    mels = [mel, short, mel]
    f0s = None if f0 is None else [f0, short_f0, f0]
    batch = pipeline.vocode_batch(mels, f0s)
    for made, alone in zip(batch, (whole, pipeline.vocode(short, short_f0), whole), strict=True):
        np.testing.assert_allclose(made, alone, atol=2e-5)


@pytest.mark.parametrize("system", ["apnet", "bigvgan", "hifigan", "istftnet", "melgan", "nsf_hifigan"])
def test_a_prepared_network_gives_what_the_trained_one_does(system: str) -> None:
    pipeline, trained = pipeline_of(system), network_of(system)
    mel, f0 = inputs(pipeline, 40)
    given = [None if one is None else torch.from_numpy(one)[None] for one in (mel, f0)]
    with torch.no_grad():
        expected = run_network(trained, *given).flatten().numpy()
    np.testing.assert_allclose(pipeline.vocode(mel, f0), expected, atol=1e-5)
    remove_weight_norm(trained)
    assert pipeline.n_parameters == sum(weight.numel() for weight in trained.parameters())


def test_apnet2_gives_one_chunk_of_no_more_than_memory_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    config = experiment("apnet", model={**MODELS["apnet"], "blocks": "convnext", "hidden_channels": 8})
    pipeline: Any = resolve(SYSTEMS.named("apnet").pipeline or "")(build_network(config), config.mel)
    mel, _ = inputs(pipeline)
    assert len(list(pipeline.stream(mel, frames=10))) == 1
    monkeypatch.setattr("hiervox.models.vocoder.pipeline.ONE_PASS_SECONDS", 0.1)
    with pytest.raises(AudioError, match=r"too long .*: cut it into recordings of 0.1 s at most"):
        pipeline.vocode(mel)


def test_a_recording_goes_round_with_and_without_f0() -> None:
    wav = voice(0.5, 16_000).astype(np.float32)
    for system in ("hifigan", "nsf_hifigan"):
        pipeline = pipeline_of(system)
        assert abs(len(pipeline.resynthesize(wav, 16_000)) - 0.5 * RATE) <= HOP


def test_folding_keeps_the_length() -> None:
    pipeline = pipeline_of("wavernn")
    assert isinstance(pipeline, VocoderPipeline)
    mel, _ = inputs(pipeline, 20)
    assert pipeline.vocode_folded(mel, Folding(60, 10)).shape == (20 * HOP,)


def test_another_spectrogram_is_refused_with_both_settings() -> None:
    pipeline = pipeline_of("hifigan")
    with pytest.raises(ConfigError, match=r"n_mels 8 against 100.*log ln against log10"):
        pipeline.require_mel(PRESETS["bigvgan_24k"].model_copy(update={"log": "log10"}))
    pipeline.require_mel(pipeline.mel)


@pytest.mark.parametrize(
    ("mel", "message"),
    [
        (np.zeros((MELS + 1, 20)), "8 mel bins"),
        (np.zeros((MELS, 1)), "two frames"),
        (np.full((MELS, 20), np.nan), "finite"),
        (np.full((MELS, 20), -30.0), r"falls to -30.00, but silence is -11.51"),
    ],
)
def test_values_that_can_not_be_vocoded_are_refused(mel: np.ndarray, message: str) -> None:
    with pytest.raises(AudioError, match=message):
        pipeline_of("hifigan").vocode(mel.astype(np.float32))


def test_a_vocoder_driven_by_f0_refuses_to_go_without() -> None:
    pipeline = pipeline_of("nsf_hifigan")
    mel, _ = inputs(pipeline)
    with pytest.raises(AudioError, match="F0 of all 150 frames; given is none"):
        pipeline.vocode(mel)


@pytest.mark.parametrize("system", ["hifigan", "wavernn", "nsf_hifigan"])
def test_a_checkpoint_is_loaded_by_what_it_says(system: str, tmp_path: Path) -> None:
    config = experiment(system)
    save_weights(tmp_path, build_network(config).state_dict(), config.model_dump(mode="json"))
    pipeline = hiervox.load(tmp_path, device="cpu")
    assert isinstance(pipeline, resolve(SYSTEMS.named(system).pipeline or ""))
    assert pipeline.mel == config.mel and pipeline.rate == RATE
    assert pipeline.pitch == config.features.pitch


def test_published_weights_become_a_checkpoint_with_their_spectrogram(tmp_path: Path) -> None:
    sizes = HiFiGANSizes(initial_channels=16, block_kernel_sizes=(3,), block_dilations=((1, 3),))
    renamed = {}
    for name, tensor in HiFiGANGenerator(sizes).state_dict().items():
        name = name.replace("backbone.input.", "conv_pre.").replace("output.", "conv_post.")
        for stage in range(4):
            name = name.replace(f"backbone.stages.{stage}.up.", f"ups.{stage}.")
            name = name.replace(f"backbone.stages.{stage}.blocks.blocks.0.", f"resblocks.{stage}.")
        name = name.replace("dilated_convs", "convs1").replace("plain_convs", "convs2")
        renamed[
            name.replace("parametrizations.weight.original0", "weight_g").replace(
                "parametrizations.weight.original1", "weight_v"
            )
        ] = tensor
    save_file(renamed, tmp_path / "g.safetensors")
    published = {
        "resblock": "1",
        "num_mels": 80,
        "upsample_initial_channel": 16,
        "upsample_rates": [8, 8, 2, 2],
        "upsample_kernel_sizes": [16, 16, 4, 4],
        "resblock_kernel_sizes": [3],
        "resblock_dilation_sizes": [[1, 3]],
        "n_fft": 1024,
        "win_size": 1024,
        "hop_size": 256,
        "sampling_rate": 16_000,
        "fmin": 0,
        "fmax": 8000,
    }
    (tmp_path / "config.json").write_text(json.dumps(published))
    convert_published(
        "hifigan", "hifigan", tmp_path / "g.safetensors", tmp_path / "config.json", tmp_path / "out"
    )
    pipeline = hiervox.load(tmp_path / "out", device="cpu")
    assert pipeline.rate == 16_000
    assert pipeline.mel == PRESETS["hifigan"].model_copy(update={"sample_rate": 16_000})
    (tmp_path / "config.json").write_text(json.dumps({**published, "resblock": "3"}))
    with pytest.raises(CheckpointError, match="resblock"):
        convert_published(
            "hifigan", "hifigan", tmp_path / "g.safetensors", tmp_path / "config.json", tmp_path / "other"
        )


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_vocode_reads_recordings_and_saved_spectrograms(tmp_path: Path) -> None:
    config = experiment("nsf_hifigan")
    save_weights(tmp_path, build_network(config).state_dict(), config.model_dump(mode="json"))
    soundfile.write(tmp_path / "in.wav", voice(0.5), 16_000)
    done = run("vocode", tmp_path / "in.wav", "--model", tmp_path, "-o", tmp_path / "again.wav")
    assert done.exit_code == 0, done.output
    assert soundfile.info(tmp_path / "again.wav").samplerate == RATE
    mel, f0 = np.zeros((MELS, 20), np.float32), np.full(20, 100, np.float32)
    write_mel(tmp_path / "mel.safetensors", mel, config.mel, f0)
    done = run("vocode", tmp_path / "mel.safetensors", "--model", tmp_path, "-o", tmp_path / "mel.wav")
    assert done.exit_code == 0, done.output
    assert soundfile.info(tmp_path / "mel.wav").frames == 20 * HOP
    write_mel(tmp_path / "mel.safetensors", mel, PRESETS["vocos"])
    refused = run("vocode", tmp_path / "mel.safetensors", "--model", tmp_path, "-o", tmp_path / "no.wav")
    assert isinstance(refused.exception, ConfigError) and "sample_rate 8000 against 24000" in str(
        refused.exception
    )
    (tmp_path / "broken.safetensors").write_bytes(b"x")
    broken = run("vocode", tmp_path / "broken.safetensors", "--model", tmp_path, "-o", tmp_path / "no.wav")
    assert isinstance(broken.exception, DataError) and not (tmp_path / "no.wav").exists()


@pytest.mark.parametrize("hertz", [-100.0, 1e30, float("nan")])
def test_f0_that_no_voice_has_is_refused(hertz: float) -> None:
    pipeline = pipeline_of("nsf_hifigan")
    mel, f0 = inputs(pipeline, 20)
    assert f0 is not None
    f0[3] = hertz
    with pytest.raises(AudioError, match="F0 "):
        pipeline.vocode(mel, f0)


def test_spectrograms_that_are_none_are_refused() -> None:
    pipeline = pipeline_of("hifigan")
    mel, _ = inputs(pipeline, 20)
    loud = mel.copy()
    loud[5, 5] = 95
    with pytest.raises(AudioError, match=r"rises to 95\.00, but no sound is over"):
        pipeline.vocode(loud)
    for kind in (np.complex64, np.int32):
        with pytest.raises(AudioError, match="can't be vocoded"):
            pipeline.vocode(mel.astype(kind))


def test_mels_of_other_kinds_are_refused_in_files(tmp_path: Path) -> None:
    for name, array in (("complex", np.zeros((4, 9), np.complex64)), ("text", np.array([["a", "b"]]))):
        np.save(tmp_path / f"{name}.npy", array)
        with pytest.raises(DataError, match="holds values of"):
            read_mel(tmp_path / f"{name}.npy")


def test_pcm_is_scaled_by_its_kind() -> None:
    pipeline = pipeline_of("hifigan")
    wav = voice(0.3, RATE).astype(np.float32)
    pcm = np.round(wav * 2**15).astype(np.int16)
    assert np.allclose(pipeline.mel_of(pcm, RATE), pipeline.mel_of(wav, RATE), atol=0.2)
    with pytest.raises(AudioError, match="have no full scale"):
        pipeline.mel_of(wav.astype(np.complex64), RATE)


@pytest.mark.parametrize("system", ["vocos", "diffwave", "nsf_hifigan"])
def test_a_file_is_resynthesized_in_windows_as_the_whole_is(system: str, tmp_path: Path) -> None:
    pipeline = pipeline_of(system)
    soundfile.write(tmp_path / "in.wav", voice(3.0, RATE), RATE, subtype="FLOAT")
    chunks = list(pipeline.resynthesize_stream(tmp_path / "in.wav"))
    assert len(chunks) > 1
    wav, rate = soundfile.read(tmp_path / "in.wav", dtype="float32")
    mel, source = pipeline.mel_of(wav, rate), None
    batch = torch.from_numpy(mel)[None]
    with torch.inference_mode():
        if system != "vocos":
            f0 = pipeline.f0_of(wav, rate, mel.shape[1]) if pipeline.network.needs_f0 else None
            source = pipeline.network.source_signal(batch, None if f0 is None else torch.from_numpy(f0)[None])
        whole = pipeline.network(batch) if source is None else pipeline.network(batch, source)
    np.testing.assert_allclose(np.concatenate(chunks), whole.reshape(-1).numpy(), atol=1e-5)


@pytest.mark.parametrize("samples", [1, 12])
def test_a_few_samples_are_no_recording(samples: int) -> None:
    with pytest.raises(AudioError, match="too short"):
        pipeline_of("hifigan").resynthesize(np.full(samples, 0.1, np.float32), RATE)
