{{- /* How pods go: nobody asks them any more, what they have is finished, and then they end. */ -}}

{{- /* Seconds until every node has heard that a pod goes. Output: number. */ -}}
{{- define "inference-stack.deregistrationSeconds" -}}
10
{{- end -}}

{{- /*
A container waits, then ends. Kubernetes does the waiting itself from 1.30 on; before that the image must have a sleep.
Input: dict root, seconds. Output: YAML map, a LifecycleHandler.
*/ -}}
{{- define "inference-stack.sleepHandler" -}}
{{- if include "inference-stack.kubernetesAtLeast" (dict "root" .root "version" "1.30") -}}
sleep:
  seconds: {{ int64 .seconds }}
{{- else -}}
exec:
  command: [sleep, {{ .seconds | toString | quote }}]
{{- end -}}
{{- end -}}

{{- /*
Hooks of a group's engine: the user's, else a wait before the engine is told to end. One that would cut its answers then is first asked, by the
chart's script, until it has none left.
Input: dict root, group (completed). Output: YAML map.
*/ -}}
{{- define "inference-stack.modelGroup.lifecycle" -}}
{{- $wait := include "inference-stack.deregistrationSeconds" . | int64 -}}
{{- if .group.lifecycle -}}
{{- toYaml .group.lifecycle -}}
{{- else if and .group.preset.busyMetric (not .group.script) -}}
preStop:
  exec:
    command:
      - bash
      - -c
      - |
        {{- .root.Files.Get "files/drain.sh" | trim | nindent 8 }}
      - drain
      - {{ .group.containerPort | int64 | toString | quote }}
      - {{ .group.preset.busyMetric | quote }}
      - {{ $wait | toString | quote }}
      - {{ .group.drainSeconds | int64 | toString | quote }}
      - {{ .group.preset.apiKey.env | default "" | quote }}
{{- else -}}
preStop:
  {{- include "inference-stack.sleepHandler" (dict "root" .root "seconds" $wait) | nindent 2 }}
{{- end -}}
{{- end -}}

{{- /* Seconds a group's pod has to end: the wait, the longest answer, and what an engine needs to unload. Input: dict group (completed). Output: number. */ -}}
{{- define "inference-stack.modelGroup.graceSeconds" -}}
{{- add (include "inference-stack.deregistrationSeconds" . | int64) (int64 .group.drainSeconds) 30 -}}
{{- end -}}

{{- /*
Hooks of the gateway: the user's, else the chart's script. Onwards hears no signal and keeps its connections, so clients are first told by a
header of each answer to leave, and when nothing is in flight any more it is ended.
Input: root. Output: YAML map.
*/ -}}
{{- define "inference-stack.onwards.lifecycle" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- if $onwards.lifecycle -}}
{{- toYaml $onwards.lifecycle -}}
{{- else -}}
preStop:
  exec:
    command:
      - bash
      - -c
      - |
        {{- .Files.Get "files/onwards/send-clients-away.sh" | trim | nindent 8 }}
        {{- .Files.Get "files/drain.sh" | trim | nindent 8 }}
      - drain
      - {{ $onwards.metrics.port | int64 | toString | quote }}
      - onwards_requests_inflight
      - "5"
      - {{ mul 2 (int64 $onwards.drainSeconds) | toString | quote }}
      - ""
{{- end -}}
{{- end -}}

{{- /* Seconds a gateway pod has to end. An answer that began before clients were sent away leaves its connection open, and the client may ask once more on it: so twice the longest answer, and the waits. Input: root. Output: number. */ -}}
{{- define "inference-stack.onwards.graceSeconds" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- add 20 (mul 2 (int64 $onwards.drainSeconds)) -}}
{{- end -}}
