# What recipes of numbered stages share: options, logging of commands, trainings that go on where they stopped.
# A recipe's run.sh sets `recipe` (its folder) and `about` (a line for each stage: its name and a few words), defines
# a function `stage_NAME` for each, sources this file, and calls `main "$@"`. It may set `corpus` and `extra`, names of
# further options that take a value, each a variable with its default, with lines of help in `extra_about`. A function
# `settle`, if there is one, is called when the options are known, before the first stage.

repository=${recipe%/egs/*}
common=$repository/egs/common
stage=1
stop_stage=99
corpus=${corpus-$repository/egs/datasets/mini/table.csv}
exp=$recipe/exp
device=auto
seed=1234
jobs=$(getconf _NPROCESSORS_ONLN)
dry_run=
overrides=()

usage() {
  echo "Usage: run.sh [OPTION VALUE]..."
  echo
  local number=1 name what width=0 count=${#about[@]}
  for name in "${about[@]%% *}"; do
    width=$((${#name} > width ? ${#name} : width))
  done
  while read -r name what; do
    printf '  %*d %-*s  %s\n' "${#count}" "$number" "$width" "$name" "$what"
    number=$((number + 1))
  done < <(printf '%s\n' "${about[@]}")
  cat <<EOF

  --stage N       first stage (default $stage)
  --stop-stage M  last stage (default: the last one)
  --corpus PATH   the table of recordings, or the folder of the corpus (default $corpus)
  --exp DIR       where everything goes (default exp)
  --device D      auto, cpu, cuda (default $device)
  --seed N        of speech (default $seed)
  --jobs N        processes that validate and extract (default $jobs)
  --set KEY=VALUE override a key of every training config; may be repeated
  --set PART:KEY=VALUE  of one part
  --dry-run       print every command and run none
EOF
  [[ ! ${extra_about+x} ]] || printf '  %s\n' "${extra_about[@]}"
}

fail() {
  echo "run.sh: $*" >&2
  exit 2
}

parse() {
  local name options=(stage stop_stage corpus exp device seed jobs ${extra[@]+"${extra[@]}"})
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
        declare -g "$name=$2"
        shift 2 ;;
      *) fail "no option $1; see run.sh --help" ;;
    esac
  done
  [[ $stage =~ ^[0-9]+$ && $stop_stage =~ ^[0-9]+$ ]] || fail "stages are numbers"
}

absolute() { [[ $1 == /* ]] && echo "$1" || echo "$PWD/$1"; }

# run COMMAND...: print it in a dry run, otherwise run it.
run() {
  if [[ $dry_run ]]; then
    printf '%q ' "$@"
    echo
  else
    "$@"
  fi
}

# timed NOTES COMMAND...: run it, and add to NOTES the processor's time of its processes, as `times` prints it.
timed() {
  if [[ $dry_run ]]; then
    "${@:2}"
  else
    mkdir -p "$(dirname "$1")"
    (trap 'times >>"$notes"' EXIT; notes=$1; "${@:2}")
  fi
}

script() { run python "$common/local/$1.py" "${@:2}"; }

# train PART CONFIG CUTS [OPTION...]: start its run, or continue it where a checkpoint is; a run that has all its
# steps ends at once.
train() {
  local given settings=() resume=()
  for given in ${overrides[@]+"${overrides[@]}"}; do
    if [[ $given =~ ^[a-z0-9_]+: ]]; then
      [[ $given != "$1":* ]] || settings+=(--set "${given#*:}")
    else
      settings+=(--set "$given")
    fi
  done
  [[ ! -f $exp/runs/$1/checkpoints/last.json ]] || resume=(--resume)
  run hiervox train --config "$2" --set "out_dir=$exp/runs/$1" --set "data.cuts=$3" "${@:4}" \
    ${settings[@]+"${settings[@]}"} --device "$device" ${resume[@]+"${resume[@]}"}
}

main() {
  parse "$@"
  command -v hiervox >/dev/null || PATH=$repository/.venv/bin:$PATH
  command -v hiervox >/dev/null || fail "no hiervox: install it or activate its environment"
  exp=$(absolute "$exp")
  corpus=$(absolute "$corpus")
  [[ $dry_run || -e $corpus || ! ${needs_corpus-yes} ]] || fail "no corpus $corpus"
  if declare -F settle >/dev/null; then settle; fi
  local number name what
  for number in "${!about[@]}"; do
    read -r name what <<<"${about[number]}"
    number=$((number + 1))
    ((stage <= number && number <= stop_stage)) || continue
    echo "== stage $number: $name  $what"
    "stage_$name"
  done
}
