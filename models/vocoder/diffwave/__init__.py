"""DiffWave: a diffusion vocoder."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="diffwave",
    task="vocoder",
    summary="diffusion vocoder, six or fifty steps",
    paper="DiffWave, arXiv 2009.09761",
    weights_licence="Apache-2.0",
    parts=(
        Part(
            name="diffwave",
            config="hiervox.models.vocoder.diffwave.config:DiffWaveExperiment",
            network="hiervox.models.vocoder.diffwave.network:DiffWave",
            task="hiervox.models.vocoder._diffusion.task:DiffusionVocoderTask",
            importer="hiervox.models.vocoder.diffwave.published:import_diffwave",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
)
