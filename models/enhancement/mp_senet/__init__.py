"""MP-SENet: speech denoising, magnitude and phase side by side."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="speech denoising at 16 kHz with 2.05 M parameters; HierSpeech++ cleans prompts with it",
    paper="MP-SENet, arXiv 2305.13686",
    weights_licence="MIT",
    part=Part(
        config="MPSENetExperiment",
        network=".networks.mp_senet:MPSENet",
        parameters=2_048_849,
        importer="import_mp_senet",
    ),
    pipeline="MPSENetPipeline",
    float32_only=True,  # rounding decides the phase of empty bins
)
