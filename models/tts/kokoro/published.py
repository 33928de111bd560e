"""The published Kokoro-82M (github.com/hexgrad/kokoro, Apache-2.0) as ours."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.tts.kokoro.config import KokoroConfig
from hiervox.models.tts.kokoro.networks.encoders import BertSizes
from hiervox.models.tts.kokoro.networks.generator import GeneratorSizes
from hiervox.models.tts.kokoro.networks.kokoro import Kokoro
from hiervox.models.tts.kokoro.reading import LANGUAGES, table_symbols
from hiervox.processors.text.config import TextConfig
from hiervox.utils.config import Config
from hiervox.utils.errors import CheckpointError

ADAPTIVE_NORM = r"\.(norm[12]|adain[12]\.\d+)\.fc\.weight$"
"""Of instance norms."""
ALPHA = r"\.alpha[12]\.\d+$"
"""Of Snake, (1, C, 1)."""
RULES: Rules = (
    (r"^predictor\.lstm\.", "prosody.duration_lstm."),
    (r"^predictor\.duration_proj\.linear_layer\.", "prosody.duration."),
    (r"^predictor\.(F0|N)_proj\.", r"predictor.\1.projection."),
    (r"^predictor\.(F0|N)\.(\d)", r"predictor.\1.blocks.\2"),
    (r"^predictor\.F0\.", "prosody.f0."),
    (r"^predictor\.N\.", "prosody.energy."),
    (r"^predictor\.shared\.", "prosody.shared."),
    (r"^bert_encoder\.", "bert_projection."),
    (r"^text_encoder\.cnn\.(\d+)\.0\.", r"text_encoder.convs.\1."),
    (r"^text_encoder\.cnn\.(\d+)\.1\.", r"text_encoder.norms.\1."),
    (r"^decoder\.decode\.", "decoder.blocks."),
    (r"^decoder\.F0_conv\.", "decoder.f0."),
    (r"^decoder\.N_conv\.", "decoder.energy."),
    (r"^decoder\.asr_res\.0\.", "decoder.text."),
    (r"\.m_source\.l_linear\.", ".source.weights."),
    (r"\.noise_convs\.", ".source_convs."),
    (r"\.noise_res\.", ".source_blocks."),
    (r"\.generator\.ups\.", ".generator.upsamples."),
    (r"\.conv_post\.", ".output."),
    (r"\.convs1\.", ".dilated_convs."),
    (r"\.convs2\.", ".plain_convs."),
    (r"\.alpha1\.(\d+)$", r".dilated_norms.\1.snake.alpha"),
    (r"\.alpha2\.(\d+)$", r".plain_norms.\1.snake.alpha"),
    (r"\.adain1\.(\d+)\.", r".dilated_norms.\1.norm."),
    (r"\.adain2\.(\d+)\.", r".plain_norms.\1.norm."),
    (r"^(?!bert)(.*\.)norm1\.", r"\1first_norm."),
    (r"^(?!bert)(.*\.)norm2\.", r"\1second_norm."),
    (r"^(?!bert)(.*\.)conv1\.", r"\1first."),
    (r"^(?!bert)(.*\.)conv2\.", r"\1second."),
    (r"^(?!bert)(.*\.)conv1x1\.", r"\1shortcut."),
    (r"^(?!bert)(.*\.)pool\.", r"\1upsample."),
    (r"\.fc\.", ".style."),
)
"""Of all but what `_numbered` counts."""
VOICE = "voices."
"""What the names of voices' styles begin with, (rows, 1, 2 S) or (rows, 2 S) each."""
UNUSED = r"^bert\.(pooler\.|embeddings\.position_ids$)"
WEIGHT_NORMS = ((".weight_g", ".weight_v"), tuple(f".parametrizations.weight.original{n}" for n in (0, 1)))


