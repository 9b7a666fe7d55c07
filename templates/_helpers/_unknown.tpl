{{- /*
Unknown keys. The schema refuses them too, but it can be skipped (--skip-schema-validation, Argo CD's skipSchemaValidation), and then a misspelt key would
silently have no effect. files/keys.json, generated from the schema, has the tree of valid keys: {} below a key whose content is not checked, "*" for
each key of a map whose keys the user chooses, "[]" for each item of a list. So would a value in place of a map, and a list with a gap.
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

{{- /*
Rule: the keys of a value are valid, at any depth, and maps are maps: a client that is none would leave the gateway open to everyone.
Input: dict path (the keys to it), value, known (the valid keys), map (whether it is a map even if its keys are not the user's to choose).
*/ -}}
{{- define "inference-stack.unknownKeys.rule.keys" -}}
  {{- if and .known (kindIs "map" .value) -}}
    {{- range $key, $value := .value -}}
      {{- include "inference-stack.unknownKeys.rule.key" (dict "path" $.path "key" $key "value" $value "known" $.known) -}}
    {{- end -}}
  {{- else if and .known (kindIs "slice" .value) -}}
    {{- range $index, $value := .value -}}
      {{- include "inference-stack.unknownKeys.rule.keys" (dict
            "path" (append $.path (printf "[%d]" $index)) "value" $value "known" (index $.known "[]" | default dict)) -}}
    {{- end -}}
  {{- end -}}
  {{- if and (or .map (hasKey .known "*")) (not (kindIs "map" .value)) (not (kindIs "invalid" .value)) }}
    {{- $key := last .path | include "inference-stack.yamlString" }}
    {{- $isClient := eq (initial .path | last | toString) "clientKeys" }}
    {{- $settings := ternary (printf "%s:\n  apiKey:\n    name: client-keys\n    key: %s" $key $key) (printf "%s: {}" $key) $isClient }}

{{ join "." .path }}: it has a value of its own in place of keys and their values, so it would be ignored.
Please set:
{{ include "inference-stack.nested" (dict "keys" (initial .path) "yaml" $settings) | indent 2 }}
  {{- end }}
{{- end -}}

{{- /* Rule: one key is valid, and those of its value. Input: dict path (the keys to its map), key, value, known (the valid keys). */ -}}
{{- define "inference-stack.unknownKeys.rule.key" -}}
  {{- $below := dict "path" (append .path .key) "value" .value }}
  {{- if hasKey .known "*" }}
    {{- include "inference-stack.unknownKeys.rule.keys" (merge $below (dict "known" (index .known "*") "map" true)) }}
  {{- else if hasKey .known .key }}
    {{- $known := index .known .key }}
    {{- $section := and (not .path) $known (not (hasKey $known "[]")) }}
    {{- include "inference-stack.unknownKeys.rule.keys" (merge $below (dict "known" $known "map" $section)) }}
  {{- else }}
    {{- $keys := keys .known | sortAlpha }}
    {{- $context := dict "key" .key "known" $keys }}
    {{- $near := include "inference-stack.unknownKeys.near" $context }}
    {{- $choice := include "inference-stack.unknownKeys.choice" $context }}
    {{- $advice := ternary (printf "did you mean %s?" $near) (printf "valid keys include %s." $choice) (ne $near "") }}

{{ append .path .key | join "." | replace ".[" "[" }}: {{ quote .key }} is not a key of {{ join "." .path | replace ".[" "[" | default "the chart" }}, so it
would have no effect; {{ $advice }}
Please set:
    {{- $renamed := dict $near .value }}
    {{- if regexMatch "(?i)key|token|secret|password|env" (toJson $renamed) }}
      {{- $hidden := include "inference-stack.yamlString" .key | printf "%s: {}  # the value of %s" $near }}
{{ include "inference-stack.nested" (dict "keys" .path "yaml" $hidden) | indent 2 }}
    {{- else if $near }}
{{ include "inference-stack.nested" (dict "keys" .path "yaml" (toYaml $renamed)) | indent 2 }}
    {{- else }}
{{ include "inference-stack.nested" (dict "keys" .path "yaml" (printf "{}  # without %s" (include "inference-stack.yamlString" .key))) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: no item of a list is null, at any depth. Input: root. */ -}}
{{- define "inference-stack.nullItems.problems" -}}
  {{- if include "inference-stack.hasNullItems" .Values -}}
    {{- include "inference-stack.nullItems.rule.items" (dict "path" list "value" .Values) -}}
  {{- end -}}
{{- end -}}

{{- /* Input: dict path (the keys to it), value. */ -}}
{{- define "inference-stack.nullItems.rule.items" -}}
  {{- if kindIs "map" .value -}}
    {{- $files := include "inference-stack.fileKeys" . | fromJsonArray -}}
    {{- range $key, $value := .value -}}
      {{- if not (has $key $files) -}}
        {{- include "inference-stack.nullItems.rule.items" (dict "path" (append $.path $key) "value" $value) -}}
      {{- end -}}
    {{- end -}}
  {{- else if kindIs "slice" .value }}
    {{- range $index, $value := .value }}
      {{- $item := append $.path (printf "[%d]" $index) }}
      {{- if kindIs "invalid" $value }}
        {{- $empty := last $.path | include "inference-stack.yamlString" | printf "%s: []  # without the null" }}

{{ join "." $item | replace ".[" "[" }}: this item of the list is null: an empty "-" in YAML, or an index that --set left out.
Please set:
{{ include "inference-stack.nested" (dict "keys" (initial $.path) "yaml" $empty) | indent 2 }}
      {{- end }}
      {{- include "inference-stack.nullItems.rule.items" (dict "path" $item "value" $value) }}
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
