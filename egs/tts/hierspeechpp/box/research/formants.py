"""How sharp the formants of speech are beside those of the recordings: figures and a picture.

`contrast` is the deviation of the spectral envelope over 200 Hz to 7 kHz in dB, averaged over the louder half
of the frames. The envelope is the log spectrum of 32 ms without what is finer than 250 Hz (cepstral
liftering). A blurred network makes flatter envelopes than the recordings have. `distance` is the root mean
square difference of the envelopes from the recording's, for systems that keep its timing.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hiervox.processors.audio import SAMPLE_RATE, Waveform, read_audio

N_FFT, HOP = 512, 160
LIFTER = SAMPLE_RATE // 250  # samples of quefrency: 4 ms
LOWEST, HIGHEST = 200 * N_FFT // SAMPLE_RATE, 7000 * N_FFT // SAMPLE_RATE


def envelopes(wav: Waveform) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Envelopes in dB less their mean (frames, bins), and the level of each frame (frames,)."""
    frames = np.lib.stride_tricks.sliding_window_view(wav, N_FFT)[::HOP] * np.hanning(N_FFT)
    spectrum = 20 * np.log10(np.abs(np.fft.rfft(frames)) + 1e-5)
    cepstrum = np.fft.irfft(spectrum)
    cepstrum[:, LIFTER : N_FFT - LIFTER + 1] = 0
    envelope = np.fft.rfft(cepstrum).real[:, LOWEST:HIGHEST]
    return envelope - envelope.mean(1, keepdims=True), envelope.mean(1)


def measure(made: Path, recorded: Path) -> tuple[float, float]:
    """Contrast of what was made, and its distance from the recording, in dB."""
    ours, level = envelopes(read_audio(made, SAMPLE_RATE)[0])
    theirs, their_level = envelopes(read_audio(recorded, SAMPLE_RATE)[0])
    contrast = ours[level > np.median(level)].std(1).mean()
    frames = min(len(ours), len(theirs))
    loud = their_level[:frames] > np.median(their_level)
    distance = np.sqrt(np.square(ours[:frames] - theirs[:frames])[loud].mean())
    return float(contrast), float(distance)


def draw(wavs: Sequence[tuple[str, Path]], picture: Path) -> None:
    """Spectrograms under each other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1.6 * len(wavs)), layout="constrained")
    for row, (name, path) in zip(np.atleast_1d(figure.subplots(len(wavs), 1)), wavs, strict=True):
        wav = read_audio(path, SAMPLE_RATE)[0][: 3 * SAMPLE_RATE]
        row.specgram(wav, NFFT=N_FFT, Fs=SAMPLE_RATE, noverlap=N_FFT - HOP // 2, vmin=-120, cmap="magma")
        row.set(ylabel="Hz", title=name)
    figure.savefig(picture, dpi=55)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--made", action="append", required=True, metavar="NAME=DIR", help="recordings made")
    parser.add_argument("--recorded", type=Path, required=True, help="folder with files of the same names")
    parser.add_argument("--picture", type=Path, help="a PNG of the first clip")
    arguments = parser.parse_args()
    recorded = {path.stem: path for path in arguments.recorded.iterdir() if path.suffix in (".flac", ".wav")}
    folders = {name: Path(folder) for name, _, folder in (each.partition("=") for each in arguments.made)}
    ids = sorted(set.intersection(*({path.stem for path in folder.iterdir()} for folder in folders.values())))
    ids = [name for name in ids if name in recorded]
    if not ids:
        parser.error("no file of the folders has a recording of its name")
    print("| | n | contrast (dB) | distance (dB) |\n|---|---|---|---|")  # noqa: T201
    for name, paths in {
        "recorded": [recorded[each] for each in ids],
        **{name: [folder / f"{each}.wav" for each in ids] for name, folder in folders.items()},
    }.items():
        figures = np.mean([measure(made, recorded[each]) for made, each in zip(paths, ids, strict=True)], 0)
        print(f"| {name} | {len(ids)} | {figures[0]:.2f} | {figures[1]:.2f} |")  # noqa: T201
    if arguments.picture is not None:
        shown = [("recorded", recorded[ids[0]])]
        draw(
            shown + [(name, folder / f"{ids[0]}.wav") for name, folder in folders.items()], arguments.picture
        )


if __name__ == "__main__":
    main()
