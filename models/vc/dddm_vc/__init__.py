"""DDDM-VC: voice conversion by decoupled denoising diffusion models."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="voice conversion by diffusion, with a denoiser for the pitch and one for the content",
    paper="DDDM-VC, arXiv 2305.15816",
    weights_licence="CC BY-NC-SA 4.0",
    parts=(
        Part(
            name="f0_quantizer",
            config="F0QuantizerExperiment",
            network=".networks.f0_quantizer:F0Quantizer",
            parameters=199_681,
            task=".tasks.f0_quantizer:F0QuantizerTask",
            importer="import_f0_quantizer",
        ),
        Part(
            name="converter",
            config="DDDMExperiment",
            network=".networks.dddm_vc:DDDMVC",
            parameters=66_132_270,
            task=".tasks.converter:DDDMTask",
            importer="import_dddm_vc",
        ),
    ),
    pipeline="load_pipeline",
    works=("steps, temperature and pitch",),
    uses=("vocoder",),
    controls="DDDMControls",
)
