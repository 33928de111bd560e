"""The forward-sum aligner: which frames each token of a text lasts."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="forced alignment by a phoneme classifier that learns from the sum over all monotonic paths",
    paper="One TTS Alignment To Rule Them All, arXiv 2108.10447; label priors of arXiv 2406.02560",
    weights_licence="none published",
    part=Part(
        name="aligner",
        config="AlignerExperiment",
        network="ForwardSumAligner",
        parameters=1_133_746,
        task="AlignerTask",
    ),
    pipeline="AlignerPipeline",
)
