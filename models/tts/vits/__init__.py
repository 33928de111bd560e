"""VITS: text to speech and voice conversion in one network."""

from hiervox.models.base.card import Part, SystemCard

CARD = SystemCard(
    __name__,
    summary="end-to-end text to speech by a conditional variational autoencoder with adversarial learning",
    paper="VITS, arXiv 2106.06103",
    weights_licence="MIT (the code; the weights' is not stated)",
    part=Part(
        config="VitsExperiment",
        network="Vits",
        parameters=36_321_072,
        task="VitsTask",
        importer="import_vits",
    ),
    works=("voice conversion between its speakers",),
    capabilities=("vc",),
    controls="VitsControls",
)
