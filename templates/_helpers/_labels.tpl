{{- /* Labels and annotations. Selectors are immutable: they are literals here, and the same as in inference-stack 0.4. */ -}}

{{- /* Labels of every object. Input: root. Output: YAML map. */ -}}
{{- define "inference-stack.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
app.kubernetes.io/part-of: {{ include "inference-stack.name" . | quote }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Annotations of an object: the common ones under its own. Input: dict root, own (map or absent). Output: YAML map, empty if there are none. */ -}}
{{- define "inference-stack.annotations" -}}
{{- $annotations := dict -}}
{{- range $key, $value := .root.Values.commonAnnotations }}{{ $_ := set $annotations $key ($value | toString) }}{{ end -}}
{{- range $key, $value := .own }}{{ $_ := set $annotations $key ($value | toString) }}{{ end -}}
{{- with $annotations }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* What the gateway is selected by. Input: root. Output: YAML map. */ -}}
{{- define "inference-stack.onwards.selectorLabels" -}}
app.kubernetes.io/name: {{ include "inference-stack.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: onwards
{{- end -}}

{{- /* Labels of the gateway's objects. Input: root. Output: YAML map. */ -}}
{{- define "inference-stack.onwards.labels" -}}
{{ include "inference-stack.onwards.selectorLabels" . }}
{{ include "inference-stack.labels" . }}
{{- end -}}

{{- /* What a group is selected by. Input: dict root, name. Output: YAML map. */ -}}
{{- define "inference-stack.modelGroup.selectorLabels" -}}
app.kubernetes.io/name: {{ include "inference-stack.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: model-group
app.kubernetes.io/model-group: {{ .name | quote }}
{{- end -}}

{{- /* Labels of a group's objects. Input: dict root, name. Output: YAML map. */ -}}
{{- define "inference-stack.modelGroup.labels" -}}
{{ include "inference-stack.modelGroup.selectorLabels" . }}
{{ include "inference-stack.labels" .root }}
{{- end -}}

{{- /* Labels of objects that belong to the release as a whole. Input: root. Output: YAML map. */ -}}
{{- define "inference-stack.releaseLabels" -}}
app.kubernetes.io/name: {{ include "inference-stack.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{ include "inference-stack.labels" . }}
{{- end -}}

{{- /* Labels of a pod: what selects it, then the user's. Chart and gateway versions are left out, so that a chart upgrade alone restarts no model. Input: dict root, selector (YAML map), own (map). Output: YAML map. */ -}}
{{- define "inference-stack.podLabels" -}}
{{- $labels := dict -}}
{{- range $key, $value := .root.Values.commonLabels }}{{ $_ := set $labels $key ($value | toString) }}{{ end -}}
{{- range $key, $value := .own }}{{ $_ := set $labels $key ($value | toString) }}{{ end -}}
{{- range $key, $value := fromYaml .selector }}{{ $_ := set $labels $key $value }}{{ end -}}
{{- toYaml $labels -}}
{{- end -}}
