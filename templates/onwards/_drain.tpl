{{- /* How a gateway pod terminates. */ -}}

{{- /*
A setting of the gateway's own drain, which the user may give as an option or as a variable. Input: dict root, name (shutdown-delay-secs), default.
Output: JSON {given: bool, seconds: number}.
*/ -}}
{{- define "inference-stack.onwards.drainSetting" -}}
  {{- $onwards := .root.stack.onwards -}}
  {{- $words := include "inference-stack.texts" $onwards.extraArgs | fromJsonArray -}}
  {{- $flag := include "inference-stack.flag" (dict "words" $words "names" (list (printf "--%s" .name))) | fromJson -}}
  {{- $given := $flag.given -}}
  {{- $seconds := first $flag.values | default "" -}}
  {{- $variable := printf "ONWARDS_%s" (.name | replace "-" "_" | upper) -}}
  {{- range $onwards.env -}}
    {{- if and (eq .name $variable) (not $given) -}}
      {{- $given = true -}}
      {{- $seconds = include "inference-stack.text" .value -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "given" $given "seconds" (ternary $seconds .default $given | int64)) -}}
{{- end -}}

{{- /*
Seconds in which a gateway pod may finish its answers. One that began before clients were sent away leaves its connection open, and the client may
send one more request on it: so twice the longest answer. Input: root. Output: number.
*/ -}}
{{- define "inference-stack.onwards.answerSeconds" -}}
  {{- mul 2 (int64 .stack.onwards.drainSeconds) -}}
{{- end -}}

{{- /*
How the gateway drains by itself after SIGTERM: it serves on for the delay, then waits for running answers. Behind the chart's preStop hook there is
nothing left to wait for, unless the hook failed. Input: root. Output: JSON {delay, timeout}, each {given: bool, seconds: number}.
*/ -}}
{{- define "inference-stack.onwards.ownDrain" -}}
  {{- $wait := (include "inference-stack.drain.seconds" . | fromJson).deregister -}}
  {{- $delay := ternary $wait 0 (eq (include "inference-stack.ownPreStop" .stack.onwards.lifecycle) "true") -}}
  {{- $timeout := max 1 (int64 .stack.onwards.drainSeconds) -}}
  {{- toJson (dict
        "delay" (include "inference-stack.onwards.drainSetting" (dict "root" . "name" "shutdown-delay-secs" "default" $delay) | fromJson)
        "timeout" (include "inference-stack.onwards.drainSetting" (dict "root" . "name" "shutdown-timeout-secs" "default" $timeout) | fromJson)) -}}
{{- end -}}

{{- /* The gateway's options for its drain, those that the user does not set. Input: root. Output: JSON list of strings. */ -}}
{{- define "inference-stack.onwards.drainArgs" -}}
  {{- $args := list -}}
  {{- range $name, $setting := include "inference-stack.onwards.ownDrain" . | fromJson -}}
    {{- if not $setting.given -}}
      {{- $args = concat $args (list (printf "--shutdown-%s-secs" $name) (toString $setting.seconds)) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $args -}}
{{- end -}}

{{- /* The longest that a gateway pod may take to terminate: its hook, its own drain, and some slack. Input: root. Output: number. */ -}}
{{- define "inference-stack.onwards.graceSeconds" -}}
  {{- $own := include "inference-stack.onwards.ownDrain" . | fromJson -}}
  {{- $drain := add (int64 $own.delay.seconds) (int64 $own.timeout.seconds) -}}
  {{- $longest := max (include "inference-stack.onwards.answerSeconds" . | int64) $drain -}}
  {{- if include "inference-stack.ownPreStop" .stack.onwards.lifecycle -}}
    {{- $hook := (include "inference-stack.onwards.lifecycle" . | fromJson).preStop -}}
    {{- $longest = add (include "inference-stack.hookSeconds" $hook | int64) $drain -}}
  {{- end -}}
  {{- add $longest (include "inference-stack.drain.seconds" . | fromJson).slack -}}
{{- end -}}

{{- /*
The container's hooks. The gateway keeps connections open until the end of its drain and then refuses what comes on them, so clients are first sent
away by a header of each answer, and the gateway gets SIGTERM when nothing is in flight any more. Input: root. Output: JSON map.
*/ -}}
{{- define "inference-stack.onwards.lifecycle" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $hook := include "inference-stack.drain.hook" (dict
        "root" .
        "scripts" (list "files/onwards/config.sh" "files/onwards/send-clients-away.sh")
        "port" (int64 $onwards.metrics.port)
        "path" "/metrics"
        "first" (include "inference-stack.drain.seconds" . | fromJson).quiet
        "most" (include "inference-stack.onwards.answerSeconds" .)
        "gauges" (list "onwards_requests_inflight?")) | fromJson -}}
  {{- include "inference-stack.lifecycle" (dict "own" $onwards.lifecycle "preStop" $hook) -}}
{{- end -}}
