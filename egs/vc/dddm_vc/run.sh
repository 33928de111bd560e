#!/usr/bin/env bash
# DDDM-VC: from recordings to its two networks, a vocoder, converted voices and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../../common/recipe.sh"

with_corpus
option sentences 20 "to convert"
option steps 6 "of the solver"
parse "$@"

if stage 1 download "the corpus, where it is not there"; then
  corpus download
fi
if stage 2 data "cut manifests, to train on and to test with"; then
  corpus prepare --out "$exp/data"
fi
if stage 3 validate "bad recordings are named and set aside"; then
  for side in train test; do
    run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
  done
fi
if stage 4 features "waveforms, F0 and content vectors of perturbed copies"; then
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/features" --config "$conf/f0_quantizer.json5" \
    --config "$conf/converter.json5" --jobs "$jobs" --device "$device"
fi
if stage 5 f0_quantizer "train the quantiser of F0"; then
  train f0_quantizer "$conf/f0_quantizer.json5" "$exp/features"
fi
if stage 6 converter "train both priors and both denoisers"; then
  train converter "$conf/converter.json5" "$exp/features" --set "data.f0_quantizer=$exp/runs/f0_quantizer"
fi
if stage 7 vocoder "HiFi-GAN, on recorded spectrograms"; then
  train vocoder "$conf/vocoder.json5" "$exp/features"
fi
if stage 8 convert "test recordings to voices that no training has heard"; then
  script assemble_bundle --runs "$exp/runs" --parts f0_quantizer converter vocoder --out "$exp/model"
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --prompted --out "$exp"
  run hiervox vc --table "$exp/vc_list.csv" --out-dir "$exp/wavs/vc" --overwrite --model "$exp/model" --seed "$seed" \
    --control "steps=$steps" --device "$device"
fi
if stage 9 evaluate "word errors, speaker similarity, F0"; then
  script evaluation_table --vc-list "$exp/vc_list.csv" --wavs "$exp/wavs" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --task vc "${heard_in[@]}" --device "$device"
fi
