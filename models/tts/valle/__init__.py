"""VALL-E: text to speech as a language model of codec tokens."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="valle",
    task="tts",
    summary="zero-shot text to speech by language models of codec tokens, from a prompt of 3 s",
    paper="VALL-E, arXiv 2301.02111",
    weights_licence="none published by the authors",
    parts=(
        Part(
            name="autoregressive",
            config="hiervox.models.tts.valle.config:AutoregressiveExperiment",
            network="hiervox.models.tts.valle.networks.autoregressive:AutoregressiveDecoder",
            task="hiervox.models.tts.valle.task:AutoregressiveTask",
            importer="hiervox.models.tts.valle.published:import_autoregressive",
        ),
        Part(
            name="non_autoregressive",
            config="hiervox.models.tts.valle.config:NonAutoregressiveExperiment",
            network="hiervox.models.tts.valle.networks.non_autoregressive:NonAutoregressiveDecoder",
            task="hiervox.models.tts.valle.task:NonAutoregressiveTask",
            importer="hiervox.models.tts.valle.published:import_non_autoregressive",
        ),
    ),
    pipeline="hiervox.models.tts.valle.pipeline:load_pipeline",
    works=(
        "text to speech from a prompt and its text",
        "sampling controls",
        "training",
        "published weights of lifeiteng/vall-e and Amphion",
    ),
    uses=("codec",),
    controls="hiervox.models.tts.valle.controls:ValleControls",
)
