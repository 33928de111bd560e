"""NSF-HiFi-GAN: HiFi-GAN with a harmonic source, for singing."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="GAN vocoder driven by F0, with a harmonic or a single-sine source",
    paper="neural source filter, arXiv 1904.12088, in HiFi-GAN",
    weights_licence="CC BY-NC-SA 4.0",
    part=Part(
        config="NSFHiFiGANExperiment",
        network="hiervox.modules.generators.nsf_hifigan:NSFHiFiGANGenerator",
        parameters=14_178_956,
        task="NSFHiFiGANTask",
        importer="import_nsf_hifigan",
        state_importer="import_discriminators",
    ),
    controls="..controls:F0VocoderControls",
    works=("pitch shift", "streaming"),
)
