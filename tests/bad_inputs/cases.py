"""The bad inputs: a command line each, and what its one line must say."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from hiervox.utils.errors import DependencyError

GRIN = "\N{GRINNING FACE}"
SPEAK = ("tts", "--out", "out.wav", "--model", "bundle", "--device", "cpu")
CONVERT = ("vc", "--out", "out.wav", "--model", "bundle", "--device", "cpu")
PUBLISHED = ("convert", "--system", "speechsr", "--part", "speechsr", "--config", "published.json")


@dataclass(frozen=True)
class BadInput:
    """One mistake.

    Attributes:
        what: in words, unique.
        arguments: of `hiervox`; relative paths are in the world's folder.
        says: what the line has to hold: the thing at fault, and a part of the hint.
        circumstance: what the machine lacks meanwhile.
    """

    what: str
    arguments: tuple[str, ...]
    says: tuple[str, ...]
    circumstance: Callable[[], object] | None = None


@contextmanager
def no_espeak() -> Iterator[None]:
    """espeak-ng's library can't be found."""
    missing = DependencyError("espeak-ng is not there", "pip install espeakng-loader")
    with mock.patch("hiervox.processors.text.phonemes._backend", side_effect=missing):
        yield


@contextmanager
def full_disk() -> Iterator[None]:
    """Writing sound fails as on a full disk."""
    full = OSError(errno.ENOSPC, "No space left on device", "out.wav")
    with mock.patch("soundfile.SoundFile.write", side_effect=full):
        yield


def speak(text: str, *more: str, prompt: str = "prompt.wav") -> tuple[str, ...]:
    """`hiervox tts` of a text."""
    return (*SPEAK, "--text", text, "--prompt", prompt, *more)


def _prompts() -> Iterator[BadInput]:
    for what, prompt, says in (
        ("no prompt file", "absent.wav", ("no audio file", "check the path")),
        ("name of a shell command", "a;touch x.wav", ("no audio file a;touch x.wav",)),
        ("empty file", "empty.wav", ("can't read empty.wav", "convert it")),
        ("text named .wav", "letter.wav", ("can't read letter.wav", "convert it")),
        ("truncated WAV", "cut.wav", ("cut.wav is truncated", "copy it again")),
        ("truncated Ogg", "cut.ogg", ("cut.ogg is truncated", "copy it again")),
        ("WAV of no samples", "no_samples.wav", ("holds no samples", "record it again")),
        ("prompt of 0.05 s", "blink.wav", ("too short: 0.05 s", "at least")),
        ("silent prompt", "silent.wav", ("silent.wav is silent", "speech")),
        ("NaN in a recording", "nan.wav", ("nan.wav holds a NaN", "convert")),
        ("infinity in a recording", "infinite.wav", ("infinite.wav holds a NaN or an infinity", "convert")),
        ("folder as a prompt", "folder.wav", ("no audio file folder.wav",)),
        ("prompt of two hours", "two_hours.wav", ("two_hours.wav", "7200 s", "cut")),
        ("prompt of 1,000,003 Hz", "odd_rate.wav", ("odd_rate.wav", "1000003 Hz", "384000")),
        ("prompt of 10 Hz", "slow.wav", ("slow.wav", "10 Hz", "1000")),
        ("samples of a million", "loud.wav", ("loud.wav holds samples of 1e+06", "scale it")),
        ("sound without a header", "bare.raw", ("bare.raw", "convert it to WAV")),
        ("prompt with an endless name", f"{'x' * 300}.wav", ("no audio file",)),
        ("prompt whose name is not UTF-8", "caf\udce9.wav", ("caf\\udce9.wav", "check the path")),
        ("prompt with a weight of 0", "prompt.wav:0", ("no weight 0 of prompt.wav", "over 0")),
    ):
        yield BadInput(what, speak("Hello there.", prompt=prompt), says)
    yield BadInput(
        "silent prompt of a conversion",
        (*CONVERT, "--source", "prompt.wav", "--prompt", "silent.wav"),
        ("silent.wav is silent",),
    )
    yield BadInput(
        "silent source of a conversion",
        (*CONVERT, "--source", "silent.wav", "--prompt", "prompt.wav"),
        ("silent.wav is silent",),
    )
    yield BadInput(
        "no recording to raise",
        ("sr", "absent.wav", "--out", "out.wav", "--model", "bundle"),
        ("absent.wav",),
    )


def _texts() -> Iterator[BadInput]:
    for what, text, says in (
        ("empty text", "", ("nothing to speak",)),
        ("blank text", "  \t ", ("nothing to speak",)),
        ("emoji only", GRIN * 3, ("nothing to speak",)),
        ("punctuation only", "?!...", ("nothing to speak",)),
        ("open [[", "Say [[həlˈoʊ please.", ("[[", "]]")),
        ("foreign symbol in [[IPA]]", "Say [[h☃]] please.", ("☃",)),
        ("unknown SSML tag", "<speak>One <audio src='x'/> two.</speak>", ("audio",)),
        ("unknown SSML attribute", "<speak><prosody volume='loud'>One.</prosody></speak>", ("volume",)),
        ("broken SSML", "<speak>One <p> two.</speak>", ("SSML",)),
        ("SSML in capitals", "<SPEAK>Hello.</SPEAK>", ("<SPEAK>", "speak")),
        ("SSML with a prefix", "<ss:speak>Hello.</ss:speak>", ("<ss:speak>", "speak")),
        ("5,000 symbols of IPA", f"[[{'a' * 5000}]]", ("5004 symbols", "at most")),
        (
            "5,000 symbols in a <phoneme>",
            f"<speak><phoneme alphabet='ipa' ph='{'a' * 5000}'>a</phoneme></speak>",
            ("5000 symbols", "at most"),
        ),
        ("text that is not UTF-8", "caf\udce9 au lait", ("half a character", "UTF-8")),
        (
            "SSML with an entity bomb",
            '<!DOCTYPE x [<!ENTITY a "ha">]><speak>&a;</speak>',
            ("entit", "DOCTYPE"),
        ),
    ):
        yield BadInput(what, speak(text), says)
    for what, file, says in (
        ("no text file", "absent.txt", ("can't read the text file absent.txt",)),
        ("empty text file", "empty.txt", ("empty.txt holds no text", "write")),
        ("text file in Latin-1", "latin1.txt", ("latin1.txt", "UTF-8")),
        ("folder as a text file", "bundle", ("can't read the text file bundle",)),
        ("bad second line of a text file", "bad_line.txt", ("line 2 of bad_line.txt",)),
    ):
        arguments = ("tts", "--text-file", file, "--out-dir", "out", "--prompt", "prompt.wav")
        yield BadInput(what, (*arguments, "--model", "bundle", "--device", "cpu"), says)


def _options() -> Iterator[BadInput]:
    for what, more, says in (
        ("unknown rate", ("--rate", "44100"), ("44100", "24000, 48000")),
        ("speed of 0", ("--speed", "0"), ("speed",)),
        ("speed that is no number", ("--speed", "nan"), ("speed",)),
        ("negative noise", ("--noise-scale", "-1"), ("--noise-scale",)),
        ("unknown option", ("--spede", "2"), ("--spede", "--speed")),
        ("word for a number", ("--seed", "lucky"), ("--seed",)),
        ("unknown device", ("--device", "abacus"), ("abacus", "cpu")),
        ("device without numbers", ("--device", "meta"), ("meta", "cpu")),
        ("device that nobody has tried", ("--device", "xla"), ("xla", "cpu")),
        ("model without a name", ("--model", ""), ("no model ''", "folder")),
        ("folder that holds no model", ("--model", "/etc"), ("/etc",)),
        ("result with an endless name", ("--out", f"{'x' * 300}.wav"), ("too long", "name")),
        ("result with an endless path", ("--out", f"{'x/' * 3000}x.wav"), ("too long", "name")),
        ("result that is the prompt", ("--out", "prompt.wav", "--overwrite"), ("prompt.wav", "another name")),
        ("unknown model", ("--model", "absent"), ("absent", "model")),
        ("unknown language", ("--language", "tlh"), ("tlh",)),
        ("unknown voice", ("--voice", "absent"), ("absent", "voice")),
        ("F0 curve that is not there", ("--f0-in", "absent.csv"), ("absent.csv",)),
        ("F0 curve that is none", ("--f0-in", "judge.csv"), ("judge.csv", "seconds,hz")),
        ("no sound file's name", ("--out", "out.mp4"), ("out.mp4", ".wav")),
        ("folder as the result", ("--out", "folder.wav"), ("folder.wav is a folder",)),
        ("result that exists", ("--out", "taken.wav"), ("taken.wav exists", "--overwrite")),
        ("file in place of a folder", ("--out", "prompt.wav/out.wav"), ("prompt.wav",)),
        ("folder that can't be written", ("--out", "/proc/hiervox/out.wav"), ("/proc/hiervox",)),
    ):
        yield BadInput(what, speak("Hello there.", *more), says)
    yield BadInput("no prompt", (*SPEAK, "--text", "Hello."), ("no voice to speak in", "give"))
    yield BadInput("no text", (*SPEAK, "--prompt", "prompt.wav"), ("--text",))
    yield BadInput("unknown verb", ("sing",), ("sing",))
    yield BadInput(
        "voice named as a path",
        ("voice", "add", "../x", "prompt.wav", "--model", "bundle", "--device", "cpu"),
        ("../x",),
    )


def _models() -> Iterator[BadInput]:
    for what, bundle, says in (
        ("model without text-to-vec", "no_text_to_vec", ("text_to_vec",)),
        ("NaN weights", "nan_weights", ("not finite", "model.safetensors")),
        ("truncated weights", "cut_weights", ("not a whole safetensors file", "again")),
        ("weights of another shape", "other_shapes", ("does not fit", "config")),
        ("a pickle named .safetensors", "pickled_weights", ("not a whole safetensors file",)),
        ("broken config", "broken_config", ("config.json", "restore")),
        ("unknown key in a model's config", "unknown_key", ("latent_chanels",)),
        ("another part's weights", "wrong_part", ("text_to_vec",)),
        ("sizes of a billion", "huge_sizes", ("1000000000", "config.json")),
        ("many layers", "many_layers", ("config.json", "correct")),
        ("integers in place of weights", "integer_weights", ("of integers", "model.safetensors")),
        ("a config with a key twice", "key_twice", ("config.json", "twice")),
        ("a config nested thousands deep", "deep_config", ("config.json", "nested")),
        ("parts that do not belong together", "other_features", ("layer",)),
    ):
        yield BadInput(what, speak("Hello there.", "--model", bundle), says)
    yield BadInput(
        "super-resolution of another rate",
        speak("Hello there.", "--model", "swapped_rates", "--rate", "24000"),
        ("48000", "24000"),
    )
    for what, file, says in (
        ("malicious pickle", "malicious.pth", ("malicious.pth", "tensors")),
        ("malicious torch file", "malicious_torch.pth", ("malicious_torch.pth", "tensors")),
        ("letter as weights", "letter.pth", ("letter.pth", "again")),
        ("another network's weights", "foreign.pth", ("do not fit", "config")),
        ("no published file", "absent.pth", ("absent.pth", "check the path")),
        ("weights that are called by numbers", "numbers.pth", ("numbers.pth", "state dict")),
        ("pickle cut short", "cut.pth", ("cut.pth", "again")),
    ):
        yield BadInput(what, (*PUBLISHED, "--checkpoint", file, "--out", "converted"), says)


def _configs_and_tables() -> Iterator[BadInput]:
    for what, file, says in (
        ("config of broken syntax", "syntax.json5", ("syntax.json5",)),
        ("unknown key of a config", "unknown_key.json5", ("data.cutz", "cuts")),
        ("word for a number in a config", "wrong_type.json5", ("train.max_steps",)),
        ("config that is its own base", "own_base.json5", ("own_base.json5",)),
        ("unknown system", "no_system.json5", ("talkotron",)),
        ("training data that are not there", "no_cuts.json5", ("absent",)),
        ("no config file", "absent.json5", ("absent.json5",)),
        ("key twice in a config", "twice.json5", ("twice.json5", "seed")),
        ("config nested thousands deep", "deep.json5", ("deep.json5", "nested")),
        ("infinite learning rate", "infinite.json5", ("train.optimizer.learning_rate", "finite")),
        ("true as a seed", "true_seed.json5", ("'seed'", "number")),
        ("negative seed", "negative_seed.json5", ("'seed'", "at least 0")),
        ("a million workers", "workers.json5", ("train.workers", "at most")),
        ("run folder without a name", "nowhere.json5", ("out_dir", "name a folder")),
        ("network of a billion channels", "billion.json5", ("model.channels", "1000000000")),
        ("config larger than any", "large.json5", ("large.json5", "more than")),
    ):
        yield BadInput(what, ("train", "--config", file, "--device", "cpu"), says)
    for what, table, says in (
        ("no table", "absent.csv", ("absent.csv",)),
        ("table without columns", "no_columns.csv", ("audio",)),
        ("table without rows", "no_rows.csv", ("no_rows.csv",)),
    ):
        yield BadInput(what, ("prepare", "--table", table, "--out", "corpus"), says)
    yield BadInput(
        "recording to judge that is not there",
        ("evaluate", "--table", "judge.csv", "--out", "judged", "--metrics", "f0", "--device", "cpu"),
        ("absent.wav",),
    )


def _circumstances() -> Iterator[BadInput]:
    yield BadInput("no espeak", speak("Hello there."), ("espeak", "pip install"), no_espeak)
    yield BadInput("full disk", speak("Hello there."), ("No space left", "free it"), full_disk)


BAD_INPUTS: tuple[BadInput, ...] = (
    *_prompts(),
    *_texts(),
    *_options(),
    *_models(),
    *_configs_and_tables(),
    *_circumstances(),
)
