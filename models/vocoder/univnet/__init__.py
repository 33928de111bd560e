"""UnivNet: location-variable convolutions on noise."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="GAN vocoder with location-variable convolutions, two sizes",
    paper="UnivNet, arXiv 2106.07889",
    weights_licence="BSD-3-Clause",
    part=Part(
        config="UnivNetExperiment",
        network=".networks.univnet:UnivNetGenerator",
        parameters=14_865_506,
        task=".._gan.task:GANVocoderTask",
        importer="import_univnet",
        state_importer="import_discriminators",
    ),
    works=("streaming",),
)
