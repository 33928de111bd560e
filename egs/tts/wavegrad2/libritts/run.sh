#!/usr/bin/env bash
# WaveGrad 2 Base on LibriTTS with an encoder of references: from the download to a model of any voice, speech and
# figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpus=$recipe/exp/corpus
needs_corpus=
parts="train-clean-100 train-clean-360"
test_parts=test-clean
sentences=20
steps=6
extra=(parts test_parts sentences steps)
extra_about=(
  "--parts NAMES   of LibriTTS to train on (default \"$parts\")"
  "--test-parts NAMES  of LibriTTS to test on (default $test_parts)"
  "--sentences N   to test with (default $sentences)"
  "--steps N       of the schedule that is searched for and spoken with (default $steps)"
)
about=(
  "download  LibriTTS, through lhotse, into --corpus"
  "data      cut manifests, one of other voices to test with"
  "validate  bad recordings are named and set aside"
  "align     an aligner is trained on them and finds the durations of their phonemes"
  "features  waveforms and tokens"
  "train     the network"
  "schedule  the best noise schedule of a few steps"
  "plot      steps against quality"
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
  local own=$exp/valid/train
  run hiervox extract --cuts "$own" --out "$exp/recordings" --config "$recipe/conf/aligner.json5" --jobs "$jobs"
  train aligner "$recipe/conf/aligner.json5" "$exp/recordings"
  run hiervox align --cuts "$own" --model "$exp/runs/aligner" --out "$exp/aligned" --device "$device" --overwrite
}

stage_5() {
  run hiervox extract --cuts "$exp/aligned" --out "$exp/features" --config "$recipe/conf/wavegrad2.json5" \
    --jobs "$jobs"
}

stage_6() { train wavegrad2 "$recipe/conf/wavegrad2.json5" "$exp/features"; }

stage_7() {
  [[ -f $exp/model/config.json ]] || run hiervox schedule --model "$exp/runs/wavegrad2" --cuts "$exp/features" \
    --steps "$steps" --items 8 --tries 200 --out "$exp/model" --device "$device"
}

stage_8() {
  script steps_against_quality --model "$exp/model" --cuts "$exp/features" --items 8 --out "$exp/steps" \
    --device "$device"
}

stage_9() {
  script test_lists --cuts "$exp/valid/test" --count "$sentences" --out "$exp"
  local id prompt text
  while IFS=$'\t' read -r -u 3 id prompt text; do
    run hiervox tts --text "$text" --prompt "$prompt" --model "$exp/model" --control "steps=$steps" --seed "$seed" \
      --out "$exp/wavs/wavegrad2/$id.wav" --device "$device" --overwrite
  done 3< <([[ $dry_run ]] && printf 'ID\tPROMPT\tTEXT\n' ||
    python "$common/local/rows.py" "$exp/test_list.csv" id prompt text)
}

stage_10() {
  script systems_table --list "$exp/test_list.csv" --systems "wavegrad2=$exp/wavs/wavegrad2" \
    --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
