{{- /* Probes. */ -}}

{{- /*
One probe. The user's fields win over the engine's; a handler of their own (httpGet, tcpSocket, grpc, exec) replaces path and type.
Input: dict own (enabled, type, path and Kubernetes' own fields), defaults (path and numbers). Output: JSON map, empty if it is off.
*/ -}}
{{- define "inference-stack.probe" -}}
{{- $probe := include "inference-stack.overlay" (dict "defaults" .defaults "own" .own) | fromJson -}}
{{- if ne (toString $probe.enabled) "false" -}}
{{- $fields := omit $probe "enabled" "type" "path" -}}
{{- if not (or $probe.httpGet $probe.tcpSocket $probe.grpc $probe.exec) -}}
{{- if eq (toString $probe.type) "tcp" -}}
{{- $_ := set $fields "tcpSocket" (dict "port" "http") -}}
{{- else -}}
{{- $_ := set $fields "httpGet" (dict "path" $probe.path "port" "http") -}}
{{- end -}}
{{- end -}}
{{- toJson $fields -}}
{{- end -}}
{{- end -}}

{{- /* A group's startup probe where the user says nothing of it: the engine's, which waits at least as long as the model is said to load. Input: dict group (completed). Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.startupDefaults" -}}
{{- $defaults := deepCopy .group.preset.probes.startup -}}
{{- $period := max 1 (int64 (dig "periodSeconds" $defaults.periodSeconds (.group.startupProbe | default dict))) -}}
{{- $needed := div (add (int64 .group.loadSeconds) $period -1) $period -}}
{{- $_ := set $defaults "failureThreshold" (max $needed (int64 $defaults.failureThreshold)) -}}
{{- toJson $defaults -}}
{{- end -}}

{{- /* How long a group may take to start, in seconds: what its startup probe allows, 0 without one. Input: dict group (completed). Output: number. */ -}}
{{- define "inference-stack.modelGroup.startupSeconds" -}}
{{- $probe := include "inference-stack.probe" (dict "own" .group.startupProbe "defaults" (include "inference-stack.modelGroup.startupDefaults" . | fromJson)) | fromJson -}}
{{- add (int64 ($probe.initialDelaySeconds | default 0)) (mul (int64 $probe.periodSeconds) (int64 $probe.failureThreshold)) -}}
{{- end -}}

{{- /* The three probes of a group. Input: dict group (completed). Output: JSON map of them. */ -}}
{{- define "inference-stack.modelGroup.probes" -}}
{{- $probes := dict -}}
{{- $group := .group -}}
{{- range $kind, $defaults := $group.preset.probes -}}
{{- if eq $kind "startup" }}{{ $defaults = include "inference-stack.modelGroup.startupDefaults" $ | fromJson }}{{ end -}}
{{- $name := printf "%sProbe" $kind -}}
{{- with include "inference-stack.probe" (dict "defaults" $defaults "own" (index $group $name)) }}{{ $_ := set $probes $name (fromJson .) }}{{ end -}}
{{- end -}}
{{- toJson $probes -}}
{{- end -}}

{{- /* When Kubernetes gives a rollout up: after what a start may take and ten minutes for scheduling and pulling. Input: dict group (completed). Output: seconds. */ -}}
{{- define "inference-stack.modelGroup.progressDeadlineSeconds" -}}
{{- int64 (.group.progressDeadlineSeconds | default (add 600 (include "inference-stack.modelGroup.startupSeconds" . | int64))) -}}
{{- end -}}

{{- /* How long Helm has to wait for a first start of the slowest group. Input: root. Output: minutes. */ -}}
{{- define "inference-stack.startupMinutes" -}}
{{- $seconds := 0 -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | get . -}}
{{- $seconds = max $seconds (include "inference-stack.modelGroup.progressDeadlineSeconds" (dict "group" $group) | int64) -}}
{{- end -}}
{{- div (add $seconds 59) 60 -}}
{{- end -}}
