"""VITS: text to speech and voice conversion in one network."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="vits",
    task="tts",
    summary="end-to-end text to speech by a conditional variational autoencoder with adversarial learning",
    paper="VITS, arXiv 2106.06103",
    weights_licence="MIT (the code; the weights' is not stated)",
    parts=(
        Part(
            name="vits",
            config="hiervox.models.tts.vits.config:VitsExperiment",
            network="hiervox.models.tts.vits.networks.vits:Vits",
            task="hiervox.models.tts.vits.task:VitsTask",
            importer="hiervox.models.tts.vits.published:import_vits",
        ),
    ),
    pipeline="hiervox.models.tts.vits.pipeline:load_pipeline",
    works=(
        "text to speech",
        "voice conversion between its speakers",
        "batches and streams",
        "training",
        "published weights",
    ),
    capabilities=("vc",),
    controls="hiervox.models.tts.vits.controls:VitsControls",
)
