"""MP-SENet: speech denoising, magnitude and phase side by side."""

from models.base.card import Part, SystemCard

CARD = SystemCard(
    name="mp_senet",
    task="enhancement",
    summary="speech denoising at 16 kHz with 2.05 M parameters; HierSpeech++ cleans prompts with it",
    paper="MP-SENet, arXiv 2305.13686",
    weights_licence="MIT",
    parts=(
        Part(
            name="mp_senet",
            config="models.enhancement.mp_senet.config:MPSENetExperiment",
            network="models.enhancement.mp_senet.model:MPSENet",
            importer="models.enhancement.mp_senet.published:import_mp_senet",
        ),
    ),
    pipeline="models.enhancement.mp_senet.pipeline:MPSENetPipeline",
    works=("denoising", "published weights"),
    pretrained="models.enhancement.mp_senet.pretrained:ENTRIES",
)
