"""WaveGlow: a flow between waveforms and white noise."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="flow vocoder",
    paper="WaveGlow, arXiv 1811.00002",
    weights_licence="BSD-3-Clause",
    part=Part(
        config="WaveGlowExperiment",
        network="WaveGlow",
        parameters=87_879_272,
        task="WaveGlowTask",
        importer="import_waveglow",
    ),
    works=("streaming",),
)
