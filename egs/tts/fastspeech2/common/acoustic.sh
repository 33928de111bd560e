# Stages 2 to 9 of the recipes of FastSpeech 2: from cuts in $exp/data to a model in $exp/model. A recipe's run.sh
# sources it behind egs/common/stages.sh.

conf=$recipe/conf

stage_2() {
  run hiervox extract --cuts "$exp/data" --out "$exp/recordings" --config "$conf/aligner.json5" --jobs "$jobs"
}

stage_3() { train aligner "$conf/aligner.json5" "$exp/recordings"; }

stage_4() {
  run hiervox align --cuts "$exp/data" --model "$exp/runs/aligner" --out "$exp/aligned" --device "$device" --overwrite
}

stage_5() {
  run hiervox extract --cuts "$exp/aligned" --out "$exp/features" --config "$conf/fastspeech2.json5" --jobs "$jobs"
}

stage_6() { train fastspeech2 "$conf/fastspeech2.json5" "$exp/features"; }

stage_7() { train hifigan "$conf/hifigan.json5" "$exp/features"; }

stage_8() {
  run hiervox extract --cuts "$exp/aligned" --out "$exp/predicted" --config "$conf/hifigan.json5" \
    --predicted-by "$exp/runs/fastspeech2" --device "$device"
}

stage_9() {
  train finetuned "$conf/finetune.json5" "$exp/predicted" --set "features.predicted_by=$exp/runs/fastspeech2" \
    $([[ -f $exp/runs/finetuned/checkpoints/last.json ]] || printf '%s\n' --init-from "$exp/runs/hifigan")
  script assemble_bundle --runs "$exp/runs" --parts fastspeech2 vocoder=finetuned --out "$exp/model"
}
