"""Names of blocks that the authors' two models share, as rules for `map_tensors`."""

from __future__ import annotations

from hiervox.models.base.checkpoints.block_names import Rules

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
