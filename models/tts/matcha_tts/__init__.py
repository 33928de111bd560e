"""Matcha-TTS: text to mel spectrograms by conditional flow matching."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="text to mel spectrogram by conditional flow matching in a few steps, with any vocoder",
    paper="Matcha-TTS, arXiv 2309.03199",
    weights_licence="MIT (the code; the weights' is not stated)",
    part=Part(
        config="MatchaExperiment",
        network=".networks.matcha_tts:MatchaTts",
        parameters=18_204_193,
        task="MatchaTask",
        importer="import_matcha_tts",
    ),
    uses=("vocoder",),
    controls="MatchaControls",
)
