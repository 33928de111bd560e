"""MelGAN: a small convolutional generator trained without a reconstruction loss."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="melgan",
    task="vocoder",
    summary="small GAN vocoder",
    paper="MelGAN, arXiv 1910.06711",
    weights_licence="MIT",
    parts=(
        Part(
            name="melgan",
            config="hiervox.models.vocoder.melgan.config:MelGANExperiment",
            network="hiervox.modules.generators.melgan:MelGANGenerator",
            task="hiervox.models.vocoder._gan.task:GANVocoderTask",
            importer="hiervox.models.vocoder.melgan.published:import_melgan",
            state_importer="hiervox.models.vocoder.melgan.published:import_discriminators",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
)
