# Requests an answer by every alias from the gateway, as a client would: `helm test`. Needs sh, cat, date, sed, timeout, and bash or nc.
# Arguments: the gateway's host and port; seconds for one answer and for the whole test; then for each alias its name as a JSON string, and
# the client whose key in /etc/keys is used (empty: none is needed).
set -u
export LC_ALL=C # so that lengths are bytes
host=$1 port=$2 patience=$3 total=$4
shift 4
end=$(($(date +%s) + total))
return=$(printf '\r')
blank=$(printf '\r\n\r\n.')
blank=${blank%.}
# Sends its input to the gateway and prints the answer; ends after so many seconds.
connect() {
  if command -v bash > /dev/null; then
    timeout "$1" bash -c 'exec 3<>"/dev/tcp/$0/$1" && cat >&3 && cat <&3' "$host" "$port"
  else
    timeout "$1" nc "$host" "$port"
  fi
}
# request METHOD PATH CLIENT BODY: sets status (empty: nobody is there) and answer, hung if there was no time for it, and result if it is empty.
# HTTP/1.0, so the answer ends with the connection.
request() {
  key=
  [ -z "$3" ] || key=$(cat "/etc/keys/$3")
  key=${key%"$return"}
  left=$((end - $(date +%s)))
  [ "$left" -lt "$patience" ] || left=$patience
  status= hung=yes
  if [ "$left" -le 0 ]; then
    result="not tested, because the test's $total seconds are over"
    return 1
  fi
  answer=$(printf '%s %s HTTP/1.0\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s' \
    "$1" "$2" "$host" "${#4}" "${key:+Authorization: Bearer $key$return
}" "$4" | connect "$left" 2> /dev/null)
  if [ $? -eq 124 ]; then
    result="no complete answer within $left seconds"
    return 1
  fi
  hung=no
  status=$(printf '%s\n' "$answer" | sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p')
  : "${result:=${status:-nobody is there} ${answer##*"$blank"}}"
}
# test_alias ALIAS CLIENT: sets result to what the model does: it chats in a stream, or completes, or embeds; else to its first answer.
test_alias() {
  result=
  body="{\"model\": $1, \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"max_completion_tokens\": 16, \"stream\": true}"
  request POST /v1/chat/completions "$2" "$body" || return 1
  if [ "$status" = 200 ]; then
    # A stream that was cut may end with an error and then "[DONE]".
    case $answer in
      *'"error"'*) ;;
      *'[DONE]'*) result=chats && return ;;
    esac
  fi
  request POST /v1/completions "$2" "{\"model\": $1, \"prompt\": \"Hi\", \"max_tokens\": 16}" || return 1
  [ "$status" != 200 ] || { result=completes && return; }
  request POST /v1/embeddings "$2" "{\"model\": $1, \"input\": \"Hi\"}" || return 1
  [ "$status" != 200 ] || { result=embeds && return; }
  return 1
}
result=
request GET /v1/models "" ""
if [ "$status" != 200 ]; then
  echo "FAILED  $host:$port answers ${status:-nothing}; look at its pods: kubectl get pods"
  exit 1
fi
echo "ok      the gateway answers"
failed=0
while [ $# -gt 0 ]; do
  # Once more after a moment, unless it hung: a pod that has just become ready may not be known to every node.
  if test_alias "$1" "$2" || { [ "$hung" = no ] && sleep 3 && test_alias "$1" "$2"; }; then
    echo "ok      $1 $result"
  else
    printf 'FAILED  %s: %.500s\n' "$1" "$result"
    failed=1
  fi
  shift 2
done
exit "$failed"
