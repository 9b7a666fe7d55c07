{{- /* Values as text. */ -}}

{{- /*
A scalar as text. A number from a values file is a float, and printing it plainly would turn 1048576 into 1.048576e+06.
Input: scalar or nothing. Output: string.
*/ -}}
{{- define "inference-stack.text" -}}
  {{- if kindIs "float64" . -}}
    {{- toJson . -}}
  {{- else if not (kindIs "invalid" .) -}}
    {{- toString . -}}
  {{- end -}}
{{- end -}}

{{- /* A list of texts; a single scalar is a list of one. Input: list or scalar, or nothing. Output: JSON list of strings. */ -}}
{{- define "inference-stack.texts" -}}
  {{- $texts := list -}}
  {{- if kindIs "slice" . -}}
    {{- range . -}}
      {{- $texts = append $texts (include "inference-stack.text" .) -}}
    {{- end -}}
  {{- else if . -}}
    {{- $texts = list (include "inference-stack.text" .) -}}
  {{- end -}}
  {{- toJson $texts -}}
{{- end -}}

{{- /* Maps of scalars merged in their order into one map of texts, without nulls. Input: list of maps. Output: JSON map. */ -}}
{{- define "inference-stack.strings" -}}
  {{- $strings := dict -}}
  {{- range $map := . -}}
    {{- range $key, $value := $map -}}
      {{- if not (kindIs "invalid" $value) -}}
        {{- $_ := set $strings $key (ternary (toJson $value) (toString $value) (kindIs "float64" $value)) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $strings -}}
{{- end -}}

{{- /* A duration of Kubernetes' APIs or of Prometheus (1h30m, 10s, 500ms, 1d). Input: string. Output: number of seconds, rounded down. */ -}}
{{- define "inference-stack.durationSeconds" -}}
  {{- $units := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 "w" 604800000 "y" 31536000000 -}}
  {{- $milliseconds := 0 -}}
  {{- range regexFindAll "[0-9]+(ms|[smhdwy])" (toString .) -1 -}}
    {{- $milliseconds = add $milliseconds (mul (index $units (regexFind "[a-z]+$" .)) (regexFind "^[0-9]+" . | int64)) -}}
  {{- end -}}
  {{- div $milliseconds 1000 -}}
{{- end -}}
