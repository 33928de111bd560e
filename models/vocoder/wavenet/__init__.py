"""WaveNet: causal convolutions that draw one sample after another."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="wavenet",
    task="vocoder",
    summary="autoregressive convolutional vocoder",
    paper="WaveNet, arXiv 1609.03499",
    weights_licence="MIT",
    parts=(
        Part(
            name="wavenet",
            config="hiervox.models.vocoder.wavenet.config:WaveNetExperiment",
            network="hiervox.models.vocoder.wavenet.network:WaveNetVocoder",
            task="hiervox.models.vocoder._autoregressive.task:AutoregressiveVocoderTask",
            importer="hiervox.models.vocoder.wavenet.published:import_wavenet",
        ),
    ),
    pipeline="hiervox.models.vocoder._autoregressive.pipeline:AutoregressiveVocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
)
