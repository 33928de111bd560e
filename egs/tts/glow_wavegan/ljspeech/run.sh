#!/usr/bin/env bash
# Glow-WaveGAN on LJ Speech at the published size: from the download to a trained model, speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
corpus=$recipe/exp/corpus
needs_corpus=
about=(
  "download  LJ Speech, through lhotse, into --corpus"
  "data      its table becomes a cut manifest; the last 100 sentences are for testing"
  "validate  bad recordings are named and set aside"
  "features  waveforms, tokens and F0"
  "wavegan   train the autoencoder of waveforms"
  "flow      train the flow from text to its latent"
  "speak     the test sentences"
  "evaluate  word errors and pitch"
)
source "${recipe%/egs/*}/egs/common/stages.sh"

stage_1() { run python "$repository/egs/datasets/ljspeech/ljspeech.py" download --folder "$corpus"; }

stage_2() {
  run python "$repository/egs/datasets/ljspeech/ljspeech.py" tables --folder "$corpus" --out "$exp/tables"
  run hiervox prepare --table "$exp/tables/train.csv" --out "$exp/data" --overwrite
}

stage_3() { run hiervox validate --cuts "$exp/data" --out "$exp/valid" --jobs "$jobs"; }

stage_4() {
  run hiervox extract --cuts "$exp/valid" --out "$exp/features" --config "$recipe/conf/wavegan.json5" \
    --config "$recipe/conf/flow.json5" --jobs "$jobs"
}

stage_5() { train wavegan "$recipe/conf/wavegan.json5" "$exp/features"; }

stage_6() { train flow "$recipe/conf/flow.json5" "$exp/features" --set "data.wavegan=$exp/runs/wavegan"; }

stage_7() {
  local id text
  while IFS=$'\t' read -r -u 3 id text; do
    run hiervox tts --text "$text" --model "$exp/runs" --seed "$seed" \
      --out "$exp/wavs/glow_wavegan/$id.wav" --device "$device" --overwrite
  done 3< <([[ $dry_run ]] && printf 'ID\tTEXT\n' || python "$common/local/rows.py" \
    "$exp/tables/test.csv" id text)
}

stage_8() {
  script systems_table --list "$exp/tables/test.csv" --systems "glow_wavegan=$exp/wavs/glow_wavegan" \
    --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
}

main "$@"
