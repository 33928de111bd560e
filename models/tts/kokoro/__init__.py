"""Kokoro: StyleTTS 2's synthesis from phonemes and a voice's style."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="text to speech in ready voices and mixtures of them, nine languages; for inference",
    paper="Kokoro-82M; StyleTTS 2, arXiv 2306.07691",
    weights_licence="Apache-2.0",
    part=Part(
        config="KokoroExperiment",
        network=".networks.kokoro:Kokoro",
        importer="import_kokoro",
    ),
    works=("voices mixed", "speed and pitch"),
    controls="KokoroControls",
    float32_only=True,  # F0 is summed up to phases
)
