"""WaveRNN: a recurrent network that draws one sample after another."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="wavernn",
    task="vocoder",
    summary="autoregressive recurrent vocoder with batched folding",
    paper="WaveRNN, arXiv 1802.08435, as in github.com/fatchord/WaveRNN",
    weights_licence="MIT",
    parts=(
        Part(
            name="wavernn",
            config="hiervox.models.vocoder.wavernn.config:WaveRNNExperiment",
            network="hiervox.models.vocoder.wavernn.network:WaveRNN",
            task="hiervox.models.vocoder._autoregressive.task:AutoregressiveVocoderTask",
            importer="hiervox.models.vocoder.wavernn.published:import_wavernn",
        ),
    ),
    pipeline="hiervox.models.vocoder._autoregressive.pipeline:AutoregressiveVocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
    workloads="hiervox.models.vocoder.wavernn.workloads:WORKLOADS",
)
