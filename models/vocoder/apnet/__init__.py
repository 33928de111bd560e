"""APNet and APNet2: amplitude and phase spectra, all at frame rate."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="apnet",
    task="vocoder",
    summary="amplitude and phase prediction at frame rate, both versions",
    paper="APNet, arXiv 2305.07952; APNet2, arXiv 2311.11545",
    weights_licence="none (APNet); MIT (APNet2)",
    parts=(
        Part(
            name="apnet",
            config="hiervox.models.vocoder.apnet.config:APNetExperiment",
            network="hiervox.modules.generators.apnet:APNet",
            task="hiervox.models.vocoder.apnet.task:APNetTask",
            importer="hiervox.models.vocoder.apnet.published:import_apnet",
            state_importer="hiervox.models.vocoder.apnet.published:import_discriminators",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming (APNet)", "training", "published weights"),
)
