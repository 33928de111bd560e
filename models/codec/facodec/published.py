"""Published FACodec weights as ours: the authors' two versions, their redecoder, and Plachta's training."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from hiervox.models.base.checkpoints.block_names import ATTENTION_RULES, WAVENET_RULES, Rules
from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.base.checkpoints.published_config import reading_published
from hiervox.models.codec.facodec.config import TRAINED_24KHZ
from hiervox.models.codec.facodec.networks.facodec import FACodec, FACodecConfig
from hiervox.models.codec.facodec.networks.predictors import HeadName, PredictorSizes
from hiervox.models.codec.facodec.networks.quantizer import FactorizedSizes
from hiervox.models.codec.facodec.networks.redecoder import Redecoder, RedecoderSizes
from hiervox.modules.convolutions.wavenet import WaveNetSizes
from hiervox.modules.encoders.style import StyleEncoderSizes
from hiervox.modules.transformers.convolutional import TransformerSizes

HINT = "name the tensors as docs/guides/codec.md says, and the right part"
Tensors = dict[str, Tensor]
HEAD_NAMES: dict[str, HeadName] = {
    "f0_predictor": "pitch_of_prosody",
    "phone_predictor": "phone_of_content",
    "timbre_predictor": "speaker_of_timbre",
    "content_f0_predictor": "pitch_of_content",
    "prosody_phone_predictor": "phone_of_prosody",
    "res_f0_predictor": "pitch_of_residual",
    "res_phone_predictor": "phone_of_residual",
    "x_timbre_predictor": "speaker_of_sum",
    "rev_f0_predictor": "pitch_of_residual",
    "rev_content_predictor": "phone_of_residual",
    "rev_timbre_predictor": "speaker_of_sum",
}
UNUSED = r"(^|\.)(rev_)?global_f0_predictor\.|\.pe$|mel_transform\.|to_mel\.|^discriminator\."
TRANSFORMER_RULES: Rules = (
    (r"\.ln_1\.", ".attention_norm."),
    (r"\.ln_2\.", ".convolution_norm."),
    (r"\.last_ln\.", ".norm."),
    (r"\.self_attn\.", ".attention."),
    (r"\.ffn\.ffn_1\.", ".widen."),
    (r"\.ffn\.ffn_2\.", ".narrow."),
)
RULES: Rules = (
    (r"\.act\.(alpha|beta)$", r".activation.\1"),
    (r"\.(?:layers|quantizers)\.(\d)\.in_proj\.", r".books.\1.projection."),
    (r"\.(?:layers|quantizers)\.(\d)\.out_proj\.", r".books.\1.expansion."),
    (r"\.(?:layers|quantizers)\.(\d)\._?codebook\.weight$", r".books.\1.entries"),
    (r"^(?:decoder\.)?quantizer\.(0\.|prosody_quantizer\.)", "quantizers.prosody."),
    (r"^(?:decoder\.)?quantizer\.(1\.|content_quantizer\.)", "quantizers.content."),
    (r"^(?:decoder\.)?quantizer\.(2\.|residual_quantizer\.)", "quantizers.residual."),
    (r"^(decoder|quantizer)\.timbre_linear\.", "decoder.style."),
    (r"^(decoder|quantizer)\.timbre_encoder\.", "timbre_encoder."),
    (r"^timbre_encoder\.temporal\.(\d)\.conv1\.", r"timbre_encoder.temporal.\1.convolution."),
    (r"^timbre_encoder\.slf_attn\.", "timbre_encoder.attention."),
    (r"^timbre_encoder\.fc\.", "timbre_encoder.projection."),
    (r"^(decoder|quantizer)\.melspec_linear\.", "prosody_encoder.input."),
    (r"^decoder\.melspec_encoder\.", "prosody_encoder.transformer."),
    (r"^quantizer\.melspec_encoder\.(.*)\.conv\.conv\.", r"prosody_encoder.wavenet.\1.conv."),
    (r"\bres_skip_layers\.(\d)\.conv\.", r"res_skip_layers.\1."),
    (r"^quantizer\.melspec_linear2\.", "prosody_encoder.output."),
    (r"^(prosody_encoder\.(?:input|output))\.conv\.conv\.", r"\1."),
    (r"\.convtr\.convtr\.", ".conv."),
    (r"\.conv\.conv\.", ".conv."),
    *WAVENET_RULES,
    *ATTENTION_RULES,
    *TRANSFORMER_RULES,
)


def import_facodec(state_dict: Tensors, published_config: Mapping[str, Any]) -> tuple[FACodecConfig, Tensors]:
    """Map a published codec.

    Args:
        state_dict: of the authors' files `encoder` and `decoder` (or `encoder_v2` and `decoder_v2`), or of
            the networks `encoder`, `quantizer`, `decoder` and `fa_predictors` of Plachta's training, with the
            name of the file or network and a dot before each tensor's.
        published_config: nothing is read from it: the tensors tell the forms apart.

    The authors' speaker head, two thirds of their file, is left out.

    Raises:
        CheckpointError: the tensors are not FACodec's.
    """
    authors = not any(name.startswith("quantizer.") for name in state_dict)
    dropped = {name for name in state_dict if authors and ".x_timbre_predictor." in name}
    return import_with_heads({name: state_dict[name] for name in state_dict if name not in dropped})


def import_with_heads(state_dict: Tensors) -> tuple[FACodecConfig, Tensors]:
    """As `import_facodec`, with every head that a file has."""
    tensors = {
        re.sub(r"^(encoder|decoder)_v2\.", r"\1.", name): tensor
        for name, tensor in state_dict.items()
        if not re.search(UNUSED, name)
    }
    tensors = _joined_heads(tensors)
    with reading_published(HINT):
        config = _config_of(tensors)
    with torch.device("meta"):
        network = FACodec(config)
    stages = len(config.strides)
    rules = (*_autoencoder_rules(stages, config.lstm_layers), *_head_rules(), *RULES)
    return config, map_tensors(_shaped(tensors), rules, network)


def import_redecoder(
    state_dict: Tensors, published_config: Mapping[str, Any]
) -> tuple[RedecoderSizes, Tensors]:
    """Map the authors' redecoder.

    Args:
        state_dict: by the authors' names.
        published_config: nothing is read from it.

    Raises:
        CheckpointError: the tensors are not the redecoder's.
    """
    tensors = {
        "decoder." + name.removeprefix("redecoder."): tensor
        for name, tensor in state_dict.items()
        if not re.search(UNUSED, name)
    }
    with reading_published(HINT):
        strides = _strides(tensors, r"decoder\.model\.(\d+)\.block\.1\..*weight_v")
        books = {
            name: _count(tensors, rf"decoder\.{name}_embs\.(\d)\.")
            for name in ("prosody", "content", "residual")
        }
        sizes = RedecoderSizes(
            strides=tuple(reversed(strides)),
            decoder_channels=len(tensors["decoder.model.0.bias"]),
            dimension=tensors["decoder.timbre_linear.weight"].shape[1],
            quantizer=FactorizedSizes(
                **books,
                n_entries=len(tensors["decoder.prosody_embs.0.weight"]),
            ),
            transformer=_transformer(tensors, "decoder.timbre_cond_prosody_enc."),
        )
    with torch.device("meta"):
        network = Redecoder(sizes)
    rules = (
        (r"^decoder\.(prosody|content|residual)_embs\.", r"tables.\1."),
        (r"^decoder\.timbre_cond_prosody_enc\.", "prosody."),
        *_autoencoder_rules(len(strides), 0),
        *RULES,
    )
    return sizes, map_tensors(tensors, rules, network)


def _joined_heads(tensors: Tensors) -> Tensors:
    """The two heads of a pitch predictor, F0 and voicing, as one layer of two outputs."""
    joined = {}
    for name, tensor in tensors.items():
        second = name.replace(".heads.0.", ".heads.1.")
        if second != name and second in tensors:
            joined[name] = torch.cat([tensor, tensors[second]])
        elif ".heads.1." not in name:
            joined[name] = tensor
    return joined


def _shaped(tensors: Tensors) -> Tensors:
    """Linear layers of the quantisers and of the prosody as pointwise convolutions, Snakes by channel."""
    linear = r"^decoder\.quantizer\..*\.(in|out)_proj\.weight|^decoder\.melspec_linear\.weight"
    return {
        name: tensor.unsqueeze(-1)
        if re.search(linear, name)
        else tensor.flatten()
        if name.endswith(".alpha")
        else tensor
        for name, tensor in tensors.items()
    }


def _config_of(tensors: Tensors) -> FACodecConfig:
    """Sizes and form of a codec."""
    causal = "encoder.block.0.conv.conv.bias" in tensors
    base = TRAINED_24KHZ if causal else FACodecConfig()
    conv = ".conv.conv" if causal else ""
    strides = _strides(tensors, r"encoder\.block\.(\d+)\.block\.4\..*weight_v")
    owner = "quantizer" if causal else "decoder.quantizer"
    inner = "quantizers" if causal else "layers"
    books = {
        name: _count(tensors, rf"{owner}\.{place}\.{inner}\.(\d)\.")
        for name, place in zip(
            ("prosody", "content", "residual"),
            ("prosody_quantizer", "content_quantizer", "residual_quantizer") if causal else "012",
            strict=True,
        )
    }
    codebook = next(value for name, value in tensors.items() if name.endswith("codebook.weight"))
    whole: dict[str, Any] = {
        "strides": strides,
        "encoder_channels": len(tensors[f"encoder.block.0{conv}.bias"]),
        "decoder_channels": len(tensors[f"decoder.model.0{conv}.bias"]),
        "dimension": len(tensors[f"encoder.block.{len(strides) + (3 if causal else 2)}{conv}.bias"]),
        "quantizer": FactorizedSizes(**books, n_entries=len(codebook), dimension=codebook.shape[1]),
        "predictors": _predictors(tensors),
    }
    if causal:
        hidden = len(tensors["quantizer.melspec_linear.conv.conv.bias"])
        style = len(tensors["quantizer.timbre_encoder.spectral.0.bias"])
        whole |= {
            "style": StyleEncoderSizes(hidden_channels=style),
            "wavenet": WaveNetSizes(
                hidden_channels=hidden,
                n_layers=_count(tensors, r"quantizer\.melspec_encoder\.in_layers\.(\d)\."),
                kernel_size=base.wavenet.kernel_size,
            ),
        }
    else:
        from_mel = "decoder.melspec_linear.weight" in tensors
        whole |= {
            "transformer": _transformer(tensors, "decoder.timbre_encoder."),
            "prosody": "mel_transformer" if from_mel else "embedding",
        }
    return FACodecConfig.model_validate(base.model_dump() | whole)


def _transformer(tensors: Tensors, prefix: str) -> TransformerSizes:
    filters, _, kernel_size = tensors[f"{prefix}layers.0.ffn.ffn_1.weight"].shape
    layers = _count(tensors, rf"{re.escape(prefix)}layers\.(\d)\.")
    return TransformerSizes(
        n_layers=layers, filter_channels=filters, kernel_size=kernel_size, positions="constant"
    )


def _predictors(tensors: Tensors) -> PredictorSizes:
    """The heads of a file; classes are the rows of their last layers."""
    found: dict[HeadName, int] = {}
    for name, tensor in tensors.items():
        match = re.fullmatch(r"(?:decoder|fa_predictors)\.(\w+_predictor)\.(?:.*heads\.0\.)?bias", name)
        if match:
            found[HEAD_NAMES[match[1]]] = len(tensor)
    speakers = {size for head, size in found.items() if head.startswith("speaker")}
    return PredictorSizes(
        heads=tuple(found), n_phones=found.get("phone_of_content", 0), n_speakers=max(speakers, default=0)
    )


def _strides(tensors: Tensors, pattern: str) -> tuple[int, ...]:
    """Half the kernel sizes of strided convolutions, whose place the pattern captures, in order."""
    found = {
        int(match[1]): value for name, value in tensors.items() if (match := re.fullmatch(pattern, name))
    }
    if not found:
        raise KeyError(pattern)
    return tuple(found[place].shape[2] // 2 for place in sorted(found))


def _count(tensors: Tensors, pattern: str) -> int:
    """How many different numbers a pattern captures at the beginning of names."""
    return len({match[1] for name in tensors if (match := re.match(pattern, name))})


def _head_rules() -> Rules:
    heads = tuple(
        (rf"^(?:decoder|fa_predictors)\.{theirs}\.(?:1\.)?", f"predictors.heads.{ours}.")
        for theirs, ours in HEAD_NAMES.items()
    )
    return (
        *heads,
        (r"^(predictors\.heads\.\w+)\.model\.", r"\1.units."),
        (r"^(predictors\.heads\.\w+)\.heads\.0\.", r"\1.output."),
    )


def _autoencoder_rules(stages: int, lstm_layers: int) -> Rules:
    """Theirs are one sequence of layers; ours has the stages in one of their own."""
    more = 1 if lstm_layers else 0
    rules = [
        (r"^encoder\.block\.0\.", "encoder.0."),
        (rf"^encoder\.block\.{stages + 1}\.lstm\.", "encoder.2.lstm."),
        (rf"^encoder\.block\.{stages + 1 + more}\.", "encoder.3."),
        (rf"^encoder\.block\.{stages + 2 + more}\.", "encoder.4."),
        (r"^decoder\.model\.0\.", "decoder.decoder.0."),
        (r"^decoder\.model\.1\.lstm\.", "decoder.decoder.1.lstm."),
        (rf"^decoder\.model\.{stages + 1 + more}\.", "decoder.decoder.3."),
        (rf"^decoder\.model\.{stages + 2 + more}\.", "decoder.decoder.4."),
    ]
    for stage in range(stages):
        rules += [
            (rf"^encoder\.block\.{stage + 1}\.block\.", f"encoder.1.{stage}."),
            (rf"^decoder\.model\.{stage + 1 + more}\.block\.", f"decoder.decoder.2.{stage}."),
        ]
    return tuple(rules)
