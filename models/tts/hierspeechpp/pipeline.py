"""From what a user has, a text or a recording and a prompt, to a waveform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from hiervox.models.base.pipelines.bundle import load_denoiser, resolve_bundle
from hiervox.models.base.pipelines.protocols import Enhancement
from hiervox.models.tts.hierspeechpp.controls import SpeechControls
from hiervox.models.tts.hierspeechpp.conversion import convert, converted_pitch
from hiervox.models.tts.hierspeechpp.copy_synthesis import heard_pitch, resynthesize
from hiervox.models.tts.hierspeechpp.narration import Sentence, lay_out
from hiervox.models.tts.hierspeechpp.parts import Networks
from hiervox.models.tts.hierspeechpp.prompt import MOST_SECONDS, prepare_recording, read_prompt
from hiervox.models.tts.hierspeechpp.rendering import at_rate
from hiervox.models.tts.hierspeechpp.speaking import Speaker
from hiervox.models.tts.hierspeechpp.speech import Speech, gather, mel_of
from hiervox.models.tts.hierspeechpp.voice import Voice, make_voice
from hiervox.models.tts.hierspeechpp.voice_store import is_voice_name, load_voice
from hiervox.processors.audio import SAMPLE_RATE, Waveform, read_audio
from hiervox.processors.pitch import Track
from hiervox.processors.text.script import Utterance, read_script
from hiervox.utils.device import choose_device
from hiervox.utils.errors import ConfigError

Recording = str | Path | tuple[Waveform, int]
"""A sound file, or a waveform (T,) with its rate in Hz."""
Prompt = Recording | Voice
"""Whom to speak like: a recording, a voice, or the name of a saved one."""
PUBLISHED = SpeechControls()
UNSCALED = SpeechControls(scaling="none")


def load(name_or_folder: str | Path | None = None, device: str = "auto") -> HierSpeechPipeline:
    """Open an installed model, or one in a folder; networks load when they are first needed.

    Args:
        name_or_folder: None for the default model.
        device: `auto`, `cpu`, `cuda`, `cuda:1` …

    Raises:
        ConfigError: there is no such model or device, or its parts do not belong together.
        CheckpointError: a part's checkpoint is missing, broken, or of another part.
    """
    name = None if name_or_folder is None else str(name_or_folder)
    return HierSpeechPipeline.load(resolve_bundle(name), choose_device(device))


class HierSpeechPipeline:
    """Zero-shot text to speech, voice conversion, super-resolution and copy-synthesis.

    Whatever a user can mend, its methods raise as a `HierVoxError` of one line.

    Args:
        networks: of the bundle to speak with.
    """

    def __init__(self, networks: Networks) -> None:
        self.networks = networks
        self._denoiser: Enhancement | None = None

    @classmethod
    def load(cls, folder: Path, device: str | torch.device = "cpu") -> HierSpeechPipeline:
        """Open a bundle; see `Networks.load`."""
        return cls(Networks.load(folder, device))

    @property
    def denoiser(self) -> Enhancement:
        """The bundle's denoiser.

        Raises:
            CheckpointError: it has none.
        """
        if self._denoiser is None:
            self._denoiser = load_denoiser(self.networks.folder, self.networks.device)
        return self._denoiser

    def voice(
        self,
        prompt: Prompt,
        *,
        denoise_ratio: float = 0.0,
        replicate: bool = False,
        for_text: bool = True,
    ) -> Voice:
        """The voice of a prompt, to speak with more than once.

        Args:
            prompt: a voice comes back as it is.
            denoise_ratio: share of the style that the denoised recording gives, 0 to 1.
            replicate: whether a short recording is repeated for the style encoders.
            for_text: whether the voice will read texts; for conversion, text-to-vec need not be loaded.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite.
            ConfigError: there is no such saved voice, or another model made it.
            CheckpointError: a ratio over 0, and the bundle has no denoiser.
        """
        if isinstance(prompt, Voice):
            if prompt.model != self.networks.fingerprint:
                raise ConfigError("the voice was made with another model", "make it with this one")
            return prompt
        if isinstance(prompt, str) and is_voice_name(prompt) and not Path(prompt).is_file():
            return self.saved_voice(prompt)
        return make_voice(
            self.networks,
            *(prompt if isinstance(prompt, tuple) else read_prompt(Path(prompt))),
            denoise_ratio=denoise_ratio,
            denoiser=self.denoiser if denoise_ratio > 0 else None,
            replicate=replicate,
            for_text=for_text,
            name=_name(prompt, "the prompt"),
        )

    def saved_voice(self, name: str) -> Voice:
        """A voice that `hiervox voice add` or `voice_store.save_voice` made with this model.

        Raises:
            ConfigError: there is no such voice, or another model made it.
            CheckpointError: its file is broken.
        """
        return load_voice(name, self.networks.fingerprint)

    def phonemes(self, text: str, language: str | None = None) -> list[str]:
        """IPA of a text's sentences, without speaking them.

        Raises:
            TextError: something in the text can't be spoken.
        """
        frontend = self.networks.frontend(language)
        return [frontend.phonemes(utterance.text) for utterance in self._script(text, language)]

    def tts(
        self,
        text: str,
        prompt: Prompt,
        controls: SpeechControls = PUBLISHED,
        f0: Track | None = None,
    ) -> Speech:
        """Speak a text in the voice of a prompt.

        Args:
            text: any length, plain or SSML; `[[həlˈoʊ]]` is taken as IPA.
            prompt: whom to speak like.
            controls: how.
            f0: (T,) in Hz at 200 Hz, what the pitch is to be instead of the predicted one, stretched to the
                length of the speech; for a text of one sentence.

        Raises:
            TextError: something in the text can't be spoken.
            AudioError: the prompt is silent, too short or not finite, or the networks made no sound.
            ConfigError: an F0 curve for several sentences.
            CheckpointError, DependencyError: the bundle lacks what is asked for.
        """
        self.networks.require(text=True, rate=controls.rate)
        voice = self.voice(prompt)
        return self._speech(list(self.tts_sentences(text, voice, controls, f0)), voice, controls)

    def tts_batch(
        self,
        texts: Sequence[str],
        prompts: Prompt | list[Prompt] | list[Voice],
        controls: SpeechControls = PUBLISHED,
    ) -> list[Speech]:
        """Speak several texts at once; each comes out as `tts` has it, within 1e-4 of full scale.

        Args:
            texts: as for `tts`.
            prompts: one for all, or a list with one for each.
            controls: for all.
        """
        self.networks.require(text=True, rate=controls.rate)
        if isinstance(prompts, list):
            voices = [self.voice(prompt) for prompt in prompts]
        else:
            voices = [self.voice(prompts)] * len(texts)
        if len(voices) != len(texts):
            raise ConfigError(f"{len(voices)} prompts for {len(texts)} texts", "give one, or one for each")
        scripts = [self._script(text, controls.language) for text in texts]
        items = [
            (utterance, voice) for script, voice in zip(scripts, voices, strict=True) for utterance in script
        ]
        positions = [position for script in scripts for position in range(len(script))]
        spoken = iter(Speaker(self.networks).batch(items, controls, positions))
        speeches = []
        for script, voice in zip(scripts, voices, strict=True):
            own = lay_out(islice(spoken, len(script)), script, controls.sentence_pause)
            speeches.append(self._speech(list(own), voice, controls))
        return speeches

    def tts_sentences(
        self,
        text: str,
        prompt: Prompt,
        controls: SpeechControls = PUBLISHED,
        f0: Track | None = None,
    ) -> Iterator[Sentence]:
        """`tts` sentence by sentence, at 16 kHz and unscaled, in memory that does not grow with the text.

        The text is looked at as a whole before the first sentence is spoken.
        """
        self.networks.require(text=True, rate=controls.rate)
        utterances = self._script(text, controls.language)
        spoken = Speaker(self.networks).speak(utterances, self.voice(prompt), controls, f0)
        return lay_out(spoken, utterances, controls.sentence_pause)

    def tts_stream(
        self, text: str, prompt: Prompt, controls: SpeechControls = UNSCALED
    ) -> Iterator[Waveform]:
        """Speak a text chunk by chunk, as soon as each is there; see `Speaker.stream`.

        Args:
            text, prompt: as for `tts`.
            controls: with scaling `none`, since a stream does not know its peak.

        Returns:
            Waveforms (T_i,) at the controls' rate, in [-1, 1]; together what `tts` returns.

        Raises:
            ConfigError: another scaling.
        """
        if controls.scaling != "none":
            raise ConfigError(f"a stream can't be scaled to {controls.scaling!r}", "choose scaling 'none'")
        self.networks.require(text=True, rate=controls.rate)
        utterances = self._script(text, controls.language)
        chunks = Speaker(self.networks).stream(utterances, self.voice(prompt), controls)
        return self.at_rate(chunks, controls.rate)

    def vc(
        self,
        source: Recording,
        prompt: Prompt,
        controls: SpeechControls = PUBLISHED,
        f0: Track | None = None,
    ) -> Speech:
        """Say what a source recording says, as it says it, in the voice and at the pitch of a prompt.

        Args:
            source: what to say, any length; the result is as long, up to 80 ms longer.
            prompt: whom to speak like.
            controls: those of text are not used.
            f0: (T,) in Hz at 200 Hz, what the pitch is to be, stretched to the length of the speech.

        Raises:
            AudioError: a recording is missing, silent, too short or not finite, or no sound was made.
            CheckpointError, ConfigError, DependencyError: the bundle lacks or contradicts what is asked for.
        """
        self.networks.require(text=False, rate=controls.rate)
        voice = self.voice(prompt, for_text=False)
        pitch, chunks = self.vc_stream(source, voice, controls, f0)
        return gather(self.networks, list(chunks), pitch, voice, controls)

    def vc_stream(
        self,
        source: Recording,
        prompt: Prompt,
        controls: SpeechControls = PUBLISHED,
        f0: Track | None = None,
    ) -> tuple[Track, Iterator[Waveform]]:
        """`vc` stretch by stretch (see `stretches`), at 16 kHz and unscaled.

        Returns:
            F0 of the whole, and waveforms whose concatenation is the whole.
        """
        self.networks.require(text=False, rate=controls.rate)
        said = prepare_recording(*_read(source), _name(source, "the source"))
        voice = self.voice(prompt, for_text=False)
        pitch = converted_pitch(self.networks, said, voice, controls, f0)
        return pitch, convert(self.networks, said, pitch, voice, controls)

    def f0(self, recording: Recording, controls: SpeechControls = PUBLISHED) -> Track:
        """F0 of a recording as the synthesizer hears it: acoustic posterior and source network.

        Args:
            recording: speech of any length.
            controls: noise scale (0 is the posterior's mean) and seed are used.

        Returns:
            (4 N,) in Hz at 200 Hz, 0 where unvoiced.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite.
        """
        heard, voice = self._heard(recording)
        return heard_pitch(self.networks, heard, voice, controls)

    def resynthesize(self, recording: Recording, controls: SpeechControls = PUBLISHED) -> Speech:
        """Say a recording again as it is: acoustic posterior, generator and, over 16 kHz, super-resolution.

        Args:
            recording: speech of any length; what it holds above 8 kHz is not used.
            controls: noise scale, seed, scaling and rate are used; scaling `prompt` is the recording's peak.

        Raises:
            AudioError: the recording is missing, silent, too short or not finite, or no sound was made.
            CheckpointError: the bundle has no super-resolution for the rate.
        """
        self.networks.require(text=False, rate=controls.rate)
        heard, voice = self._heard(recording)
        pitch = heard_pitch(self.networks, heard, voice, controls)
        chunks = resynthesize(self.networks, heard, voice, controls)
        return gather(self.networks, list(chunks), pitch, voice, controls)

    def resynthesize_stream(
        self, recording: Recording, controls: SpeechControls = PUBLISHED
    ) -> tuple[float, Iterator[Waveform]]:
        """`resynthesize` stretch by stretch (see `stretches`), at 16 kHz and unscaled.

        Returns:
            The recording's peak, and waveforms whose concatenation is the whole.
        """
        self.networks.require(text=False, rate=controls.rate)
        heard, voice = self._heard(recording)
        return float(np.abs(heard).max()), resynthesize(self.networks, heard, voice, controls)

    def sr(self, wav: Waveform, rate: int, out_rate: int = 48000) -> tuple[Waveform, int]:
        """Bring a waveform (T,) of `rate` Hz to 24000 or 48000 Hz by super-resolution; its level stays.

        Returns:
            The waveform and its rate.

        Raises:
            CheckpointError: the bundle has no super-resolution for this rate.
            AudioError: the waveform is empty or not finite.
        """
        return self.networks.upsampler(out_rate).upsample(wav, rate)

    def at_rate(self, chunks: Iterable[Waveform], rate: int) -> Iterator[Waveform]:
        """See `rendering.at_rate`."""
        return at_rate(self.networks, chunks, rate)

    def _script(self, text: str, language: str | None) -> list[Utterance]:
        return read_script(text, self.networks.frontend(language).language)

    def _heard(self, recording: Recording) -> tuple[Waveform, Voice]:
        """A recording at 16 kHz, and its own voice."""
        wav, rate = _read(recording)
        heard = prepare_recording(wav, rate, _name(recording, "the recording"))
        beginning = heard[: int(MOST_SECONDS * SAMPLE_RATE)]
        return heard, make_voice(self.networks, beginning, SAMPLE_RATE, for_text=False)

    def _speech(self, sentences: Sequence[Sentence], voice: Voice, controls: SpeechControls) -> Speech:
        f0 = np.concatenate([sentence.f0 for sentence in sentences])
        sounds = [sentence.sound for sentence in sentences]
        alignment = sentences[0].spoken.alignment if len(sentences) == 1 else None
        return gather(self.networks, sounds, f0, voice, controls, alignment)

    def mel(self, wav: Waveform) -> NDArray[np.float32]:
        """Log-mel (80, N) of a 16 kHz waveform (T,), as the synthesizer sees prompts."""
        return mel_of(self.networks, wav)


def _read(recording: Recording) -> tuple[Waveform, int]:
    return recording if isinstance(recording, tuple) else read_audio(recording)


def _name(recording: Recording, otherwise: str) -> str:
    return otherwise if isinstance(recording, tuple) else str(recording)
