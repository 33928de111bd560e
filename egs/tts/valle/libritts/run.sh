#!/usr/bin/env bash
# VALL-E on LibriTTS at the published size: from the download to both decoders, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpus=$recipe/exp/corpus
needs_corpus=
codec=
parts="train-clean-100 train-clean-360 train-other-500"
test_parts=test-clean
sentences=20
extra=(codec parts test_parts sentences)
extra_about=(
  "--codec DIR     the published 24 kHz EnCodec, converted by \`hiervox convert\`"
  "--parts NAMES   of LibriTTS to train on (default: all)"
  "--test-parts NAMES  of LibriTTS to test on (default $test_parts)"
  "--sentences N   to test with (default $sentences)"
)
about=(
  "download            LibriTTS, through lhotse, into --corpus"
  "data                cut manifests, one of other voices to test with"
  "validate            bad recordings are named and set aside"
  "features            codec tokens and phonemes"
  "autoregressive      train it"
  "non_autoregressive  train it"
  "speak               bundle the networks, synthesize test sentences"
  "evaluate            word errors, speaker similarity, pitch"
)
source "${recipe%/egs/*}/egs/common/stages.sh"

need_codec() { [[ $codec || $dry_run ]] || fail "name the codec: --codec DIR"; }

corpus_program() {
  run python "$repository/egs/datasets/corpus.py" "$1" --corpus libritts --folder "$corpus" --parts $parts --test-parts $test_parts "${@:2}"
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
  need_codec
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/features" --config "$recipe/conf/autoregressive.json5" \
    --set "features.codes.model=$codec" --device "$device"
}

decoder() {
  need_codec
  train "$1" "$recipe/conf/$1.json5" "$exp/features" --set "features.codes.model=$codec"
}
stage_5() { decoder autoregressive; }
stage_6() { decoder non_autoregressive; }

stage_7() {
  need_codec
  run python "$common/local/assemble_bundle.py" --runs "$exp/runs" --parts autoregressive non_autoregressive \
    "codec=$codec" --out "$exp/bundle"
  run python "$common/local/test_lists.py" --cuts "$exp/valid/test" --count "$sentences" --out "$exp"
  script prompt_texts --cuts "$exp/valid/test" --out "$exp/prompts.csv"
  local id prompt prompt_text text
  while IFS=$'\t' read -r -u 3 id prompt prompt_text text; do
    run hiervox tts --text "$text" --prompt "$prompt" --control "prompt_text=$prompt_text" \
      --model "$exp/bundle" --seed "$seed" --out "$exp/wavs/valle/$id.wav" --device "$device" --overwrite
  done 3< <([[ $dry_run ]] && printf 'ID\tPROMPT\tPROMPT_TEXT\tTEXT\n' ||
    python "$common/local/speaking_list.py" "$exp/test_list.csv" --table "$exp/prompts.csv")
}

stage_8() {
  script systems_table --list "$exp/test_list.csv" --systems "valle=$exp/wavs/valle" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
