"""NSF-HiFi-GAN: HiFi-GAN with a harmonic source, for singing."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="nsf_hifigan",
    task="vocoder",
    summary="GAN vocoder driven by F0, with a harmonic or a single-sine source",
    paper="neural source filter, arXiv 1904.12088, in HiFi-GAN",
    weights_licence="CC BY-NC-SA 4.0",
    parts=(
        Part(
            name="nsf_hifigan",
            config="hiervox.models.vocoder.nsf_hifigan.config:NSFHiFiGANExperiment",
            network="hiervox.modules.generators.nsf_hifigan:NSFHiFiGANGenerator",
            task="hiervox.models.vocoder.nsf_hifigan.task:NSFHiFiGANTask",
            importer="hiervox.models.vocoder.nsf_hifigan.published:import_nsf_hifigan",
            state_importer="hiervox.models.vocoder.nsf_hifigan.published:import_discriminators",
        ),
    ),
    pipeline="hiervox.models.vocoder.nsf_hifigan.pipeline:F0VocoderPipeline",
    controls="hiervox.models.vocoder.nsf_hifigan.pipeline:F0VocoderControls",
    works=("log-mel to waveform", "pitch shift", "streaming", "training", "published weights"),
)
