#!/usr/bin/env bash
# HierSpeech++ on LibriTTS: from the download to trained models, speech, converted voices and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpus=libritts
parts="train-clean-100 train-clean-360"
test_parts="test-clean"
corpus_options=(corpus parts test_parts wide)
corpus_usage=(
  "  --corpus NAME       libritts, or librittsr, the same with restored sound (default $corpus)"
  "  --parts NAMES       of the corpus, to train on (default \"$parts\")"
  "  --test-parts NAMES  to test with (default \"$test_parts\")"
  "  --wide CUTS         recordings at 48 kHz to train SpeechSR on, as ../vctk/exp/valid/train. Without them there"
  "                      is only SpeechSR to 24 kHz, the rate of LibriTTS itself"
)

corpus_arguments() {
  [[ $corpus =~ ^librittsr?$ ]] || fail "--corpus is libritts or librittsr"
  local names test_names
  read -r -a names <<<"$parts"
  read -r -a test_names <<<"$test_parts"
  corpus_args=(--parts "${names[@]}" --test-parts "${test_names[@]}")
  speechsr_rate=24000
  [[ -z $wide ]] || speechsr_rate=48000
}

source "${recipe%/*}/common/recipe.sh"
