"""HierSpeech++: zero-shot text to speech and voice conversion."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="hierspeechpp",
    task="tts",
    summary="zero-shot text to speech and voice conversion by hierarchical variational inference",
    paper="HierSpeech++, arXiv 2311.12454",
    weights_licence="MIT",
    parts=(
        Part(
            name="text_to_vec",
            config="hiervox.models.tts.hierspeechpp.ttv_config:TextToVecExperiment",
            network="hiervox.models.tts.hierspeechpp.networks.text_to_vec:TextToVec",
            task="hiervox.models.tts.hierspeechpp.ttv_trainer:TextToVecTask",
            importer="hiervox.models.tts.hierspeechpp.published_ttv:import_text_to_vec",
        ),
        Part(
            name="synthesizer",
            config="hiervox.models.tts.hierspeechpp.config:SynthesizerExperiment",
            network="hiervox.models.tts.hierspeechpp.networks.synthesizer:HierarchicalSynthesizer",
            task="hiervox.models.tts.hierspeechpp.synthesizer_trainer:SynthesizerTask",
            importer="hiervox.models.tts.hierspeechpp.published:import_synthesizer",
        ),
    ),
    pipeline="hiervox.models.tts.hierspeechpp.pipeline:load_pipeline",
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
    controls="hiervox.models.tts.hierspeechpp.controls:HierSpeechControls",
    weights="box",
    workloads="hiervox.models.tts.hierspeechpp.training_workloads:ALL_WORKLOADS",
    pretrained="hiervox.models.tts.hierspeechpp.pretrained:ENTRIES",
)
