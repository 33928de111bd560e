"""TransformerSVC: singing voice conversion by a transformer."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="singing voice conversion by a transformer in one pass",
    paper="Amphion, arXiv 2312.09911",
    weights_licence="none published",
    part=Part(
        config="TransformerSVCExperiment",
        network="TransformerSVC",
        parameters=11_862_756,
        task="TransformerSVCTask",
        importer="import_transformer_svc",
    ),
    pipeline="load_pipeline",
    works=("key by median F0",),
    uses=("vocoder",),
    controls=".._singing.controls:SingingControls",
)
