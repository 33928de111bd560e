"""WaveGrad 2: text to waveform by diffusion, without a spectrogram between."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="text to waveform by diffusion, in as many steps as there is time for",
    paper="WaveGrad 2, arXiv 2106.09660",
    weights_licence="none by the authors; BSD-3-Clause (maum-ai/wavegrad2, the code)",
    part=Part(
        config="WaveGrad2Experiment",
        network=".networks.wavegrad2:WaveGrad2",
        parameters=43_421_025,
        task="WaveGrad2Task",
        importer="import_wavegrad2",
    ),
    works=("text to speech in 1 to 1000 steps", "a search for short noise schedules"),
    controls="WaveGrad2Controls",
)
