"""Whom to speak like: options that `tts`, `vc` and `voice` share, and the voice that they mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hiervox.utils.errors import ConfigError

if TYPE_CHECKING:
    from hiervox.models.tts.hierspeechpp.pipeline import HierSpeechPipeline
    from hiervox.models.tts.hierspeechpp.voice import Voice

PromptOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE[:WEIGHT]", help="A recording of the voice to speak in. Several are mixed by weight."
    ),
]
VoiceOption = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME[:WEIGHT]", help="A saved voice, likewise; see `hiervox voice`."),
]
DenoiseOption = Annotated[
    float, typer.Option(help="Share of the style from the denoised prompt, 0 to 1; 0.8 for noisy prompts.")
]
ReplicateOption = Annotated[
    bool, typer.Option("--replicate", help="Repeat a prompt under 3 s for the style encoders.")
]


class Cast:
    """Prompts and saved voices with their weights, looked at before any network is loaded.

    Args:
        prompts, voices: as the options give them.

    Raises:
        ConfigError: there is none, or a weight is unusable.
    """

    def __init__(self, prompts: Sequence[str] | None, voices: Sequence[str] | None) -> None:
        self.prompts = _weighted(prompts or (), lambda file: not Path(file).exists())
        self.voices = _weighted(voices or (), lambda name: True)
        if not self.prompts and not self.voices:
            raise ConfigError("no voice to speak in", "give a recording: --prompt FILE, or a --voice NAME")

    @property
    def files(self) -> list[str]:
        """The recordings among them."""
        return [file for file, _ in self.prompts]

    def check(self, pipeline: HierSpeechPipeline) -> None:
        """Read all of it; no network is needed for that.

        Raises:
            AudioError: a prompt is missing, broken, silent, too short or too long.
            ConfigError: a voice is not there, or of another model.
        """
        from hiervox.models.tts.hierspeechpp.prompt import prepare_prompt, read_prompt

        for file, _ in self.prompts:
            prepare_prompt(*read_prompt(Path(file)), file)
        for name, _ in self.voices:
            pipeline.saved_voice(name)

    def voice(
        self, pipeline: HierSpeechPipeline, denoise_ratio: float, replicate: bool, for_text: bool = True
    ) -> Voice:
        """The voice, mixed where there are several; see `HierSpeechPipeline.voice`."""
        from hiervox.models.tts.hierspeechpp.voice import mix_voices

        found = [
            *(
                pipeline.voice(
                    Path(file), denoise_ratio=denoise_ratio, replicate=replicate, for_text=for_text
                )
                for file, _ in self.prompts
            ),
            *(pipeline.saved_voice(name) for name, _ in self.voices),
        ]
        weights = [weight for _, weight in (*self.prompts, *self.voices)]
        return found[0] if len(found) == 1 else mix_voices(found, weights)

    def record(self) -> dict[str, dict[str, float]]:
        """What to note beside a sound."""
        return {"prompts": dict(self.prompts), "voices": dict(self.voices)}


def _weighted(values: Sequence[str], is_split: Callable[[str], bool]) -> list[tuple[str, float]]:
    """`NAME[:WEIGHT]` as a name and a weight, 1 where none is given."""
    found = []
    for value in values:
        name, colon, weight = value.rpartition(":")
        if colon and name and is_split(value):
            try:
                number = float(weight)
            except ValueError:
                name, number = value, 1.0
            if not 0 <= number < float("inf"):
                raise ConfigError(f"no weight {weight} of {name}", "give a number from 0")
            found.append((name, number))
        else:
            found.append((value, 1.0))
    return found
