"""Every verb of a task with pipelines that have the members of the task's protocol, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
import typer
from typer.testing import CliRunner
from typing_extensions import get_protocol_members

from hiervox.bins.app import app
from hiervox.models.base.benchmark import growth
from hiervox.models.base.benchmark.models import trials_of
from hiervox.models.base.benchmark.networks import Setting
from hiervox.models.base.card import Part, SystemCard
from hiervox.models.base.checkpoints.checkpoint import save_weights
from hiervox.models.base.pipelines import protocols
from hiervox.models.base.pipelines.controls import ProsodyControls, SpeechControls
from hiervox.models.base.pipelines.mel_file import write_mel
from hiervox.models.base.pipelines.speech import Speech, Synthesis
from hiervox.models.base.pipelines.text_reader import TextReader
from hiervox.models.base.pipelines.token_sequence import TokenSequence
from hiervox.models.base.pipelines.trace import Subject
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.tasks import TASKS, task_names
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import PitchConfig
from hiervox.processors.spectrogram import SpectrogramConfig
from hiervox.processors.text import TextConfig
from hiervox.utils.registry import resolve
from tests.models.base.pipelines.toys import ToyConfig, ToyVocoder, registered
from tests.models.tts.hierspeechpp.tiny_bundle import voice
from tests.own import own

HERE = "tests.bins.test_protocols"
RATE = 16_000
SOUND = voice(0.5)
PITCH = np.full(100, 120, np.float32)
PROBED = {"attributes", "encode_scaled", "decode_scaled", "encode_voiced", "decode_voiced"}
"""What a verb looks for where it may be."""
USED: set[str] = set()
"""Members of stubs that were asked for."""


class Stub:
    """Notes what is used of it, and has nothing but its class's members."""

    rate = RATE

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_"):
            USED.add(name)
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        assert name.startswith("_") or name in PROBED, f"{type(self).__name__} is asked for {name}"
        raise AttributeError(name)


class Rated(Stub):
    def output_rate(self, controls: SpeechControls) -> int:
        return RATE

    def at_rate(self, chunks: Iterable[Waveform], rate: int | None) -> Iterator[Waveform]:
        yield from chunks


