"""The super-resolution weights that the authors of HierSpeech++ published."""

from __future__ import annotations

from hiervox.models.base.checkpoints.pretrained import HubSource, Licences, Pretrained, PretrainedFile

PAGE = "https://github.com/sh-lee-prml/HierSpeechpp/tree/318c633cdc24cf3239d62c95ea8afae200ed2d13"
SPACE = HubSource(
    repo="LeeSangHoon/HierSpeech_TTS",
    revision="0844432b9ffa1d042e5fcab7d0bd39155d1d30cc",
    repo_type="space",
)
KOREAN = "MSSS (Korean): by the terms of its holder, on application"


def _speechsr(rate: int, weights: str, sha256: str, trained_on: str, data: str) -> Pretrained:
    return Pretrained(
        name=f"speechsr{rate}",
        summary=f"16 to {rate} kHz, 0.13 M weights, trained on {trained_on}",
        page=f"{PAGE}/speechsr{rate}k",
        source=SPACE,
        files=(
            PretrainedFile(path=f"speechsr{rate}k/{weights}", size=1_715_101, sha256=sha256),
            PretrainedFile(path=f"speechsr{rate}k/config.json"),
        ),
        licences=Licences(code="MIT", weights="MIT", data=data),
        system="speechsr",
        part="speechsr",
    )


ENTRIES = (
    _speechsr(
        24,
        "G_340000.pth",
        "94bc84b6f8bdb375e2027bc7a3222730d29f9d4c042fd9edce0024806d5c4320",
        "LibriTTS and MSSS",
        f"LibriTTS: CC BY 4.0; {KOREAN}",
    ),
    _speechsr(
        48,
        "G_100000.pth",
        "62c70874ac4efeb4dc9c8aa9dc0a611a951e1c36292abeb4c406d7fb91e0eefc",
        "MSSS, Expresso and VCTK",
        f"VCTK: CC BY 4.0; Expresso: CC BY-NC 4.0; {KOREAN}",
    ),
)
