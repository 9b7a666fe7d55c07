{{- /* Labels and annotations. Selectors are immutable: they are literals here, and the same as in inference-stack 0.4. */ -}}

{{- /* Labels or annotations laid over each other, the later ones winning; Kubernetes takes only strings, so numbers and booleans become some. Input: list of maps. Output: YAML map, empty if there are none. */ -}}
{{- define "inference-stack.strings" -}}
{{- $strings := dict -}}
{{- range $layer := . -}}
{{- range $key, $value := $layer }}{{ if not (kindIs "invalid" $value) }}{{ $_ := set $strings $key (include "inference-stack.word" $value) }}{{ end }}{{ end -}}
{{- end -}}
{{- with $strings }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* Labels of an object: the chart's, the common ones, then what selects it. Input: dict root, selector (YAML map). Output: YAML map. */ -}}
{{- define "inference-stack.labels" -}}
{{- $chart := dict
      "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
      "app.kubernetes.io/version" .root.Chart.AppVersion
      "app.kubernetes.io/managed-by" .root.Release.Service
      "app.kubernetes.io/part-of" (include "inference-stack.name" .root) -}}
{{- include "inference-stack.strings" (list $chart .root.Values.commonLabels (fromYaml .selector)) -}}
{{- end -}}

{{- /* Annotations of an object: the common ones under its own. Input: dict root, own (map or absent). Output: YAML map, empty if there are none. */ -}}
{{- define "inference-stack.annotations" -}}
{{- include "inference-stack.strings" (list .root.Values.commonAnnotations .own) -}}
{{- end -}}

{{- /* What the gateway is selected by. Input: root. Output: YAML map. */ -}}
{{- define "inference-stack.onwards.selectorLabels" -}}
app.kubernetes.io/name: {{ include "inference-stack.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: onwards
{{- end -}}

{{- /* Labels of the gateway's objects. Input: root. Output: YAML map. One render has one root: it keeps them. */ -}}
{{- define "inference-stack.onwards.labels" -}}
{{- if not (hasKey . "labels") -}}
{{- $_ := set . "labels" (include "inference-stack.labels" (dict "root" . "selector" (include "inference-stack.onwards.selectorLabels" .))) -}}
{{- end -}}
{{- .labels -}}
{{- end -}}

{{- /* What a group is selected by. Input: dict root, name. Output: YAML map. */ -}}
{{- define "inference-stack.modelGroup.selectorLabels" -}}
app.kubernetes.io/name: {{ include "inference-stack.name" .root | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: model-group
app.kubernetes.io/model-group: {{ .name | quote }}
{{- end -}}

{{- /* Labels of a group's objects. Input: dict root, name. Output: YAML map. One render has one root: it keeps them. */ -}}
{{- define "inference-stack.modelGroup.labels" -}}
{{- $key := printf "labels of %s" .name -}}
{{- if not (hasKey .root $key) -}}
{{- $_ := set .root $key (include "inference-stack.labels" (dict "root" .root "selector" (include "inference-stack.modelGroup.selectorLabels" .))) -}}
{{- end -}}
{{- index .root $key -}}
{{- end -}}

{{- /* Labels of the Service that gives replicas addresses: not those by which the group's own Service is found. Input: dict root, name. Output: YAML map. */ -}}
{{- define "inference-stack.modelGroup.replicasLabels" -}}
{{- $selector := omit (include "inference-stack.modelGroup.selectorLabels" . | fromYaml) "app.kubernetes.io/model-group" -}}
{{- include "inference-stack.labels" (dict "root" .root "selector" (toYaml $selector)) -}}
{{- end -}}

{{- /* Labels of objects that belong to the release as a whole. Input: root. Output: YAML map. */ -}}
{{- define "inference-stack.releaseLabels" -}}
{{- include "inference-stack.labels" (dict "root" . "selector" (toYaml (dict "app.kubernetes.io/name" (include "inference-stack.name" .) "app.kubernetes.io/instance" .Release.Name))) -}}
{{- end -}}

{{- /* Labels of a pod: what selects it, then the user's. Chart and gateway versions are left out, so that a chart upgrade alone restarts no model. Input: dict root, selector (YAML map), own (map or absent). Output: YAML map. */ -}}
{{- define "inference-stack.podLabels" -}}
{{- include "inference-stack.strings" (list .root.Values.commonLabels .own (fromYaml .selector)) -}}
{{- end -}}
