"""What can be set in HierVST. `docs/guides/vc_systems.md` says which choices are not the paper's."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Tag, model_validator

from hiervox.models.base.data.setup import FeaturesConfig, semantic_by_default
from hiervox.models.tts._hierarchy.config import (
    BiTFlowSizes,
    SynthesizerConfig,
    SynthesizerExperiment,
    WaveNetFlowSizes,
)
from hiervox.models.tts._hierarchy.networks.source_generator import SourceGeneratorSizes
from hiervox.models.tts._hierarchy.networks.source_network import SourceSizes
from hiervox.processors.semantic import XLS_R
from hiervox.utils.schema import told_by


class HierVSTSourceSizes(SourceSizes):
    """The source network, of HiFi-GAN's blocks."""

    blocks: Literal["amp", "mrf"] = "mrf"


class HierVSTGeneratorSizes(SourceGeneratorSizes):
    """The waveform generator, of HiFi-GAN's blocks."""

    blocks: Literal["amp", "mrf"] = "mrf"


class HierVSTConfig(SynthesizerConfig):
    """The hierarchical synthesizer as it was before HierSpeech++.

    `agnostic_prior` is the linguistic restorer, `related_prior` the linguistic encoder, `acoustic_posterior`
    the acoustic encoder. Its ablations are `unconditional_ratio: 0`, `prosody: null`, `hierarchical: false`
    and `source: null` (a generator that is not hierarchical).
    """

    dual_audio: bool = False
    source_filter: bool = False
    bidirectional: bool = False
    flow: Annotated[
        Annotated[BiTFlowSizes, Tag("transformer")] | Annotated[WaveNetFlowSizes, Tag("wavenet")],
        told_by("kind", "wavenet"),
    ] = WaveNetFlowSizes()
    source: HierVSTSourceSizes | None = HierVSTSourceSizes()
    generator: HierVSTGeneratorSizes = HierVSTGeneratorSizes()


class HierVSTExperiment(SynthesizerExperiment):
    """A training run of HierVST; semantic vectors are XLS-R's layer 12 unless `features.semantic` is set."""

    model: HierVSTConfig = HierVSTConfig()
    features: FeaturesConfig = FeaturesConfig(semantic=XLS_R)

    @model_validator(mode="before")
    @classmethod
    def _published_features(cls, given: Any) -> Any:
        return semantic_by_default(given, XLS_R)
