"""HierSpeech++: zero-shot text to speech and voice conversion."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="zero-shot text to speech and voice conversion by hierarchical variational inference",
    paper="HierSpeech++, arXiv 2311.12454",
    weights_licence="MIT",
    parts=(
        Part(
            name="text_to_vec",
            config=".ttv_config:TextToVecExperiment",
            network=".networks.text_to_vec:TextToVec",
            task=".tasks.text_to_vec:TextToVecTask",
            importer=".published.text_to_vec:import_text_to_vec",
        ),
        Part(
            name="synthesizer",
            config="SynthesizerExperiment",
            network=".networks.synthesizer:HierarchicalSynthesizer",
            task=".tasks.synthesizer:SynthesizerTask",
            importer=".published.synthesizer:import_synthesizer",
        ),
    ),
    pipeline="load_pipeline",
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
