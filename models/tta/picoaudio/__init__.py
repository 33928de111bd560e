"""PicoAudio: text to audio with the times at which events are heard."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="events and their times to sound by latent diffusion",
    paper="PicoAudio, arXiv 2407.02869",
    weights_licence="not stated; the autoencoder's are for non-commercial use",
    parts=(
        Part(
            name="autoencoder",
            config="PicoAutoencoderExperiment",
            network=".._latent.autoencoder:MelAutoencoder",
            parameters=55_376_874,
            task=".._latent.tasks:AutoencoderTask",
            importer="import_autoencoder",
        ),
        Part(
            name="diffusion",
            config="PicoAudioExperiment",
            network="PicoAudio",
            parameters=144_803_464,
            task="PicoAudioTask",
            importer="import_diffusion",
        ),
    ),
    pipeline="load_pipeline",
    uses=("vocoder",),
    works=("times of events",),
    controls="PicoAudioControls",
)
