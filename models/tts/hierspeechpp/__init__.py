"""HierSpeech++: zero-shot text to speech and voice conversion."""

from models.base.card import Part, SystemCard

CARD = SystemCard(
    name="hierspeechpp",
    task="tts",
    summary="zero-shot text to speech and voice conversion by hierarchical variational inference",
    paper="HierSpeech++, arXiv 2311.12454",
    weights_licence="MIT",
    parts=(
        Part(
            name="text_to_vec",
            config="models.tts.hierspeechpp.ttv_config:TextToVecExperiment",
            network="models.tts.hierspeechpp.text_to_vec:TextToVec",
            task="models.tts.hierspeechpp.ttv_trainer:TextToVecTask",
            importer="models.tts.hierspeechpp.published_ttv:import_text_to_vec",
        ),
        Part(
            name="synthesizer",
            config="models.tts.hierspeechpp.config:SynthesizerExperiment",
            network="models.tts.hierspeechpp.synthesizer:HierarchicalSynthesizer",
            task="models.tts.hierspeechpp.synthesizer_trainer:SynthesizerTask",
            importer="models.tts.hierspeechpp.published:import_synthesizer",
        ),
    ),
    pipeline="models.tts.hierspeechpp.pipeline:HierSpeechPipeline",
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
    pretrained="models.tts.hierspeechpp.pretrained:ENTRIES",
)
