"""A model goes to the Hugging Face Hub, with its card."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from huggingface_hub import ModelCard, ModelHubMixin
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from typing_extensions import Self

from hiervox.models.base.hub.card import LIBRARY
from hiervox.models.base.hub.fetching import fetched_from_hub
from hiervox.models.base.hub.files import files_of_model
from hiervox.models.base.hub.names import HubName
from hiervox.models.base.hub.wanted import CARD_NAME
from hiervox.utils.errors import ConfigError, DependencyError, reason

FORBIDDEN = (401, 403)


class HubModel(ModelHubMixin, library_name=LIBRARY):
    """A model's files as the Hub's classes take them: `save_pretrained`, `push_to_hub`, `from_pretrained`.

    Args:
        folder: of a bundle, a checkpoint or a run.
        card: None where the folder's own is used.
    """

    def __init__(self, folder: Path, card: ModelCard | None = None) -> None:
        self.folder = folder
        self.card = card
        self._hub_mixin_config = None  # a `config.json` of the mixin's would make a bundle a checkpoint

    def _save_pretrained(self, save_directory: Path) -> None:
        for name, file in files_of_model(self.folder).items():
            if name != CARD_NAME or self.card is None:
                place = save_directory / name
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, place)

    def generate_model_card(self, *_: Any, **__: Any) -> ModelCard:
        """The card that it was made with.

        Raises:
            ConfigError: there is none.
        """
        if self.card is None:
            raise ConfigError(f"{self.folder} has no {CARD_NAME}", "make one with `model_card`")
        return self.card

    @classmethod
    def _from_pretrained(cls, *, model_id: str, revision: str | None, **_: Any) -> Self:
        return cls(fetched_from_hub(HubName(model_id, revision)))


def publish(
    folder: Path, name: HubName, card: ModelCard, private: bool = False, message: str | None = None
) -> str:
    """Upload a model in one commit; the repository is made where there is none.

    Args:
        folder: of a bundle, a checkpoint or a run; of a run its last checkpoint, without the training state.
        name: OWNER/NAME; a revision is a branch, which is made where it is not there.
        card: as `model_card` makes it.
        private: whether a new repository is private.
        message: of the commit.

    Returns:
        The URL of the commit.

    Raises:
        DependencyError: the Hub can't be reached, or refuses.
        CheckpointError, ConfigError: as `files_of_model`.
    """
    from huggingface_hub import HfApi

    api = HfApi(library_name=LIBRARY)
    try:
        if name.revision is not None:
            api.create_repo(name.repo, private=private, exist_ok=True)
            api.create_branch(name.repo, branch=name.revision, exist_ok=True)
        commit: str = HubModel(folder, card).push_to_hub(
            name.repo,
            private=private,
            branch=name.revision,
            commit_message=message or f"Publish {name.repo.partition('/')[2]}",
        )
    except (HfHubHTTPError, RepositoryNotFoundError) as error:
        status = getattr(error.response, "status_code", None)
        if status in FORBIDDEN:
            raise DependencyError(
                f"no permission to write {name}", "`hf auth login` or set HF_TOKEN, with a token that writes"
            ) from error
        raise DependencyError(f"the Hub refused {name} ({reason(error)})", "see what it says") from error
    except (OSError, ValueError) as error:
        raise DependencyError(f"can't publish {name} ({reason(error)})", "run it again") from error
    return str(commit)
