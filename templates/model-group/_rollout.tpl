{{- /* How a group's pods start, are replaced and terminate. */ -}}

{{- /*
A startup probe that allows at least the time that the model may take to load: the engine's, with a higher failureThreshold.
Input: dict group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.startupDefaults" -}}
  {{- $defaults := deepCopy .group.computed.preset.probes.startup -}}
  {{- $period := max 1 (int64 (dig "periodSeconds" $defaults.periodSeconds (.group.startupProbe | default dict))) -}}
  {{- $needed := div (add (int64 .group.loadSeconds) $period -1) $period -}}
  {{- $_ := set $defaults "failureThreshold" (max $needed (int64 $defaults.failureThreshold)) -}}
  {{- toJson $defaults -}}
{{- end -}}

{{- /* Input: dict group (computed). Output: JSON map of the probes that are on. */ -}}
{{- define "inference-stack.modelGroup.probes" -}}
  {{- $probes := dict -}}
  {{- range $kind, $defaults := .group.computed.preset.probes -}}
    {{- if eq $kind "startup" -}}
      {{- $defaults = include "inference-stack.modelGroup.startupDefaults" $ | fromJson -}}
    {{- end -}}
    {{- $name := printf "%sProbe" $kind -}}
    {{- with include "inference-stack.probe" (dict "defaults" $defaults "own" (index $.group $name)) | fromJson -}}
      {{- $_ := set $probes $name . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $probes -}}
{{- end -}}

{{- /* The time a group may take to start: what its startup probe allows, 0 without one. Input: dict group (computed). Output: seconds. */ -}}
{{- define "inference-stack.modelGroup.startupSeconds" -}}
  {{- $defaults := include "inference-stack.modelGroup.startupDefaults" . | fromJson -}}
  {{- $probe := include "inference-stack.probe" (dict "own" .group.startupProbe "defaults" $defaults) | fromJson -}}
  {{- add (int64 ($probe.initialDelaySeconds | default 0)) (mul (int64 $probe.periodSeconds) (int64 $probe.failureThreshold)) -}}
{{- end -}}

{{- /*
The progress deadline of a rollout: the time a start may take, and ten minutes for scheduling and pulling. Input: dict group (computed). Output:
seconds.
*/ -}}
{{- define "inference-stack.modelGroup.progressDeadlineSeconds" -}}
  {{- int64 (.group.progressDeadlineSeconds | default (add 600 .group.computed.startupSeconds)) -}}
{{- end -}}

{{- /* The timeout Helm needs for the first start of the slowest group. Input: root. Output: minutes. */ -}}
{{- define "inference-stack.modelGroups.startupMinutes" -}}
  {{- $seconds := 0 -}}
  {{- range .stack.modelGroups -}}
    {{- $seconds = max $seconds .computed.progressDeadlineSeconds -}}
  {{- end -}}
  {{- div (add $seconds 59) 60 -}}
{{- end -}}

{{- /*
How pods are replaced. By default, a rolling update replaces them in place if a claim can be mounted on one node only, else with a surge.
Input: dict group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.strategy" -}}
  {{- $given := .group.strategy | default dict -}}
  {{- $strategy := dict "type" "RollingUpdate" "rollingUpdate" (dict "maxSurge" 1 "maxUnavailable" 0) -}}
  {{- if eq (toString $given.type) "Recreate" -}}
    {{- $strategy = omit $given "rollingUpdate" -}}
  {{- else if $given.rollingUpdate -}}
    {{- $strategy = $given -}}
  {{- else if .group.computed.singleNodeVolumes -}}
    {{- $strategy = dict "type" "RollingUpdate" "rollingUpdate" (dict "maxSurge" 0 "maxUnavailable" 1) -}}
  {{- end -}}
  {{- toJson $strategy -}}
{{- end -}}

{{- /* A pod's grace period in seconds: the wait, the longest answer, and the engine's time to unload. Input: dict group. Output: number. */ -}}
{{- define "inference-stack.modelGroup.graceSeconds" -}}
  {{- $seconds := include "inference-stack.drain.seconds" . | fromJson -}}
  {{- add $seconds.deregister (int64 .group.drainSeconds) $seconds.unload -}}
{{- end -}}

{{- /*
Prints the container's hooks: the user's, else a wait before the engine is sent SIGTERM. The preStop hook of an engine that would cut its answers then
polls its running-requests metric until it is 0. From 1.30 on Kubernetes itself can wait; before that the image must have a sleep.
Input: dict root, group (computed).
*/ -}}
{{- define "inference-stack.modelGroup.lifecycle" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $wait := (include "inference-stack.drain.seconds" . | fromJson).deregister -}}
  {{- if .group.lifecycle -}}
    {{- toYaml .group.lifecycle -}}
  {{- else if and $preset.busyMetric (not .group.computed.script) -}}
preStop:
  exec:
    command:
      - bash
      - -c
      - |
        {{- .root.Files.Get "files/drain.sh" | trim | nindent 8 }}
      - drain
      - {{ .group.computed.port | int64 | toString | quote }}
      - {{ $preset.busyMetric | quote }}
      - {{ $wait | toString | quote }}
      - {{ .group.drainSeconds | int64 | toString | quote }}
      - {{ $preset.apiKey.env | default "" | quote }}
  {{- else if include "inference-stack.kubernetesAtLeast" (dict "root" .root "version" "1.30") -}}
preStop:
  sleep:
    seconds: {{ $wait }}
  {{- else -}}
preStop:
  exec:
    command: [sleep, {{ $wait | toString | quote }}]
  {{- end -}}
{{- end -}}
