"""F5-TTS and E2 TTS: zero-shot text to speech that fills in speech by flow matching."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="zero-shot text to speech by flow matching, from a prompt and its text; E2 TTS too",
    paper="F5-TTS, arXiv 2410.06885",
    weights_licence="CC BY-NC 4.0",
    part=Part(
        config="F5TtsExperiment",
        network=".networks.f5_tts:F5Tts",
        parameters=335_884_388,
        task="F5TtsTask",
        importer="import_f5_tts",
    ),
    works=(
        "text to speech from a prompt, whose text is recognised where it is not given",
        "texts as written, Chinese as pinyin, or phonemes",
    ),
    uses=("vocoder",),
    controls="F5TtsControls",
)
