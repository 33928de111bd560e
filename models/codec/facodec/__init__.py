"""FACodec: a neural codec that takes speech apart into prosody, content, residual and timbre."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="neural speech codec with tokens of prosody, content and residual and a vector of timbre",
    paper="NaturalSpeech 3, arXiv 2403.03100",
    weights_licence="MIT (the authors'); Plachta's is not stated",
    parts=(
        Part(
            name="facodec",
            config="FACodecExperiment",
            network=".networks.facodec:FACodec",
            parameters=42_180_585,
            task="FACodecTask",
            importer="import_facodec",
        ),
        Part(
            name="redecoder",
            config="RedecoderExperiment",
            network=".networks.redecoder:Redecoder",
            parameters=36_328_994,
            importer="import_redecoder",
        ),
    ),
    pipeline="load_pipeline",
    works=("voice conversion", "tokens by attribute"),
    capabilities=("vc",),
    controls="FACodecControls",
    float32_only=True,  # tokens are decisions, which rounding can turn
)
