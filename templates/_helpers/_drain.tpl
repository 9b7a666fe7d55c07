{{- /* How pods terminate: no new requests, those in flight finish, then the process ends. */ -}}

{{- /*
Waits of a terminating pod, in seconds:
  deregister  until every node has removed the pod from its Service (kube-proxy's programming latency, with room)
  quiet       how long the gateway must have no request in flight before it terminates: a client may be about to send its next one
  unload      time that an engine needs to free its GPUs after its last answer
  slack       time that the gateway needs in addition to its answers
Output: JSON map.
*/ -}}
{{- define "inference-stack.drain.seconds" -}}
  {{- toJson (dict "deregister" 10 "quiet" 5 "unload" 30 "slack" 20) -}}
{{- end -}}
