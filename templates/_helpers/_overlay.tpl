{{- /* The only merge of the chart. */ -}}

{{- /*
Values merged over defaults, key by key; null removes a key. Input: dict defaults (map or nothing), own (map or nothing). Output: JSON map.
*/ -}}
{{- define "inference-stack.overlay" -}}
  {{- mergeOverwrite (deepCopy (.defaults | default dict)) (.own | default dict) | include "inference-stack.withoutNulls" -}}
{{- end -}}

{{- /* A map without the keys that are null, at any depth; most maps have none, which their JSON shows at once. Input: map. Output: JSON map. */ -}}
{{- define "inference-stack.withoutNulls" -}}
  {{- $json := toJson . -}}
  {{- if contains ":null" $json -}}
    {{- $cleaned := dict -}}
    {{- range $key, $value := . -}}
      {{- if kindIs "map" $value -}}
        {{- $_ := set $cleaned $key (include "inference-stack.withoutNulls" $value | fromJson) -}}
      {{- else if not (kindIs "invalid" $value) -}}
        {{- $_ := set $cleaned $key $value -}}
      {{- end -}}
    {{- end -}}
    {{- $json = toJson $cleaned -}}
  {{- end -}}
  {{- $json -}}
{{- end -}}
