"""Discriminators by the `type` of their config.

A new one is a class in `modules/discriminators/`, or in another package an entry point of the group
`hiervox.discriminators`.
"""

from __future__ import annotations

from typing import Annotated

from hiervox.modules.discriminators.config import Discriminator, DiscriminatorConfig
from hiervox.utils.registry import Registry, classes_of
from hiervox.utils.schema import OneOf

DISCRIMINATORS: Registry[type[Discriminator]] = Registry(
    "discriminator",
    "hiervox.discriminators",
    "hiervox.modules.discriminators",
    "*.py",
    classes_of(Discriminator),
    name_of=lambda network: network.config_class.type_name(),
)

AnyDiscriminator = Annotated[
    DiscriminatorConfig, OneOf("type", lambda: [network.config_class for network in DISCRIMINATORS.values()])
]
"""The config of one discriminator; its `type` is looked up when it is validated."""


def build_discriminator(config: DiscriminatorConfig) -> Discriminator:
    """The module that a config describes."""
    return DISCRIMINATORS.named(config.type)(config)
