"""Golden outputs of the condition encoder that all systems share; its concatenating kind is not here."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn

from hiervox.models.base.checkpoints.importing import map_tensors
from hiervox.models.svc._singing.condition import ConditionEncoder
from hiervox.models.svc._singing.published import condition_rules, condition_sizes
from tests.golden import Case, Golden, Output, with_weights
from tests.models.svc.golden_songs import song_of

PREFIX = "add."
CONTENTS = ("whisper_feat", "contentvec_feat", "mert_feat", "wenet_feat")


class Encoder(nn.Module):
    """The encoder and the table of singers under the names that networks have them by."""

    def __init__(self, golden: Golden) -> None:
        super().__init__()
        weights = {name: it for name, it in golden.state_dict().items() if name.startswith(PREFIX)}
        sizes = condition_sizes(weights, PREFIX)
        self.condition_encoder = ConditionEncoder(sizes)
        self.speaker_table = nn.Embedding(*weights[f"{PREFIX}singer_encoder.nn.weight"].shape)
        with_weights(self, map_tensors(weights, condition_rules(weights, PREFIX), self))


def condition(golden: Golden) -> Iterator[Output]:
    """Bins of F0, and all that is added."""
    own = Encoder(golden)
    song = song_of(golden, CONTENTS)
    yield "f0_bins", own.condition_encoder.f0_bins(song.f0)
    style = own.speaker_table(golden["spk_id"].squeeze(1)).unsqueeze(-1)
    flag = own.condition_encoder.unvoiced
    changed = flag(golden["frame_uv"].long()) - flag((song.f0 <= 0).long())
    yield "added", own.condition_encoder(song, style).mT + changed
    for name in golden.names("concatenated_.+"):
        golden.unused.discard(name)  # of its concatenating kind, with torchaudio's conformer


CASES: dict[str, Case] = {"svc_condition": condition}
