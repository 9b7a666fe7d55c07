{{- /* Labels and annotations. Selectors are immutable, and the same as in inference-stack 0.4. */ -}}

{{- /*
Labels by which a component's pods are selected.
Input: dict root, component (onwards, model-group, test), group (name of the model group, or absent). Output: JSON map.
*/ -}}
{{- define "inference-stack.selectorLabels" -}}
  {{- $labels := dict
        "app.kubernetes.io/name" (include "inference-stack.name" .root)
        "app.kubernetes.io/instance" .root.Release.Name
        "app.kubernetes.io/component" .component -}}
  {{- with .group -}}
    {{- $_ := set $labels "app.kubernetes.io/model-group" . -}}
  {{- end -}}
  {{- toJson $labels -}}
{{- end -}}

{{- /* Prints a selector. Input: labels (map). */ -}}
{{- define "inference-stack.matchLabels" -}}
app.kubernetes.io/name: {{ index . "app.kubernetes.io/name" | quote }}
app.kubernetes.io/instance: {{ index . "app.kubernetes.io/instance" | quote }}
app.kubernetes.io/component: {{ index . "app.kubernetes.io/component" }}
  {{- with index . "app.kubernetes.io/model-group" }}
app.kubernetes.io/model-group: {{ quote . }}
  {{- end }}
  {{- with index . "leaderworkerset.sigs.k8s.io/worker-index" }}
leaderworkerset.sigs.k8s.io/worker-index: {{ quote . }}
  {{- end }}
{{- end -}}

{{- /*
Labels of an object: the chart's, the common ones, its own, then those by which it is selected. Input: dict root, selector (map), own (map or absent).
Output: JSON map.
*/ -}}
{{- define "inference-stack.labels" -}}
  {{- $chart := dict
        "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
        "app.kubernetes.io/version" .root.Chart.AppVersion
        "app.kubernetes.io/managed-by" .root.Release.Service
        "app.kubernetes.io/part-of" (include "inference-stack.name" .root) -}}
  {{- include "inference-stack.strings" (list $chart .root.Values.commonLabels .own .selector) -}}
{{- end -}}

{{- /*
Labels of a pod: the common ones, the user's, then those by which it is selected. Without the versions of chart and gateway, so that a chart upgrade
alone restarts no model. Input: dict root, selector (map), own (map or absent). Output: JSON map.
*/ -}}
{{- define "inference-stack.podLabels" -}}
  {{- include "inference-stack.strings" (list .root.Values.commonLabels .own .selector) -}}
{{- end -}}

{{- /* Annotations of an object: the common ones, then its own. Input: dict root, own (map or absent). Output: JSON map. */ -}}
{{- define "inference-stack.annotations" -}}
  {{- include "inference-stack.strings" (list .root.Values.commonAnnotations .own) -}}
{{- end -}}
