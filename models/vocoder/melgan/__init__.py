"""MelGAN: a small convolutional generator trained without a reconstruction loss."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="small GAN vocoder",
    paper="MelGAN, arXiv 1910.06711",
    weights_licence="MIT",
    part=Part(
        config="MelGANExperiment",
        network="MelGANGenerator",
        parameters=4_266_050,
        task=".._gan.task:GANVocoderTask",
        importer="import_melgan",
        state_importer="import_discriminators",
    ),
    works=("streaming",),
)
