#!/usr/bin/env bash
# VITS on LibriTTS at the published size, with an encoder of references: from the download to a model of any voice,
# speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpus=$recipe/exp/corpus
needs_corpus=
parts="train-clean-100 train-clean-360"
test_parts=test-clean
sentences=20
extra=(parts test_parts sentences)
extra_about=(
  "--parts NAMES   of LibriTTS to train on (default \"$parts\")"
  "--test-parts NAMES  of LibriTTS to test on (default $test_parts)"
  "--sentences N   to test with (default $sentences)"
)
about=(
  "download  LibriTTS, through lhotse, into --corpus"
  "data      cut manifests, one of other voices to test with"
  "validate  bad recordings are named and set aside"
  "features  waveforms and tokens"
  "train     the network"
  "speak     test sentences in the voices of their prompts"
  "evaluate  word errors, speaker similarity, pitch"
)
source "${recipe%/egs/*}/egs/common/stages.sh"

corpus_program() {
  run python "$repository/egs/datasets/corpus.py" "$1" --corpus libritts --folder "$corpus" --parts $parts \
    --test-parts $test_parts "${@:2}"
}

stage_1() { corpus_program download; }

stage_2() { corpus_program prepare --out "$exp/data"; }

stage_3() {
  local side
  for side in train test; do
    run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
  done
}

stage_4() {
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/features" --config "$recipe/conf/vits.json5" \
    --jobs "$jobs"
}

stage_5() { train vits "$recipe/conf/vits.json5" "$exp/features"; }

stage_6() {
  script test_lists --cuts "$exp/valid/test" --count "$sentences" --out "$exp"
  local id prompt text
  while IFS=$'\t' read -r -u 3 id prompt text; do
    run hiervox tts --text "$text" --prompt "$prompt" --model "$exp/runs/vits" --seed "$seed" \
      --out "$exp/wavs/vits/$id.wav" --device "$device" --overwrite
  done 3< <([[ $dry_run ]] && printf 'ID\tPROMPT\tTEXT\n' ||
    python "$common/local/rows.py" "$exp/test_list.csv" id prompt text)
}

stage_7() {
  script systems_table --list "$exp/test_list.csv" --systems "vits=$exp/wavs/vits" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
