"""WaveGlow: a flow between waveforms and white noise."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="flow vocoder",
    paper="WaveGlow, arXiv 1811.00002",
    weights_licence="BSD-3-Clause",
    parts=(
        Part(
            config="WaveGlowExperiment",
            network="WaveGlow",
            task="WaveGlowTask",
            importer="import_waveglow",
        ),
    ),
    pipeline="..pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
    replacements=f"{__name__}.replacements",
)
