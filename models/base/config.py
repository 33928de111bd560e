"""What every experiment's config holds: where the data is, how the loop runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    PositiveFloat,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from hiervox.utils.errors import ConfigError
from hiervox.utils.reasons import plain_reason
from hiervox.utils.schema import Config, require_sizes

Beta = Annotated[float, Field(ge=0, lt=1)]
SectionT = TypeVar("SectionT", bound=Config)


class OptimizerConfig(Config):
    """One of torch's optimizers of the Adam family.

    The defaults are those of the published training code of HierSpeech++ (and of VITS).

    Attributes:
        name: as `torch.optim` calls it.
        learning_rate, betas, eps, weight_decay: its arguments.
    """

    name: Literal["Adam", "AdamW", "Adamax", "NAdam", "RAdam"] = "AdamW"
    learning_rate: PositiveFloat = 1e-4
    betas: tuple[Beta, Beta] = (0.8, 0.99)
    eps: PositiveFloat = 1e-9
    weight_decay: float = Field(0.01, ge=0)


class ScheduleConfig(Config):
    """Learning rate over time; `hiervox.models.base.training.schedule` has the formulas.

    Attributes:
        kind: `exponential` multiplies by `decay` once every `interval`, down to `final_ratio`; `cosine` and
            `linear` fall to `final_ratio` at `train.max_steps`; `noam` rises for `warmup_steps` and falls
            with the square root of the step; `constant` only warms up; or the schedule of an installed
            package.
        decay: factor of `exponential`.
        every: whether `hold` and `interval` are of epochs or of steps.
        interval: epochs or steps from one `decay` to the next: with more than one, the rate falls in steps.
        hold: epochs or steps that pass before the first `decay`.
        final_ratio: last learning rate of `exponential`, `cosine` and `linear` over the initial one.
        warmup_steps: steps of linear warm-up; `noam` needs at least 1.
        settings: further keys of a schedule of another package.
    """

    kind: str = "exponential"
    decay: float = Field(0.999, gt=0, le=1)
    every: Literal["epoch", "step"] = "epoch"
    interval: PositiveInt = 1
    hold: int = Field(0, ge=0)
    final_ratio: float = Field(0.0, ge=0, le=1)
    warmup_steps: int = Field(0, ge=0)
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_built(self) -> ScheduleConfig:
        if not self.model_fields_set:  # the defaults are looked at while this module is imported
            return self
        from hiervox.models.base.training.schedule import build_schedule

        try:
            build_schedule(self)
        except ConfigError as error:
            raise ValueError(str(error)) from error
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise ValueError(f"settings.{key} of schedule {self.kind}: {plain_reason(first)}") from error
        return self

    def over(self, base: ScheduleConfig) -> ScheduleConfig:
        """`base` with the keys that are set here; settings are those of one kind."""
        merged = laid_over(base, self)
        if merged.kind != base.kind and "settings" not in self.model_fields_set:
            return merged.model_copy(update={"settings": {}})
        return merged


class NetworkTrainConfig(Config):
    """How one network is trained, where it differs from the others.

    Attributes:
        optimizer, schedule: as `train.optimizer` and `train.schedule`, which give the keys that are not set.
        start_step: steps before the network's first update; until then its phase is left out. Its schedule
            counts steps from here.
        start_share: share of the training before it, instead, where that is later.
        period: steps from one update of the network to the next.
        clip_norm: as `train.clip_norm`, which holds where it is not set; null leaves the gradients.
    """

    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    start_step: int = Field(0, ge=0)
    start_share: float = Field(0.0, ge=0, lt=1)
    period: PositiveInt = 1
    clip_norm: PositiveFloat | None = None

    def first_step(self, n_steps: int) -> int:
        """The step of the first update, in a training of `n_steps`."""
        return max(self.start_step, math.ceil(self.start_share * n_steps))


def laid_over(base: SectionT, given: SectionT) -> SectionT:
    """`base` with the keys that are set in `given`."""
    return base.model_copy(update={name: getattr(given, name) for name in given.model_fields_set})


class WeightRamp(Config):
    """A loss weight that changes linearly with the steps.

    Attributes:
        start, end: the weight up to `first_step`, and from `last_step` on.
        first_step, last_step: between them it changes.
    """

    start: float = Field(0.0, ge=0)
    end: float = Field(ge=0)
    first_step: int = Field(0, ge=0)
    last_step: PositiveInt

    @model_validator(mode="after")
    def _steps_rise(self) -> WeightRamp:
        if self.last_step <= self.first_step:
            raise ValueError("last_step must be after first_step")
        return self

    def at(self, step: int) -> float:
        """The weight once so many steps are done."""
        done = (step - self.first_step) / (self.last_step - self.first_step)
        return self.start + min(1.0, max(0.0, done)) * (self.end - self.start)


_CONSTANT: TypeAdapter[float] = TypeAdapter(Annotated[float, Field(ge=0, allow_inf_nan=False)])


def _loss_weight(value: object) -> float | WeightRamp:
    """As a union would do, whose errors name its members to the user."""
    if isinstance(value, Mapping | WeightRamp):
        return WeightRamp.model_validate(value)
    return _CONSTANT.validate_python(value)


def _plain(value: float | WeightRamp) -> object:
    return value.model_dump() if isinstance(value, WeightRamp) else value


_WEIGHT = PlainValidator(_loss_weight)
LossWeight = Annotated[float | WeightRamp, _WEIGHT, PlainSerializer(_plain)]
"""A constant weight, or one that changes."""


class LossWeights(Config):
    """Base of a `loss` section: every field of type `LossWeight` is the weight of the term of that name."""

    def at(self, step: int) -> dict[str, float]:
        """The weights of the terms once so many steps are done."""
        weights = {}
        for name, field in type(self).model_fields.items():
            if _WEIGHT in field.metadata:
                value = getattr(self, name)
                weights[name] = value.at(step) if isinstance(value, WeightRamp) else value
        return weights

    def has_weight(self, *names: str) -> bool:
        """Whether one of the terms counts at any step."""
        return any(_largest(getattr(self, name)) > 0 for name in names)


def _largest(weight: LossWeight) -> float:
    return max(weight.start, weight.end) if isinstance(weight, WeightRamp) else weight


TrackerName = Literal["tensorboard", "wandb", "mlflow", "trackio"]


class TrainConfig(Config):
    """The training loop.

    Attributes:
        max_steps: optimizer steps in all.
        budget_seconds: what the training may take: processor time on a CPU, else time; validation and saving
            are not counted. The training and its schedules end with it, or at `max_steps`, if that is sooner.
        batch_size: most utterances in a batch (per process).
        max_batch_seconds: most seconds of audio in a batch, the padding counted; None for no such limit.
        accumulate: batches to one optimizer step.
        precision: `no` is float32; `bf16` and `fp16` run under autocast.
        clip_norm: gradients of a network are clipped to this norm; None leaves them.
        optimizer, schedule: of all networks.
        networks: what is different for some networks, by their names.
        ema_decay: decay of an exponential moving average of the weights, which is then what is saved for
            inference; lower in the first steps; None keeps none.
        log_every, validate_every, save_every: in steps.
        validation_batches: batches of the dev set that one validation reads.
        keep_last: whole checkpoints (with resume state) that stay.
        keep_best: weight-only checkpoints of the best validations that stay.
        workers: data-loading processes.
        trackers: what shows the curves, beside `metrics.jsonl`.
        compile: networks that `torch.compile` compiles, by their names, such as `main`; needs a C++ compiler.
        freeze: modules of the main network that keep their weights, by the beginnings of their names, such as
            `text_encoder`.
        gradient_checkpointing: modules of the main network whose activations the backward pass computes
            again, which saves memory and takes time, by their names, such as `flow.blocks`.
        strategy: of several processes: `ddp`, where each holds the whole network; or `fsdp2`, where each
            holds a share of its weights, gradients and optimizer state.
        shard_modules: with `fsdp2`, modules whose weights are gathered only while they are used, by their
            names, such as `flow.blocks`.
    """

    max_steps: PositiveInt = 1_000_000
    budget_seconds: PositiveFloat | None = None
    batch_size: PositiveInt = 32
    max_batch_seconds: PositiveFloat | None = None
    accumulate: PositiveInt = 1
    precision: Literal["no", "bf16", "fp16"] = "no"
    clip_norm: PositiveFloat | None = None
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    networks: dict[str, NetworkTrainConfig] = Field(default_factory=dict)
    ema_decay: float | None = Field(None, gt=0, lt=1)
    log_every: PositiveInt = 100
    validate_every: PositiveInt = 1000
    save_every: PositiveInt = 1000
    validation_batches: PositiveInt = 8
    keep_last: PositiveInt = 2
    keep_best: int = Field(2, ge=0)
    workers: int = Field(2, ge=0, le=256)
    trackers: tuple[TrackerName, ...] = ("tensorboard",)
    compile: tuple[str, ...] | None = None
    freeze: tuple[str, ...] = ()
    gradient_checkpointing: tuple[str, ...] = ()
    strategy: Literal["ddp", "fsdp2"] = "ddp"
    shard_modules: tuple[str, ...] = ()

    @field_validator("networks")
    @classmethod
    def _complete(
        cls, networks: dict[str, NetworkTrainConfig], info: ValidationInfo
    ) -> dict[str, NetworkTrainConfig]:
        """Give each network's sections the keys that it does not set, so that a saved config says all."""
        if not {"clip_norm", "optimizer", "schedule"} <= info.data.keys():  # their own error is reported
            return networks
        shared = info.data
        completed = {}
        for name, network in networks.items():
            own = {
                "optimizer": laid_over(shared["optimizer"], network.optimizer),
                "schedule": network.schedule.over(shared["schedule"]),
            }
            if "clip_norm" not in network.model_fields_set:
                own["clip_norm"] = shared["clip_norm"]
            completed[name] = network.model_copy(update=own)
        return completed

    def of(self, network: str) -> NetworkTrainConfig:
        """How the network of that name is trained."""
        if network in self.networks:
            return self.networks[network]
        return NetworkTrainConfig(optimizer=self.optimizer, schedule=self.schedule, clip_norm=self.clip_norm)


