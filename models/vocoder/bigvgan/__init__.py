"""BigVGAN: periodic, alias-free activations; a universal vocoder."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="GAN vocoder with alias-free periodic activations, both versions",
    paper="BigVGAN, arXiv 2206.04658",
    weights_licence="MIT",
    part=Part(
        config="BigVGANExperiment",
        network="hiervox.modules.generators.hifigan:HiFiGANGenerator",
        parameters=14_025_154,
        task=".._gan.task:GANVocoderTask",
        importer="import_bigvgan",
        state_importer="import_discriminators",
    ),
    works=("streaming",),
)
