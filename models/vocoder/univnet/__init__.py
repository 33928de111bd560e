"""UnivNet: location-variable convolutions on noise."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="univnet",
    task="vocoder",
    summary="GAN vocoder with location-variable convolutions, two sizes",
    paper="UnivNet, arXiv 2106.07889",
    weights_licence="BSD-3-Clause",
    parts=(
        Part(
            name="univnet",
            config="hiervox.models.vocoder.univnet.config:UnivNetExperiment",
            network="hiervox.modules.generators.univnet:UnivNetGenerator",
            task="hiervox.models.vocoder._gan.task:GANVocoderTask",
            importer="hiervox.models.vocoder.univnet.published:import_univnet",
            state_importer="hiervox.models.vocoder.univnet.published:import_discriminators",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
)
