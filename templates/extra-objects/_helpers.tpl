{{- /* Objects of the user's own. */ -}}

{{- /*
A value whose texts, and the keys of its maps, are evaluated as templates. Input: dict root, value. Output: JSON of a map with the result under value.
*/ -}}
{{- define "inference-stack.evaluated" -}}
  {{- $result := .value -}}
  {{- if kindIs "map" .value -}}
    {{- $result = dict -}}
    {{- range $key, $value := .value -}}
      {{- $name := (include "inference-stack.evaluated" (dict "root" $.root "value" $key) | fromJson).value -}}
      {{- $_ := set $result $name (include "inference-stack.evaluated" (dict "root" $.root "value" $value) | fromJson).value -}}
    {{- end -}}
  {{- else if kindIs "slice" .value -}}
    {{- $result = list -}}
    {{- range .value -}}
      {{- $result = append $result (include "inference-stack.evaluated" (dict "root" $.root "value" .) | fromJson).value -}}
    {{- end -}}
  {{- else if and (kindIs "string" .value) (contains "{{" (toString .value)) -}}
    {{- $result = tpl .value .root -}}
  {{- end -}}
  {{- toJson (dict "value" $result) -}}
{{- end -}}

{{- /*
The objects, each with the labels and annotations of the release under its own. One given as text is a template of YAML with one or more objects.
Input: root. Output: JSON list of {keys (path to it), object}.
*/ -}}
{{- define "inference-stack.extraObjects" -}}
  {{- $root := . -}}
  {{- $given := list -}}
  {{- range $name, $value := .Values.extraObjects -}}
    {{- $keys := list "extraObjects" (ternary (printf "[%v]" $name) (toString $name) (kindIs "slice" $root.Values.extraObjects)) -}}
    {{- $object := (include "inference-stack.evaluated" (dict "root" $root "value" $value) | fromJson).value -}}
    {{- if kindIs "string" $object -}}
      {{- range regexSplit "(?m)^---\\s*$" $object -1 -}}
        {{- with fromYaml . -}}
          {{- $given = append $given (dict "keys" $keys "object" .) -}}
        {{- end -}}
      {{- end -}}
    {{- else if not (kindIs "invalid" $object) -}}
      {{- $given = append $given (dict "keys" $keys "object" $object) -}}
    {{- end -}}
  {{- end -}}
  {{- $selector := omit (include "inference-stack.selectorLabels" (dict "root" . "component" "") | fromJson) "app.kubernetes.io/component" -}}
  {{- $labels := include "inference-stack.labels" (dict "root" . "selector" $selector) | fromJson -}}
  {{- $annotations := include "inference-stack.annotations" (dict "root" .) | fromJson -}}
  {{- $metadata := dict "labels" $labels "annotations" $annotations -}}
  {{- $objects := list -}}
  {{- range $given -}}
    {{- $own := ternary .object.metadata dict (kindIs "map" .object.metadata) -}}
    {{- $both := dict -}}
    {{- range $key, $common := $metadata -}}
      {{- with include "inference-stack.strings" (list $common (index $own $key)) | fromJson -}}
        {{- $_ := set $both $key . -}}
      {{- end -}}
    {{- end -}}
    {{- $object := include "inference-stack.overlay" (dict "defaults" .object "own" (dict "metadata" $both)) | fromJson -}}
    {{- $objects = append $objects (dict "keys" .keys "object" $object) -}}
  {{- end -}}
  {{- toJson $objects -}}
{{- end -}}

{{- /* Rule: an object has what every object needs, and another name than others of its kind. Input: root. */ -}}
{{- define "inference-stack.extraObjects.problems" -}}
  {{- $seen := dict }}
  {{- range include "inference-stack.extraObjects" . | fromJsonArray }}
    {{- $object := .object }}
    {{- $missing := list }}
    {{- range list "apiVersion" "kind" }}
      {{- if or (not (index $object .)) (not (kindIs "string" (index $object .))) }}
        {{- $missing = append $missing . }}
      {{- end }}
    {{- end }}
    {{- if or (not $object.metadata.name) (not (kindIs "string" $object.metadata.name)) }}
      {{- $missing = append $missing "metadata.name" }}
    {{- end }}
    {{- if or $missing $object.Error }}
      {{- $example := dict "apiVersion" "v1" "kind" "ConfigMap" "metadata.name" (dict "name" "my-settings") }}
      {{- $fix := dict }}
      {{- range $missing }}
        {{- $_ := set $fix (trimSuffix ".name" .) (index $example .) }}
      {{- end }}

{{ join "." .keys | replace ".[" "[" }}: it is no object of Kubernetes
      {{- if $object.Error }}: its text is no YAML{{ else }}, which needs {{ join ", " $missing }} as text{{ end }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" .keys "yaml" (toYaml $fix)) | indent 2 }}
    {{- else }}
      {{- $namespace := $object.metadata.namespace | default $.Release.Namespace }}
      {{- $id := printf "%s %s %v %s" (splitList "/" $object.apiVersion | initial | join "/") $object.kind $namespace $object.metadata.name }}
      {{- if hasKey $seen $id }}
        {{- $fix := dict "metadata" (dict "name" (printf "%s-2" $object.metadata.name)) }}

{{ join "." .keys | replace ".[" "[" }}: {{ index $seen $id }} has the same kind and name, so only one of them would be there.
Please set:
{{ include "inference-stack.nested" (dict "keys" .keys "yaml" (toYaml $fix)) | indent 2 }}
      {{- end }}
      {{- $_ := set $seen $id (join "." .keys | replace ".[" "[") }}
    {{- end }}
  {{- end }}
{{- end -}}
