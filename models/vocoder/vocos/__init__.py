"""Vocos: ConvNeXt blocks at frame rate and an inverse STFT."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="GAN vocoder at frame rate with an inverse STFT",
    paper="Vocos, arXiv 2306.00814",
    weights_licence="MIT",
    part=Part(
        config="VocosExperiment",
        network="hiervox.modules.generators.vocos:Vocos",
        parameters=13_531_650,
        task=".._gan.task:GANVocoderTask",
        importer="import_vocos",
        state_importer="import_discriminators",
    ),
    works=("streaming",),
)
