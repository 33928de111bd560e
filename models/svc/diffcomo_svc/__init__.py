"""DiffComoSVC: singing voice conversion in one step, by a consistency model."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="singing voice conversion by diffusion from a predicted spectrogram, distilled to one step",
    paper="CoMoSVC, arXiv 2401.01792",
    weights_licence="none published",
    parts=(
        Part(
            name="teacher",
            config="TeacherExperiment",
            network=".network:DiffComoSVC",
            parameters=37_788_616,
            task=".tasks.teacher:TeacherTask",
            importer="import_teacher",
        ),
        Part(
            name="student",
            config="StudentExperiment",
            network=".network:DiffComoSVC",
            parameters=63_714_476,
            task=".tasks.student:StudentTask",
            importer="import_student",
        ),
    ),
    pipeline="load_pipeline",
    works=("key by median F0",),
    uses=("vocoder",),
    controls="DiffComoSVCControls",
)
