"""HierVST: zero-shot voice style transfer by a hierarchy of latents."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="zero-shot voice style transfer by hierarchical variational inference, from speech alone",
    paper="HierVST, Interspeech 2023",
    weights_licence="none published",
    part=Part(
        config="HierVSTExperiment",
        network="hiervox.models.tts._hierarchy.networks.synthesizer:HierarchicalSynthesizer",
        parameters=66_706_816,
        task="hiervox.models.tts._hierarchy.task:SynthesizerTask",
    ),
    pipeline="load_pipeline",
    works=("fine-tuning on one recording",),
    controls="HierVSTControls",
    replacements="hiervox.models.tts._hierarchy.replacements",
)
