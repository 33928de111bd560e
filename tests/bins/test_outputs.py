"""No verb replaces what it reads, what is not a file, or without `--overwrite` what is there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner, Result

from hiervox.bins.app import app
from hiervox.utils import outputs
from hiervox.utils.errors import AudioError, CheckpointError, ConfigError, DataError, HierVoxError
from tests.evaluation.sounds import SAMPLE_RATE, melody
from tests.models.base.pipelines.toys import CARDS, registered, write_toy
from tests.textgrids import TEXTGRID


@pytest.fixture(autouse=True)
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working directory with two recordings, a corpus of them, a table to evaluate and two models."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HIERVOX_HOME", str(tmp_path / "home"))
    for name in ("a", "b"):
        soundfile.write(f"{name}.wav", melody(seconds=0.6), SAMPLE_RATE)
    Path("corpus.csv").write_text("audio,text,speaker\na.wav,One.,x\nb.wav,Two.,y\n")
    Path("table.csv").write_text(
        "id,system,audio,reference\n1,ground_truth,a.wav,a.wav\n1,ours,b.wav,a.wav\n"
    )
    with registered(*CARDS):
        for task in ("vocoder", "codec"):
            write_toy(tmp_path / task, task)
        done("prepare", "--table", "corpus.csv", "--out", "data")
        yield


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def done(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, f"{result.exception!r} {result.output}"
    return result.output


def contents() -> dict[str, bytes]:
    """Every regular file, but for the index that reading a manifest leaves beside it."""
    return {
        str(file): file.read_bytes()
        for file in sorted(Path().rglob("*"))
        if file.is_file() and ".index" not in str(file)
    }


def refused(*arguments: object, error: type[HierVoxError] = ConfigError) -> str:
    """What is said of a run that must not begin; nothing at all is made or changed by it."""
    before = contents()
    result = run(*arguments)
    assert isinstance(result.exception, error), f"{result.exception!r} {result.output}"
    assert contents() == before, [name for name, file in contents().items() if before.get(name) != file]
    return str(result.exception)


def test_a_vocabulary_does_not_replace_the_manifest_or_a_recording() -> None:
    for out in ("data/cuts.jsonl.gz", "data/../data/cuts.jsonl.gz", "a.wav"):
        assert "is read as an input" in refused("vocabulary", "--cuts", "data", "--out", out, "--overwrite")


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_models_files_are_inputs(name: str) -> None:
    encode = ("codec", "encode", "a.wav", "--model", "codec", "--overwrite", "-o")
    assert "is read as an input" in refused(*encode, f"codec/{name}")
    Path("link.codes").symlink_to(f"codec/{name}")
    assert "is read as an input" in refused(*encode, "link.codes")
    assert "is read as an input" in refused(
        "tts", "Hi.", "-o", "x.wav", "--f0-out", f"codec/{name}", "--model", "codec", "--overwrite"
    )


def test_what_is_said_in_a_prompt_and_saved_voices_are_inputs() -> None:
    Path("a.txt").write_text("One.")
    Path("home/voices").mkdir(parents=True)
    Path("home/voices/anna.safetensors").write_bytes(b"voice")
    for voice, file in (("--prompt=a.wav", "a.txt"), ("--voice=anna", "home/voices/anna.safetensors")):
        for verb in (("tts", "Hi."), ("vc", "--source", "b.wav")):
            said = refused(*verb, voice, "-o", "x.wav", "--f0-out", file, "--overwrite", "--model", "codec")
            assert "is read as an input" in said


def test_devices_and_pipes_are_not_replaced() -> None:
    os.mkfifo("pipe.codes")
    Path("device.codes").symlink_to("/dev/null")
    for out in ("pipe.codes", "device.codes"):
        said = refused("codec", "encode", "a.wav", "--model", "codec", "-o", out, "--overwrite")
        assert "is a device, pipe or socket" in said
        assert "is a device, pipe or socket" in refused(
            "vocabulary", "--cuts", "data", "--out", out, "--overwrite"
        )
    assert os.path.islink("device.codes")


def test_a_listening_test_keeps_its_table_recordings_key_and_answers() -> None:
    Path("p.html").write_bytes(Path("table.csv").read_bytes())
    page = ("listening", "page", "--kind", "mos", "--overwrite", "--out")
    assert "is read as an input" in refused(*page, "p.html", "--table", "p.html")
    Path("q.html").hardlink_to("a.wav")
    Path("r.key.json").symlink_to("table.csv")
    for out in ("q.html", "r.html"):
        assert "is read as an input" in refused(*page, out, "--table", "table.csv")
    done(*page, "test.html", "--table", "table.csv")
    key = json.loads(Path("test.key.json").read_text())
    rated = [{"trial": trial, "value": 4} for trial in key["trials"]]
    answers = {"listener": "anna", "test": key["test"], "answers": rated}
    for name in ("listening.json", "ratings.csv"):
        Path("results").mkdir(exist_ok=True)
        Path("results", name).write_text(json.dumps(answers))
        score = ("listening", "score", f"results/{name}", "--key", "test.key.json", "--out", "results")
        assert "is read as an input" in refused(*score, "--overwrite")
        Path("results", name).unlink()
    Path("answers.json").write_text(json.dumps(answers))
    score = ("listening", "score", "answers.json", "--key", "test.key.json", "--out", "results")
    for name in ("listening.json", "ratings.csv", "listening.md"):
        Path("results", name).write_text("listener,mine\n")
        assert f"{name} exists: choose another name, or add --overwrite" in refused(*score)
        Path("results", name).unlink()
    done(*score)
    made = Path("results/listening.md").read_bytes()
    done(*score)  # as more listeners answer
    assert Path("results/listening.md").read_bytes() == made
    Path("results/ratings.csv").write_text("rater,score\nme,5\n")
    assert "ratings.csv exists" in refused(*score)
    done(*score, "--overwrite")


def test_conversion_keeps_the_authors_files() -> None:
    Path("d").mkdir()
    for name in ("model.safetensors", "config.json", "do_1"):
        Path("d", name).write_text("{}")
    convert = ("convert", "--system", "hifigan", "--part", "hifigan", "--overwrite", "--out", "d")
    inputs = ("--checkpoint", "d/model.safetensors", "--config", "d/config.json")
    assert "d holds d/" in refused(*convert, *inputs)
    Path("d/do_1").unlink()
    assert "d holds d/" in refused(*convert, *inputs)
    Path("elsewhere").mkdir()
    for name in ("model.safetensors", "config.json"):
        Path("elsewhere", name).write_text('{"model_type": "theirs"}')
    convert = (*convert[:-1], "elsewhere", *inputs)
    assert "is not a converted checkpoint" in refused(*convert, error=CheckpointError)


def test_an_alignment_keeps_what_it_reads() -> None:
    Path("mfa").mkdir()
    for name in ("a", "b"):
        Path("mfa", f"{name}.TextGrid").write_text(TEXTGRID)
    Path("in.ctm").write_text("a 1 0.0 0.6 w\n")
    align = ("align", "--cuts", "data", "--from", "mfa", "--out", "aligned")
    assert "is read as an input" in refused(*align, "--textgrid", "mfa", "--overwrite")
    for ctm in ("data/cuts.jsonl.gz", "a.wav", "mfa/a.TextGrid"):
        assert "is read as an input" in refused(*align, "--ctm", ctm, "--overwrite")
    Path("device.ctm").symlink_to("/dev/null")  # a defect replaces the link, not the machine's device
    assert "is a device" in refused(*align, "--ctm", "device.ctm", "--overwrite")
    assert "corpus.csv exists" in refused(*align, "--ctm", "corpus.csv")
    assert "is read as an input" in refused(
        "align", "--cuts", "data", "--from", "in.ctm", "--out", "x", "--ctm", "in.ctm", "--overwrite"
    )
    assert "is read as an input" in refused(
        "align", "--cuts", "data", "--from", "mfa", "--out", "data", "--overwrite"
    )
    Path("none").mkdir()
    Path("none/c.TextGrid").write_text(TEXTGRID)
    refused("align", "--cuts", "data", "--from", "none", "--out", "new/aligned", error=DataError)
    assert not Path("new").exists()
    Path("grids").mkdir()
    Path("grids/b.TextGrid").write_text("mine")
    assert "grids/b.TextGrid exists" in refused(*align, "--textgrid", "grids")


def test_voices_are_not_mixed_into_one_of_them() -> None:
    Path("home/voices").mkdir(parents=True)
    Path("home/voices/anna.safetensors").write_bytes(b"voice")
    assert "is read as an input" in refused("voice", "mix", "anna", "anna", "--overwrite")


def test_preparing_keeps_what_the_table_names() -> None:
    Path("data/cuts.jsonl.gz").unlink()
    Path("data/cuts.jsonl.gz").hardlink_to("a.wav")
    assert "is read as an input" in refused(
        "prepare", "--table", "corpus.csv", "--out", "data", "--overwrite"
    )


REPORTS = ("utterances.csv", "summary.json", "list.json", "summary.md", "report.html")


@pytest.mark.parametrize("name", REPORTS)
def test_an_evaluation_keeps_its_table(name: str) -> None:
    Path("d").mkdir()
    Path("d", name).write_text("id,system,audio\n1,ours,../b.wav\n")
    evaluate = ("evaluate", "--out", "d", "--metrics", "rtf", "--device", "cpu")
    for overwrite in ((), ("--overwrite",)):
        assert "is read as an input" in refused(*evaluate, "--table", f"d/{name}", *overwrite)
    Path("e").mkdir()
    Path("e/t.csv").hardlink_to(f"d/{name}")
    Path("link").symlink_to("d")
    assert "is read as an input" in refused(*evaluate, "--table", "e/t.csv", "--overwrite", "--out", "link")


@pytest.mark.parametrize("name", [*REPORTS, "scores/0.jsonl"])
def test_an_evaluation_keeps_foreign_files_without_overwrite(name: str) -> None:
    Path("d/scores").mkdir(parents=True)
    Path("d", name).write_text("id,system,audio,text\n1,ours,../b.wav,Mine.\n")
    evaluate = ("evaluate", "--table", "table.csv", "--out", "d", "--metrics", "energy", "--device", "cpu")
    assert f"d/{name} exists: choose another name, or add --overwrite" in refused(*evaluate)
    done(*evaluate, "--overwrite")
    if name in REPORTS:
        made = Path("d", name).read_text()
        assert "Mine." not in made
        done(*evaluate)  # its own files are no foreign ones
        Path("d", name).write_text("id,system,audio,text\n1,ours,../b.wav,Mine.\n")
        assert " exists: choose another name, or add --overwrite" in refused(*evaluate)
        done(*evaluate, "--overwrite")
        assert Path("d", name).read_text() == made


def test_an_evaluation_keeps_the_recordings_and_the_list_of_others() -> None:
    evaluate = ("evaluate", "--table", "table.csv", "--metrics", "energy", "--device", "cpu")
    done(*evaluate, "--out", "first")
    done(*evaluate, "--out", "first", "--frozen", "first/list.json")
    Path("second").mkdir()
    Path("second/list.json").hardlink_to("first/list.json")
    said = refused(*evaluate, "--out", "second", "--frozen", "first/list.json", "--overwrite")
    assert "is read as an input" in said
    Path("third").mkdir()
    Path("third/report.html").symlink_to("../a.wav")
    assert "is read as an input" in refused(*evaluate, "--out", "third", "--overwrite")
    Path("loop").symlink_to("loop")
    refused(*evaluate, "--out", "fourth", "--frozen", "loop", error=DataError)
    Path("fourth").mkdir()
    os.mkfifo("fourth/summary.md")
    assert "is a device, pipe" in refused(*evaluate, "--out", "fourth", "--overwrite")


def test_a_refused_row_leaves_nothing() -> None:
    Path("broken.wav").write_text("noise")
    Path("bad.csv").write_text("id,system,audio,reference\n1,ours,broken.wav,a.wav\n")
    refused(
        "evaluate",
        "--table",
        "bad.csv",
        "--out",
        "d",
        "--metrics",
        "energy",
        "--device",
        "cpu",
        error=AudioError,
    )
    assert not Path("d").exists()


def test_an_interrupted_evaluation_goes_on() -> None:
    Path("broken.wav").write_text("noise")
    Path("bad.csv").write_text(Path("table.csv").read_text() + "2,ours,broken.wav,a.wav\n")
    evaluate = ("evaluate", "--out", "d", "--metrics", "energy", "--device", "cpu", "--table")
    assert isinstance(run(*evaluate, "bad.csv").exception, AudioError)
    assert [file.name for file in Path("d").iterdir()] == ["scores"]
    with Path("d/scores/0.jsonl").open("a") as stream:
        stream.write('{"ke')  # as a crash may leave it
    done(*evaluate, "table.csv")


def test_names_make_no_html_and_no_link_in_markdown() -> None:
    odd = "<script>alert(1)</script> </td> <!--x--> [a](javascript:b) \\<b> a < 2"
    Path("odd.csv").write_text(f'id,system,audio\n1,"{odd}",b.wav\n')
    done("evaluate", "--table", "odd.csv", "--out", "d", "--metrics", "energy", "--device", "cpu")
    text = Path("d/summary.md").read_text()
    assert not re.search(r"<[a-z/!]", text) and "](" not in text
    assert "&lt;script>alert(1)&lt;/script>" in text and "a < 2" in text
    Path("k.json").write_text(
        json.dumps({"test": "t", "kind": "mos", "trials": {"1": {"sentence": "a", "systems": [odd]}}})
    )
    Path("a.json").write_text(
        json.dumps({"test": "t", "listener": "x", "answers": [{"trial": "1", "value": 5}]})
    )
    done("listening", "score", "a.json", "--key", "k.json", "--out", "d")
    assert "&lt;script>" in Path("d/listening.md").read_text()
    assert "<script>" not in Path("d/listening.md").read_text()


def test_validation_and_extraction_keep_what_they_read() -> None:
    validate = ("validate", "--cuts", "data", "--out")
    assert "is read as an input" in refused(*validate, "data")
    extract = ("extract", "--cuts", "data", "--config", "conf.json5", "--device", "cpu", "--out")
    Path("conf.json5").write_text('{system: "hifigan", part: "hifigan", out_dir: "run", data: {cuts: "x"}}')
    for name in ("report.csv", "quarantine.jsonl.gz", "cuts.jsonl.gz"):
        Path(name).mkdir()
        Path(name, name).write_text("id,audio,mine\n")
        assert f"{name} exists" in refused(*validate, name)
    done(*validate, "valid")
    done(*validate, "valid")
    for name in ("cuts.jsonl.gz", "features.json", "text.json", "corpus.json", "extract_failures.csv"):
        folder = Path("of", name)
        folder.mkdir(parents=True)
        (folder / name).write_text("{}")
        assert f"{name} exists" in refused(*extract, folder)
    Path("of/blocks/blocks").mkdir(parents=True)
    Path("of/blocks/blocks/00000.h5").write_text("mine")
    assert "00000.h5 exists" in refused(*extract, "of/blocks")
    assert "is read as an input" in refused(*extract, "data")
    done(*extract, "features")
    done(*extract, "features")


def test_a_training_keeps_files_that_its_folder_links_to() -> None:
    config = '{system: "hifigan", part: "hifigan", out_dir: "run", data: {cuts: "data", dev_size: 0}}'
    Path("conf.json5").write_text(config)
    Path("run").mkdir()
    train = ("train", "--config", "conf.json5", "--device", "cpu", "--set", "train.max_steps=1")
    Path("run/run.lock").symlink_to("../corpus.csv")
    assert "run/run.lock exists" in refused(*train)
    Path("run/run.lock").unlink()
    Path("run/run.lock").hardlink_to("data/cuts.jsonl.gz")
    assert "is read as an input" in refused(*train)


def test_an_output_that_is_a_link_to_a_folder_is_filled() -> None:
    for name in ("data", "valid", "features", "evaluation", "package"):
        Path("real", name).mkdir(parents=True)
        Path("to", name).parent.mkdir(exist_ok=True)
        Path("to", name).symlink_to(f"../real/{name}")
    done("prepare", "--table", "corpus.csv", "--out", "to/data")
    done("validate", "--cuts", "to/data", "--out", "to/valid")
    done(
        "evaluate", "--table", "table.csv", "--out", "to/evaluation", "--metrics", "energy", "--device", "cpu"
    )
    done("new", "metric", "clippy", "to/package")
    for name in ("data/cuts.jsonl.gz", "valid/report.csv", "evaluation/summary.md", "package/pyproject.toml"):
        assert Path("real", name).is_file() and Path("to", name).parent.is_symlink()


CODES = ("codec", "encode", "a.wav", "--model", "codec")
VERBS_AND_OUTPUTS: list[tuple[str, ...]] = [
    ("vocode", "a.wav", "--model", "vocoder", "-o", "new/out.wav"),
    (*CODES, "-o", "new/out.codes"),
    ("codec", "decode", "a.codes", "--model", "codec", "-o", "new/out.wav"),
    ("vocabulary", "--cuts", "data", "--out", "new/symbols.txt"),
    ("prepare", "--table", "corpus.csv", "--out", "new"),
    ("validate", "--cuts", "data", "--out", "new"),
    ("extract", "--cuts", "data", "--config", "conf.json5", "--device", "cpu", "--out", "new"),
    ("align", "--cuts", "data", "--from", "mfa", "--textgrid", "new", "--ctm", "new/out.ctm", "--out", "new"),
    ("listening", "page", "--table", "table.csv", "--out", "new/page.html", "--kind", "mos"),
    ("evaluate", "--table", "table.csv", "--out", "new", "--metrics", "energy", "--device", "cpu"),
    ("new", "metric", "clippy", "new"),
]


@pytest.mark.parametrize("words", VERBS_AND_OUTPUTS, ids=lambda words: " ".join(words[:2]))
def test_what_another_program_makes_meanwhile_stays(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    done(*CODES, "-o", "a.codes")
    Path("mfa").mkdir()
    for name in ("a", "b"):
        Path("mfa", f"{name}.TextGrid").write_text(TEXTGRID)
    Path("conf.json5").write_text('{system: "hifigan", part: "hifigan", out_dir: "run", data: {cuts: "x"}}')
    claim, made = outputs.claim, set[Path]()

    def claim_and_make(path: Path, *more: object) -> None:
        """Another program makes each output as soon as it was found free."""
        claim(path, *more)
        file = path / "file" if path.suffix == "" and words[0] == "new" else path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("theirs")
        made.add(file)

    monkeypatch.setattr(outputs, "claim", claim_and_make)
    result = run(*words)
    assert isinstance(result.exception, HierVoxError), f"{result.exception!r} {result.output}"
    looks_again = words[0] in ("evaluate", "extract")  # before it writes, and says what is there
    assert looks_again or "was made by another program meanwhile: choose another name" in str(
        result.exception
    )
    assert made and {file.read_text() for file in made} == {"theirs"}
    left = {file for file in Path("new").rglob("*") if file.is_file()} - made
    assert not left
