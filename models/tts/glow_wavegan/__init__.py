"""Glow-WaveGAN: text to speech by way of a latent that is learnt from the waveform."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="glow_wavegan",
    task="tts",
    summary="text to a latent by a flow, and to the waveform by the decoder the latent was learnt with",
    paper="Glow-WaveGAN, arXiv 2106.10831; Glow-WaveGAN 2, arXiv 2207.01832",
    weights_licence="none published",
    parts=(
        Part(
            name="wavegan",
            config="hiervox.models.tts.glow_wavegan.config:WaveGanExperiment",
            network="hiervox.models.tts.glow_wavegan.network:WaveGan",
            task="hiervox.models.tts.glow_wavegan.tasks.wavegan:WaveGanTask",
        ),
        Part(
            name="flow",
            config="hiervox.models.tts.glow_wavegan.config:LatentFlowExperiment",
            network="hiervox.models.tts._flow.network:FlowTextToFrames",
            task="hiervox.models.tts.glow_wavegan.tasks.flow:LatentFlowTask",
        ),
    ),
    pipeline="hiervox.models.tts.glow_wavegan.pipeline:load_pipeline",
    works=("text to speech", "voice conversion", "batches and streams", "training of both parts"),
    capabilities=("vc",),
    controls="hiervox.models.tts.glow_wavegan.controls:GlowWaveGanControls",
)
