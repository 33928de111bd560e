"""Diff-HierVC: voice conversion by a diffusion of the pitch and one of the spectrogram."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="voice conversion by diffusion, of the F0 contour first, then of the spectrogram",
    paper="Diff-HierVC, arXiv 2311.04693",
    weights_licence="CC BY-NC-SA 4.0",
    part=Part(
        name="converter",
        config="DiffHierVCExperiment",
        network=".networks.diff_hiervc:DiffHierVC",
        parameters=18_284_202,
        task="DiffHierVCTask",
        importer="import_diff_hiervc",
    ),
    pipeline="load_pipeline",
    works=("steps, temperature and pitch",),
    uses=("vocoder",),
    controls="DiffHierVCControls",
)
