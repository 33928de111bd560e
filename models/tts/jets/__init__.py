"""JETS: FastSpeech 2 and HiFi-GAN learnt together, with their alignment."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="end-to-end text to speech from predicted durations, pitch and energy, with its own alignment",
    paper="JETS, arXiv 2203.16852",
    weights_licence="none in the form that is read",
    part=Part(
        config="JetsExperiment",
        network="Jets",
        parameters=39_480_837,
        task="JetsTask",
        importer="import_jets",
    ),
    works=("speed, pitch and energy",),
    controls="JetsControls",
)
