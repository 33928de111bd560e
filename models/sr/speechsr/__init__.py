"""SpeechSR: from 16 kHz speech to 24 or 48 kHz."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="speechsr",
    task="sr",
    summary="speech super-resolution from 16 kHz to 24 or 48 kHz with 0.13 M parameters",
    paper="HierSpeech++, arXiv 2311.12454, section 3.4",
    weights_licence="MIT",
    parts=(
        Part(
            name="speechsr",
            config="hiervox.models.sr.speechsr.config:SpeechSRExperiment",
            network="hiervox.models.sr.speechsr.networks:build_network",
            task="hiervox.models.sr.speechsr.task:SpeechSRTask",
            importer="hiervox.models.sr.speechsr.published:import_speechsr",
        ),
    ),
    pipeline="hiervox.models.sr.speechsr.pipeline:SpeechSRPipeline",
    works=("super-resolution to 24 and 48 kHz", "training", "published weights"),
    workloads="hiervox.models.sr.speechsr.workloads:WORKLOADS",
    pretrained="hiervox.models.sr.speechsr.pretrained:ENTRIES",
)
