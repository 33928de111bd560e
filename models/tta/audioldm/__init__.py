"""AudioLDM: captions to sound by diffusion of latents of spectrograms."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="captions to sound by latent diffusion, under T5, CLAP or an encoder of its own",
    paper="AudioLDM, arXiv 2301.12503; AUDIT, arXiv 2304.00830, whose network Amphion has under the name",
    weights_licence="not stated",
    parts=(
        Part(
            name="autoencoder",
            config=".._latent.config:AutoencoderExperiment",
            network=".._latent.autoencoder:MelAutoencoder",
            parameters=62_077_670,
            task=".._latent.tasks:AutoencoderTask",
            importer="import_autoencoder",
        ),
        Part(
            name="diffusion",
            config=".._latent.config:LatentDiffusionExperiment",
            network=".._latent.diffusion:LatentDiffusion",
            parameters=400_096_004,
            task="AudioLDMTask",
            importer="import_diffusion",
        ),
    ),
    pipeline="load_pipeline",
    uses=("vocoder",),
    controls=".._latent.controls:LatentAudioControls",
)
