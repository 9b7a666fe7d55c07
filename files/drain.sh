# Waits until a server has no request in flight, as its own metrics report: for a preStop hook. Needs bash, cat, sleep and timeout.
# Arguments: port of the metrics (of another pod behind the name of a variable that holds its host, and a colon), their path, seconds to wait first
# (until the pod is out of its Service), most seconds to wait then, name of the environment variable that holds the key for the metrics (may be
# empty), names of the gauges.
# Idle is only an answer of 200 in which the first gauge is there and all that are there are 0. A gauge with ? behind its name may be absent
# from a page of metrics: its server has had no request yet. A server that does not listen is loading, or gone: it has no request.
export port=${1##*:} path=$2 key=${5:-} host=127.0.0.1
first=$3 most=$4 gauges=("${@:6}") named=${1%:*}
[[ $1 != *:* ]] || host=${!named}
scrape() {
  exec 3<>"/dev/tcp/$host/$port" || { echo closed; return; }
  printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n%s\r\n' "$path" "${key:+Authorization: Bearer ${!key:-}$'\r\n'}" >&3
  cat <&3
}
export -f scrape
# Prints why the server is not idle; nothing if it is.
busy() {
  local answer status line value gauge optional
  answer=$(timeout 5 bash -c scrape 2>/dev/null) || { [[ $answer == *$'\n'* ]] || { echo "no answer within 5 seconds"; return; }; }
  status=${answer%%$'\n'*}
  case $status in
    closed) return ;;
    HTTP/1.[01]\ 200*) ;;
    *) echo "the answer is ${status%$'\r'}"; return ;;
  esac
  for gauge in "${gauges[@]}"; do
    value= optional=${gauge##*[!?]} gauge=${gauge%\?}
    while IFS= read -r line; do
      [[ $line == "$gauge "* || $line == "$gauge{"*"} "* ]] || continue
      value=${line##*\} } value=${value#"$gauge "} value=${value%% *}
      [[ $value =~ ^0*\.?0*(e[+-]?[0-9]+)?$ ]] || { echo "$gauge is $value"; return; }
    done <<<"$answer"
    [[ -n $value || $gauge != "${gauges[0]%\?}" ]] || [[ $optional && ${answer,,} == *"content-type: text/plain"* ]] ||
      { echo "$gauge is not there"; return; }
  done
}
sleep "$first"
end=$((SECONDS + most)) idle=0 shown=
# Idle three times in a row: a request may be on its way from a node that has not heard yet.
while ((SECONDS < end && idle < 3)); do
  why=$(busy)
  if [[ -z $why ]]; then idle=$((idle + 1)); else idle=0; fi
  if [[ $why && $why != "$shown" ]]; then
    echo "Waiting up to $((end - SECONDS)) seconds for requests in flight: http://$host:$port$path, $why." >&2
    shown=$why
  fi
  sleep 1
done
if ((idle < 3)); then echo "Requests may still be in flight; the wait is over." >&2; fi
