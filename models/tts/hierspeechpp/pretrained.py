"""The checkpoints that the authors of HierSpeech++ published.

Their README links to a drive folder, where a person gets all of them. The authors' own Space on the Hub holds
the two that their demo needs; the others are there in mirrors. Checksums are those of the Hub's LFS pointers.
"""

from __future__ import annotations

from hiervox.models.base.checkpoints.pretrained import HubSource, Licences, Pretrained, PretrainedFile

PAGE = "https://github.com/sh-lee-prml/HierSpeechpp#checkpoint-download"
SPACE = HubSource(
    repo="LeeSangHoon/HierSpeech_TTS",
    revision="0844432b9ffa1d042e5fcab7d0bd39155d1d30cc",
    repo_type="space",
)
MIRROR = HubSource(
    repo="ttsmodels/hierspeech-mirror",
    revision="03de8811189cbfe6a2fdf0e6ccbd0920503408ba",
    owner="mirror",
)
LIBRITTS = "LibriTTS: CC BY 4.0"
ALL_DATA = (
    f"{LIBRITTS}; Libri-light: public domain; Expresso: CC BY-NC 4.0; MSSS and NIKL (Korean): by the terms "
    "of their holders, on application"
)


def _synthesizer(
    name: str, trained_on: str, data: str, source: HubSource, weights: PretrainedFile, note: str = ""
) -> Pretrained:
    folder = weights.path.rpartition("/")[0]
    return Pretrained(
        name=name,
        summary=f"hierarchical synthesizer, 97 M weights, trained on {trained_on}",
        page=PAGE,
        source=source,
        files=(weights, PretrainedFile(path=f"{folder}/config.json")),
        licences=Licences(code="MIT", weights="MIT", data=data),
        system="hierspeechpp",
        part="synthesizer",
        note=note,
    )


ENTRIES = (
    _synthesizer(
        "hierspeechpp-v1.1",
        "2,796 h of English and Korean, 200 epochs",
        ALL_DATA,
        SPACE,
        PretrainedFile(
            path="logs/hierspeechpp_eng_kor/hierspeechpp_v1.1_ckpt.pth",
            size=388_999_163,
            sha256="9fd704f9a4d11b62195caaaeb76ce759b12ea69a1c36b2716af44bd60bde6a64",
        ),
    ),
    _synthesizer(
        "hierspeechpp-v1",
        "2,796 h of English and Korean, 60 epochs",
        ALL_DATA,
        MIRROR,
        PretrainedFile(
            path="hierspeechpp_eng_kor/hierspeechpp_v1_ckpt.pth",
            about="389 MB",
            sha256="0229501cd273135bce9ee0be09ddef18e079cb8dbe61cda665fec73afbfad0d4",
        ),
        note="The paper's. The checksum is that of the first upload to the authors' Space.",
    ),
    _synthesizer(
        "hierspeechpp-libritts960",
        "LibriTTS train-960, 555 h",
        LIBRITTS,
        MIRROR,
        PretrainedFile(
            path="hierspeechpp_libritts960/hierspeechpp_lt960_ckpt.pth",
            about="389 MB",
            sha256="609465feba7cee4a1dd8e25e456459cb5ca0f4cb00d97fb1f7007e422d1a6fd6",
        ),
        note="The checksum is that of another mirror, audo/HierSpeechpp.",
    ),
    _synthesizer(
        "hierspeechpp-libritts460",
        "LibriTTS train-460, 245 h",
        LIBRITTS,
        MIRROR,
        PretrainedFile(path="hierspeechpp_libritts460/hierspeechpp_lt460_ckpt.pth", about="389 MB"),
        note="No checksum is known here; a download is compared with the mirror's own.",
    ),
    Pretrained(
        name="hierspeechpp-ttv-v1",
        summary="text-to-vec, 107 M weights, English, trained on LibriTTS train-960, 555 h",
        page=PAGE,
        source=SPACE,
        files=(
            PretrainedFile(
                path="logs/ttv_libritts_v1/ttv_lt960_ckpt.pth",
                about="434 MB",
                sha256="2e408e2c6a72551da0ca616f43e0f989449ff5e0d0ca6229b27dea3dc36aa6c1",
            ),
            PretrainedFile(path="logs/ttv_libritts_v1/config.json"),
        ),
        licences=Licences(code="MIT", weights="MIT", data=LIBRITTS),
        system="hierspeechpp",
        part="text_to_vec",
    ),
)
