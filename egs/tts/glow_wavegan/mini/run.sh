#!/usr/bin/env bash
# Glow-WaveGAN in small: from a table of recordings to a trained model, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
about=(
  "data      the table becomes a cut manifest"
  "features  waveforms, tokens and F0"
  "wavegan   train the autoencoder of waveforms"
  "flow      train the flow from text to its latent"
  "speak     the sentences of the test list in the voices of their prompts"
  "evaluate  word errors, speaker similarity, pitch"
)
source "${recipe%/egs/*}/egs/common/stages.sh"
mini=$repository/egs/datasets/mini
test_list=$mini/test_list.csv

stage_1() { run hiervox prepare --table "$corpus" --out "$exp/data" --overwrite; }

stage_2() {
  run hiervox extract --cuts "$exp/data" --out "$exp/features" --config "$recipe/conf/wavegan.json5" \
    --config "$recipe/conf/flow.json5" --jobs "$jobs"
}

stage_3() { train wavegan "$recipe/conf/wavegan.json5" "$exp/features"; }

stage_4() { train flow "$recipe/conf/flow.json5" "$exp/features" --set "data.wavegan=$exp/runs/wavegan"; }

stage_5() {
  local id prompt prompt_text text
  while IFS=$'\t' read -r -u 3 id prompt prompt_text text; do
    run hiervox tts --text "$text" --prompt "$prompt" --model "$exp/runs" --seed "$seed" \
      --out "$exp/wavs/glow_wavegan/$id.wav" --device "$device" --overwrite
  done 3< <(python "$common/local/speaking_list.py" "$test_list" --table "$mini/test.csv")
}

stage_6() {
  script systems_table --list "$test_list" --systems "glow_wavegan=$exp/wavs/glow_wavegan" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
