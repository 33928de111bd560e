"""DiffWaveNetSVC: singing voice conversion by diffusion."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="singing voice conversion by diffusion with a WaveNet, by DDPM, DDIM or PNDM",
    paper="multiple content features, arXiv 2310.11160",
    weights_licence="not stated",
    part=Part(
        config="DiffWaveNetSVCExperiment",
        network="DiffWaveNetSVC",
        parameters=101_857_508,
        task="DiffWaveNetSVCTask",
        importer="import_diffwavenet_svc",
    ),
    pipeline="load_pipeline",
    works=("key by median F0", "shallow diffusion"),
    uses=("vocoder",),
    controls="DiffWaveNetSVCControls",
)
