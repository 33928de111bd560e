"""MelGAN: a small convolutional generator trained without a reconstruction loss."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="small GAN vocoder",
    paper="MelGAN, arXiv 1910.06711",
    weights_licence="MIT",
    parts=(
        Part(
            config="MelGANExperiment",
            network="MelGANGenerator",
            task=".._gan.task:GANVocoderTask",
            importer="import_melgan",
            state_importer="import_discriminators",
        ),
    ),
    pipeline="..pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
    replacements=f"{__name__}.replacements",
)
