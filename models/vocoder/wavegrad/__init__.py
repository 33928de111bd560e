"""WaveGrad: a diffusion vocoder conditioned on a continuous noise level."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="diffusion vocoder with continuous noise levels",
    paper="WaveGrad, arXiv 2009.00713",
    weights_licence="none published",
    part=Part(
        config="WaveGradExperiment",
        network="hiervox.modules.diffusion.wavegrad:WaveGrad",
        parameters=15_920_993,
        task=".._diffusion.task:DiffusionVocoderTask",
    ),
    works=("streaming",),
)
