"""Names of blocks that the authors' two models share, as rules for `map_tensors`."""

from __future__ import annotations

Rules = tuple[tuple[str, str], ...]

WAVENET_RULES: Rules = (
    (r"\bin_layers\.", "dilated."),
    (r"\bres_skip_layers\.", "residual_skip."),
    (r"\bcond_layer\.", "condition."),
)
ATTENTION_RULES: Rules = (
    (r"\bconv_q\.", "query."),
    (r"\bconv_k\.", "key."),
    (r"\bconv_v\.", "value."),
    (r"\bconv_o\.", "output."),
    (r"\bemb_rel_k$", "relative_keys"),
    (r"\bemb_rel_v$", "relative_values"),
)
TRANSFORMER_RULES: Rules = (
    (r"\battn_layers\.", "attentions."),
    (r"\bnorm_layers_1\.", "attention_norms."),
    (r"\bffn_layers\.(\d+)\.conv_1\.", r"feed_forwards.\1.expand."),
    (r"\bffn_layers\.(\d+)\.conv_2\.", r"feed_forwards.\1.contract."),
    (r"\bnorm_layers_2\.", "feed_forward_norms."),
)
STYLE_ENCODER_RULES: Rules = (
    (r"^emb_g\.(spectral\.\d\.)", r"style_encoder.\1"),
    (r"^emb_g\.temporal\.(\d)\.conv1\.", r"style_encoder.temporal.\1.convolution."),
    (r"^emb_g\.slf_attn\.", "style_encoder.attention."),
    (r"^emb_g\.fc\.", "style_encoder.projection."),
)


def flow_rules(published: str, ours: str, n_couplings: int = 4) -> Rules:
    """Rules of one transformer flow, by the names of the flow in either model."""
    return (
        (rf"^{published}\.cond_block\.", f"{ours}.condition."),
        # Every second entry of the published list is a channel flip.
        *((rf"^{published}\.flows\.{2 * i}\.", f"{ours}.couplings.{i}.") for i in range(n_couplings)),
        (rf"^({ours}\.couplings\.\d+)\.pre\.", r"\1.input."),
        (rf"^({ours}\.couplings\.\d+)\.post\.", r"\1.shift."),
        (r"\benc_block\.", "blocks."),
        (r"\battn\.qkv\.", "attention.query_key_value."),
        (r"\battn\.proj\.", "attention.projection."),
        (r"\bmlp\.fc1\.", "feed_forward.expand."),
        (r"\bmlp\.fc2\.", "feed_forward.contract."),
        (r"\badaLN_modulation\.", "modulation."),
    )
