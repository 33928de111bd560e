"""VALL-E: text to speech as a language model of codec tokens."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="zero-shot text to speech by language models of codec tokens, from a prompt of 3 s",
    paper="VALL-E, arXiv 2301.02111",
    weights_licence="none published by the authors",
    parts=(
        Part(
            name="autoregressive",
            config="AutoregressiveExperiment",
            network=".networks.autoregressive:AutoregressiveDecoder",
            parameters=153_440_258,
            task="AutoregressiveTask",
            importer="import_autoregressive",
        ),
        Part(
            name="non_autoregressive",
            config="NonAutoregressiveExperiment",
            network=".networks.non_autoregressive:NonAutoregressiveDecoder",
            parameters=213_266_434,
            task="NonAutoregressiveTask",
            importer="import_non_autoregressive",
        ),
    ),
    works=(
        "text to speech from a prompt and its text",
        "sampling controls",
        "published weights of lifeiteng/vall-e and Amphion",
    ),
    uses=("codec",),
    controls="ValleControls",
)
