"""Glow-TTS: text to mel spectrograms by a flow."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="text to mel spectrogram by a flow that finds its own alignment, with any vocoder",
    paper="Glow-TTS, arXiv 2005.11129",
    weights_licence="MIT (the code; the weights' is not stated)",
    part=Part(
        config="GlowTtsExperiment",
        network=".._flow.network:FlowTextToFrames",
        parameters=28_629_649,
        task="GlowTtsTask",
        importer="import_glow_tts",
    ),
    uses=("vocoder",),
    controls="GlowTtsControls",
)