class Voiced(Rated):
    mel_config = SpectrogramConfig()
    own_voice_name = "own"
    speakers = ("own",)

    def mel(self, wav: Waveform) -> protocols.Mel:
        return np.zeros((80, wav.size // 320), np.float32)

    def require(self, *, rate: int | None = None, denoiser: bool = False) -> None:
        assert not denoiser

    def own_voice(self) -> Voice:
        return self.voice()

    def named_voice(self, name: str) -> Voice:
        return self.voice()

    def voice(
        self,
        prompt: Any = None,
        *,
        denoise_ratio: float = 0.0,
        replicate: bool = False,
        for_text: bool = True,
    ) -> Voice:
        return Voice({"style": torch.zeros(2, 1)}, "stub")


class Speaking(Voiced):
    pitch = PitchConfig(method="dio")

    def read(self, text: str, language: str | None = None) -> list[TokenSequence]:
        return TextReader(TextConfig()).read(text, language)

    def language(self, language: str | None = None) -> str:
        return language or "en-us"

    def tts(self, text: Any, voice: Any = None, controls: Any = None) -> Speech:
        return Speech(SOUND, RATE, None, np.zeros((80, 25), np.float32))

    def tts_batch(self, texts: Sequence[Any], voices: Any = None, controls: Any = None) -> list[Speech]:
        return [self.tts(text) for text in texts]

    def tts_sentences(
        self, text: Sequence[TokenSequence], voice: Any = None, controls: Any = None, f0: Any = None
    ) -> Iterator[Synthesis]:
        for sequence in text:
            yield Synthesis(sequence, None, 50.0, torch.Generator(), f0=PITCH, wav=SOUND)

    def tts_stream(self, text: Any, voice: Any = None, controls: Any = None) -> Iterator[Waveform]:
        yield SOUND


class Converting(Voiced):
    def vc(self, source: Any, voice: Any = None, controls: Any = None) -> Speech:
        return Speech(SOUND, RATE, None, np.zeros((80, 25), np.float32))

    def vc_stream(
        self, source: Any, voice: Any = None, controls: Any = None, f0: Any = None
    ) -> tuple[Any, Iterator[Waveform]]:
        return PITCH, iter([SOUND])


class Tracking(Stub):
    def f0(self, recording: Any, controls: Any = None) -> Any:
        return PITCH


class Copying(Rated):
    def resynthesize_stream(self, recording: Any, controls: Any = None) -> tuple[float, Iterator[Waveform]]:
        return 1.0, iter([SOUND])


class Vocoding(Stub):
    def mel_of(self, wav: Waveform, rate: int) -> protocols.Mel:
        return np.zeros((80, 25), np.float32)

    def vocode(self, mel: protocols.Mel, f0: Any = None) -> Waveform:
        return SOUND

    def stream(self, mel: protocols.Mel, f0: Any = None, frames: int = 1) -> Iterator[Waveform]:
        yield SOUND

    def resynthesize(self, wav: Waveform, rate: int) -> Waveform:
        return SOUND

    def resynthesize_stream(self, recording: Any) -> Iterator[Waveform]:
        yield SOUND

    def require_mel(self, given: SpectrogramConfig) -> None:
        pass


class Coding(Stub):
    frame_rate, codebooks, codebook_size = 50.0, 2, 16

    def encode(self, wav: Waveform, rate: int, codebooks: int | None = None) -> protocols.Codes:
        return np.zeros((2, 25), np.int64)

    def decode(self, codes: protocols.Codes) -> Waveform:
        return SOUND


class Widening(Stub):
    input_rate = RATE

    @classmethod
    def output_rate(cls, experiment: Any) -> int:
        return RATE

    def upsample(self, wav: Waveform, rate: int) -> tuple[Waveform, int]:
        return SOUND, RATE

    def stream(self) -> Any:
        return SimpleNamespace(push=lambda wav: SOUND, finish=lambda: SOUND)


class Cleaning(Stub):
    def enhance(self, wav: Waveform, rate: int) -> tuple[Waveform, int]:
        return SOUND, RATE

    def enhance_stream(self, recording: Any) -> Iterator[Waveform]:
        yield SOUND


class Imagining(Stub):
    def tta(self, caption: str, seconds: float | None = None, controls: Any = None) -> Waveform:
        return SOUND


STUBS: dict[str, tuple[type[Stub], Any]] = {
    "tts": (Speaking, protocols.TextToSpeech),
    "vc": (Converting, protocols.VoiceConversion),
    "svc": (Converting, protocols.VoiceConversion),
    "f0": (Tracking, protocols.PitchTracking),
    "resynthesis": (Copying, protocols.CopySynthesis),
    "vocoder": (Vocoding, protocols.Vocoder),
    "codec": (Coding, protocols.Codec),
    "sr": (Widening, protocols.SuperResolution),
    "enhancement": (Cleaning, protocols.Enhancement),
    "tta": (Imagining, protocols.TextToAudio),
}
COMMANDS = {
    "tts": (
        ("tts", "Hello there. And you?", "-o", "a.wav", "--f0-out", "a.csv", "--plots", "--speed", "1.5"),
        ("tts", "Hello there.", "-o", "-"),
        ("tts", "--text-file", "lines.txt", "--voice", "own", "--out-dir", "lines"),
        ("voice", "add", "anna", "in.wav"),
    ),
    **{
        task: (
            (task, "--source", "in.wav", "--prompt", "in.wav", "-o", f"{task}1.wav", "--plots"),
            (task, "--source", "in.wav", "--voice", "own", "-o", f"{task}2.wav", "--f0-out", "f0.csv"),
            (task, "--source", "in.wav", "-o", f"{task}3.wav"),
        )
        for task in ("vc", "svc")
    },
    "f0": (("f0", "in.wav", "-o", "f0.csv"),),
    "resynthesis": (("resynthesize", "in.wav", "-o", "r.wav", "--rate", str(RATE)),),
    "vocoder": (("vocode", "in.wav", "-o", "m.wav"), ("vocode", "mel.safetensors", "-o", "n.wav")),
    "codec": (
        ("codec", "encode", "in.wav", "-o", "a.codes", "--bandwidth", "9"),
        ("codec", "decode", "a.codes", "-o", "d.wav"),
    ),
    "sr": (("sr", "in.wav", "-o", "w.wav", "--rate", str(RATE)),),
    "enhancement": (("enhance", "in.wav", "-o", "c.wav"),),
    "tta": (("tta", "Rain.", "-o", "t.wav"),),
}
ELSEWHERE = {
    "vocoder": {"resynthesize", "vocode"},  # recipes, `MelSynthesizer`
    "sr": {"output_rate", "upsample"},  # `find_part`, its trial
    **{task: {"speakers"} for task in ("tts", "vc", "svc")},  # the server
}
"""What other pipelines and the server call."""


def __getattr__(name: str) -> Any:
    """`open_TASK`: what the card of a task names."""
    if name.startswith("open_"):
        stub = STUBS[name.removeprefix("open_")][0]

        def opened(folder: Path, device: object = "cpu") -> Stub:
            return stub()

        if stub is Widening:  # what it speaks at is asked before it is opened
            opened.output_rate = Widening.output_rate  # type: ignore[attr-defined]
        return opened
    raise AttributeError(name)


def card(task: str) -> SystemCard:
    part = Part(
        name="net",
        config="tests.models.base.pipelines.toys:ToyExperiment",
        network=f"{ToyVocoder.__module__}:ToyVocoder",
    )
    controls = f"{ProsodyControls.__module__}:ProsodyControls"
    return SystemCard(
        name=f"stub_{task}",
        task=task,
        summary="a stub",
        paper="none",
        weights_licence="none",
        parts=(part,),
        pipeline=f"{HERE}:open_{task}",
        controls=None if task == "vocoder" else controls,
    )


@pytest.fixture(autouse=True)
def stubs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    soundfile.write("in.wav", voice(1.0), RATE)
    Path("lines.txt").write_text("One.\nTwo.\n")
    write_mel(Path("mel.safetensors"), np.zeros((80, 25), np.float32), SpectrogramConfig())
    for task in STUBS:
        Path(task).mkdir()
        save_weights(
            Path(task), ToyVocoder(ToyConfig()).state_dict(), {"system": f"stub_{task}", "part": "net"}
        )
    with registered(*(card(task) for task in STUBS)):
        yield


def test_tasks_name_their_protocols_and_verbs() -> None:
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, task in own(TASKS).items():
        assert task.verb in verbs
        if name != "alignment":  # its verb works on a corpus
            assert resolve(task.protocol) is STUBS[name][1]
    assert task_names()[0] == "tts" and set(task_names()) == set(TASKS)


def test_options_that_are_controls_come_from_their_model() -> None:
    verbs = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    options = {option.name: option for option in verbs["tts"].params}
    for name, control in ProsodyControls.model_fields.items():
        assert control.description
        assert options[name].help.lower().startswith(control.description.lower())
    assert {option.name: option.default for option in verbs["resynthesize"].params}["rate"] == 48_000


@pytest.mark.parametrize("task", STUBS)
def test_a_verb_asks_for_the_protocol_and_nothing_else(task: str) -> None:
    stub, protocol = STUBS[task]
    USED.clear()
    for command in COMMANDS[task]:
        result = CliRunner().invoke(app, [*command, "--model", task, "--device", "cpu"])
        assert result.exit_code == 0, (command, result.exception)
    for trial in trials_of(stub(), card(task), Path("."), 0.5).values():
        assert trial.whole() and (trial.first is None or trial.first().size)
    if task in TASKS and (traced := TASKS[task].trace):
        subject = Subject("Rain." if TASKS[task].takes == "text" else None, (SOUND, RATE))
        assert all(stage.name for stage in resolve(traced)(stub(), subject))
    if task == "tts":
        growth._time("tts", Setting(device="cpu", repeats=1), "texts", 2)
    members = set(get_protocol_members(protocol))
    own = {name for base in stub.__mro__[:-1] for name in vars(base) if not name.startswith("_")}
    assert own == members
    assert (USED - PROBED) | ELSEWHERE.get(task, set()) | {"rate"} == members
