"""Text to speech: all of it but what a system is.

A text is read once into token sequences. A system turns a batch of them into features (`acoustic`) and
features into waveforms (`decode`); everything else is here: noise for each sequence, checks and a second
attempt, batches, streams, pauses, rates, scaling.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any, cast

import numpy as np
import torch

from hiervox.models.base.pipelines.assembly import assemble
from hiervox.models.base.pipelines.concatenation import concatenate, silence
from hiervox.models.base.pipelines.controls import SpeechControls
from hiervox.models.base.pipelines.output_checks import Issue, check_durations, check_sound, severity
from hiervox.models.base.pipelines.speech import Speech, Synthesis, concatenated, gain
from hiervox.models.base.pipelines.token_sequence import TokenSequence, noise_for, pauses_behind, read_text
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voices import Prompt, VoicePipeline
from hiervox.processors.audio import Waveform
from hiervox.processors.pitch import Track
from hiervox.processors.text import TextConfig, TextFrontend, build_frontend
from hiervox.utils.errors import AudioError, ConfigError
from hiervox.utils.logging import get_logger
from hiervox.utils.memory import release_unused_memory

Script = str | Sequence[TokenSequence]
"""A text of any length, plain or SSML, or what `TextToSpeechPipeline.read` made of it."""
Item = tuple[TokenSequence, Voice]
QUOTED_LENGTH = 60
SECOND = 1
"""Number of the attempt after a faulty one."""

_log = get_logger("speech")


class TextToSpeechPipeline(VoicePipeline):
    """Base of pipelines of task `tts`.

    What a sequence sounds like depends on itself, its voice, the controls and its position in its text alone:
        the
    noise is seeded with them. Whatever fails a check (`output_checks`) is synthesised once more with other
    noise; of two faulty attempts the better one stays, and a logged line names the sentence. Batches equal
    single sequences within 1e-4 of full scale.

    Attributes:
        text: languages and symbols of the model.
        blanks: whether it reads a blank between any two symbols.
        edge: the symbol that it reads at both ends of an utterance; none by default.
        batch_size: most sequences to one pass of the networks.
    """

    text: TextConfig = TextConfig()
    blanks: bool = False
    edge: str = ""
    batch_size: int = 1

    # what a system gives

    @abstractmethod
    def acoustic(self, items: Sequence[Item], controls: Any, attempt: int = 0) -> list[Synthesis]:
        """The first half: token sequences with their voices to features, as one batch.

        Args:
            items: one or more.
            controls: of the system's own model.
            attempt: 0, or 1 for the second, where a system may be more careful.

        Returns:
            For each, a `Synthesis` with `features`, `durations` and `f0` where the system has them, and the
            noise that `self.noise` gave it.
        """

    @abstractmethod
    def decode(self, batch: Sequence[Synthesis], voices: Sequence[Voice], controls: Any) -> list[Waveform]:
        """The second half: features to waveforms (T_i,) at `rate`, as one batch."""

    def decode_stream(self, synthesis: Synthesis, voice: Voice, controls: Any) -> Iterator[Waveform]:
        """`decode` of one in chunks, as soon as each is there; by default in one."""
        yield from self.decode([synthesis], [voice], controls)

    # what follows from that

    def tts(
        self,
        text: Script,
        voice: Prompt | None = None,
        controls: Any = None,
        f0: Track | None = None,
    ) -> Speech:
        """Speak a text.

        Args:
            text: any length, plain or SSML; `[[həlˈoʊ]]` is taken as IPA.
            voice: whom to speak like; None for the model's own first voice.
            controls: of the system's own model; None for the defaults.
            f0: (T,) in Hz at 200 Hz, what the pitch is to be instead of the predicted one, stretched to the
                length of the speech; for a text of one sentence.

        Raises:
            TextError: something in the text can't be spoken.
            AudioError: the prompt is silent, too short or not finite, or the networks made no sound.
            ConfigError: an F0 curve for several sentences.
            CheckpointError, DependencyError: the bundle lacks what is asked for.
        """
        controls = self._controls(controls)
        target = self.voice(voice)
        return self._speech(list(self.tts_sentences(text, target, controls, f0)), target, controls)

    def tts_batch(
        self, texts: Sequence[Script], voices: Prompt | list[Any] | None = None, controls: Any = None
    ) -> list[Speech]:
        """Speak several texts at once; each comes out as `tts` has it, within 1e-4 of full scale.

        Args:
            texts: as for `tts`.
            voices: one for all, or a list with one for each.
            controls: for all.
        """
        controls = self._controls(controls)
        each = voices if isinstance(voices, list) else [voices] * len(texts)
        if len(each) != len(texts):
            raise ConfigError(f"{len(each)} voices for {len(texts)} texts", "give one, or one for each")
        targets = (
            list(map(self.voice, each)) if isinstance(voices, list) else [self.voice(voices)] * len(each)
        )
        scripts = [self.read(text, controls.language) for text in texts]
        items = [(one, target) for script, target in zip(scripts, targets, strict=True) for one in script]
        done = iter(self.synthesize(items, controls))
        speeches = []
        for script, target in zip(scripts, targets, strict=True):
            own = assemble(islice(done, len(script)), script, controls.sentence_pause, self.rate)
            speeches.append(self._speech(list(own), target, controls))
        return speeches

    def tts_sentences(
        self,
        text: Script,
        voice: Prompt | None = None,
        controls: Any = None,
        f0: Track | None = None,
    ) -> Iterator[Synthesis]:
        """`tts` sentence by sentence, at the system's rate and unscaled, in memory that does not grow.

        The text is looked at as a whole before the first sentence is spoken. The `wav` and `f0` of what is
        returned hold the pause behind the sentence, too.
        """
        controls = self._controls(controls)
        sequences, target = self.read(text, controls.language), self.voice(voice)
        if f0 is not None:
            if len(sequences) > 1:
                raise ConfigError(
                    f"one F0 curve, and the text has {len(sequences)} sentences",
                    "give one sentence at a time",
                )
            sequences = [replace(sequences[0], f0=f0)]
        done = (one for sequence in sequences for one in self._released([(sequence, target)], controls))
        return assemble(done, sequences, controls.sentence_pause, self.rate)

    def tts_stream(
        self, text: Script, voice: Prompt | None = None, controls: Any = None
    ) -> Iterator[Waveform]:
        """Speak a text chunk by chunk, as soon as each is there.

        A text of one sentence is neither trimmed nor faded. Durations are checked before anything sounds;
        what is wrong with the sound alone can only be logged, or raised where it is silent or not finite.

        Args:
            text, voice: as for `tts`.
            controls: with scaling `none`, since a stream does not know its peak; None for the defaults
                without scaling.

        Returns:
            Waveforms (T_i,) at the controls' rate; together what `tts` returns.

        Raises:
            ConfigError: another scaling.
        """
        controls = self._controls(controls, self.controls(scaling="none"))
        if controls.scaling != "none":
            raise ConfigError(f"a stream can't be scaled to {controls.scaling!r}", "choose scaling 'none'")
        sequences, target = self.read(text, controls.language), self.voice(voice)
        pauses = pauses_behind(sequences, controls.sentence_pause)
        if len(sequences) == 1:
            alone = self._stream((sequences[0], target), controls)
            chunks: Iterator[Waveform] = chain(alone, silence(pauses[0], self.rate))
        else:
            pieces = (self._stream((one, target), controls) for one in sequences)
            chunks = concatenate(pieces, pauses, self.rate)
        return self.at_rate(chunks, controls.rate)

    def read(self, text: Script, language: str | None = None) -> list[TokenSequence]:
        """Read a text once; what comes back may be given to the other methods in its place.

        Raises:
            TextError: something in the text can't be spoken.
            ConfigError: the model does not declare the language.
        """
        if not isinstance(text, str):
            return list(text)
        sequences = read_text(text, self.frontend(language), self.blanks, self.edge)
        self._warn_of_prosody(sequences)
        return sequences

    def phonemes(self, text: str, language: str | None = None) -> list[str]:
        """IPA of a text's sentences, without speaking them.

        Raises:
            As `read`.
        """
        return [sequence.phonemes for sequence in self.read(text, language)]

    def language(self, language: str | None = None) -> str:
        """The language that a text is read in where `language` is asked for; None for no wish."""
        return self.frontend(language).language

    def frontend(self, language: str | None = None) -> TextFrontend:
        """The text front end of one of the languages that the model declares; None for the first one.

        Raises:
            ConfigError: it does not declare this one.
        """
        frontends: dict[str | None, TextFrontend] = self.__dict__.setdefault("_frontends", {})
        if language not in frontends:
            frontends[language] = build_frontend(self.text, language)
        return frontends[language]

    def synthesize(self, items: Sequence[Item], controls: Any) -> list[Synthesis]:
        """Token sequences with their voices to sound, those of like lengths together.

        Raises:
            AudioError: one came out silent or not finite, twice.
        """
        order = sorted(range(len(items)), key=lambda item: len(items[item][0].tokens))
        size = self.batch_size
        done: dict[int, Synthesis] = {}
        for begin in range(0, len(order), size):
            group = order[begin : begin + size]
            done |= zip(group, self._synthesize([items[item] for item in group], controls), strict=True)
        return [done[item] for item in range(len(items))]

    def noise(self, sequence: TokenSequence, controls: Any, attempt: int = 0) -> torch.Generator:
        """The noise of a sequence; see `token_sequence.noise_for`."""
        return noise_for(controls.seed, sequence.position, attempt)

    def _controls(self, controls: Any, otherwise: SpeechControls | None = None) -> Any:
        """Controls, checked against what the model can do."""
        found = controls or otherwise or self.controls()
        if not isinstance(found, self.controls):
            raise ConfigError(
                f"{type(found).__name__} are not the controls of this model", f"use {self.controls.__name__}"
            )
        self.require(rate=found.rate)
        return found

    def _synthesize(self, items: Sequence[Item], controls: Any) -> list[Synthesis]:
        """Features first: what is wrong with their durations is known before anything is decoded."""
        voices = {id(sequence): voice for sequence, voice in items}

        def decoded(batch: Sequence[Synthesis]) -> list[Synthesis]:
            wavs = self.decode(batch, [voices[id(one.sequence)] for one in batch], controls)
            return [replace(one, wav=wav) for one, wav in zip(batch, wavs, strict=True)]

        def again(batch: Sequence[Synthesis]) -> list[Synthesis]:
            second = [(one.sequence, voices[id(one.sequence)]) for one in batch]
            return self.acoustic(second, controls, SECOND)

        def issues(one: Synthesis) -> list[Issue]:
            return [*self._duration_issues(one, controls), *self._sound_issues(one, controls)]

        features = self.acoustic(items, controls)
        features = better_of_two(features, again, lambda one: self._duration_issues(one, controls))
        done = better_of_two(decoded(features), lambda batch: decoded(again(batch)), issues)
        return [replace(one, problems=_report(one.sequence, issues(one)), features=None) for one in done]

    def _released(self, items: Sequence[Item], controls: Any) -> list[Synthesis]:
        """`synthesize`, after which what it needed is given back."""
        done = self.synthesize(items, controls)
        release_unused_memory()
        return done

    def _stream(self, item: Item, controls: Any) -> Iterator[Waveform]:
        features = better_of_two(
            self.acoustic([item], controls),
            lambda batch: self.acoustic([item], controls, SECOND),
            lambda one: self._duration_issues(one, controls),
        )
        chunks = []
        for chunk in self.decode_stream(features[0], item[1], controls):
            chunks.append(chunk)
            if not np.isfinite(chunk).all():
                break
            yield chunk
        whole = replace(features[0], wav=concatenated(chunks))
        _report(item[0], [*self._duration_issues(whole, controls), *self._sound_issues(whole, controls)])
        release_unused_memory()

    def _duration_issues(self, one: Synthesis, controls: Any) -> list[Issue]:
        if one.durations is None:
            return []
        return check_durations(one.durations, one.sequence.silent, one.frame_rate, _speed(one, controls))

    def _sound_issues(self, one: Synthesis, controls: Any) -> list[Issue]:
        return check_sound(one.wav, self.rate, _speed(one, controls))

    def _speech(self, sentences: Sequence[Synthesis], voice: Voice, controls: Any) -> Speech:
        """Sentences behind each other, brought to the controls' rate and scaled."""
        sounds = [sentence.wav for sentence in sentences]
        curves = [sentence.f0 for sentence in sentences if sentence.f0 is not None]
        return self.finished(sounds, concatenated(curves) if curves else None, voice, controls, sentences)

    def finished(
        self,
        sounds: Sequence[Waveform],
        f0: Track | None,
        voice: Voice,
        controls: SpeechControls,
        sentences: Sequence[Synthesis] = (),
    ) -> Speech:
        """Waveforms at the system's rate behind each other, brought to the controls' rate and scaled.

        Raises:
            AudioError: they are silent.
            CheckpointError: the bundle has no super-resolution for the rate.
        """
        wav = concatenated(list(self.at_rate(sounds, controls.rate)))
        wav *= gain(controls.scaling, float(np.abs(wav).max(initial=0.0)), voice.peak)
        mel = self.mel(concatenated(sounds))
        return Speech(wav, self.output_rate(controls), f0, mel, tuple(sentences))

    def _warn_of_prosody(self, sequences: Sequence[TokenSequence]) -> None:
        """Say which of the markup's wishes the system does not understand."""
        known = self.controls.model_fields
        wishes = {
            "speed": any(set(one.rates) != {1.0} for one in sequences),
            "semitones": any(any(one.semitones) for one in sequences),
            "pitch_range": any(set(one.pitch_ranges) != {1.0} for one in sequences),
        }
        for name, wished in wishes.items():
            if wished and name not in known:
                _log.warning("the model has no control %s: the markup's is left out", name)


