"""Checkpoints of github.com/maum-ai/wavegrad2 (BSD-3-Clause) as ours; the paper's authors published none."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.tts.wavegrad2.arpabet import published_symbols
from hiervox.models.tts.wavegrad2.config import (
    DecoderSizes,
    ResamplingSizes,
    WaveGrad2Config,
)
from hiervox.models.tts.wavegrad2.networks.tacotron_encoder import TacotronEncoderSizes
from hiervox.models.tts.wavegrad2.networks.wavegrad2 import WaveGrad2
from hiervox.modules.diffusion.process import Betas
from hiervox.modules.diffusion.wavegrad_blocks import DOWN_DILATIONS, LEVEL_SCALE
from hiervox.processors.mel_presets import mel_preset
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config
from hiervox.utils.errors import CheckpointError

EPSILON = 1e-8
"""What the published normalisation adds to the sum of the densities."""
_HINT = "name a checkpoint of maum-ai/wavegrad2, and its hparameter.yaml written as JSON"
_NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")


def import_wavegrad2(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map a published checkpoint, Base or Large.

    The oddities that weights depend on come along: frames are sampled at their beginnings, 1e-8 is added to
    the sum of the densities, convolutions of the text encoder see padding, and the noise schedule that the
    config names is computed in single precision. Corrected are negative
    durations, which become 0, and schedules of other numbers of steps, which reach noise.

    Args:
        state_dict: tensors by the published names.
        published_config: the `hparameter.yaml` they were trained with, as a tree.

    Returns:
        the sections `model`, `mel` and `text` of a config, and tensors by our names.

    Raises:
        CheckpointError: the tensors or the config are not WaveGrad 2's.
    """
    with reading_published(_HINT):
        config = _config(state_dict, published_config)
        mel = _mel(published_config["audio"], config.decoder.hop_length)
        text = TextConfig(symbols=published_symbols(config.n_symbols))
    with torch.device("meta"):
        network = WaveGrad2(config)
    tensors = joined_modulations(state_dict)
    # how many batches the norms have seen is of no use, and not in every file
    for layer in range(config.text_encoder.n_layers):
        tensors.setdefault(f"encoder.cnn.{layer}.1.num_batches_tracked", torch.tensor(0))
    rules = (*_RULES, *decoder_rules(config.decoder, r"decoder\.", "decoder."))
    return {"model": config, "mel": mel, "text": text}, map_tensors(tensors, rules, network)


