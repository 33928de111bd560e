#!/usr/bin/env bash
# FastSpeech 2 in small: from a table of recordings by alignment to a trained model and a vocoder that has heard it.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
about=(
  "data       the table becomes a cut manifest"
  "recordings waveforms and tokens, for the aligner"
  "aligner    is trained"
  "align      each phoneme gets its duration; silence at the ends is cut off"
  "features   waveforms, tokens and F0 of what is aligned"
  "train      FastSpeech 2"
  "vocoder    HiFi-GAN, on recorded spectrograms"
  "predict    the spectrograms of the training sentences, with their own durations"
  "finetune   HiFi-GAN, on predicted spectrograms"
  "speak      the sentences of the test list in the voices of their prompts"
  "evaluate   word errors, speaker similarity, pitch"
)
source "${recipe%/egs/*}/egs/common/stages.sh"
source "$recipe/../common/acoustic.sh"
mini=$repository/egs/datasets/mini
test_list=$mini/test_list.csv

stage_1() { run hiervox prepare --table "$corpus" --out "$exp/data" --overwrite; }

stage_10() {
  local id prompt prompt_text text
  while IFS=$'\t' read -r -u 3 id prompt prompt_text text; do
    run hiervox tts --text "$text" --prompt "$prompt" --model "$exp/model" --seed "$seed" \
      --out "$exp/wavs/fastspeech2/$id.wav" --device "$device" --overwrite
  done 3< <(python "$common/local/speaking_list.py" "$test_list" --table "$mini/test.csv")
}

stage_11() {
  script systems_table --list "$test_list" --systems "fastspeech2=$exp/wavs/fastspeech2" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
