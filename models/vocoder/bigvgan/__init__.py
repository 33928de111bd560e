"""BigVGAN: periodic, alias-free activations; a universal vocoder."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="GAN vocoder with alias-free periodic activations, both versions",
    paper="BigVGAN, arXiv 2206.04658",
    weights_licence="MIT",
    parts=(
        Part(
            config="BigVGANExperiment",
            network="hiervox.modules.generators.hifigan:HiFiGANGenerator",
            task=".._gan.task:GANVocoderTask",
            importer="import_bigvgan",
            state_importer="import_discriminators",
        ),
    ),
    pipeline="..pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
    workloads="WORKLOADS",
)
