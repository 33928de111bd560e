"""WaveGrad: a diffusion vocoder conditioned on a continuous noise level."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="wavegrad",
    task="vocoder",
    summary="diffusion vocoder with continuous noise levels",
    paper="WaveGrad, arXiv 2009.00713",
    weights_licence="none published",
    parts=(
        Part(
            name="wavegrad",
            config="hiervox.models.vocoder.wavegrad.config:WaveGradExperiment",
            network="hiervox.modules.diffusion.wavegrad:WaveGrad",
            task="hiervox.models.vocoder._diffusion.task:DiffusionVocoderTask",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training"),
)
