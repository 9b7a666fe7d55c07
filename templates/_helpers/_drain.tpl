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

{{- /*
A preStop hook that waits until a server has no request in flight.
Input: dict root, scripts (list of files that run before), port, path (of its metrics), first (seconds to wait before), most (seconds to wait then), key
(environment variable of the key for the metrics, or nothing), host (environment variable of the server's host, or nothing for this pod), gauges (list).
Output: JSON map, a LifecycleHandler.
*/ -}}
{{- define "inference-stack.drain.hook" -}}
  {{- $context := . -}}
  {{- $script := list -}}
  {{- range append .scripts "files/drain.sh" -}}
    {{- $script = append $script ($context.root.Files.Get . | trim) -}}
  {{- end -}}
  {{- $server := list .host .port | compact | join ":" -}}
  {{- $words := list "drain" $server .path .first .most (.key | default "") -}}
  {{- $command := list "bash" "-c" (printf "%s\n" (join "\n" $script)) -}}
  {{- range concat $words .gauges -}}
    {{- $command = append $command (toString .) -}}
  {{- end -}}
  {{- toJson (dict "exec" (dict "command" $command)) -}}
{{- end -}}

{{- /*
The hooks of a container: each of the user's own replaces the chart's. Input: dict own (Lifecycle, or null for no hooks), preStop. Output: JSON map.
*/ -}}
{{- define "inference-stack.lifecycle" -}}
  {{- $hooks := ternary dict (dict "preStop" .preStop) (kindIs "invalid" .own) -}}
  {{- range $hook, $handler := .own -}}
    {{- $hooks = set (omit $hooks $hook) $hook $handler -}}
  {{- end -}}
  {{- include "inference-stack.withoutNulls" $hooks -}}
{{- end -}}

{{- /* Whether the user replaces the preStop hook, or removes it. Input: Lifecycle or null. Output: "true" or nothing. */ -}}
{{- define "inference-stack.ownPreStop" -}}
  {{- if or (kindIs "invalid" .) (hasKey (. | default dict) "preStop") -}}
true
  {{- end -}}
{{- end -}}

{{- /*
How long a hook of the user's takes, as far as it shows: a sleep of Kubernetes', or the sleeps in its command. Input: LifecycleHandler or nothing.
Output: seconds.
*/ -}}
{{- define "inference-stack.hookSeconds" -}}
  {{- $hook := . | default dict | include "inference-stack.withoutNulls" | fromJson -}}
  {{- $seconds := dig "sleep" "seconds" 0 $hook | int64 -}}
  {{- range regexFindAll "\\bsleep [0-9]+\\b" (dig "exec" "command" list $hook | join " ") -1 -}}
    {{- $seconds = add $seconds (trimPrefix "sleep " . | int64) -}}
  {{- end -}}
  {{- $seconds -}}
{{- end -}}
