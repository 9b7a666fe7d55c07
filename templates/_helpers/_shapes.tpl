{{- /*
Values of another shape than the chart's default: text in place of a map or of true and false. The schema refuses them too, but it can be skipped. Then
helpers that read them would end in an error of the template, or take the text false for true, so they are refused before any other helper runs.
*/ -}}

{{- /* Fails with every value of a wrong shape; prints nothing. Input: root, with .stack.defaults. */ -}}
{{- define "inference-stack.shapes.check" -}}
  {{- with include "inference-stack.problems" (dict "root" . "components" (list "shapes")) -}}
    {{- fail . -}}
  {{- end -}}
{{- end -}}

{{- /* Input: root. */ -}}
{{- define "inference-stack.shapes.problems" -}}
  {{- $maps := dict "commonAnnotations" dict "commonLabels" dict "configMaps" dict "global" dict "imagePullSecrets" list -}}
  {{- range $key, $default := merge $maps (omit .stack.defaults "modelGroups") -}}
    {{- $value := index $.Values $key -}}
    {{- if not (deepEqual $value $default) -}}
      {{- include "inference-stack.shapes.rule.value" (dict "path" (list $key) "value" $value "default" $default) -}}
    {{- end -}}
  {{- end -}}
  {{- if kindIs "map" .Values.modelGroups -}}
    {{- range $name, $group := .Values.modelGroups -}}
      {{- if kindIs "map" $group -}}
        {{- include "inference-stack.shapes.rule.value" (dict
              "path" (list "modelGroups" $name) "value" $group "default" $.stack.defaults.modelGroupDefaults) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
Rule: a map, a list, or true and false stands where the default is one, at any depth; lists of words may be a single one.
Input: dict path (the keys to it), value, default.
*/ -}}
{{- define "inference-stack.shapes.rule.value" -}}
  {{- $key := last .path -}}
  {{- if and (kindIs "map" .value) (kindIs "map" .default) -}}
    {{- range $name, $value := .value -}}
      {{- if hasKey $.default $name -}}
        {{- include "inference-stack.shapes.rule.value" (dict "path" (append $.path $name) "value" $value "default" (index $.default $name)) -}}
      {{- end -}}
    {{- end -}}
  {{- else if and (has (kindOf .default) (list "map" "slice" "bool")) (ne (kindOf .value) (kindOf .default)) (not (kindIs "invalid" .value)) -}}
    {{- $words := and (has $key (list "args" "command" "extraArgs" "modelAlias")) (not (kindIs "map" .value)) -}}
    {{- if not $words }}
      {{- $due := dict "map" "a map, with a name for each value" "slice" "a list, with a - before each item" "bool" "true or false, without quotes" }}
      {{- $meant := dict "bool" (regexMatch "(?i)^(true|yes|on|1)$" (toString .value)) "map" dict "slice" .default }}

{{ join "." .path }}: it has to be {{ index $due (kindOf .default) }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" (initial .path) "yaml" (dict $key (index $meant (kindOf .default)) | toYaml)) | indent 2 }}
    {{- end }}
  {{- end -}}
{{- end -}}
