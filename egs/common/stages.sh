# The engine for a run.sh whose stages are functions: it sets `recipe`, `about` (a line for each stage: its name and a
# few words) and defines a function `stage_NAME` for each, sources this file, and calls `main "$@"`. It may set `corpus`
# and `extra`, names of further options, each a variable with its default, with lines of help in `extra_about`. A
# function `settle`, if there is one, is called when the options are known, before the first stage.

source "${recipe%/egs/*}/egs/common/recipe.sh"
corpus=${corpus-$datasets/mini/table.csv}

main() {
  local name number what
  for name in corpus "${extra[@]}"; do option "$name" "${!name}" ""; done
  parse "$@"
  corpus=$(absolute "$corpus")
  [[ $dry_run || -e $corpus || ! ${needs_corpus-yes} ]] || fail "no corpus $corpus"
  if declare -F settle >/dev/null; then settle; fi
  while read -r -u 4 number name what; do
    if stage "$number" "$name" "$what"; then "stage_$name"; fi
  done 4< <(stages)
}
