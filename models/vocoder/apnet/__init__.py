"""APNet and APNet2: amplitude and phase spectra, all at frame rate."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="amplitude and phase prediction at frame rate, both versions",
    paper="APNet, arXiv 2305.07952; APNet2, arXiv 2311.11545",
    weights_licence="none (APNet); MIT (APNet2)",
    part=Part(
        config="APNetExperiment",
        network="APNet",
        parameters=72_191_494,
        task="APNetTask",
        importer="import_apnet",
        state_importer="import_discriminators",
    ),
    works=("streaming (APNet)",),
)
