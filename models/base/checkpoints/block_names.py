"""Names that published checkpoints give to blocks of `hiervox.modules`, as rules for `map_tensors`."""

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


def stochastic_duration_rules(published: str, ours: str, n_couplings: int) -> Rules:
    """Rules of the stochastic duration predictor, by its name in either model."""
    return (
        (rf"^{published}\.pre\.", f"{ours}.text_pre."),
        (rf"^{published}\.convs\.", f"{ours}.text_convs."),
        (rf"^{published}\.proj\.", f"{ours}.text_post."),
        (rf"^{published}\.cond\.", f"{ours}.style_projection."),
        (rf"^{published}\.post_pre\.", f"{ours}.duration_pre."),
        (rf"^{published}\.post_convs\.", f"{ours}.duration_convs."),
        (rf"^{published}\.post_proj\.", f"{ours}.duration_post."),
        *_duration_flow_rules(f"{published}.flows", f"{ours}.flow", n_couplings),
        *_duration_flow_rules(f"{published}.post_flows", f"{ours}.posterior_flow", n_couplings),
        (r"\bconvs_sep\.", "depthwise."),
        (r"\bconvs_1x1\.", "pointwise."),
        (r"\bnorms_1\.", "depthwise_norms."),
        (r"\bnorms_2\.", "pointwise_norms."),
    )


def _duration_flow_rules(published: str, ours: str, n_couplings: int) -> Rules:
    """The published list holds an affine layer, then couplings and channel flips in turn."""
    return (
        (rf"^{published}\.0\.m$", f"{ours}.offset"),
        (rf"^{published}\.0\.logs$", f"{ours}.log_scale"),
        *((rf"^{published}\.{2 * i + 1}\.", f"{ours}.couplings.{i}.") for i in range(n_couplings)),
        (rf"^({ours}\.couplings\.\d\.)proj\.", r"\1projection."),
    )


RESIDUAL_BLOCK_RULES: Rules = (
    (r"\.convs1\.", ".dilated_convs."),
    (r"\.convs2\.", ".plain_convs."),
    (r"\.convs\.", ".dilated_convs."),
    (r"\.act\.", ".activation."),
)
"""Within a residual block of a generator."""


def hifigan_rules(n_stages: int, n_kernels: int, published: str = "", ours: str = "") -> Rules:
    """Rules of HiFi-GAN's generator and of those that kept its names.

    The published residual blocks are numbered through all stages.

    Args:
        n_stages: of upsampling.
        n_kernels: residual blocks side by side in each.
        published, ours: what the names begin with, with a dot at the end where it is not empty.
    """
    stages = f"{ours}backbone.stages"
    blocks = (
        (
            rf"^{published}resblocks\.{number}\.",
            f"{stages}.{number // n_kernels}.blocks.blocks.{number % n_kernels}.",
        )
        for number in range(n_stages * n_kernels)
    )
    return (
        (rf"^{published}conv_pre\.", f"{ours}backbone.input."),
        (rf"^{published}cond\.", f"{ours}backbone.condition."),
        (rf"^{published}conv_post\.", f"{ours}output."),
        (rf"^{published}activation_post\.", f"{ours}backbone.activation."),
        (rf"^{published}ups\.(\d+)\.(?:0\.)?", rf"{stages}.\1.up."),
        *blocks,
        *((rf"^({ours}backbone\..*){pattern}", rf"\1{own}") for pattern, own in RESIDUAL_BLOCK_RULES),
    )
