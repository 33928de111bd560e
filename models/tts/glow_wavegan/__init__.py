"""Glow-WaveGAN: text to speech by way of a latent that is learnt from the waveform."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="text to a latent by a flow, and to the waveform by the decoder the latent was learnt with",
    paper="Glow-WaveGAN, arXiv 2106.10831; Glow-WaveGAN 2, arXiv 2207.01832",
    weights_licence="none published",
    parts=(
        Part(
            name="wavegan",
            config="WaveGanExperiment",
            network="WaveGan",
            parameters=62_222_212,
            task=".tasks.wavegan:WaveGanTask",
        ),
        Part(
            name="flow",
            config="LatentFlowExperiment",
            network=".._flow.network:FlowTextToFrames",
            parameters=28_974_145,
            task=".tasks.flow:LatentFlowTask",
        ),
    ),
    capabilities=("vc",),
    controls="GlowWaveGanControls",
)
