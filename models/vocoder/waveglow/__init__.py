"""WaveGlow: a flow between waveforms and white noise."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="waveglow",
    task="vocoder",
    summary="flow vocoder",
    paper="WaveGlow, arXiv 1811.00002",
    weights_licence="BSD-3-Clause",
    parts=(
        Part(
            name="waveglow",
            config="hiervox.models.vocoder.waveglow.config:WaveGlowExperiment",
            network="hiervox.modules.flows.waveglow:WaveGlow",
            task="hiervox.models.vocoder._flow.task:FlowVocoderTask",
            importer="hiervox.models.vocoder.waveglow.published:import_waveglow",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
)
