"""VitsSVC: singing voice conversion by VITS, without a vocoder."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="end-to-end singing voice conversion by a conditional variational autoencoder",
    paper="Amphion, arXiv 2312.09911",
    weights_licence="none published",
    part=Part(
        config="VitsSVCExperiment",
        network="VitsSVC",
        parameters=52_333_196,
        task="VitsSVCTask",
        importer="import_vits_svc",
    ),
    pipeline="load_pipeline",
    works=("key by median F0",),
    controls="VitsSVCControls",
)
