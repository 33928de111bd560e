"""DiffWave: a diffusion vocoder."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="diffusion vocoder, six or fifty steps",
    paper="DiffWave, arXiv 2009.09761",
    weights_licence="Apache-2.0",
    part=Part(
        config="DiffWaveExperiment",
        network="DiffWave",
        parameters=2_619_971,
        task=".._diffusion.task:DiffusionVocoderTask",
        importer="import_diffwave",
    ),
    works=("streaming",),
)
