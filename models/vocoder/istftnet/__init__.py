"""iSTFTNet: the last stages of HiFi-GAN replaced by an inverse STFT."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="HiFi-GAN with an inverse STFT for its last stages",
    paper="iSTFTNet, arXiv 2203.02395",
    weights_licence="Apache-2.0",
    part=Part(
        config="ISTFTNetExperiment",
        network="ISTFTNet",
        parameters=13_262_244,
        task=".._gan.task:GANVocoderTask",
        importer="import_istftnet",
        state_importer=".._gan.published:import_discriminators",
    ),
    works=("streaming",),
)
