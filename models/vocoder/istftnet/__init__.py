"""iSTFTNet: the last stages of HiFi-GAN replaced by an inverse STFT."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    name="istftnet",
    task="vocoder",
    summary="HiFi-GAN with an inverse STFT for its last stages",
    paper="iSTFTNet, arXiv 2203.02395",
    weights_licence="Apache-2.0",
    parts=(
        Part(
            name="istftnet",
            config="hiervox.models.vocoder.istftnet.config:ISTFTNetExperiment",
            network="hiervox.modules.generators.istftnet:ISTFTNet",
            task="hiervox.models.vocoder._gan.task:GANVocoderTask",
            importer="hiervox.models.vocoder.istftnet.published:import_istftnet",
            state_importer="hiervox.models.vocoder._gan.published:import_discriminators",
        ),
    ),
    pipeline="hiervox.models.vocoder.pipeline:VocoderPipeline",
    works=("log-mel to waveform", "streaming", "training", "published weights"),
)
