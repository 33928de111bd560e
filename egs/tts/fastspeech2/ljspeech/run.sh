#!/usr/bin/env bash
# FastSpeech 2 on LJ Speech at the published size: from the download by alignment to a trained model and a vocoder
# that has heard it. Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpus=$recipe/exp/corpus
needs_corpus=
about=(
  "data       LJ Speech, through lhotse, into --corpus; its table becomes a cut manifest without bad recordings"
  "recordings waveforms and tokens, for the aligner"
  "aligner    is trained"
  "align      each phoneme gets its duration; silence at the ends is cut off"
  "features   waveforms, tokens and F0 of what is aligned"
  "train      FastSpeech 2"
  "vocoder    HiFi-GAN V1, on recorded spectrograms"
  "predict    the spectrograms of the training sentences, with their own durations"
  "finetune   HiFi-GAN, on predicted spectrograms"
  "speak      the last 100 sentences, which are for testing"
  "evaluate   word errors and pitch"
)
source "${recipe%/egs/*}/egs/common/stages.sh"
source "$recipe/../common/acoustic.sh"

stage_1() {
  run python "$repository/egs/datasets/ljspeech/ljspeech.py" download --folder "$corpus"
  run python "$repository/egs/datasets/ljspeech/ljspeech.py" tables --folder "$corpus" --out "$exp/tables"
  run hiervox prepare --table "$exp/tables/train.csv" --out "$exp/table" --overwrite
  run hiervox validate --cuts "$exp/table" --out "$exp/data" --jobs "$jobs"
}

stage_10() {
  local id text
  while IFS=$'\t' read -r -u 3 id text; do
    run hiervox tts --text "$text" --model "$exp/model" --seed "$seed" --out "$exp/wavs/fastspeech2/$id.wav" \
      --device "$device" --overwrite
  done 3< <([[ $dry_run ]] && printf 'ID\tTEXT\n' || python "$common/local/rows.py" \
    "$exp/tables/test.csv" id text)
}

stage_11() {
  script systems_table --list "$exp/tables/test.csv" --systems "fastspeech2=$exp/wavs/fastspeech2" \
    --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
