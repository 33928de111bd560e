#!/usr/bin/env bash
# A vocoder, of whose folder this is linked into: from recordings to a trained network, vocoded speech and figures.
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../common/recipe.sh"

with_corpus
option root "" "the same as --data"
option limit 50 "recordings to vocode"
option size published "config of conf/: published or small"
parse "$@"
[[ ! $root ]] || data=$(absolute "$root")
config=$conf/$size.json5
[[ -f $config ]] || fail "no config $config"
settings "$size"
given=(--set "out_dir=$exp/run" --set "data.cuts=$exp/features" "${given[@]}")

if stage 1 data "cut manifests, of a corpus that is fetched where it is not there"; then
  corpus download
  corpus prepare --out "$exp/data"
  script prompt_texts --cuts "$exp/data/test" --out "$exp/test.csv"
fi
if stage 2 validate "recordings that can't be used are named and set aside"; then
  run hiervox validate --cuts "$exp/data/train" --out "$exp/valid" --jobs "$jobs" --config "$config" "${given[@]}"
fi
if stage 3 features "waveforms at the vocoder's rate, and F0 where it wants it"; then
  run hiervox extract --cuts "$exp/valid" --out "$exp/features" --jobs "$jobs" --device "$device" \
    --config "$config" "${given[@]}"
fi
if stage 4 train "the vocoder"; then
  resume=()
  [[ ! -f $exp/run/checkpoints/last.json ]] || resume=(--resume)
  run hiervox train --config "$config" "${given[@]}" --device "$device" "${resume[@]}"
fi
if stage 5 vocode "the test recordings by way of their spectrograms"; then
  run python "$repository/egs/vocoder/local/resynthesize.py" --model "$exp/run" --table "${test:-$exp/test.csv}" \
    --out "$exp/wavs" --limit "$limit" --device "$device"
fi
if stage 6 evaluate "spectral distances, F0, and a figure of quality, against the recordings"; then
  run hiervox evaluate --reference "$exp/wavs/recorded" --generated "$exp/wavs/generated" --out "$exp/scores" \
    --metrics "${VOCODER_METRICS:-stft,mcd,f0}" "${heard_in[@]}" --device "$device"
fi
