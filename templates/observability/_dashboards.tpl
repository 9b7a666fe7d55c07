{{- /* Dashboards of Grafana, made by harness/monitoring. They read the recorded series only, so they know no engine. */ -}}

{{- /*
Prints the metadata of an object that belongs to the release, in the namespace and with the labels and annotations of its values.
Input: dict root, name (the last part of its name), values (of prometheusRule or dashboards).
*/ -}}
{{- define "inference-stack.observability.metadata" -}}
  {{- $own := include "inference-stack.configMaps.labels" .root | fromJson -}}
name: {{ include "inference-stack.objectName" (dict "root" .root "part" .name) | quote }}
  {{- with .values.namespace }}
namespace: {{ quote . }}
  {{- end }}
labels:
  {{- include "inference-stack.strings" (list $own .values.labels) | fromJson | toYaml | nindent 2 }}
  {{- with include "inference-stack.annotations" (dict "root" .root "own" .values.annotations) | fromJson }}
annotations:
    {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- /* The files. Input: root. Output: JSON map file -> text. */ -}}
{{- define "inference-stack.dashboards.files" -}}
  {{- $files := dict -}}
  {{- range $path, $bytes := .Files.Glob "files/dashboards/*.json" -}}
    {{- $_ := set $files (printf "inference-stack-%s" (base $path)) (toString $bytes | trim) -}}
  {{- end -}}
  {{- toJson $files -}}
{{- end -}}
