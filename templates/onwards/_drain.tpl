{{- /* How a gateway pod terminates. */ -}}

{{- /*
Seconds in which a gateway pod may finish its answers. An answer that began before the drain leaves its connection open, and the client may send one
more request on it: so twice the longest answer. Input: root. Output: number.
*/ -}}
{{- define "inference-stack.onwards.answerSeconds" -}}
  {{- mul 2 (int64 .stack.onwards.drainSeconds) -}}
{{- end -}}

{{- /* Input: root. Output: number. */ -}}
{{- define "inference-stack.onwards.graceSeconds" -}}
  {{- add (include "inference-stack.onwards.answerSeconds" . | int64) (include "inference-stack.drain.seconds" . | fromJson).slack -}}
{{- end -}}

{{- /*
Prints the container's hooks: the user's, else the chart's script. Onwards has no handler for SIGTERM and leaves connections open, so first
a header of each answer makes clients reconnect elsewhere, and the gateway is terminated when no request is in flight. Input: root.
*/ -}}
{{- define "inference-stack.onwards.lifecycle" -}}
  {{- $onwards := .stack.onwards -}}
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
      - {{ (include "inference-stack.drain.seconds" . | fromJson).quiet | toString | quote }}
      - {{ include "inference-stack.onwards.answerSeconds" . | quote }}
      - ""
  {{- end -}}
{{- end -}}
