"""What every experiment's config holds: where the data is, how the loop runs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt

from hiervox.utils.config import Config


class OptimizerConfig(Config):
    """AdamW. Defaults are those of the published training code of HierSpeech++ (and of VITS)."""

    learning_rate: PositiveFloat = 1e-4
    betas: tuple[float, float] = (0.8, 0.99)
    eps: PositiveFloat = 1e-9
    weight_decay: float = Field(0.01, ge=0)


class ScheduleConfig(Config):
    """Learning rate over time: linear warm-up from 0, times `decay` once every `every`.

    Attributes:
        decay: factor; 1 keeps the rate constant.
        every: whether the factor applies once an epoch or once a step.
        hold: epochs or steps, as `every` says, that pass before the first factor.
        warmup_steps: steps of linear warm-up.
    """

    decay: float = Field(0.999, gt=0, le=1)
    every: Literal["epoch", "step"] = "epoch"
    hold: int = Field(0, ge=0)
    warmup_steps: int = Field(0, ge=0)


class TrainConfig(Config):
    """The training loop.

    Attributes:
        max_steps: optimizer steps in all.
        batch_size: most utterances in a batch (per process).
        max_batch_seconds: most seconds of audio in a batch, the padding counted; None for no such limit.
        accumulate: batches to one optimizer step.
        precision: `no` is float32; `bf16` and `fp16` run under autocast.
        clip_norm: gradients are clipped to this norm; None leaves them.
        ema_decay: decay of an exponential moving average of the weights, which is then what is saved for
            inference; lower in the first steps; None keeps none.
        log_every, validate_every, save_every: in steps.
        validation_batches: batches of the dev set that one validation reads.
        keep_last: whole checkpoints (with resume state) that stay.
        keep_best: weight-only checkpoints of the best validations that stay.
        workers: data-loading processes.
        freeze: modules of the main network that keep their weights, by the beginnings of their names, such as
            `text_encoder`.
    """

    max_steps: PositiveInt = 1_000_000
    batch_size: PositiveInt = 32
    max_batch_seconds: PositiveFloat | None = None
    accumulate: PositiveInt = 1
    precision: Literal["no", "bf16", "fp16"] = "no"
    clip_norm: PositiveFloat | None = None
    optimizer: OptimizerConfig = OptimizerConfig()
    schedule: ScheduleConfig = ScheduleConfig()
    ema_decay: float | None = Field(None, gt=0, lt=1)
    log_every: PositiveInt = 100
    validate_every: PositiveInt = 1000
    save_every: PositiveInt = 1000
    validation_batches: PositiveInt = 8
    keep_last: PositiveInt = 2
    keep_best: int = Field(2, ge=0)
    workers: int = Field(2, ge=0)
    freeze: tuple[str, ...] = ()


class DataConfig(Config):
    """Where the training data is.

    Attributes:
        cuts: a cut manifest, or a folder that `hiervox extract` wrote.
        dev_size: utterances set aside for validation.
        max_frames: longer utterances are cropped to this many 20 ms frames; None keeps them whole.
    """

    cuts: Path
    dev_size: int = Field(8, ge=0)
    max_frames: PositiveInt | None = None


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
    seed: int = 1234
    data: DataConfig
    train: TrainConfig = TrainConfig()
