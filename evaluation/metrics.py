"""The metrics by the names that `--metrics` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hiervox.evaluation.metric import Metric
from hiervox.evaluation.pitch import PitchCorrelation
from hiervox.evaluation.quality import PerceivedQuality
from hiervox.evaluation.recognizer import Recognizer
from hiervox.evaluation.similarity import SpeakerEncoder, SpeakerSimilarity
from hiervox.evaluation.wer import WordErrorRate
from hiervox.processors.pitch import PitchConfig
from hiervox.utils.errors import ConfigError
from hiervox.utils.registry import nearest

# Against copies of ten recordings with all pitch times 1.3, where 1 is right, F0 Pearson is 0.90 with this
# tracker and range, 0.83 with YAAPT and 0.68 with Harvest in the same range: octave jumps make the difference
EVALUATION_PITCH = PitchConfig(method="dio", f_max=500.0)


def build_metrics(names: Sequence[str], recognizer: Recognizer, device: str) -> list[Metric]:
    """The metrics called `names`, in that order. No model loads yet.

    Raises:
        ConfigError: no such metric; names the nearest.
        DependencyError: the recogniser's offline weights are asked for and not installed.
    """
    builders: dict[str, Callable[[], Metric]] = {
        "wer": lambda: WordErrorRate(recognizer),
        "sim": lambda: SpeakerSimilarity(SpeakerEncoder(device)),
        "f0": lambda: PitchCorrelation(EVALUATION_PITCH),
        "dnsmos": PerceivedQuality,
    }
    for name in names:
        if name not in builders:
            raise ConfigError(f"no metric {name!r}", nearest(name, builders))
    if not names:
        raise ConfigError("no metrics", f"name some of {', '.join(builders)}")
    if "wer" in names:
        recognizer.source()
    return [builders[name]() for name in dict.fromkeys(names)]
