"""HierSpeech: text to speech by two latents, the lower one of what is said."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="end-to-end text to speech by a linguistic latent between the text and the acoustic one",
    paper="HierSpeech, NeurIPS 2022",
    weights_licence="none published",
    part=Part(
        config="HierSpeechExperiment", network="HierSpeech", parameters=50_686_960, task="HierSpeechTask"
    ),
    works=("voice conversion between its speakers", "adaptation without transcripts"),
    capabilities=("vc",),
    controls="HierSpeechControls",
)
