#!/usr/bin/env bash
# Text to audio, of whose system's folder this is linked into: from recordings with captions to an autoencoder of
# spectrograms, a diffusion of its latents, sounds and figures. Run it again after an interruption: finished work is kept,
# an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../common/recipe.sh"

with_corpus
option limit 100 "captions to make sounds of"
option classifier "" "for FD, KL and IS, such as panns:FILE (default: the recipe's detector, where there is one)"
list control "NAME=VALUE to make them with"
parse "$@"
system=${recipe%/*} system=${system##*/}

if stage 1 download "the corpus, where it is not there"; then
  corpus download
fi
if stage 2 data "cut manifests, to train on and to test with"; then
  corpus prepare --out "$exp/data"
fi
if stage 3 features "waveforms"; then
  run hiervox extract --cuts "$exp/data/train" --out "$exp/features" --config "$conf/autoencoder.json5" \
    --config "$conf/diffusion.json5" --jobs "$jobs"
fi
if stage 4 autoencoder "of spectrograms"; then
  train autoencoder "$conf/autoencoder.json5" "$exp/features"
fi
if stage 5 diffusion "of its latents, under captions"; then
  train diffusion "$conf/diffusion.json5" "$exp/features" --set "data.autoencoder=$exp/runs/autoencoder"
fi
if stage 6 detector "of sound events, where the corpus says when they are heard"; then
  run python "$repository/egs/tta/local/train_detector.py" --cuts "$exp/data/train" --test "$exp/data/test" \
    --out "$exp/detector"
fi
if stage 7 generate "the sounds of the test captions"; then
  run python "$repository/egs/tta/local/generate.py" --cuts "$exp/data/test" --model "$exp/runs" --out "$exp/wavs" \
    --limit "$limit" --seed "$seed" "${control[@]/#/--control=}" --device "$device"
fi
if stage 8 evaluate "FAD; FD, KL, IS; events and their times, beside those of shuffled captions"; then
  metrics=fad settings=(--set fad.embedding=mel)
  if [[ $dry_run || -d $exp/detector ]]; then
    metrics+=,events settings+=(--set "events.detector=$exp/detector")
    classifier=${classifier:-events:$exp/detector}
  fi
  if [[ $classifier ]]; then metrics+=,classes settings+=(--set "classes.model=$classifier"); fi
  run hiervox evaluate --table "$exp/wavs/evaluation.csv" --out "$exp/evaluation" --metrics "$metrics" "${settings[@]}" \
    --device "$device"
  if [[ $dry_run || -d $exp/detector ]]; then
    run python "$repository/egs/tta/local/fad_by_event.py" --table "$exp/wavs/evaluation.csv"
  fi
fi
