{{- /* How pods terminate: no new requests, those in flight finish, then the process ends. */ -}}

{{- /*
Waits of a terminating pod, in seconds:
  deregister  until every node has removed the pod from its Service (kube-proxy's programming latency, with room)
  quiet       how long the gateway has to have no request in flight before it ends: a client may just be sending its next one
  unload      what an engine needs to free its GPUs after its last answer
  slack       what the gateway needs besides its answers
Output: JSON map.
*/ -}}
{{- define "inference-stack.drain.seconds" -}}
  {{- toJson (dict "deregister" 10 "quiet" 5 "unload" 30 "slack" 20) -}}
{{- end -}}
