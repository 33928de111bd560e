"""Draws the pictures of the documentation as SVG: `python docs/pictures/draw.py`.

They follow the reader's light or dark background: text and lines take its colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

FOLDER = Path(__file__).parent
STYLE = """
  svg { color: #1f2328; font-family: system-ui, sans-serif; font-size: 13px }
  @media (prefers-color-scheme: dark) { svg { color: #e6edf3 } }
  rect { fill: currentColor; fill-opacity: 0.06; stroke: currentColor; stroke-opacity: 0.6 }
  text { fill: currentColor; text-anchor: middle }
  .small { font-size: 11px; fill-opacity: 0.75 }
  path { stroke: currentColor; fill: none; marker-end: url(#head) }
  .dashed { stroke-dasharray: 4 3 }
  marker path { fill: currentColor; stroke: none; marker-end: none }
"""
HEAD = (
    '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
    'orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>'
)


@dataclass(frozen=True)
class Box:
    """A labelled rectangle; x and y are of its middle."""

    name: str
    x: float
    y: float
    lines: tuple[str, ...]
    width: float = 170
    height: float = 44

    def svg(self) -> str:
        """The rectangle, its first line, and the others in small type."""
        left, top = self.x - self.width / 2, self.y - self.height / 2
        parts = [f'<rect x="{left:g}" y="{top:g}" width="{self.width:g}" height="{self.height:g}" rx="6"/>']
        first = self.y + 4.5 - 7.5 * (len(self.lines) - 1)
        for number, line in enumerate(self.lines):
            kind = ' class="small"' if number else ""
            parts.append(f'<text x="{self.x:g}" y="{first + 15 * number:g}"{kind}>{escape(line)}</text>')
        return "".join(parts)


@dataclass(frozen=True)
class Arrow:
    """From one box to another, straight; dashed for what only training has."""

    start: str
    end: str
    label: str = ""
    dashed: bool = False

    def svg(self, boxes: dict[str, Box]) -> str:
        """The line between the nearest edges, and its label."""
        one, other = boxes[self.start], boxes[self.end]
        across, down = other.x - one.x, other.y - one.y
        if abs(across) * (one.height + other.height) > abs(down) * (one.width + other.width):
            side = 1 if across > 0 else -1
            begin = (one.x + side * one.width / 2, one.y)
            end = (other.x - side * other.width / 2, other.y)
        else:
            side = 1 if down > 0 else -1
            begin = (one.x, one.y + side * one.height / 2)
            end = (other.x, other.y - side * other.height / 2)
        kind = ' class="dashed"' if self.dashed else ""
        line = f'<path{kind} d="M{begin[0]:g} {begin[1]:g} L{end[0]:g} {end[1]:g}"/>'
        if not self.label:
            return line
        middle = (begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2 - 4
        return f'{line}<text class="small" x="{middle[0]:g}" y="{middle[1]:g}">{escape(self.label)}</text>'


def picture(title: str, width: int, height: int, boxes: Sequence[Box], arrows: Sequence[Arrow]) -> str:
    """An SVG document."""
    by_name = {box.name: box for box in boxes}
    body = "\n".join([*(box.svg() for box in boxes), *(arrow.svg(by_name) for arrow in arrows)])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n{HEAD}\n'
        f"{body}\n</svg>\n"
    )


def architecture() -> str:
    """The folders, and who may import whom."""
    boxes = (
        Box("bins", 390, 40, ("bins", "the command line, one file a verb"), 230),
        Box("models", 230, 140, ("models", "systems, a folder each"), 200),
        Box("evaluation", 590, 140, ("evaluation", "metrics over files, reports"), 200),
        Box("base", 230, 225, ("models/base", "cards, training, data, pipelines"), 220),
        Box("processors", 590, 310, ("processors", "sound and text to features"), 200),
        Box("modules", 230, 310, ("modules", "neural building blocks, losses"), 210),
        Box("utils", 390, 400, ("utils", "config, files, errors"), 180),
        Box("outside", 110, 40, ("other packages", "systems, features, metrics", "by entry points"), 190, 58),
    )
    arrows = (
        Arrow("bins", "models"),
        Arrow("bins", "evaluation"),
        Arrow("models", "base"),
        Arrow("base", "modules"),
        Arrow("base", "processors"),
        Arrow("evaluation", "processors"),
        Arrow("modules", "utils"),
        Arrow("processors", "utils"),
        Arrow("outside", "models", dashed=True),
    )
    return picture("Architecture of HierVox: an arrow is an import", 810, 440, boxes, arrows)


def hierspeechpp() -> str:
    """HierSpeech++ from text or a recording to 48 kHz (the paper's figure 1)."""
    boxes = (
        Box("text", 90, 40, ("text", "phonemes"), 130),
        Box("prompt", 420, 40, ("prompt", "mel of the voice"), 150),
        Box("source", 700, 40, ("source recording", "for conversion"), 150),
        Box("ttv", 90, 140, ("text-to-vec", "durations, semantics, F0"), 170, 48),
        Box("style", 420, 140, ("style encoders", "one for each model"), 150),
        Box("semantic", 700, 140, ("semantic encoder", "and F0 tracker"), 150),
        Box("prior", 250, 250, ("semantic prior", "of vectors and F0"), 160),
        Box("flows", 480, 250, ("two flows", "to the acoustic latent"), 160),
        Box("posterior", 710, 250, ("acoustic posterior", "training, resynthesis"), 160),
        Box("generator", 480, 350, ("source and generator", "16 kHz waveform"), 180),
        Box("sr", 250, 350, ("SpeechSR", "24 or 48 kHz"), 150),
    )
    arrows = (
        Arrow("text", "ttv"),
        Arrow("prompt", "style"),
        Arrow("source", "semantic"),
        Arrow("style", "ttv"),
        Arrow("ttv", "prior"),
        Arrow("semantic", "prior"),
        Arrow("style", "flows"),
        Arrow("prior", "flows"),
        Arrow("posterior", "flows", dashed=True),
        Arrow("flows", "generator"),
        Arrow("posterior", "generator", dashed=True),
        Arrow("generator", "sr"),
    )
    return picture("HierSpeech++: from text or a recording to speech", 810, 395, boxes, arrows)


def chain(title: str, steps: Sequence[tuple[str, ...]], columns: int = 3) -> str:
    """Steps in rows, the first from left to right, the next from right to left."""
    places = [divmod(number, columns) for number in range(len(steps))]
    boxes = tuple(
        Box(
            str(number),
            140 + 265 * (columns - 1 - column if row % 2 else column),
            45 + 90 * row,
            lines,
            220,
            50,
        )
        for number, ((row, column), lines) in enumerate(zip(places, steps, strict=True))
    )
    arrows = tuple(Arrow(str(number), str(number + 1)) for number in range(len(steps) - 1))
    rows = -(-len(steps) // columns)
    return picture(title, 15 + 265 * columns, 90 * rows, boxes, arrows)


def life_of_a_text() -> str:
    """What `SpeechPipeline` does with a text, and which part does it."""
    steps = (
        ("text or SSML", "read into sentences"),
        ("TextReader", "phonemes, token ids (L,)"),
        ("Voices", "prompt to style vectors"),
        ("Synthesizer.acoustic", "durations, features (C, N)"),
        ("Synthesizer.decode", "waveforms (T,)"),
        ("output checks", "a second attempt, where one fails"),
        ("assembly", "pauses between sentences"),
        ("super-resolution", "24 or 48 kHz, where asked for"),
        ("file and record", "WAV, and how it was made"),
    )
    return chain("The life of a text", steps)


def life_of_a_batch() -> str:
    """From recordings to the tensors of a step."""
    steps = (
        ("corpus", "audio, text, speaker"),
        ("hiervox prepare", "cut manifest"),
        ("hiervox validate", "bad recordings set aside"),
        ("hiervox extract", "features of each cut on disk"),
        ("CutLoader", "train and dev, read once"),
        ("EpochBatches", "of like lengths, by seed and epoch"),
        ("CutDataset", "crop, read features, pad"),
        ("Batch", "(B, C, N) and (B,) lengths"),
        ("StepEngine.step", "one update"),
    )
    return chain("The life of a batch", steps)


def gan_step() -> str:
    """One step of an `AdversarialTask`."""
    boxes = (
        Box("batch", 100, 60, ("batch", "features, real (B, 1, T)"), 170),
        Box("generator", 330, 60, ("generator", "one pass, with gradients"), 180),
        Box("fake", 560, 60, ("fake", "(B, 1, T)"), 130),
        Box("discriminator", 330, 170, ("1 phase: discriminator", "of real and detached fake"), 190),
        Box("d", 590, 170, ("discriminator loss", "backward, clip, update"), 190),
        Box("main", 330, 280, ("2 phase: generator", "discriminators are frozen"), 190),
        Box("g", 590, 280, ("adversarial, features, mel", "backward, clip, update"), 200),
        Box("average", 590, 370, ("EMA of the generator", "where train.ema_decay is set"), 200),
    )
    arrows = (
        Arrow("batch", "generator"),
        Arrow("generator", "fake"),
        Arrow("batch", "discriminator"),
        Arrow("fake", "discriminator"),
        Arrow("discriminator", "d"),
        Arrow("discriminator", "main"),
        Arrow("main", "g"),
        Arrow("g", "average"),
    )
    return picture("One step of a GAN", 720, 405, boxes, arrows)


PICTURES = {
    "architecture.svg": architecture,
    "hierspeechpp.svg": hierspeechpp,
    "life_of_a_text.svg": life_of_a_text,
    "life_of_a_batch.svg": life_of_a_batch,
    "gan_step.svg": gan_step,
}


def main() -> None:
    """Write all pictures beside this file."""
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
