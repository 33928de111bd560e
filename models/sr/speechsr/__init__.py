"""SpeechSR: from 16 kHz speech to 24 or 48 kHz."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="speech super-resolution from 16 kHz to 24 or 48 kHz with 0.13 M parameters",
    paper="HierSpeech++, arXiv 2311.12454, section 3.4",
    weights_licence="MIT",
    part=Part(
        config="SpeechSRExperiment",
        network=".networks:build_network",
        parameters=131_904,
        task="SpeechSRTask",
        importer="import_speechsr",
    ),
    pipeline="SpeechSRPipeline",
    works=("super-resolution to 24 and 48 kHz",),
)
