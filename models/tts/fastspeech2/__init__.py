"""FastSpeech 2: an acoustic model with given durations, pitch and energy."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="text to log-mel in one pass, from predicted durations, pitch and energy",
    paper="FastSpeech 2, arXiv 2006.04558",
    weights_licence="MIT (the code of ming024; the weights' is not stated)",
    part=Part(
        name="acoustic",
        config="FastSpeech2Experiment",
        network="FastSpeech2",
        parameters=34_599_491,
        task="FastSpeech2Task",
        importer="import_fastspeech2",
    ),
    works=("speed, pitch and energy",),
    uses=("vocoder",),
    controls="FastSpeech2Controls",
)
