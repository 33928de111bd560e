"""A page of the stages of one model under one or two conditions, in one file that opens offline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hiervox.bins.visualization.media import (
    Spectrogram,
    comparison,
    curves_of,
    drawn,
    picture_of,
    sound_of,
    spectrogram_heard,
    spectrogram_of_stage,
)
from hiervox.evaluation.report.templates import fill_template
from hiervox.models.base.pipelines.trace import RECORDING, Sound, Stage
from hiervox.utils.errors import AudioError, ConfigError

MOST_BYTES = 8_000_000


@dataclass(frozen=True)
class Condition:
    """What a model made of one thing.

    Attributes:
        label: what it is.
        stages: in their order.
    """

    label: str
    stages: Sequence[Stage]

    @property
    def recording(self) -> Sound | None:
        """What a system makes again of what it was given; None of one that makes something else."""
        return next((stage.sound for stage in self.stages if stage.name == RECORDING), None)


def visualization_page(
    title: str,
    facts: Mapping[str, str],
    conditions: Sequence[Condition],
    voices: Mapping[str, Any] | None = None,
) -> str:
    """The page as HTML.

    Args:
        title: of the page.
        facts: what it says of the model and of what went in.
        conditions: one, or two that are shown beside each other, with their difference.
        voices: a map of them, by `voices.voice_map`; None for none.

    Raises:
        ConfigError: it would be over 8 MB.
    """
    first = _sections(conditions[0].stages)
    others = [_sections(condition.stages) for condition in conditions[1:]]
    sections = [
        _section(name, [steps, *(other.get(name, []) for other in others)], conditions)
        for name, steps in first.items()
    ]
    labels = [condition.label for condition in conditions]
    data = {
        "title": title,
        "facts": dict(facts),
        "conditions": labels,
        "sections": sections,
        "voices": voices,
    }
    page = fill_template("visualize", title, data)
    if (size := len(page.encode())) > MOST_BYTES:
        raise ConfigError(
            f"the page would have {size / 1e6:.1f} MB", "give a shorter input, or fewer --steps"
        )
    return page


def _sections(stages: Iterable[Stage]) -> dict[str, list[Stage]]:
    """Stages by series; one of no series is alone."""
    found: dict[str, list[Stage]] = {}
    for stage in stages:
        found.setdefault(stage.series or stage.name, []).append(stage)
    return found


def _section(name: str, stages: Sequence[Sequence[Stage]], conditions: Sequence[Condition]) -> dict[str, Any]:
    """A section: for each step, each condition's picture, sound and figures, and the conditions' difference.

    Args:
        name: of the section.
        stages: of each condition, one a step.
        conditions: the same conditions, whole.
    """
    count = len(stages[0])
    figures = [_figures(own, whole.recording) for own, whole in zip(stages, conditions, strict=True)]
    spectra = [[spectrogram_of_stage(stage) for stage in own] for own in stages]
    heard = [[spectrogram_heard(stage) for stage in own] for own in stages]
    flat, flat_heard = (iter(drawn([one for own in each for one in own])) for each in (spectra, heard))
    made = [
        [
            {
                "pictures": [uri for uri in (next(flat) or picture_of(stage), next(flat_heard)) if uri],
                "sound": sound_of(stage),
                "figures": {name: f"{value:.3g}" for name, value in scores.items()},
            }
            for stage, scores in zip(own, rows, strict=True)
        ]
        for own, rows in zip(stages, figures, strict=True)
    ]
    pairs = zip(_differences(spectra), _differences(heard), strict=True)
    apart = drawn([one or other for one, other in pairs], signed=True)
    steps = [
        {
            "label": stages[0][number].name,
            "made": [own[number] if number < len(own) else None for own in made],
            "difference": apart[number] if number < len(apart) else "",
        }
        for number in range(count)
    ]
    alike = {
        condition.label: rows
        for condition, rows in zip(conditions, figures, strict=True)
        if len(rows) == count
    }
    return {
        "name": name,
        "note": stages[0][0].note,
        "steps": steps,
        "curves": curves_of(alike, list(range(count))),
        "against": "the recording" if conditions[0].recording else "the last step",
    }


def _differences(spectra: Sequence[Sequence[Spectrogram | None]]) -> list[Spectrogram | None]:
    """The second condition's spectrograms minus the first's, step by step; none where there are not two."""
    if len(spectra) != 2:
        return []
    pairs = zip(*spectra, strict=False)
    return [None if one is None or two is None else two.without(one) for one, two in pairs]


def _figures(stages: Sequence[Stage], recording: Sound | None) -> list[dict[str, float]]:
    """Of each step of a series that can be heard: against the recording, or against its last step."""
    heard = [stage.sound for stage in stages if stage.sound is not None]
    is_sound = stages[0].kind == "sound" or len(heard) == len(stages)
    if len(stages) < 2 or len(heard) < 2 or not is_sound:
        return [{} for _ in stages]
    reference = recording or heard[-1]
    return [{} if stage.sound is None else _compared(stage.sound, reference) for stage in stages]


def _compared(sound: Sound, reference: Sound) -> dict[str, float]:
    try:
        return comparison(sound, reference)
    except AudioError:  # too short or too quiet for a pitch tracker
        return {}