class StreamConfig(Config):
    """How a corpus of shards is read.

    Attributes:
        shuffle_cuts: utterances of a process that are mixed at a time; batches and prompts are of them.
        cache_gb: what a process keeps of the shards on this machine, in units of 10^9 bytes.
        cache_dir: where; None for `shards` in $HIERVOX_HOME or `~/.cache/hiervox`.
    """

    shuffle_cuts: PositiveInt = 2048
    cache_gb: PositiveFloat = 16.0
    cache_dir: Path | None = None


class DataConfig(Config):
    """Where the training data is, and how batches see it.

    Attributes:
        cuts: a cut manifest, a folder that `hiervox extract` wrote, or the folder or URL of `hiervox shard`.
        stream: how shards are read; None for the defaults.
        dev_size: utterances set aside for validation.
        sample_rate: of the waveforms in batches, Hz.
        hop_length: samples to a frame; None takes that of the experiment's `mel` where it has one at this
            rate, and else 20 ms.
        segment_samples: train on random segments of this length; shorter utterances are padded with zeros. A
            multiple of the hop length. None takes whole utterances.
        max_frames: longer utterances are cropped to this many frames, or, where a batch holds tokens, left
            out; None keeps them whole.
        pad_multiple: utterances are padded with zeros to the next multiple of this many samples, by one at
            least; None pads to whole frames.
    """

    cuts: Path
    stream: StreamConfig | None = None
    dev_size: int = Field(8, ge=0)
    sample_rate: PositiveInt = 16_000
    hop_length: PositiveInt | None = None
    segment_samples: PositiveInt | None = None
    max_frames: PositiveInt | None = None
    pad_multiple: PositiveInt | None = None


class ExperimentConfig(Config):
    """Base of every part's experiment; a subclass adds `model` and, where it has them, `loss` and `features`.

    Attributes:
        system, part: which network of which system.
        out_dir: where checkpoints and logs go.
        seed: of everything random.
    """

    system: str
    part: str
    out_dir: Path
    seed: int = Field(1234, ge=0, lt=2**32, strict=True)
    data: DataConfig
    train: TrainConfig = TrainConfig()

    @field_validator("out_dir", mode="before")
    @classmethod
    def _names_a_folder(cls, out_dir: object) -> object:
        if not str(out_dir).strip():
            raise ValueError("name a folder")
        return out_dir

    @model_validator(mode="after")
    def _has_sizes_of_a_network(self) -> ExperimentConfig:
        for name in type(self).model_fields:
            section = getattr(self, name)
            if name not in ("data", "train") and isinstance(section, Config | dict):
                require_sizes(section, name)
        return self
