"""HierSpeech++: zero-shot text to speech and voice conversion.

This folder is the published system. `lite` adds what a small voice on CPUs needs, each an option that is off
unless a config sets it; the card names its classes, which without options are those of the paper.
"""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="zero-shot text to speech and voice conversion by hierarchical variational inference",
    paper="HierSpeech++, arXiv 2311.12454",
    weights_licence="MIT",
    parts=(
        Part(
            name="text_to_vec",
            config=".lite.ttv_config:LiteTextToVecExperiment",
            network=".lite.networks.text_to_vec:build_text_to_vec",
            parameters=108_542_704,
            task=".lite.tasks.text_to_vec:LiteTextToVecTask",
            importer=".published.text_to_vec:import_text_to_vec",
        ),
        Part(
            name="synthesizer",
            config=".lite.config:LiteSynthesizerExperiment",
            network=".lite.networks.synthesizer:build_synthesizer",
            parameters=97_022_304,
            task=".lite.tasks.synthesizer:LiteSynthesizerTask",
            importer=".published.synthesizer:import_synthesizer",
        ),
    ),
    pipeline=".lite.pipeline:load_pipeline",
    works=(
        "text to speech",
        "voice conversion",
        "saved and mixed voices",
        "batches and streams",
        "F0 extraction",
        "resynthesis",
        "training",
        "published weights",
    ),
    capabilities=("vc", "f0", "resynthesis"),
    uses=("sr", "enhancement"),
    controls="HierSpeechControls",
    weights="box",
    workloads=".training_workloads:ALL_WORKLOADS",
    pretrained="ENTRIES",
)
