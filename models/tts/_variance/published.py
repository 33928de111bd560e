"""Names and sizes of blocks in checkpoints that began with ming024/FastSpeech2 (MIT)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from hiervox.models.base.checkpoints.block_names import Rules
from hiervox.models.tts._variance.feed_forward_transformer import FeedForwardTransformerSizes
from hiervox.modules.predictors.variance import VariancePredictorSizes

_LINEAR = r"(\.(w_qs|w_ks|w_vs|fc|linear_layer)|^mel_linear)\.weight$"
VARIANCE_RULES: Rules = (
    (r"^encoder\.src_word_emb\.", "embedding."),
    (r"^speaker_emb\.", "speaker_table."),
    (r"^(encoder|decoder)\.layer_stack\.(\d+)\.slf_attn\.layer_norm\.", r"\1.blocks.attention_norms.\2."),
    (r"^(encoder|decoder)\.layer_stack\.(\d+)\.pos_ffn\.layer_norm\.", r"\1.blocks.feed_forward_norms.\2."),
    (r"^(encoder|decoder)\.layer_stack\.(\d+)\.slf_attn\.", r"\1.blocks.attentions.\2."),
    (r"^(encoder|decoder)\.layer_stack\.(\d+)\.pos_ffn\.", r"\1.blocks.feed_forwards.\2."),
    (r"\.w_qs\.", ".query."),
    (r"\.w_ks\.", ".key."),
    (r"\.w_vs\.", ".value."),
    (r"\.fc\.", ".output."),
    (r"\.w_1\.", ".expand."),
    (r"\.w_2\.", ".contract."),
    (r"^variance_adaptor\.duration_predictor\.", "adaptor.duration_predictor."),
    (r"^variance_adaptor\.(pitch|energy)_predictor\.", r"adaptor.\1.predictor."),
    (r"\.conv_layer\.conv1d_1\.conv\.", ".convs.0."),
    (r"\.conv_layer\.conv1d_2\.conv\.", ".convs.1."),
    (r"\.conv_layer\.layer_norm_1\.", ".norms.0."),
    (r"\.conv_layer\.layer_norm_2\.", ".norms.1."),
    (r"\.linear_layer\.", ".projection."),
    (r"(norms\.\d+)\.weight$", r"\1.gamma"),
    (r"(norms\.\d+)\.bias$", r"\1.beta"),
)


def as_convolutions(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors, those of linear layers with a kernel of one."""
    return {
        name: tensor.unsqueeze(-1) if re.search(_LINEAR, name) else tensor
        for name, tensor in state_dict.items()
    }


def predictor_sizes(tensors: Mapping[str, Tensor], dropout: float | None = None) -> VariancePredictorSizes:
    """Of the three predictors."""
    widths = tensors["variance_adaptor.duration_predictor.conv_layer.conv1d_1.conv.weight"].shape
    dropout = VariancePredictorSizes().dropout if dropout is None else dropout
    return VariancePredictorSizes(filter_channels=widths[0], kernel_size=widths[2], dropout=dropout)


def transformer_sizes(
    tensors: Mapping[str, Tensor], name: str, published: Mapping[str, Any]
) -> FeedForwardTransformerSizes:
    """Of the transformer `name`: from its tensors, and what the published config says."""
    layers = {found.group(1) for key in tensors if (found := re.match(rf"{name}\.layer_stack\.(\d+)\.", key))}
    first = tensors[f"{name}.layer_stack.0.pos_ffn.w_1.weight"].shape
    second = tensors[f"{name}.layer_stack.0.pos_ffn.w_2.weight"].shape
    return FeedForwardTransformerSizes(
        n_layers=len(layers),
        n_heads=published.get(f"{name}_head", FeedForwardTransformerSizes().n_heads),
        filter_channels=first[0],
        kernel_sizes=(first[2], second[2]),
        dropout=published.get(f"{name}_dropout", FeedForwardTransformerSizes().dropout),
    )
