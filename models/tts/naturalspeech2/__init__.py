"""NaturalSpeech 2: zero-shot text to speech by diffusion of a codec's latents."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="zero-shot text to speech by latent diffusion, from a prompt without its text",
    paper="NaturalSpeech 2, arXiv 2304.09116",
    weights_licence="not stated (Amphion's; none published by the authors)",
    part=Part(
        config="NaturalSpeech2Experiment",
        parameters=378_250_370,
        network=".networks.naturalspeech2:NaturalSpeech2",
        task="NaturalSpeech2Task",
        importer="import_naturalspeech2",
    ),
    pipeline="load_pipeline",
    works=("text to speech from a prompt", "solver steps, speed and pitch"),
    uses=("codec",),
    controls="NaturalSpeech2Controls",
)
