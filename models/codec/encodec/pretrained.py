"""The checkpoints that the authors of EnCodec published, in the format of transformers."""

from __future__ import annotations

from hiervox.models.base.checkpoints.pretrained import HubSource, Licences, Pretrained, PretrainedFile

DATA = "DNS Challenge 4, Common Voice, AudioSet, FSD50K, Jamendo (48 kHz: music alone), each by its own terms"


def _encodec(name: str, summary: str, repo: str, revision: str, size: str, note: str) -> Pretrained:
    return Pretrained(
        name=name,
        summary=summary,
        page="https://github.com/facebookresearch/encodec",
        source=HubSource(repo=repo, revision=revision),
        files=(PretrainedFile(path="model.safetensors", about=size), PretrainedFile(path="config.json")),
        licences=Licences(code="MIT", weights="MIT, as the Hub's page says", data=DATA),
        system="encodec",
        part="encodec",
        note=note,
    )


ENTRIES = (
    _encodec(
        "encodec-24khz",
        "codec of speech and music, mono, 1.5 to 24 kbit/s, 14.9 M weights",
        "facebook/encodec_24khz",
        "main",
        "93.1 MB",
        "The authors' own file is encodec_24khz-d7cc33bc.th, whose name begins its sha256; it converts, too.",
    ),
    _encodec(
        "encodec-48khz",
        "codec of music, stereo, 3 to 24 kbit/s, 14.9 M weights",
        "facebook/encodec_48khz",
        "c3def8e7185ac8c8efdce6eb8c4a651e487a503e",
        "76.3 MB",
        "The authors' own file is encodec_48khz-7e698e3e.th, whose name begins its sha256; it converts, too.",
    ),
)
