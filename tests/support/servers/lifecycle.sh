# Sourced by the scripts beside it: free ports, waiting for a condition, ending by process id.

set -euo pipefail
umask 022
export LC_ALL=C

fail() {
  echo "${0##*/}: $*" >&2
  exit 3
}

need() {
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || fail "$program is not installed (tests/support/install-peers installs it on Debian)"
  done
}

# A port of loopback that is free for UDP and TCP now. Somebody may take it before the server does, so callers try again.
free_port() {
  python3 - <<'PYTHON'
import socket

for _ in range(100):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            continue
        print(tcp.getsockname()[1])
        break
PYTHON
}

# A secret that exists for this server only.
new_secret() {
  od -An -N12 -tx1 /dev/urandom | tr -d ' \n'
}

# await PIDFILE COMMAND…: until COMMAND succeeds; fails when the process is gone or after 30 s.
await() {
  local pidfile=$1 deadline=$((SECONDS + 30))
  shift
  while ! "$@" >/dev/null 2>&1; do
    if [ -s "$pidfile" ] && ! kill -0 "$(head -n 1 "$pidfile")" 2>/dev/null; then return 1; fi
    if [ "$SECONDS" -ge "$deadline" ]; then return 1; fi
    sleep 0.02 # the pace of the probe, not the wait
  done
}

# until_gone PID: waits for the end of a process, 20 s at most.
until_gone() {
  local deadline=$((SECONDS + 20))
  while kill -0 "$1" 2>/dev/null; do
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.02
  done
}

# end PIDFILE [SIGNAL]: ends the process whose id is in the file, if it is still there.
end() {
  local pid
  [ -s "$1" ] || return 0
  pid=$(head -n 1 "$1")
  kill "-${2:-TERM}" "$pid" 2>/dev/null || return 0
  until_gone "$pid" || { kill -KILL "$pid" 2>/dev/null || true; until_gone "$pid" || true; }
}

# say NAME VALUE: to the caller and into DIR/environment.
say() {
  printf '%s=%s\n' "$1" "$2" | (umask 077 && tee -a "$directory/environment")
}

# start_or_give_up: `start_on PORT` of the calling script, on another port when somebody was faster.
start_or_give_up() {
  local attempt
  for attempt in 1 2 3; do
    port=$(free_port)
    if start_on "$port"; then return 0; fi
    stop
  done
  [ -f "$directory/log" ] && tail -n 20 "$directory/log" >&2
  fail "does not start"
}

case "${1:-}" in
  start | stop) [ $# -ge 2 ] || fail "usage: ${0##*/} start|stop DIR" ;;
  *) fail "usage: ${0##*/} start|stop DIR" ;;
esac
mkdir -p "$2"
directory=$(cd "$2" && pwd)
action=$1
