#!/usr/bin/env bash
# HierSpeech++ on VCTK: from the download to trained models, speech, converted voices and figures. Its recordings
# at 48 kHz are what SpeechSR is trained on, for the recipe of LibriTTS too (its --wide).
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpus=vctk
test_speakers=8
corpus_options=(test_speakers)
corpus_usage=("  --test-speakers N   voices that are not trained on (default $test_speakers)")

corpus_arguments() {
  [[ $test_speakers =~ ^[1-9][0-9]*$ ]] || fail "--test-speakers is a number from 1 on"
  corpus_args=(--test-speakers "$test_speakers")
  speechsr_rate=48000
}

source "${recipe%/*}/common/recipe.sh"
