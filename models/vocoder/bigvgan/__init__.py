"""BigVGAN: periodic, alias-free activations; a universal vocoder."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="bigvgan",
    task="vocoder",
    summary="GAN vocoder with alias-free periodic activations, both versions",
    paper="BigVGAN, arXiv 2206.04658",
    weights_licence="MIT",
    parts=(
        Part(
            name="bigvgan",
            config="hiervox.models.vocoder.bigvgan.config:BigVGANExperiment",
            network="hiervox.modules.generators.hifigan:HiFiGANGenerator",
            task="hiervox.models.vocoder._gan.task:GANVocoderTask",
            importer="hiervox.models.vocoder.bigvgan.published:import_bigvgan",
            state_importer="hiervox.models.vocoder.bigvgan.published:import_discriminators",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
    workloads="hiervox.models.vocoder.bigvgan.workloads:WORKLOADS",
)
