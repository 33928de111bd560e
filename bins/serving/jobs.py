"""What the routes do with a model; what is returned is done in the thread of the networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from hiervox.bins.serving.batches import SharedText
from hiervox.bins.serving.engine import Engine, MissingError, Model, Sound
from hiervox.bins.serving.schema import (
    ConversionRequest,
    EnhancementRequest,
    PromptFields,
    SpeechRequest,
    UpsampleRequest,
    VoiceRequest,
)
from hiervox.models.base.pipelines.controls import SpeechControls, controls_of, make_controls
from hiervox.models.base.pipelines.loading import find_system
from hiervox.models.base.pipelines.prompt_report import report_prompt
from hiervox.models.base.pipelines.protocols import (
    Enhancement,
    SuperResolution,
    TextToSpeech,
    VoiceConversion,
)
from hiervox.models.base.pipelines.speech import Synthesis
from hiervox.models.base.pipelines.subtitles import PlacedWord, word_places
from hiervox.models.base.pipelines.timestamps import (
    mark_times,
    phoneme_times,
    pronouncing,
    spoken_words,
    word_times,
)
from hiervox.models.base.pipelines.voice import Voice, mix_voices
from hiervox.models.base.pipelines.voice_store import (
    load_voice,
    remove_voice,
    require_free,
    save_voice,
    voice_path,
)
from hiervox.processors.audio import Waveform, peak_normalize, resample_chunks

BLOCK_SECONDS = 1.0
"""Of a recording, that super-resolution is given at once."""

Recording = tuple[Waveform, int]
"""A waveform (T,) and its rate in Hz."""
Prepare = Callable[[], Sound]


def speech(
    engine: Engine,
    asked: SpeechRequest,
    prompts: Sequence[Recording] = (),
    noted: Callable[[Synthesis], None] | None = None,
) -> Prepare:
    """Speak a text in a voice, named or of prompts.

    Args:
        engine: of the server.
        asked: what to say.
        prompts: recordings of the voice, in place of a name.
        noted: is told each sentence of a stream.

    Raises:
        MissingError: there is no such model.
        ConfigError: a control that it does not have, or a value out of range.
    """
    model, task = engine.serving(asked.model, TextToSpeech)
    controls, text, granularities = controls_for(model, task, asked.controls()), asked.text, asked.timestamps

    def prepare() -> Sound:
        pipeline: TextToSpeech[SpeechControls] = engine.opened(model, task)
        pipeline.require(rate=controls.rate)
        sequences = pipeline.read(text, controls.language)
        if prompts:
            voice = _prompt_voice(pipeline, prompts, PromptFields(), for_text=True)
        else:
            voice = engine.voice(model, task, asked.voice_name)
        times: list[dict[str, Any]] = []
        shared = engine.shared(pipeline, sequences, voice, controls)
        if granularities or asked.is_whole:  # streams take more time in all
            sentences = pipeline.tts_sentences(sequences, voice, controls, **made_by(shared))
            if granularities:
                pronounced = pronouncing(pipeline.read, controls.language)
                said = [word for sequence in sequences for word in spoken_words(sequence.text)]
                places = iter(word_places(said, asked.input))
                sounds = _timed(sentences, pipeline.rate, pronounced, places, granularities, times)
            else:
                sounds = (sentence.wav for sentence in sentences)
            chunks = pipeline.at_rate(sounds, controls.rate)
        else:
            chunks = pipeline.tts_stream(sequences, voice, controls, noted, **made_by(shared))
        tokens = sum(len(sequence.tokens) for sequence in sequences)
        return Sound(chunks, pipeline.output_rate(controls), tokens, times, shared)

    return prepare


def made_by(shared: SharedText | None) -> dict[str, Any]:
    """Further arguments of a pipeline's methods for a text whose sentences share passes."""
    return {} if shared is None else {"made": shared.made}


def _timed(
    sentences: Iterator[Synthesis],
    rate: int,
    pronounced: Callable[[str], str],
    places: Iterator[tuple[int, int]],
    granularities: Sequence[str],
    times: list[dict[str, Any]],
) -> Iterator[Waveform]:
    """Sounds of sentences, whose times are noted before they are given.

    Args:
        sentences: at `rate` Hz.
        rate: Hz.
        pronounced: a text → its IPA.
        places: of the words of all sentences in the text that was given.
        granularities: what times are noted of.
        times: gets them.
    """
    begin = 0.0
    for sentence in sentences:
        end = begin + sentence.wav.size / rate
        noted: dict[str, Any] = {"text": sentence.sequence.text, "start": begin, "end": end}
        phonemes = phoneme_times(sentence, rate, begin)
        if "word" in granularities:
            words = word_times(sentence, phonemes, pronounced)
            placed = (PlacedWord(word.text, word.start, word.end, *next(places)) for word in words)
            noted["words"] = [asdict(word) for word in placed]
        if "phoneme" in granularities:
            noted["phonemes"] = [asdict(phoneme) for word in phonemes for phoneme in word]
        if marks := mark_times(sentence, rate, begin):
            noted["marks"] = [asdict(mark) for mark in marks]
        times.append(noted)
        yield sentence.wav
        begin = end


