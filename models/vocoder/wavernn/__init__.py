"""WaveRNN: a recurrent network that draws one sample after another."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="wavernn",
    package=__name__,
    task="vocoder",
    summary="autoregressive recurrent vocoder with batched folding",
    paper="WaveRNN, arXiv 1802.08435, as in github.com/fatchord/WaveRNN",
    weights_licence="MIT",
    parts=(
        Part(
            name="wavernn",
            config="WaveRNNExperiment",
            network="WaveRNN",
            task=".._autoregressive.task:AutoregressiveVocoderTask",
            importer="import_wavernn",
        ),
    ),
    pipeline="..pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
    workloads="WORKLOADS",
)
