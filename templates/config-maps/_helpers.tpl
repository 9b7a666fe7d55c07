{{- /* ConfigMaps that the user defines. */ -}}

{{- /* Labels of objects that belong to the release, not to a component. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.configMaps.labels" -}}
  {{- $selector := omit (include "inference-stack.selectorLabels" (dict "root" . "component" "") | fromJson) "app.kubernetes.io/component" -}}
  {{- include "inference-stack.labels" (dict "root" . "selector" $selector) -}}
{{- end -}}

{{- /*
Files of a ConfigMap: text unchanged, numbers and booleans as text, maps and lists as YAML. Input: map file -> content, or nothing. Output: JSON map.
*/ -}}
{{- define "inference-stack.configMaps.data" -}}
  {{- $data := dict -}}
  {{- range $file, $content := . -}}
    {{- if or (kindIs "map" $content) (kindIs "slice" $content) -}}
      {{- $_ := set $data $file (toYaml $content) -}}
    {{- else -}}
      {{- $_ := set $data $file (include "inference-stack.text" $content) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $data -}}
{{- end -}}

{{- /* Rule: no ConfigMap has the name of the gateway's. Input: root. */ -}}
{{- define "inference-stack.configMaps.problems" -}}
  {{- range (include "inference-stack.ownNames" . | fromJson).configMaps }}
    {{- if hasKey ($.Values.configMaps | default dict) . }}

configMaps.{{ . }}: {{ quote . }} is the name of the gateway's own ConfigMap.
Please set:
  configMaps:
    my-files: {}
    {{- end }}
  {{- end }}
{{- end -}}
