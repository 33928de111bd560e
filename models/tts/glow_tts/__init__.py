"""Glow-TTS: text to mel spectrograms by a flow."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="glow_tts",
    task="tts",
    summary="text to mel spectrogram by a flow that finds its own alignment, with any vocoder",
    paper="Glow-TTS, arXiv 2005.11129",
    weights_licence="MIT (the code; the weights' is not stated)",
    parts=(
        Part(
            name="glow_tts",
            config="hiervox.models.tts.glow_tts.config:GlowTtsExperiment",
            network="hiervox.models.tts._flow.network:FlowTextToFrames",
            task="hiervox.models.tts.glow_tts.task:GlowTtsTask",
            importer="hiervox.models.tts.glow_tts.published:import_glow_tts",
        ),
    ),
    pipeline="hiervox.models.tts.glow_tts.pipeline:load_pipeline",
    works=("text to speech with any vocoder", "batches and streams", "training", "published weights"),
    uses=("vocoder",),
    controls="hiervox.models.tts.glow_tts.controls:GlowTtsControls",
)
