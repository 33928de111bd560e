#!/usr/bin/env bash
# HierSpeech++ in small: from a table of recordings to trained models, speech, converted voices and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail

recipe=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
conf=$recipe/conf
bundle=${recipe%/egs/*}/pretrained/mini
extra=(bundle)
extra_about=("--bundle DIR    where the trained models go (default pretrained/mini of the repository: --model mini)")
about=(
  "data         the table becomes a cut manifest"
  "validate     bad recordings are named and set aside"
  "features     semantic vectors, F0 and tokens"
  "text_to_vec  train it"
  "synthesizer  train it"
  "speechsr     train both, 24 and 48 kHz"
  "speak        bundle the models, speak test_list.csv and convert vc_list.csv of egs/datasets/mini"
  "evaluate     word errors, speaker similarity, pitch"
  "results      print and save DIR/RESULTS.md"
)
source "${recipe%/egs/*}/egs/common/stages.sh"
source "${recipe%/*}/common/stages.sh"

stage_data() { run hiervox prepare --table "$corpus" --out "$exp/data" --overwrite; }
stage_validate() { run hiervox validate --cuts "$exp/data" --out "$exp/valid" --jobs "$jobs"; }
stage_features() { run hiervox extract --cuts "$exp/valid" --out "$exp/features" --config "$conf/features.json5" --jobs "$jobs" --device "$device"; }
stage_text_to_vec() { if side_by_side; then (train_side_by_side); else train_text_to_vec; fi; }
stage_synthesizer() { side_by_side || train_synthesizer; }
stage_speechsr() { side_by_side || train_speechsr; }
stage_speak() {
  bundle=$(absolute "$bundle")
  script assemble_bundle --runs "$exp/runs" --out "$bundle" --parts text_to_vec synthesizer speechsr24 speechsr48
  speak "$repository/egs/datasets/mini" "$bundle" 24000 48000
}
stage_evaluate() { run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"; }
stage_results() { run python "$programs/results.py" --recipe mini --runs "$exp/runs" --evaluation "$exp/evaluation" --out "$exp/RESULTS.md" && run cat "$exp/RESULTS.md"; }

main "$@"
