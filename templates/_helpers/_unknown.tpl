{{- /*
Unknown keys. The schema refuses them too, but it can be skipped (--skip-schema-validation, Argo CD's skipSchemaValidation), and then a misspelt key would
silently have no effect. files/keys.json, generated from the schema, has the tree of valid keys: {} below a key whose content is not checked, "*" for
each key of a map whose keys the user chooses, "[]" for each item of a list.
*/ -}}

{{- /* Input: root. */ -}}
{{- define "inference-stack.unknownKeys.problems" -}}
  {{- $known := .Files.Get "files/keys.json" | fromJson -}}
  {{- range $key, $value := .Values -}}
    {{- /* Values equal to the chart's defaults need no check. */ -}}
    {{- if not (deepEqual $value (index $.stack.defaults $key)) -}}
      {{- include "inference-stack.unknownKeys.rule.key" (dict "path" list "key" $key "value" $value "known" $known) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /* Rule: the keys of a value are valid, at any depth. Input: dict path (the keys to it), value, known (the valid keys). */ -}}
{{- define "inference-stack.unknownKeys.rule.keys" -}}
  {{- if and .known (kindIs "map" .value) -}}
    {{- range $key, $value := .value -}}
      {{- include "inference-stack.unknownKeys.rule.key" (dict "path" $.path "key" $key "value" $value "known" $.known) -}}
    {{- end -}}
  {{- else if and .known (kindIs "slice" .value) -}}
    {{- range $index, $value := .value -}}
      {{- include "inference-stack.unknownKeys.rule.keys" (dict
            "path" (append $.path (printf "[%d]" $index)) "value" $value "known" (index $.known "[]")) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /* Rule: one key is valid, and those of its value. Input: dict path (the keys to its map), key, value, known (the valid keys). */ -}}
{{- define "inference-stack.unknownKeys.rule.key" -}}
  {{- if hasKey .known "*" }}
    {{- include "inference-stack.unknownKeys.rule.keys" (dict "path" (append .path .key) "value" .value "known" (index .known "*")) }}
  {{- else if hasKey .known .key }}
    {{- include "inference-stack.unknownKeys.rule.keys" (dict "path" (append .path .key) "value" .value "known" (index .known .key)) }}
  {{- else }}
    {{- $keys := keys .known | sortAlpha }}
    {{- $context := dict "key" .key "known" $keys }}
    {{- $near := include "inference-stack.unknownKeys.near" $context }}
    {{- $choice := include "inference-stack.unknownKeys.choice" $context }}
    {{- $advice := ternary (printf "did you mean %s?" $near) (printf "valid keys include %s." $choice) (ne $near "") }}

{{ append .path .key | join "." | replace ".[" "[" }}: {{ quote .key }} is not a key of {{ join "." .path | replace ".[" "[" | default "the chart" }}, so it
would have no effect; {{ $advice }}
Please set:
    {{- if $near }}
{{ include "inference-stack.nested" (dict "keys" .path "yaml" (dict $near .value | toYaml)) | indent 2 }}
    {{- else }}
{{ include "inference-stack.nested" (dict "keys" .path "yaml" (printf "{}  # without %s" (include "inference-stack.yamlString" .key))) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
The valid key closest to a misspelt one: it differs in case, or by one letter added, removed, replaced, or swapped with the next.
Input: dict key, known (list). Output: string, empty if there is none.
*/ -}}
{{- define "inference-stack.unknownKeys.near" -}}
  {{- $word := lower .key -}}
  {{- $shorter := include "inference-stack.unknownKeys.shorter" $word | fromJsonArray -}}
  {{- $near := dict -}}
  {{- range .known -}}
    {{- $known := lower . -}}
    {{- $rank := "" -}}
    {{- if eq $known $word -}}
      {{- $rank = "case" -}}
    {{- else if le (sub (max (len $known) (len $word)) (min (len $known) (len $word))) 1 -}}
      {{- $others := include "inference-stack.unknownKeys.shorter" $known | fromJsonArray -}}
      {{- if or (has $known $shorter) (has $word $others) -}}
        {{- $rank = "letter" -}}
      {{- else -}}
        {{- range $others -}}
          {{- if has . $shorter -}}
            {{- $rank = "other" -}}
          {{- end -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
    {{- if $rank -}}
      {{- $_ := set $near $rank . -}}
    {{- end -}}
  {{- end -}}
  {{- $near.case | default $near.letter | default $near.other | default "" -}}
{{- end -}}

{{- /* The words that result from removing one letter of a word. Input: string. Output: JSON list. */ -}}
{{- define "inference-stack.unknownKeys.shorter" -}}
  {{- $word := . -}}
  {{- $shorter := list -}}
  {{- range $at := until (len $word) -}}
    {{- $shorter = append $shorter (printf "%s%s" (substr 0 $at $word) (substr (int (add1 $at)) -1 $word)) -}}
  {{- end -}}
  {{- toJson $shorter -}}
{{- end -}}

{{- /*
Valid keys to list for an unknown one: those that start with its first four letters or are contained in it, else all; eight at most.
Input: dict key, known (list). Output: string.
*/ -}}
{{- define "inference-stack.unknownKeys.choice" -}}
  {{- $word := lower .key -}}
  {{- $like := list -}}
  {{- range .known -}}
    {{- if and (ge (len $word) 3) (or (contains (trunc 4 $word) (lower .)) (contains (lower .) $word)) -}}
      {{- $like = append $like . -}}
    {{- end -}}
  {{- end -}}
  {{- $all := $like | default .known -}}
  {{- $shown := slice $all 0 (min 8 (len $all) | int) -}}
  {{- $more := sub (len $all) (len $shown) -}}
  {{- if $more -}}
    {{- printf "%s and %d more" (join ", " $shown) $more -}}
  {{- else if eq (len $shown) 1 -}}
    {{- first $shown -}}
  {{- else -}}
    {{- printf "%s and %s" (initial $shown | join ", ") (last $shown) -}}
  {{- end -}}
{{- end -}}
