"""WaveRNN: a recurrent network that draws one sample after another."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="autoregressive recurrent vocoder with batched folding",
    paper="WaveRNN, arXiv 1802.08435, as in github.com/fatchord/WaveRNN",
    weights_licence="MIT",
    part=Part(
        config="WaveRNNExperiment",
        network="WaveRNN",
        parameters=4_233_675,
        task=".._autoregressive.task:AutoregressiveVocoderTask",
        importer="import_wavernn",
    ),
    works=("streaming",),
)
