# ---- helpers, the same in every script

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "error: $*"
  exit 3
}

# measure CELL: here `runexp run` puts load on the servers. MEASURE, a line for
# `sh -c`, is run in its place, with the cell's id in $1.
measure() {
  printf 'measure %s\n' "$1"
  [ -z "${MEASURE:-}" ] || sh -c "$MEASURE" measure "$1"
}

# cool_down SECONDS: the longest pause after an epoch; without load nothing gets warm.
cool_down() { [ -z "${MEASURE:-}" ] || sleep "$1"; }

# limit SECONDS: how long what follows may take. in_time: whether time is left.
limit() { deadline=$(($(date +%s) + $1)); }
in_time() { [ "$(date +%s)" -le "$deadline" ]; }
nap() { sleep 0.1 2>/dev/null || sleep 1; }

# perform STEP FUNCTION SECONDS TRIES
perform() {
  say "step $1"
  tries=$4
  limit "$3"
  until "$2"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    nap
    limit "$3"
  done
}
end_at() { fail "step $1 failed"; }
go_on_without() { say "warning: step $1 failed"; }
not_undone() {
  say "error: not undone: $1"
  left=5
}

# undo_later FUNCTION: what takes the next effect back; said before the effect.
pending='' left=0
undo_later() { pending="$1 $pending"; }

# unwind REST: takes effects back, the last first, until only REST is pending.
unwind() {
  while [ "$pending" != "$1" ]; do
    undo=${pending%% *}
    pending=${pending#* }
    "$undo" || not_undone "$undo"
  done
}
end_epoch() {
  unwind "$floor"
  [ "$left" -eq 0 ] || exit "$left"
}

# signalled STATUS: ends the script, but never between a start and its pid.
caught=0 held=''
signalled() {
  caught=$1
  [ -n "$held" ] || exit "$1"
}

# Whatever ends the script: the epoch's effects, the teardown steps, the rest.
finish() {
  status=$?
  trap - EXIT
  trap '' HUP INT TERM
  set +eu
  say teardown
  unwind "${floor-$pending}"
  teardown
  unwind ''
  [ "$left" -eq 0 ] || status=$left
  exit "$status"
}

http_answers() { curl -fsL --noproxy '*' --netrc-optional --max-time 2 -o /dev/null "$@" 2>/dev/null; }
tcp_answers() { # curl counts the connections it made, whatever became of them
  [ "$(curl -s --noproxy '*' --max-time 2 -o /dev/null -w '%{num_connects}' "$@")" != 0 ]
}

# start_server NAME LABEL PORT DIR COMMAND…: in the background, in a group of
# its own; its pid is in pid_NAME before any signal is heeded.
starts=0
start_server() {
  name=$1 label=$2 dir=$4
  demand_port "$2" "$3"
  shift 4
  starts=$((starts + 1))
  log="$run_dir/$starts-$label.log"
  held=yes
  (cd "$dir" && exec setsid "$@") >"$log" 2>&1 </dev/null &
  eval "pid_$name=\$!"
  held=''
  [ "$caught" -eq 0 ] || exit "$caught"
}
demand_port() {
  if tcp_answers "http://127.0.0.1:$2"; then fail "$1 cannot be started: port $2 is taken"; fi
}

# await_server LABEL SECONDS FUNCTION PID: until FUNCTION says that it is ready.
await_server() {
  limit "$2"
  until "$3"; do
    [ -z "$4" ] || kill -s 0 "$4" 2>/dev/null || fail "$1 ended while it was starting; see $log"
    in_time || fail "$1 was not ready within $2 s"
    nap
  done
  say "server $1 ready"
}

# stop_server PID SIGNAL SECONDS: its whole group, then by KILL.
stop_server() {
  [ -n "$1" ] || return 0
  signal_group "$2" "$1" || kill -s "$2" "$1" 2>/dev/null || return 0
  gone_within "$3" "$1" || {
    signal_group KILL "$1"
    gone_within 10 "$1"
  }
}
signal_group() { kill -s "$1" -- "-$2" 2>/dev/null; }
gone_within() {
  limit "$1"
  while signal_group 0 "$2"; do
    in_time || return 1
    nap
  done
}

# With root's rights there is nothing to ask sudo for.
if [ "$(id -u)" -eq 0 ]; then sudo() { shift && "$@"; }; fi