def better_of_two(
    first: Sequence[Synthesis],
    again: Callable[[Sequence[Synthesis]], list[Synthesis]],
    issues: Callable[[Synthesis], list[Issue]],
) -> list[Synthesis]:
    """Try once more what has issues and has been tried once; of two faulty ones, the better one stays."""
    best = list(first)
    faulty = [index for index, one in enumerate(best) if one.attempts == 1 and issues(one)]
    if faulty:
        for index, second in zip(faulty, again([best[index] for index in faulty]), strict=True):
            better = min((best[index], second), key=lambda one: severity(issues(one)))
            best[index] = replace(better, attempts=2)
    return best


def _speed(one: Synthesis, controls: Any) -> float:
    return cast(float, getattr(controls, "speed", 1.0)) * one.sequence.mean_rate


def _report(sequence: TokenSequence, issues: Sequence[Issue]) -> tuple[str, ...]:
    """Log what is wrong with a sentence, or raise it."""
    text = " ".join(sequence.text.split())
    quoted = repr(text if len(text) <= QUOTED_LENGTH else text[: QUOTED_LENGTH - 1] + "…")
    for issue in issues:
        if issue.fatal:
            raise AudioError(f"{quoted} {issue.problem}", "use other weights or another prompt")
        _log.warning("%s %s", quoted, issue.problem)
    return tuple(issue.problem for issue in issues)
