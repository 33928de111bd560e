"""The denoiser's weights that HierSpeech++ comes with, as its authors put them on the Hub."""

from __future__ import annotations

from hiervox.models.base.checkpoints.pretrained import HubSource, Licences, Pretrained, PretrainedFile

ENTRIES = (
    Pretrained(
        name="mp-senet",
        summary="denoiser at 16 kHz, 2.05 M weights, as HierSpeech++ cleans prompts with",
        page="https://github.com/sh-lee-prml/HierSpeechpp/tree/318c633cdc24cf3239d62c95ea8afae200ed2d13/denoiser",
        source=HubSource(
            repo="LeeSangHoon/HierSpeech_TTS",
            revision="0844432b9ffa1d042e5fcab7d0bd39155d1d30cc",
            repo_type="space",
        ),
        files=(
            PretrainedFile(
                path="denoiser/g_best",
                size=8_350_488,
                sha256="0088cd06068a97b97cc13fe10fe155ea5c24beea79564b2162fab22a79dc9dc5",
            ),
            PretrainedFile(path="denoiser/config.json", size=525),
        ),
        licences=Licences(
            code="MIT",
            weights="MIT",
            data="not stated with the file; MP-SENet's own: VoiceBank+DEMAND (CC BY 4.0), DNS Challenge",
        ),
        system="mp_senet",
        part="mp_senet",
    ),
)
