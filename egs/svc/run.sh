#!/usr/bin/env bash
# A system of singing voice conversion, by the folder that this is linked into: from songs to its network, a vocoder where
# it takes one, converted songs and figures. Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../common/recipe.sh"

with_corpus
option sentences 12 "songs to convert"
option key median "off, median or octaves: how a song's key is brought to a singer"
parse "$@"
system=${recipe%/*} system=${system##*/}
network=$system singer=$system
if [[ -f $conf/student.json5 ]]; then network=teacher singer=student; fi
model=$exp/runs/$singer
if [[ -f $conf/vocoder.json5 ]]; then model=$exp/model; fi

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
if stage 4 features "waveforms, F0 and content vectors"; then
  run hiervox extract --cuts "$exp/valid/train" --out "$exp/features" --config "$conf/$network.json5" \
    --jobs "$jobs" --device "$device"
fi
if stage 5 train "the network, and what learns to do it at once, where there is such"; then
  train "$network" "$conf/$network.json5" "$exp/features"
  if [[ $singer != "$network" ]]; then
    train "$singer" "$conf/$singer.json5" "$exp/features" --set "data.teacher=$exp/runs/$network"
  fi
fi
if stage 6 vocoder "NSF-HiFi-GAN on recorded spectrograms, where the network needs one"; then
  if [[ -f $conf/vocoder.json5 ]]; then train vocoder "$conf/vocoder.json5" "$exp/features"; fi
fi
if stage 7 convert "test songs to singers that no training has heard"; then
  if [[ -f $conf/vocoder.json5 ]]; then
    script assemble_bundle --runs "$exp/runs" --parts "$singer" vocoder --out "$model"
  fi
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --prompted --out "$exp"
  run hiervox svc --table "$exp/vc_list.csv" --out-dir "$exp/wavs/vc" --overwrite --model "$model" --seed "$seed" \
    --control "auto_key=$key" --device "$device"
fi
if stage 8 evaluate "singer similarity, F0, word errors"; then
  script evaluation_table --vc-list "$exp/vc_list.csv" --wavs "$exp/wavs" --out "$exp/evaluation.csv"
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --task vc "${heard_in[@]}" --device "$device"
fi
