#!/bin/sh
# Makes sure that a Docker engine answers: takes the one that runs, else starts the one that is installed, else installs
# Debian's (docker.io, iptables) and starts it. Ends with 0 when `docker version` has an answer, and with 3 and one
# sentence when this machine cannot have one. Called by .ci/run and by hand; needs no system manager.
#   --check   only say whether one answers
set -u

say() { printf 'engine: %s\n' "$*" >&2; }
cannot() {
  say "$*"
  exit 3
}

SOCKET="${DOCKER_HOST:-unix:///var/run/docker.sock}"
WAIT_S="${ENGINE_WAIT_S:-60}"
LOG="${ENGINE_LOG:-/var/log/dockerd.log}"

answers() {
  command -v docker >/dev/null 2>&1 || return 1
  # A socket that nobody serves must not hang this script.
  timeout 10 docker version --format '{{.Server.Version}} (API {{.Server.APIVersion}})' 2>/dev/null
}

wait_for_it() {
  left="$WAIT_S"
  while [ "$left" -gt 0 ]; do
    if version="$(answers)"; then
      say "Docker $version answers at $SOCKET"
      exit 0
    fi
    # One that ended by itself will not answer any more.
    if [ -n "${1:-}" ] && ! kill -0 "$1" 2>/dev/null; then
      tail -n 5 "$LOG" >&2
      cannot "dockerd ended at once; its last words stand above, all of them in $LOG"
    fi
    left=$((left - 1))
    sleep 1
  done
  cannot "no Docker engine answered at $SOCKET within $WAIT_S s; see $LOG"
}

if version="$(answers)"; then
  say "Docker $version answers at $SOCKET"
  exit 0
fi
[ "${1:-}" = --check ] && cannot "no Docker engine answers at $SOCKET; start one, or run chaos/images/start-engine.sh"
case "$SOCKET" in
unix:///var/run/docker.sock | unix:///run/docker.sock) ;;
*) cannot "DOCKER_HOST is $SOCKET and nothing answers there; unset it to have an engine started on this machine" ;;
esac
[ "$(uname -s)" = Linux ] || cannot "containers run on Linux only; start Docker Desktop, or set DOCKER_HOST"
[ "$(id -u)" = 0 ] || cannot "starting an engine needs root; start Docker, or run this script as root"

if ! command -v dockerd >/dev/null 2>&1 || ! command -v iptables >/dev/null 2>&1; then
  command -v apt-get >/dev/null 2>&1 || cannot "no dockerd and no apt-get here; install Docker by hand"
  say "installing docker.io and iptables from Debian"
  # Services are started below, with the options that this machine needs.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  install_them() {
    apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 docker.io iptables >/dev/null 2>"$LOG"
  }
  if ! install_them; then
    apt-get update -qq >/dev/null 2>&1
    install_them || {
      tail -n 5 "$LOG" >&2
      cannot "Debian's docker.io could not be installed; apt-get's last words stand above"
    }
  fi
fi

# The package may have started one.
if version="$(answers)"; then
  say "Docker $version answers at $SOCKET"
  exit 0
fi
mkdir -p /var/lib/docker /run
# A file with the id of a process that is gone keeps dockerd from starting.
if [ -f /var/run/docker.pid ] && ! kill -0 "$(cat /var/run/docker.pid)" 2>/dev/null; then rm -f /var/run/docker.pid; fi
say "starting dockerd; it writes to $LOG"
if command -v setsid >/dev/null 2>&1; then
  setsid dockerd >>"$LOG" 2>&1 </dev/null &
else
  nohup dockerd >>"$LOG" 2>&1 </dev/null &
fi
wait_for_it "$!"
