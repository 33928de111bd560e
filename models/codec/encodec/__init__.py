"""EnCodec: a neural codec of speech and music."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="encodec",
    task="codec",
    summary="neural audio codec with residual vector quantisation, 24 kHz or 48 kHz stereo",
    paper="High Fidelity Neural Audio Compression, arXiv 2210.13438",
    weights_licence="MIT (the code; the weights' is not stated)",
    parts=(
        Part(
            name="encodec",
            config="hiervox.models.codec.encodec.config:EncodecExperiment",
            network="hiervox.models.codec.encodec.model:Encodec",
            task="hiervox.models.codec.encodec.task:EncodecTask",
            importer="hiervox.models.codec.encodec.published:import_encodec",
        ),
    ),
    pipeline="hiervox.models.codec.encodec.pipeline:EncodecPipeline",
    pretrained="hiervox.models.codec.encodec.pretrained:ENTRIES",
    works=("tokens at several bandwidths", "training", "published weights"),
)
