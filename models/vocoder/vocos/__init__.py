"""Vocos: ConvNeXt blocks at frame rate and an inverse STFT."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="vocos",
    task="vocoder",
    summary="GAN vocoder at frame rate with an inverse STFT",
    paper="Vocos, arXiv 2306.00814",
    weights_licence="MIT",
    parts=(
        Part(
            name="vocos",
            config="hiervox.models.vocoder.vocos.config:VocosExperiment",
            network="hiervox.modules.generators.vocos:Vocos",
            task="hiervox.models.vocoder._gan.task:GANVocoderTask",
            importer="hiervox.models.vocoder.vocos.published:import_vocos",
            state_importer="hiervox.models.vocoder.vocos.published:import_discriminators",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
)
