"""HiFi-GAN: the generator that most vocoders since start from."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="GAN vocoder in three sizes",
    paper="HiFi-GAN, arXiv 2010.05646",
    weights_licence="MIT",
    part=Part(
        config="HiFiGANExperiment",
        network="hiervox.modules.generators.hifigan:HiFiGANGenerator",
        parameters=13_936_130,
        task=".._gan.task:GANVocoderTask",
        importer="import_hifigan",
        state_importer=".._gan.published:import_discriminators",
    ),
    works=("streaming",),
)
