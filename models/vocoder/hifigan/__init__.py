"""HiFi-GAN: the generator that most vocoders since start from."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="hifigan",
    task="vocoder",
    summary="GAN vocoder in three sizes",
    paper="HiFi-GAN, arXiv 2010.05646",
    weights_licence="MIT",
    parts=(
        Part(
            name="hifigan",
            config="hiervox.models.vocoder.hifigan.config:HiFiGANExperiment",
            network="hiervox.modules.generators.hifigan:HiFiGANGenerator",
            task="hiervox.models.vocoder._gan.task:GANVocoderTask",
            importer="hiervox.models.vocoder.hifigan.published:import_hifigan",
            state_importer="hiervox.models.vocoder._gan.published:import_discriminators",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
    workloads="hiervox.models.vocoder.hifigan.workloads:WORKLOADS",
)