def conversion(
    engine: Engine, asked: ConversionRequest, source: Recording, prompts: Sequence[Recording]
) -> Prepare:
    """Bring a recording into a voice, named or of prompts.

    Raises:
        As `speech`.
    """
    model, task = engine.serving(asked.model, VoiceConversion, asked.task)
    controls = controls_for(model, task, asked.controls())

    def prepare() -> Sound:
        pipeline: VoiceConversion[SpeechControls] = engine.opened(model, task)
        pipeline.require(rate=controls.rate, denoiser=bool(prompts) and asked.denoise_ratio > 0)
        if prompts:
            voice = _prompt_voice(pipeline, prompts, asked, for_text=False)
        else:
            voice = engine.voice(model, task, asked.voice, for_text=False)
        _, chunks = pipeline.vc_stream(source, voice, controls)
        return Sound(pipeline.at_rate(chunks, controls.rate), pipeline.output_rate(controls))

    return prepare


def enhancement(engine: Engine, asked: EnhancementRequest, source: Recording) -> Prepare:
    """Clean a recording, all at once.

    Raises:
        MissingError: there is no such model.
    """
    model, task = engine.serving(asked.model, Enhancement, asked.task)

    def prepare() -> Sound:
        pipeline: Enhancement = engine.opened(model, task)

        def cleaned() -> Iterator[Waveform]:
            clean, _ = pipeline.enhance(*source)
            yield peak_normalize(clean) if np.abs(clean).max() > 1 else clean

        return Sound(cleaned(), pipeline.rate)

    return prepare


def upsampling(engine: Engine, asked: UpsampleRequest, source: Recording) -> Prepare:
    """Bring a recording to a higher rate.

    Raises:
        MissingError: there is no such model.
        CheckpointError: it has no network for the rate.
    """
    model, task = engine.serving(asked.model, SuperResolution, asked.task)
    card, folder = find_system(model.folder, task, asked.rate)

    def prepare() -> Sound:
        pipeline: SuperResolution = engine.opened_system(card, folder)

        def raised() -> Iterator[Waveform]:
            wav, rate = source
            step, stream = int(BLOCK_SECONDS * rate), pipeline.stream()
            blocks = (wav[start : start + step] for start in range(0, wav.size, step))
            for low in resample_chunks(blocks, rate, pipeline.input_rate):
                if (wide := stream.push(low)).size:
                    yield wide
            if (rest := stream.finish()).size:
                yield rest

        return Sound(raised(), pipeline.rate)

    return prepare


def adding_voice(
    engine: Engine, asked: VoiceRequest, prompts: Mapping[str, Recording]
) -> Callable[[], dict[str, Any]]:
    """Save the voice of recordings.

    Args:
        engine: of the server.
        asked: its name.
        prompts: by what messages and the voice's record call them.

    Returns:
        What makes it, and says how good the recordings are.

    Raises:
        MissingError: there is no such model.
        ConfigError: the name is unusable or taken.
    """
    model, task = engine.serving(asked.model, TextToSpeech)
    require_free(asked.name, asked.overwrite)

    def add() -> dict[str, Any]:
        pipeline: TextToSpeech[SpeechControls] = engine.opened(model, task)
        pipeline.require(denoiser=asked.denoise_ratio > 0)
        reports = {
            name: report_prompt(wav, rate, name, pipeline.pitch) for name, (wav, rate) in prompts.items()
        }
        voice = _prompt_voice(pipeline, list(prompts.values()), asked, for_text=True)
        made_of = {
            "prompts": dict.fromkeys(prompts, 1.0),
            "denoise_ratio": asked.denoise_ratio,
            "replicate": asked.replicate,
            "model": model.name,
        }
        save_voice(asked.name, voice, made_of=made_of, overwrite=asked.overwrite)
        told = [{"file": name, **asdict(report), "advice": report.advice} for name, report in reports.items()]
        return {"id": asked.name, "name": asked.name, "object": "voice", "prompts": told}

    return add


def forget_voice(name: str) -> dict[str, Any]:
    """Remove a saved voice.

    Raises:
        MissingError: there is none of this name.
        ConfigError: no voice can have the name.
    """
    if not voice_path(name).is_file():
        raise MissingError(f"no saved voice {name!r}", "see GET /v1/audio/voices")
    remove_voice(name)
    return {"id": name, "object": "voice", "deleted": True}


def mix_saved(name: str, shares: Mapping[str, float]) -> None:
    """Save the weighted mean of saved voices.

    Raises:
        ConfigError: there is no such voice, the name is unusable or taken, or the voices can't be mixed.
    """
    require_free(name, overwrite=False)
    mixed = mix_voices([load_voice(voice) for voice in shares], list(shares.values()))
    save_voice(name, mixed, made_of={"prompts": {}, "voices": dict(shares)})


def _prompt_voice(
    pipeline: VoiceConversion[Any] | TextToSpeech[Any],
    prompts: Sequence[Recording],
    asked: PromptFields,
    for_text: bool,
) -> Voice:
    voices = [
        pipeline.voice(
            prompt, denoise_ratio=asked.denoise_ratio, replicate=asked.replicate, for_text=for_text
        )
        for prompt in prompts
    ]
    return voices[0] if len(voices) == 1 else mix_voices(voices, [1.0] * len(voices))


def controls_for(model: Model, task: str, given: Mapping[str, Any]) -> Any:
    """Controls of the system that a model has for a task.

    Raises:
        ConfigError: one that it does not have, or a value out of range.
    """
    card = model.systems[task][0]
    return make_controls(controls_of(card) or SpeechControls, given, card.name)
