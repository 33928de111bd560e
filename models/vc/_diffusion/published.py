"""Names of tensors that the published checkpoints of both systems share."""

from __future__ import annotations

from hiervox.models.base.checkpoints.block_names import ATTENTION_RULES, WAVENET_RULES, Rules

SHARED_RULES: Rules = (
    (r"^encoder\.emb_c\.", "content."),
    (r"^encoder\.emb_g\.(spectral\.\d\.)", r"style_encoder.\1"),
    (r"^encoder\.emb_g\.temporal\.(\d)\.conv1\.", r"style_encoder.temporal.\1.convolution."),
    (r"^encoder\.emb_g\.slf_attn\.", "style_encoder.attention."),
    (r"^encoder\.emb_g\.fc\.", "style_encoder.projection."),
    (r"_encoder\.pre\.", "_encoder.input."),
    (r"_encoder\.enc\.", "_encoder.stack."),
    (r"_encoder\.proj\.", "_encoder.projection."),
    *WAVENET_RULES,
    *ATTENTION_RULES,
)
"""Of what stands before the diffusions; the prior encoders have our names by then."""

UNET_RULES: Rules = (
    (r"_score\.mlp\.", "_score.time."),
    (r"_score\.cond_block\.", "_score.condition."),
    (r"_score\.downs\.(\d)\.3\.conv\.", r"_score.downsamples.\1."),
    (r"_score\.ups\.(\d)\.3\.conv\.", r"_score.upsamples.\1."),
    (r"_score\.mid_block1\.", "_score.middle.first."),
    (r"_score\.mid_block2\.", "_score.middle.second."),
    (r"_score\.mid_attn\.", "_score.middle.attention."),
    (r"_score\.(downs|ups)\.(\d)\.0\.", r"_score.\1.\2.first."),
    (r"_score\.(downs|ups)\.(\d)\.1\.", r"_score.\1.\2.second."),
    (r"_score\.(downs|ups)\.(\d)\.2\.", r"_score.\1.\2.attention."),
    (r"\.attention\.fn\.g$", ".attention.gain"),
    (r"\.attention\.fn\.fn\.to_qkv\.", ".attention.query_key_value."),
    (r"\.attention\.fn\.fn\.to_out\.", ".attention.output."),
    (r"\.(first|second)\.mlp\.", r".\1.time."),
    (r"\.block1\.block\.", ".first.block."),
    (r"\.block2\.block\.", ".second.block."),
    (r"\.res_conv\.", ".skip."),
    (r"_score\.(?:m_)?final_block\.", "_score.heads.0.block."),
    (r"_score\.(?:m_)?final_conv\.", "_score.heads.0.projection."),
    (r"_score\.z_final_block\.", "_score.heads.1.block."),
    (r"_score\.z_final_conv\.", "_score.heads.1.projection."),
    (r"\.block\.(?:block\.)?0\.", ".block.0."),
    (r"\.block\.(?:block\.)?1\.", ".block.1."),
    (r"\.(first|second)\.block\.0\.", r".\1.convolution."),
    (r"\.(first|second)\.block\.1\.", r".\1.norm."),
    (r"\.heads\.(\d)\.block\.0\.", r".heads.\1.block.convolution."),
    (r"\.heads\.(\d)\.block\.1\.", r".heads.\1.block.norm."),
)
"""Of U-Nets whose names end in `_score`."""