def import_kokoro(
    state_dict: dict[str, Tensor], published_config: dict[str, Any]
) -> tuple[dict[str, Config], dict[str, Tensor]]:
    """Map the published tensors and the styles of voices.

    Returns:
        the sections `model` and `text` of a config, and tensors by our names.

    Args:
        state_dict: the authors' tensors, `bert.…`, `bert_encoder.…`, `predictor.…`, `text_encoder.…` and
            `decoder.…`, and `voices.NAME`; `egs/tts/kokoro` writes such a file.
        published_config: the authors' `config.json`.

    Raises:
        CheckpointError: the tensors or the config are not Kokoro's.
    """
    voices = {
        name.removeprefix(VOICE): style.flatten(1)
        for name, style in sorted(state_dict.items())
        if name.startswith(VOICE)
    }
    with reading_published():
        config, text = _config(published_config, voices)
    own = {name: tensor for name, tensor in state_dict.items() if not name.startswith(VOICE)}
    with torch.device("meta"):
        network = Kokoro(config)
    plain = without_weight_norm(own)
    for stem in [name.removesuffix("fc.weight") for name in plain if re.search(ADAPTIVE_NORM, name)]:
        size = len(plain[f"{stem}fc.bias"]) // 2  # absent from published checkpoints, present in an export
        plain.setdefault(f"{stem}norm.weight", torch.ones(size))
        plain.setdefault(f"{stem}norm.bias", torch.zeros(size))
    if len({style.shape for style in voices.values()}) > 1:
        raise CheckpointError("the voices' styles are of several shapes", "give the voices of one model")
    plain |= {name: plain[name].flatten() for name in plain if re.search(ALPHA, name)}
    plain["styles"] = (
        torch.stack(list(voices.values()))
        if voices
        else torch.zeros(0, config.style_rows, 2 * config.style_channels)
    )
    return {"model": config, "text": text}, map_tensors(
        plain, (*_numbered(config), *RULES), network, ignored=UNUSED
    )


def _numbered(config: KokoroConfig) -> Rules:
    """Of lists that are numbered otherwise: residual blocks through all stages, LSTMs and norms in turn."""
    sizes = config.generator
    kernels = len(sizes.block_kernel_sizes)
    stages = (
        (rf"\.resblocks\.{number}\.", f".stages.{number // kernels}.{number % kernels}.")
        for number in range(kernels * len(sizes.rates))
    )
    layers = (
        (rf"^predictor\.text_encoder\.lstms\.{2 * number + place}\.", f"prosody.encoder.{kind}.{number}.")
        for number in range(config.n_layers)
        for place, kind in enumerate(("lstms", "norms"))
    )
    return (*stages, *layers)


def without_weight_norm(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights in place of their norms and directions; filters of norm 0 are 0."""
    plain = dict(tensors)
    for norm, direction in WEIGHT_NORMS:
        for name in [name for name in tensors if name.endswith(norm)]:
            stem = name.removesuffix(norm)
            vector = plain.pop(stem + direction)
            length = vector.flatten(1).norm(dim=1).reshape(-1, *(1,) * (vector.dim() - 1))
            plain[f"{stem}.weight"] = (
                plain.pop(name) * vector / length.clamp_min(torch.finfo(length.dtype).tiny)
            )
    return plain


def _config(published: dict[str, Any], voices: dict[str, Tensor]) -> tuple[KokoroConfig, TextConfig]:
    bert, generator = published["plbert"], published["istftnet"]
    config = KokoroConfig(
        n_symbols=published["n_token"],
        channels=published["hidden_dim"],
        style_channels=published["style_dim"],
        n_layers=published["n_layer"],
        longest_duration=published["max_dur"],
        bert=BertSizes(
            channels=bert["hidden_size"],
            n_heads=bert["num_attention_heads"],
            n_layers=bert["num_hidden_layers"],
            filter_channels=bert["intermediate_size"],
            positions=bert["max_position_embeddings"],
            embedding_channels=bert.get("embedding_size", 128),
        ),
        generator=GeneratorSizes(
            channels=generator["upsample_initial_channel"],
            rates=tuple(generator["upsample_rates"]),
            kernel_sizes=tuple(generator["upsample_kernel_sizes"]),
            block_kernel_sizes=tuple(generator["resblock_kernel_sizes"]),
            block_dilations=tuple(map(tuple, generator["resblock_dilation_sizes"])),
            n_fft=generator["gen_istft_n_fft"],
            hop_length=generator["gen_istft_hop_size"],
        ),
        voices=tuple(voices),
        **({"style_rows": len(next(iter(voices.values())))} if voices else {}),
    )
    symbols = table_symbols(published["vocab"], config.n_symbols)
    return config, TextConfig(languages=LANGUAGES, symbols=symbols)
