"""Text to speech, conversion and copy synthesis: all of it but what a system is.

A system builds its parts (`parts`) from its networks; one class speaks with them::

    def load_pipeline(folder, device="cpu"):
        network, experiment = load_for_inference(folder, device)
        return SpeechPipeline(folder, device, MyControls, MySynthesizer(network), MyVoices(network))
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, Generic, final

import numpy as np
import torch
from numpy.typing import NDArray

from hiervox.models.base.pipelines import attempts
from hiervox.models.base.pipelines.assembly import assemble
from hiervox.models.base.pipelines.bundle import find_part
from hiervox.models.base.pipelines.concatenation import concatenate, silence
from hiervox.models.base.pipelines.not_pickled import NotPickled
from hiervox.models.base.pipelines.output_rates import OutputRates
from hiervox.models.base.pipelines.parts import (
    ControlsT,
    Converter,
    CopySynthesizer,
    Item,
    Source,
    Synthesizer,
    Voices,
)
from hiervox.models.base.pipelines.pitch_curve import check_pitch
from hiervox.models.base.pipelines.prompt import prepare_recording
from hiervox.models.base.pipelines.protocols import Recording
from hiervox.models.base.pipelines.speech import Speech, Synthesis, concatenated, gain
from hiervox.models.base.pipelines.speech_trace import recording_stages, text_stages
from hiervox.models.base.pipelines.token_sequence import TokenSequence, given_sequences, pauses_behind
from hiervox.models.base.pipelines.trace import Stage, Subject
from hiervox.models.base.pipelines.voice import Voice
from hiervox.models.base.pipelines.voice_loader import Prompt, VoiceLoader, recording_name
from hiervox.processors.audio import Waveform, as_waveform, read_audio, require_finite
from hiervox.processors.pitch import F0Contour, PitchConfig
from hiervox.processors.spectrogram import SpectrogramConfig, log_mel
from hiervox.utils.errors import ConfigError, TextError
from hiervox.utils.logging import get_logger
from hiervox.utils.memory import release_unused_memory

Script = str | Sequence[TokenSequence]
"""A text of any length, plain or SSML, or what `SpeechPipeline.read` made of it."""
Made = Callable[[Item], Synthesis | None]
"""Gives what was made of a sequence together with those of other texts; None where it is to be made now."""
CPU_BATCH, GPU_BATCH = 1, 16
"""Most sequences to one pass of the networks."""

_log = get_logger("speech")


@final
class SpeechPipeline(NotPickled, Generic[ControlsT]):
    """A model that speaks, and, with a converter or a copy synthesizer, converts and encodes recordings.

    What a sequence sounds like depends on itself, its voice, the controls and its position in its text
    alone: the noise is seeded with them. Whatever fails a check (`output_checks`) is synthesised once more
    with other noise; of two faulty attempts the better one stays, and a logged line names the sentence.
    Batches equal single sequences within 1e-4 of full scale.

    Args:
        folder: of the model.
        device: where its networks run.
        controls: the model of its controls.
        synthesizer: token sequences and voices to samples.
        voices: what a voice is to the system.
        converter: a recording in another voice; None where the system does not convert.
        copy_synthesizer: F0 and copy synthesis of a recording; None where the system has none.

    Attributes:
        rate: of what the system's own networks make, Hz.
        batch_size: most sequences to one pass of the networks, where the synthesizer can take as many.
    """

    def __init__(
        self,
        folder: Path,
        device: str | torch.device,
        controls: type[ControlsT],
        synthesizer: Synthesizer[ControlsT],
        voices: Voices,
        *,
        converter: Converter[ControlsT] | None = None,
        copy_synthesizer: CopySynthesizer[ControlsT] | None = None,
    ) -> None:
        self.folder, self.device = folder, torch.device(device)
        self.controls, self.synthesizer, self.voices = controls, synthesizer, voices
        self.converter, self.copy_synthesizer = converter, copy_synthesizer
        self.rate = synthesizer.rate
        self.batch_size = CPU_BATCH if self.device.type == "cpu" else GPU_BATCH
        self.loader = VoiceLoader(folder, self.device, voices)
        self.rates = OutputRates(folder, self.device, self.rate)

    # text

    def read(self, text: Script, language: str | None = None) -> list[TokenSequence]:
        """Read a text once; what comes back may be given to the other methods in its place.

        Raises:
            TextError: something in the text can't be spoken.
            ConfigError: the model does not declare the language.
            CheckpointError: the model reads no text.
        """
        if not isinstance(text, str):
            return given_sequences(text)
        sequences = self.synthesizer.reader.read(text, language)
        self._warn_of_prosody(sequences)
        return sequences

    def phonemes(self, text: str, language: str | None = None) -> list[str]:
        """IPA of a text's sentences, without speaking them.

        Raises:
            As `read`.
        """
        return [sequence.phonemes for sequence in self.read(text, language)]

    def language(self, language: str | None = None) -> str:
        """The language that a text is read in where `language` is asked for; None for no wish.

        Raises:
            ConfigError: the model does not declare it.
        """
        return self.synthesizer.reader.language(language)

    # voices

    def voice(
        self,
        prompt: Prompt | None = None,
        *,
        denoise_ratio: float = 0.0,
        replicate: bool = False,
        for_text: bool = True,
    ) -> Voice:
        """A voice, to speak with more than once.

        Args:
            prompt: a voice comes back as it is; None for the model's own first voice.
            denoise_ratio: share of the voice that the denoised recording gives, 0 to 1.
            replicate: whether a short recording is repeated before it is encoded.
            for_text: whether the voice will read texts; for conversion, less may have to be loaded.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite.
            ConfigError: there is no such voice, another model made it, or the system takes no prompts.
            CheckpointError: a ratio over 0, and the bundle has no denoiser.
        """
        return self.loader.voice(prompt, denoise_ratio=denoise_ratio, replicate=replicate, for_text=for_text)

    def named_voice(self, name: str) -> Voice | Path:
        """A saved voice, the prompt of a bundled one, or a speaker, by name; see `VoiceLoader`."""
        return self.loader.named_voice(name)

    def own_voice(self) -> Voice | Path:
        """What is spoken in where no voice is named; see `VoiceLoader.own_voice`."""
        return self.loader.own_voice()

    @property
    def own_voice_name(self) -> str:
        """The name of `own_voice`; empty where there is none."""
        return self.loader.own_voice_name

    @property
    def fingerprint(self) -> str:
        """What saved voices are bound to; see `Voices.fingerprint`."""
        return self.voices.fingerprint

    @property
    def speakers(self) -> Sequence[str]:
        """Names of the speakers that the networks know; none where voices come from prompts alone."""
        return self.voices.speakers

    @property
    def pitch(self) -> PitchConfig:
        """How the pitch of prompts is tracked."""
        return self.voices.pitch

    # rates and spectrograms

    def output_rate(self, controls: ControlsT) -> int:
        """Hz of what is made with these controls."""
        return controls.rate or self.rate

    def require(self, *, rate: int | None = None, denoiser: bool = False) -> None:
        """Make sure that the model can do what is asked, before anything is computed.

        Raises:
            CheckpointError: it lacks a network.
        """
        self.rates.require(rate)
        if denoiser:
            find_part(self.folder, "enhancement")

    def at_rate(self, chunks: Iterable[Waveform], rate: int | None) -> Iterator[Waveform]:
        """Bring a waveform at the system's rate to another while it comes, (T_i,) each.

        The result is that of super-resolution of the whole, whatever the chunks; what comes out lags behind
        by what the network looks ahead.

        Raises:
            CheckpointError: the bundle has no super-resolution for this rate.
        """
        return self.rates.converted(chunks, rate)

    @property
    def mel_config(self) -> SpectrogramConfig:
        """Of the spectrograms that are drawn and returned."""
        return self.synthesizer.mel_config

    def mel(self, wav: Waveform) -> NDArray[np.float32]:
        """Log-mel (M, N) of a waveform (T,) at the rate; silence follows one shorter than half a window."""
        missing = max(0, self.mel_config.n_fft // 2 + 1 - len(wav))
        samples = torch.from_numpy(np.pad(wav, (0, missing)))[None]
        mel: NDArray[np.float32] = log_mel(samples, self.mel_config)[0].numpy()
        return mel

    # text to speech

    def tts(
        self,
        text: Script,
        voice: Prompt | None = None,
        controls: ControlsT | None = None,
        f0: F0Contour | None = None,
    ) -> Speech:
        """Speak a text.

        Args:
            text: any length, plain or SSML; `[[həlˈoʊ]]` is taken as IPA.
            voice: whom to speak like; None for the model's own first voice.
            controls: None for the defaults.
            f0: (T,) in Hz at 200 Hz, what the pitch is to be instead of the predicted one, stretched to the
                length of the speech; for a text of one sentence.

        Raises:
            TextError: something in the text can't be spoken.
            AudioError: the prompt is silent, too short or not finite, or the networks made no sound.
            ConfigError: an F0 curve for several sentences.
            CheckpointError, DependencyError: the bundle lacks what is asked for.
        """
        controls = self._checked(controls)
        target = self.voice(voice)
        return self._speech(list(self.tts_sentences(text, target, controls, f0)), target, controls)

    def tts_batch(
        self,
        texts: Sequence[Script],
        voices: Prompt | list[Any] | None = None,
        controls: ControlsT | None = None,
    ) -> list[Speech]:
        """Speak several texts at once; each comes out as `tts` has it, within 1e-4 of full scale.

        Args:
            texts: as for `tts`.
            voices: one for all, or a list with one for each.
            controls: for all.
        """
        if isinstance(texts, str) or not isinstance(texts, Sequence):
            raise TextError(f"a {type(texts).__name__} is not several texts", "give a list of strings")
        controls = self._checked(controls)
        each = voices if isinstance(voices, list) else [voices] * len(texts)
        if len(each) != len(texts):
            raise ConfigError(f"{len(each)} voices for {len(texts)} texts", "give one, or one for each")
        targets = (
            list(map(self.voice, each)) if isinstance(voices, list) else [self.voice(voices)] * len(each)
        )
        scripts = [self.read(text, controls.language) for text in texts]
        items = [
            item
            for script, target in zip(scripts, targets, strict=True)
            for item in self.items(script, target)
        ]
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
        controls: ControlsT | None = None,
        f0: F0Contour | None = None,
        made: Made | None = None,
    ) -> Iterator[Synthesis]:
        """`tts` sentence by sentence, at the system's rate and unscaled, in memory that does not grow.

        The text is looked at as a whole before the first sentence is spoken. The `wav` and `f0` of what is
        returned hold the pause behind the sentence, too.

        Args:
            text, voice, controls, f0: as for `tts`.
            made: is asked for each sentence before it is made.
        """
        controls = self._checked(controls)
        sequences, target = self.read(text, controls.language), self.voice(voice)
        if f0 is not None:
            if len(sequences) > 1:
                raise ConfigError(
                    f"one F0 curve, and the text has {len(sequences)} sentences",
                    "give one sentence at a time",
                )
            check_pitch(f0)
            sequences = [replace(sequences[0], f0=f0)]

        def spoken(item: Item) -> Synthesis:
            return (made(item) if made else None) or self._released([item], controls)[0]

        done = map(spoken, self.items(sequences, target))
        return assemble(done, sequences, controls.sentence_pause, self.rate)

    def tts_stream(
        self,
        text: Script,
        voice: Prompt | None = None,
        controls: ControlsT | None = None,
        noted: Callable[[Synthesis], None] | None = None,
        made: Made | None = None,
    ) -> Iterator[Waveform]:
        """Speak a text chunk by chunk, as soon as each is there.

        A text of one sentence is neither trimmed nor faded. Durations are checked before anything sounds;
        what is wrong with the sound alone can only be logged, or raised where it is silent or not finite.

        Args:
            text, voice: as for `tts`.
            controls: with scaling `none`, since a stream does not know its peak; None for the defaults
                without scaling.
            noted: is told each sentence, as `tts_sentences` has it, before the last chunk of it comes.
            made: is asked for each sentence before it is made; what it gives is one chunk.

        Returns:
            Waveforms (T_i,) at the controls' rate; together what `tts` returns.

        Raises:
            ConfigError: another scaling.
        """
        controls = self._checked(controls or self.controls(scaling="none"))
        if controls.scaling != "none":
            raise ConfigError(f"a stream can't be scaled to {controls.scaling!r}", "choose scaling 'none'")
        sequences, target = self.read(text, controls.language), self.voice(voice)
        pauses = pauses_behind(sequences, controls.sentence_pause)
        note = None
        if noted is not None:
            spoken: deque[Synthesis] = deque()
            taken = (spoken.popleft() for _ in sequences)
            assembled = assemble(taken, sequences, controls.sentence_pause, self.rate)

            def note(synthesis: Synthesis) -> None:
                spoken.append(synthesis)
                noted(next(assembled))

        items = self.items(sequences, target)
        streams = (self._chunks(item, controls, note, made) for item in items)
        if len(sequences) == 1:
            chunks: Iterator[Waveform] = chain(next(streams), silence(pauses[0], self.rate))
        else:
            chunks = concatenate(streams, pauses, self.rate)
        return self.at_rate(chunks, controls.rate)

    def synthesize(self, items: Sequence[Item], controls: ControlsT) -> list[Synthesis]:
        """Token sequences with their voices to sound, those of like lengths together.

        Raises:
            AudioError: one came out silent or not finite, twice.
        """
        return attempts.synthesize(self.synthesizer, items, controls, self.largest_batch)

    @property
    def largest_batch(self) -> int:
        """Most sequences to one pass of the networks."""
        return min(self.batch_size, self.synthesizer.largest_batch or self.batch_size)

    def items(self, sequences: Sequence[TokenSequence], target: Voice) -> list[Item]:
        """Each sequence with its voice: the one that its text names, or the target.

        Raises:
            ConfigError: there is no such voice, or another model made it.
        """
        named = dict.fromkeys(sequence.voice for sequence in sequences if sequence.voice is not None)
        voices = {name: self.voice(self.named_voice(name)) for name in named}
        return [(each, target if each.voice is None else voices[each.voice]) for each in sequences]

    # recordings

    def vc(
        self,
        source: Recording,
        voice: Prompt | None = None,
        controls: ControlsT | None = None,
        f0: F0Contour | None = None,
    ) -> Speech:
        """Say what a recording says, as it says it, in a voice.

        Args:
            source: what to say, any length.
            voice: whom to speak like; None for the model's own first voice.
            controls: those of text are not used; None for the defaults.
            f0: (T,) in Hz at 200 Hz, what the pitch is to be, stretched to the length of the speech.

        Raises:
            AudioError: a recording is missing, silent, too short or not finite, or no sound was made.
            CheckpointError, ConfigError, DependencyError: the model lacks or contradicts what is asked for.
        """
        controls = self._checked(controls)
        target = self.voice(voice, for_text=False)
        pitch, chunks = self.vc_stream(source, target, controls, f0)
        return self._finished(list(chunks), pitch, target, controls)

    def vc_stream(
        self,
        source: Recording,
        voice: Prompt | None = None,
        controls: ControlsT | None = None,
        f0: F0Contour | None = None,
    ) -> tuple[F0Contour | None, Iterator[Waveform]]:
        """`vc` in chunks, at the system's rate and unscaled.

        Returns:
            F0 of the whole, None where the system has none, and waveforms whose concatenation is the whole.
        """
        if self.converter is None:
            raise ConfigError("the model converts no recordings", "name a model for the task vc")
        controls = self._checked(controls)
        if f0 is not None:
            check_pitch(f0)
        recording = _read(source, "the source")
        return self.converter.convert(recording, self.voice(voice, for_text=False), controls, f0)

    def f0(self, recording: Recording, controls: ControlsT | None = None) -> F0Contour:
        """F0 of a recording as the model sees it.

        Args:
            recording: speech of any length.
            controls: those of noise are used.

        Returns:
            (T,) in Hz at 200 Hz, 0 where unvoiced.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite.
            ConfigError: the model has no such part.
        """
        speech, copier = _read(recording, "the recording").speech, self._copier()
        f0 = copier.f0(speech, self.loader.recording_voice(speech), self._checked(controls))
        require_finite(f0, "the pitch")
        return f0

    def resynthesize(self, recording: Recording, controls: ControlsT | None = None) -> Speech:
        """Copy synthesis and, over the system's own rate, super-resolution.

        Args:
            recording: speech of any length; what it holds above the system's rate is not used.
            controls: noise scale, seed, scaling and rate are used; scaling `prompt` is the recording's peak.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite, or no sound was made.
            CheckpointError: the bundle has no super-resolution for the rate.
            ConfigError: the model has no such part.
        """
        controls = self._checked(controls)
        speech, copier = _read(recording, "the recording").speech, self._copier()
        voice = self.loader.recording_voice(speech)
        chunks = list(copier.reconstruct(speech, voice, controls))
        return self._finished(chunks, copier.f0(speech, voice, controls), voice, controls)

    def resynthesize_stream(
        self, recording: Recording, controls: ControlsT | None = None
    ) -> tuple[float, Iterator[Waveform]]:
        """`resynthesize` in chunks, at the system's rate and unscaled.

        Returns:
            The recording's peak, and waveforms whose concatenation is the whole.
        """
        controls = self._checked(controls)
        speech, copier = _read(recording, "the recording").speech, self._copier()
        chunks = copier.reconstruct(speech, self.loader.recording_voice(speech), controls)
        return float(np.abs(speech).max()), chunks

    # what happens on the way

    def trace(self, subject: Subject) -> Iterator[Stage]:
        """The stages of speaking a text, the first of its sentences, or of converting a recording.

        Raises:
            TextError: something in the text can't be spoken.
            AudioError: the recording is silent, too short or not finite.
            ConfigError: the model does not convert.
        """
        controls = self._checked(subject.controls)
        subject = replace(subject, controls=controls)
        target = self.voice(subject.voice, for_text=subject.text is not None)
        if subject.text is None:
            if self.converter is None:
                raise ConfigError("the model does not convert recordings", "give a text")
            return recording_stages(self.converter, target, subject, self.rates)
        first, *_ = self.items(self.read(subject.text, controls.language), target)
        return text_stages(self.synthesizer, *first, subject, self.rates)

    # helpers

    def _copier(self) -> CopySynthesizer[ControlsT]:
        if self.copy_synthesizer is None:
            raise ConfigError("the model encodes no recordings", "name a model that can resynthesize")
        return self.copy_synthesizer

    def _checked(self, controls: ControlsT | None) -> ControlsT:
        """Controls, checked against what the model can do; the defaults for None."""
        found = controls or self.controls()
        if not isinstance(found, self.controls):
            raise ConfigError(
                f"{type(found).__name__} are not the controls of this model", f"use {self.controls.__name__}"
            )
        self.require(rate=found.rate)
        self.synthesizer.prepare(found)
        return found

    def _released(self, items: Sequence[Item], controls: ControlsT) -> list[Synthesis]:
        """`synthesize`, after which what it needed is given back."""
        done = self.synthesize(items, controls)
        release_unused_memory()
        return done

    def _speech(self, sentences: Sequence[Synthesis], voice: Voice, controls: ControlsT) -> Speech:
        """Sentences behind each other, brought to the controls' rate and scaled."""
        sounds = [sentence.wav for sentence in sentences]
        curves = [sentence.f0 for sentence in sentences if sentence.f0 is not None]
        return self._finished(sounds, concatenated(curves) if curves else None, voice, controls, sentences)

    def _finished(
        self,
        sounds: Sequence[Waveform],
        f0: F0Contour | None,
        voice: Voice,
        controls: ControlsT,
        sentences: Sequence[Synthesis] = (),
    ) -> Speech:
        """Waveforms at the system's rate behind each other, brought to the controls' rate and scaled."""
        for sound in sounds:
            require_finite(sound, "the result")
        wav = concatenated(list(self.at_rate(sounds, controls.rate)))
        wav *= gain(controls.scaling, float(np.abs(wav).max(initial=0.0)), voice.peak)
        mel = self.mel(concatenated(sounds))
        return Speech(wav, self.output_rate(controls), f0, mel, tuple(sentences))

    def _chunks(
        self,
        item: Item,
        controls: ControlsT,
        noted: Callable[[Synthesis], None] | None,
        made: Made | None,
    ) -> Iterator[Waveform]:
        """A sequence as a stream, or as one chunk where it was made before."""
        synthesis = made(item) if made else None
        if synthesis is None:
            yield from attempts.stream(self.synthesizer, item, controls, noted)
            return
        if noted is not None:
            noted(synthesis)
        yield synthesis.wav

    def _warn_of_prosody(self, sequences: Sequence[TokenSequence]) -> None:
        """Say which of the markup's wishes the system does not understand."""
        known = self.controls.model_fields
        wishes = {
            "speed": any(set(sequence.rates) != {1.0} for sequence in sequences),
            "semitones": any(any(sequence.semitones) for sequence in sequences),
            "pitch_range": any(set(sequence.pitch_ranges) != {1.0} for sequence in sequences),
        }
        for name, wished in wishes.items():
            if wished and name not in known:
                _log.warning("the model has no control %s: the markup's is left out", name)


def _read(recording: Recording, otherwise: str) -> Source:
    """A recording, read once and checked.

    Raises:
        AudioError: it is missing, silent, too short or not finite.
    """
    wav, rate = recording if isinstance(recording, tuple) else read_audio(recording)
    name = recording_name(recording, otherwise)
    wav = as_waveform(wav, name)
    speech = prepare_recording(wav, rate, name)
    return Source(wav, rate, speech)
