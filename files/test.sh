# Asks the gateway for an answer by every alias, as a client would: `helm test`. Needs bash and cat.
# Arguments: the gateway's host and port; then for each alias its name as a JSON string, and the client whose key in /etc/keys is used
# (empty: none is needed).
set -u
LC_ALL=C # so that lengths are bytes
host=$1 port=$2
shift 2
# ask METHOD PATH CLIENT BODY: sets status (empty: nobody is there) and answer. HTTP/1.0, so the answer ends with the connection.
ask() {
  local key=
  [[ -z $3 ]] || key=$(cat "/etc/keys/$3")
  status= answer=
  exec 3<>"/dev/tcp/$host/$port" || return
  printf '%s %s HTTP/1.0\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s' \
    "$1" "$2" "$host" "${#4}" "${key:+Authorization: Bearer $key$'\r\n'}" "$4" >&3
  read -r _ status _ <&3
  answer=$(cat <&3)
  exec 3>&-
}
# serves ALIAS CLIENT: sets said to what the model does: it chats in a stream, or completes, or embeds; else to its first answer.
serves() {
  local chat="{\"model\": $1, \"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}], \"max_completion_tokens\": 16, \"stream\": true}"
  ask POST /v1/chat/completions "$2" "$chat"
  [[ $status == 200 && $answer == *"[DONE]"* ]] && said=chats && return
  local first="${status:-nobody is there} ${answer##*$'\r\n\r\n'}"
  ask POST /v1/completions "$2" "{\"model\": $1, \"prompt\": \"Hi\", \"max_tokens\": 16}"
  [[ $status == 200 ]] && said=completes && return
  ask POST /v1/embeddings "$2" "{\"model\": $1, \"input\": \"Hi\"}"
  [[ $status == 200 ]] && said=embeds && return
  said=${first:0:500}
  return 1
}
ask GET /v1/models "" ""
if [[ $status != 200 ]]; then
  echo "FAILED  $host:$port says ${status:-nothing}; look at its pods: kubectl get pods"
  exit 1
fi
echo "ok      the gateway answers"
failed=0
while (($#)); do
  # Once more after a moment: nodes hear a little later of a pod that is ready.
  if serves "$1" "$2" || { sleep 3 && serves "$1" "$2"; }; then
    echo "ok      $1 $said"
  else
    echo "FAILED  $1: $said"
    failed=1
  fi
  shift 2
done
exit "$failed"