def joined_modulations(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Published tensors whose convolutions to scale and to shift are one, as `output`."""
    joined = {name: tensor for name, tensor in tensors.items() if ".shift_conv." not in name}
    for name in [name for name in joined if ".scale_conv." in name]:
        shift = name.replace(".scale_conv.", ".shift_conv.")
        if shift not in tensors:
            raise CheckpointError(f"the weights have no {shift}", _HINT)
        joined[name.replace(".scale_conv.", ".output.")] = torch.cat([joined.pop(name), tensors[shift]])
    return joined


def decoder_rules(sizes: DecoderSizes, published: str = "", ours: str = "") -> Rules:
    """Rules of the score network, whose modulations are numbered from the waveform up.

    Args:
        sizes: of it.
        published, ours: what the names begin with: a regular expression, and a string.
    """
    rates, several = len(sizes.rates), sizes.blocks_per_rate
    blocks: list[tuple[str, str]] = []
    for kind, own, count in (("u", "up", rates), ("d", "down", rates - 1)):
        for number in range(count):
            prefix = rf"^{published}{kind}blocks\.{number}\."
            first = rf"{kind}psampling_basic_block\." if kind == "u" else r"downsampling_basic_block\."
            if several == 2:
                blocks.append((prefix + first, f"{ours}{own}.{2 * number}."))
                blocks.append((prefix, f"{ours}{own}.{2 * number + 1}."))
            else:
                blocks.append((prefix, f"{ours}{own}.{number}."))
    return (
        (r"\.conv1d\.", "."),
        *blocks,
        *((rf"^{published}films\.{i}\.", f"{ours}modulations.{rates - 1 - i}.") for i in range(rates)),
        (rf"^{published}ublock_preconv\.", f"{ours}mel_input."),
        (rf"^{published}ublock_postconv\.", f"{ours}output."),
        (rf"^{published}dblock_preconv\.", f"{ours}wave_input."),
        (r"\.signal_conv\.0\.", ".input."),
        (r"(up\.\d+)\.first_block_main_branch\.(upsampling\.2|noupsampling\.1)\.", r"\1.convs.0."),
        (r"(up\.\d+)\.first_block_main_branch\.modulation\.convolution\.", r"\1.convs.1."),
        (r"(up\.\d+)\.second_block_main_branch\.modulation_0\.convolution\.", r"\1.convs.2."),
        (r"(up\.\d+)\.second_block_main_branch\.modulation_1\.convolution\.", r"\1.convs.3."),
        (r"(up\.\d+)\.first_block_residual_branch\.0\.", r"\1.residual."),
        (r"(down\.\d+)\.residual_branch\.0\.", r"\1.residual."),
        # the first entry of a block that resizes is the resizing
        *(
            (rf"(down\.{block})\.main_branch\.{layer + (block % several == 0)}\.convolution\.",
             rf"\1.convs.{layer}.")
            for block in range(several * (rates - 1))
            for layer in range(len(DOWN_DILATIONS))
        ),
    )  # fmt: skip


_RULES: Rules = (
    (r"^encoder\.embedding\.", "text_encoder.embedding."),
    (r"^encoder\.cnn\.(\d+)\.0\.", r"text_encoder.convs.\1."),
    (r"^encoder\.cnn\.(\d+)\.1\.", r"text_encoder.norms.\1."),
    (r"^encoder\.lstm\.", "text_encoder.recurrent.lstm."),
    (r"^speaker_embedding\.", "speaker_table."),
    (r"^resampling\.duration_predictor\.", "duration_predictor."),
    (r"^resampling\.range_parameter_predictor\.", "range_predictor."),
    (r"^(\w+_predictor)\.lstm\.", r"\1.recurrent.lstm."),
    (r"^(\w+_predictor)\.fc\.0\.", r"\1.projection."),
)


def _config(tensors: dict[str, Tensor], published: dict[str, Any]) -> WaveGrad2Config:
    encoder, predictors, data = published["encoder"], published["dur_predictor"], published["data"]
    betas = _numbers(published["ddpm"]["infer_schedule"])
    return WaveGrad2Config(
        n_symbols=len(tensors["encoder.embedding.weight"]),
        sample_rate=published["audio"]["sampling_rate"],
        voice="table",
        speakers=tuple(data["speakers"]),
        style_channels=encoder["speaker_emb"],
        mel_channels=published["audio"]["n_mel_channels"],
        text_encoder=TacotronEncoderSizes(
            channels=encoder["channel"],
            kernel_size=encoder["kernel"],
            n_layers=encoder["depth"],
            dropout=encoder["dropout_rate"],
            masked=False,
        ),
        resampling=ResamplingSizes(
            duration_channels=predictors["dur_lstm_channel"],
            range_channels=predictors["range_lstm_channel"],
            frame_offset=0.0,
            epsilon=EPSILON,
        ),
        decoder=decoder_sizes(published),
        segment_frames=published["window"]["length"],
        schedules=(betas,),
        single_precision=True,
    )


def decoder_sizes(published: dict[str, Any]) -> DecoderSizes:
    """Of the score network, by the sections `wavegrad` and `ddpm` of a published config.

    Raises:
        CheckpointError: they hold what the network here does not have.
        KeyError: something is missing.
    """
    sizes, diffusion = published["wavegrad"], published["ddpm"]
    up, down = sizes["upsample"], sizes["downsample"]
    if any(tuple(dilation) != DOWN_DILATIONS for dilation in down["dilations"]):
        raise CheckpointError("downsampling blocks have dilations other than 1, 2, 4", _HINT)
    if diffusion["pos_emb_scale"] != LEVEL_SCALE:
        raise CheckpointError(f"pos_emb_scale is not {LEVEL_SCALE:g}", _HINT)
    first, last, *_ = _numbers(diffusion["noise_schedule"])
    return DecoderSizes(
        in_channels=sizes["encode_channel"],
        mel_channels=up["preconv_channel"],
        rates=sizes["scale_factors"],
        channels=up["out_channels"],
        dilations=up["dilations"],
        wave_channels=(down["preconv_channel"], *down["out_channels"]),
        blocks_per_rate=2 if sizes["is_large"] else 1,
        first_beta=first,
        last_beta=last,
        n_steps=diffusion["max_step"],
    )


def _numbers(expression: str) -> Betas:
    """Those of a published expression, which is code: of `torch.tensor([1e-6,9e-1])` both betas."""
    return tuple(float(number) for number in _NUMBER.findall(expression))


def _mel(audio: dict[str, Any], hop_length: int) -> SpectrogramConfig:
    """Of pictures; the published network reads no spectrogram, and its frames are not those of `audio`."""
    return mel_preset("tacotron").model_copy(
        update={
            "sample_rate": audio["sampling_rate"],
            "n_fft": max(audio["filter_length"], 4 * hop_length),
            "win_length": 4 * hop_length,
            "hop_length": hop_length,
            "n_mels": audio["n_mel_channels"],
            "f_min": audio["mel_fmin"],
            "f_max": audio["mel_fmax"],
        }
    )
