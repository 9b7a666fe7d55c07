# Ends an engine of several pods at once where its set is over: for a preStop hook, before the wait for requests in flight. There are none if
# the leader does not listen: while it waits for the others it does not heed SIGTERM (vLLM 0.32.0, seen), and would hold its GPUs for the whole
# grace period. And a worker that has been started again could have joined the next leader, which has a worker of its own to come.
# Only in a PID namespace of the container's own, where the parent of a hook has no number. Argument: as the first of drain.sh.
server=$1 leader=127.0.0.1 named=${1%:*}
[[ $1 != *:* ]] || leader=${!named}
listens() { (exec 3<>"/dev/tcp/$leader/${server##*:}") 2>/dev/null; }
# Process 1 never gets a signal that it has no handler for, and the engine has none while it starts.
heeds_sigterm() {
  local key value
  while read -r key value; do
    [[ $key != SigCgt: ]] || return $((16#${value: -4} & 16#4000 ? 0 : 1))
  done </proc/1/status
}
if ((PPID == 0)) && { [[ -e /dev/shm/.started-again ]] || { ! listens && sleep 1 && ! listens; }; }; then
  for ((second = 0; second < 60; second++)); do
    ! heeds_sigterm || break
    sleep 1
  done
  for each in /proc/[0-9]*; do
    pid=${each#/proc/}
    ((pid == 1 || pid == $$)) || kill -9 "$pid" 2>/dev/null
  done
  exit 0
fi
