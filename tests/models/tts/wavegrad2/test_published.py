"""Tests of `hiervox.models.tts.wavegrad2.published` on what golden files don't hold: files, wrong configs."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import hiervox
from hiervox.models.base.checkpoints.conversion import convert_published
from hiervox.models.tts.wavegrad2.arpabet import PHONES, phone_sequence, phone_tokens
from hiervox.models.tts.wavegrad2.published import import_wavegrad2
from hiervox.utils.errors import CheckpointError, TextError
from tests.models.tts.wavegrad2.parity_cases import CONFIG
from tests.models.tts.wavegrad2.tiny_wavegrad2 import tiny_wavegrad2


def _config() -> dict[str, Any]:
    """The published config at the sizes of the tiny network."""
    config = deepcopy(CONFIG)
    config["data"] = {"speakers": ["ada", "bob"]}
    config["encoder"] |= {"channel": 8, "speaker_emb": 6}
    config["dur_predictor"] = {"dur_lstm_channel": 6, "range_lstm_channel": 4}
    config["wavegrad"] |= {"encode_channel": 14, "scale_factors": [4, 4]}
    config["wavegrad"]["upsample"] = {"preconv_channel": 16, "out_channels": [16, 8]}
    config["wavegrad"]["upsample"]["dilations"] = [[1, 2, 4, 8], [1, 2, 1, 2]]
    config["wavegrad"]["downsample"] = {"preconv_channel": 8, "out_channels": [16], "dilations": [[1, 2, 4]]}
    return config


def _state_dict() -> dict[str, Tensor]:
    """By the published names."""
    own = tiny_wavegrad2("table", n_symbols=151, resampling={"duration_channels": 6, "range_channels": 4})
    named = {}
    up = ("first_block_main_branch.upsampling.2", "first_block_main_branch.modulation.convolution")
    up += tuple(f"second_block_main_branch.modulation_{i}.convolution" for i in range(2))
    back = {
        "text_encoder.embedding.": "encoder.embedding.",
        "text_encoder.recurrent.lstm.": "encoder.lstm.",
        **{f"text_encoder.convs.{i}.": f"encoder.cnn.{i}.0." for i in range(3)},
        **{f"text_encoder.norms.{i}.": f"encoder.cnn.{i}.1." for i in range(3)},
        "speaker_table.": "speaker_embedding.",
        "duration_predictor.recurrent.lstm.": "resampling.duration_predictor.lstm.",
        "duration_predictor.projection.": "resampling.duration_predictor.fc.0.",
        "range_predictor.recurrent.lstm.": "resampling.range_parameter_predictor.lstm.",
        "range_predictor.projection.": "resampling.range_parameter_predictor.fc.0.",
        "decoder.wave_input.": "decoder.dblock_preconv.conv1d.",
        "decoder.mel_input.": "decoder.ublock_preconv.conv1d.",
        "decoder.output.": "decoder.ublock_postconv.conv1d.",
        **{
            f"decoder.modulations.{i}.input.": f"decoder.films.{1 - i}.signal_conv.0.conv1d."
            for i in range(2)
        },
        **{
            f"decoder.up.{i}.convs.{j}.": f"decoder.ublocks.{i}.{up[j]}.conv1d."
            for i in range(2)
            for j in range(4)
        },
        **{
            f"decoder.up.{i}.residual.": f"decoder.ublocks.{i}.first_block_residual_branch.0.conv1d."
            for i in range(2)
        },
        **{
            f"decoder.down.0.convs.{j}.": f"decoder.dblocks.0.main_branch.{j + 1}.convolution.conv1d."
            for j in range(3)
        },
        "decoder.down.0.residual.": "decoder.dblocks.0.residual_branch.0.conv1d.",
    }
    for name, tensor in own.state_dict().items():
        if ".modulations." in name and ".output." in name:
            number, kind = 1 - int(name.split(".")[2]), name.rsplit(".", 1)[1]
            for half, part in zip(("scale", "shift"), tensor.chunk(2), strict=True):
                named[f"decoder.films.{number}.{half}_conv.conv1d.{kind}"] = part.clone()
            continue
        ours = next(ours for ours in back if name.startswith(ours))
        named[back[ours] + name.removeprefix(ours)] = tensor
    return named


def test_a_converted_model_speaks_from_token_ids(tmp_path: Path) -> None:
    torch.save({"state_dict": _state_dict()}, tmp_path / "wavegrad2.ckpt")
    (tmp_path / "hparameter.json").write_text(json.dumps(_config()))
    out = tmp_path / "converted"
    convert_published(
        "wavegrad2", "wavegrad2", tmp_path / "wavegrad2.ckpt", tmp_path / "hparameter.json", out
    )
    pipeline: Any = hiervox.load(out, device="cpu")
    assert pipeline.speakers == ("ada", "bob") and pipeline.rate == 22_050
    config = pipeline.synthesizer.network.config
    assert config.schedule(8).betas.tolist()[-1] == pytest.approx(0.9)
    assert (config.resampling.frame_offset, config.text_encoder.masked) == (0.0, False)
    sentences = [phone_sequence(["HH", "AH0", "L", "OW1", "sp"]), phone_sequence(["AY1"], position=1)]
    speech = pipeline.tts(sentences, "ada", pipeline.controls(steps=2, sentence_pause=0.1))
    assert len(speech.sentences) == 2 and np.isfinite(speech.wav).all()
    with pytest.raises(TextError, match="of the published ARPAbet table"):
        pipeline.tts("Hello.", "ada")


def test_phones_are_numbered_as_published() -> None:
    assert len(PHONES) == 87 and phone_tokens(["AA", "ZH", "sil"]) == [64, 147, 150]
    with pytest.raises(TextError, match="'HELLO' is not in ARPAbet"):
        phone_tokens(["HELLO"])
    with pytest.raises(TextError, match="no phone to speak"):
        phone_sequence([])


@pytest.mark.parametrize("wrong", ["wavegrad", "ddpm", "encoder", "audio", "data"])
def test_a_config_of_something_else_is_refused(wrong: str) -> None:
    config = _config()
    del config[wrong]
    with pytest.raises(CheckpointError):
        import_wavegrad2(_state_dict(), config)


@pytest.mark.parametrize(("section", "key", "value"), [("ddpm", "pos_emb_scale", 1), ("encoder", "depth", 0)])
def test_networks_that_are_not_ours_are_refused(section: str, key: str, value: int) -> None:
    config = _config()
    config[section] |= {key: value}
    with pytest.raises(CheckpointError):
        import_wavegrad2(_state_dict(), config)


def test_a_modulation_without_its_half_is_refused() -> None:
    tensors = _state_dict()
    del tensors["decoder.films.0.shift_conv.conv1d.bias"]
    with pytest.raises(CheckpointError, match="have no decoder"):
        import_wavegrad2(tensors, _config())
