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

{{- /* Sets .stack.configMaps, and in .stack.onwards the names of their objects. Input: root. */ -}}
{{- define "inference-stack.configMaps.resolve" -}}
  {{- $own := dict -}}
  {{- range $name, $files := ternary .Values.configMaps dict (kindIs "map" .Values.configMaps) -}}
    {{- $_ := set $own $name (dict
          "name" (include "inference-stack.objectName" (dict "root" $ "part" $name))
          "data" (include "inference-stack.configMaps.data" $files | fromJson)) -}}
  {{- end -}}
  {{- $_ := set .stack "configMaps" $own -}}
  {{- $_ := set .stack "onwards" (include "inference-stack.configMaps.named" (dict "own" $own "value" .stack.onwards) | fromJson).value -}}
{{- end -}}

{{- /*
A value in which the release's own ConfigMaps have the names of their objects, where Kubernetes refers to a ConfigMap (volumes, envFrom, env).
Input: dict own (.stack.configMaps), value. Output: JSON {value}.
*/ -}}
{{- define "inference-stack.configMaps.named" -}}
  {{- $own := .own -}}
  {{- $value := .value -}}
  {{- if and $own (kindIs "map" $value) -}}
    {{- $value = dict -}}
    {{- range $key, $each := .value -}}
      {{- if and (has $key (list "configMap" "configMapRef" "configMapKeyRef")) (kindIs "map" $each) -}}
        {{- with index $own (toString $each.name) -}}
          {{- $each = set (omit $each "name") "name" .name -}}
        {{- end -}}
      {{- end -}}
      {{- if ne $key "files" -}}
        {{- $each = (include "inference-stack.configMaps.named" (dict "own" $own "value" $each) | fromJson).value -}}
      {{- end -}}
      {{- $_ := set $value $key $each -}}
    {{- end -}}
  {{- else if and $own (kindIs "slice" $value) -}}
    {{- $value = list -}}
    {{- range .value -}}
      {{- $value = append $value (include "inference-stack.configMaps.named" (dict "own" $own "value" .) | fromJson).value -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "value" $value) -}}
{{- end -}}

{{- /*
The release's own ConfigMaps that a pod uses, so that it restarts when they change. Input: dict own (.stack.configMaps), value (values of the pod, as named
above). Output: JSON map, name of the object -> its data.
*/ -}}
{{- define "inference-stack.configMaps.used" -}}
  {{- $json := toJson .value -}}
  {{- $used := dict -}}
  {{- range .own -}}
    {{- if contains (printf "\"name\":%s" (toJson .name)) $json -}}
      {{- $_ := set $used .name .data -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $used -}}
{{- end -}}

{{- /*
Rules: no ConfigMap has the name of the gateway's or of a group's files, and the API server takes each. Input: root.
*/ -}}
{{- define "inference-stack.configMaps.problems" -}}
  {{- $taken := dict -}}
  {{- range (include "inference-stack.ownNames" . | fromJson).configMaps }}
    {{- $_ := set $taken . "the gateway's own ConfigMap" }}
  {{- end }}
  {{- if and .stack.prometheusRule.enabled (eq .stack.prometheusRule.kind "ConfigMap") }}
    {{- $_ := set $taken "rules" "the ConfigMap of prometheusRule" }}
  {{- end }}
  {{- if .stack.dashboards.enabled }}
    {{- $_ := set $taken "dashboards" "the ConfigMap of dashboards" }}
  {{- end }}
  {{- range $name, $group := .stack.modelGroups }}
    {{- if $group.files }}
      {{- $_ := set $taken (printf "%s-files" $name) (printf "the ConfigMap of modelGroups.%s.files" $name) }}
    {{- end }}
    {{- if $group.dynamicAdapters }}
      {{- $_ := set $taken (printf "%s-adapters" $name) (printf "the ConfigMap of modelGroups.%s.adapters" $name) }}
    {{- end }}
    {{- include "inference-stack.configMaps.rule.size" (dict
          "keys" (list "modelGroups" $name "files") "data" (include "inference-stack.configMaps.data" $group.files | fromJson)) }}
  {{- end }}
  {{- range $name, $own := .stack.configMaps }}
    {{- include "inference-stack.configMaps.rule.size" (dict "keys" (list "configMaps" $name) "data" $own.data) }}
    {{- with index $taken $name }}

configMaps.{{ $name }}: {{ quote $name }} is the name of {{ . }}.
Please set:
  configMaps:
    my-files: {}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* The most bytes of a ConfigMap's texts that the API server takes. Output: number. */ -}}
{{- define "inference-stack.configMaps.maxBytes" -}}
1048576
{{- end -}}

{{- /* Input: dict keys (path to the files), data (map of texts). */ -}}
{{- define "inference-stack.configMaps.rule.size" -}}
  {{- $bytes := 0 }}
  {{- range .data }}
    {{- $bytes = add $bytes (len .) }}
  {{- end }}
  {{- $most := include "inference-stack.configMaps.maxBytes" . | int64 }}
  {{- if gt $bytes $most }}
    {{- $empty := printf "%s: null  # files of that size belong on a volume" (last .keys | include "inference-stack.yamlString") }}

{{ join "." .keys }}: its files have {{ $bytes }} bytes, and a ConfigMap takes {{ $most }} at most.
Please set:
{{ include "inference-stack.nested" (dict "keys" (initial .keys) "yaml" $empty) | indent 2 }}
  {{- end }}
{{- end -}}
