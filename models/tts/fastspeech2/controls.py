"""What can be set when FastSpeech 2 speaks."""

from hiervox.models.base.pipelines.mel_synthesizer import MelSpeechControls
from hiervox.models.tts._variance.controls import VarianceSpeechControls


class FastSpeech2Controls(VarianceSpeechControls, MelSpeechControls):
    """Each does what it says (arXiv 2006.04558, section 2.3); the published code has none in semitones."""
