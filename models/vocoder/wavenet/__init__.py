"""WaveNet: causal convolutions that draw one sample after another."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="autoregressive convolutional vocoder",
    paper="WaveNet, arXiv 1609.03499",
    weights_licence="MIT",
    part=Part(
        config="WaveNetExperiment",
        network="WaveNetVocoder",
        parameters=3_720_932,
        task=".._autoregressive.task:AutoregressiveVocoderTask",
        importer="import_wavenet",
    ),
    works=("streaming",),
)
