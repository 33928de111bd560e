"""EnCodec: a neural codec of speech and music."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="neural audio codec with residual vector quantisation, 24 kHz or 48 kHz stereo",
    paper="High Fidelity Neural Audio Compression, arXiv 2210.13438",
    weights_licence="MIT (the code; the weights' is not stated)",
    part=Part(
        config="EncodecExperiment",
        network=".networks.encodec:Encodec",
        parameters=14_851_810,
        task="EncodecTask",
        importer="import_encodec",
    ),
    pipeline="EncodecPipeline",
    float32_only=True,  # tokens are decisions, which rounding can turn
    works=("tokens at several bandwidths",),
)
