{{- /*
Keys that the chart does not know. The schema refuses them too, but it can be skipped (--skip-schema-validation, Argo CD's
skipSchemaValidation), and then a misspelt key would change nothing, in silence.
*/ -}}

{{- /* Keys below which Kubernetes names what there is, though the chart has defaults there. A map that is empty by default, such as annotations, is open anyway. Output: JSON list. */ -}}
{{- define "inference-stack.unknown.open" -}}
{{- toJson (list "resources") -}}
{{- end -}}

{{- /* Problems of keys that are not there. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.unknown.problems" -}}
{{- $defaults := include "inference-stack.chartDefaults" . | get . -}}
{{- $found := dict "open" (include "inference-stack.unknown.open" . | fromJsonArray) "keys" list -}}
{{- $root := dict "enabled" "" -}}
{{- range $defaults.root }}{{ $_ := set $root . "" }}{{ end -}}
{{- include "inference-stack.unknown.below" (dict "found" $found "way" list "own" .Values "known" $root) -}}
{{- range $key, $known := omit $defaults "root" -}}
{{- include "inference-stack.unknown.below" (dict "found" $found "way" (list $key) "own" (index $.Values $key) "known" $known) -}}
{{- end -}}
{{- range $name, $group := .Values.modelGroups -}}
{{- include "inference-stack.unknown.below" (dict "found" $found "way" (list "modelGroups" $name) "own" $group "known" $defaults.modelGroupDefaults) -}}
{{- end -}}
{{- $problems := list -}}
{{- range $found.keys }}{{ $problems = append $problems (include "inference-stack.unknown.problem" .) }}{{ end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Adds the keys of a map that are not known, at any depth, to found.keys. Input: dict found (dict open, keys), way (the keys to the map), own (what was given; only a map has keys, and one like the defaults none of its own), known (map). Output: nothing. */ -}}
{{- define "inference-stack.unknown.below" -}}
{{- if and (kindIs "map" .own) (not (deepEqual .own .known)) -}}
{{- range $key, $value := .own -}}
{{- if not (hasKey $.known $key) -}}
{{- $_ := set $.found "keys" (append $.found.keys (dict "way" $.way "key" $key "value" $value "known" (keys $.known | sortAlpha))) -}}
{{- else if kindIs "map" $value -}}
{{- $below := index $.known $key -}}
{{- if and $below (kindIs "map" $below) (not (has $key $.found.open)) -}}
{{- include "inference-stack.unknown.below" (dict "found" $.found "way" (append $.way $key) "own" $value "known" $below) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* The problem of one key. Input: dict way (the keys to its map), key, value, known (list of the map's keys). Output: a problem. */ -}}
{{- define "inference-stack.unknown.problem" -}}
{{- $path := join "." (append .way .key) -}}
{{- $where := join "." .way | default "the chart" -}}
{{- $near := include "inference-stack.unknown.near" . -}}
{{- if $near -}}
{{- include "inference-stack.problem" (dict
      "path" $path
      "why" (printf "%q is no key of %s, so it would change nothing; did you mean %s?" .key $where $near)
      "fix" (include "inference-stack.below" (dict "keys" .way "yaml" (dict $near .value | toYaml)) | trimPrefix "\n")) -}}
{{- else -}}
{{- $without := printf "{}  # without %s" (include "inference-stack.pasted" .key) -}}
{{- if .way }}{{ $without = printf "%s: %s" (last .way | include "inference-stack.pasted") $without }}{{ end -}}
{{- include "inference-stack.problem" (dict
      "path" $path
      "why" (printf "%q is no key of %s, so it would change nothing; there is %s." .key $where (include "inference-stack.unknown.choice" .))
      "fix" (include "inference-stack.below" (dict "keys" (initial .way) "yaml" $without) | trimPrefix "\n")) -}}
{{- end -}}
{{- end -}}

{{- /* The known key that differs from a word in its case, or by one letter more, less, other, or swapped with the next; the least different one. Input: dict key, known (list). Output: string, empty if there is none. */ -}}
{{- define "inference-stack.unknown.near" -}}
{{- $word := lower .key -}}
{{- $shorter := include "inference-stack.unknown.shorter" $word | fromJsonArray -}}
{{- $near := dict -}}
{{- range .known -}}
{{- $known := lower . -}}
{{- $rank := "" -}}
{{- if eq $known $word -}}
{{- $rank = "case" -}}
{{- else if le (sub (max (len $known) (len $word)) (min (len $known) (len $word))) 1 -}}
{{- $others := include "inference-stack.unknown.shorter" $known | fromJsonArray -}}
{{- if or (has $known $shorter) (has $word $others) -}}
{{- $rank = "letter" -}}
{{- else -}}
{{- range $others }}{{ if has . $shorter }}{{ $rank = "other" }}{{ end }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if $rank }}{{ $_ := set $near $rank . }}{{ end -}}
{{- end -}}
{{- $near.case | default $near.letter | default $near.other | default "" -}}
{{- end -}}

{{- /* A word with one of its letters left out, each in turn. Input: string. Output: JSON list. */ -}}
{{- define "inference-stack.unknown.shorter" -}}
{{- $word := . -}}
{{- $shorter := list -}}
{{- range $at := until (len $word) }}{{ $shorter = append $shorter (printf "%s%s" (substr 0 $at $word) (substr (int (add1 $at)) -1 $word)) }}{{ end -}}
{{- toJson $shorter -}}
{{- end -}}

{{- /* What there is instead of a word: keys that have its first four letters, or that it has in it, else all; eight at most. Input: dict key, known (list). Output: string. */ -}}
{{- define "inference-stack.unknown.choice" -}}
{{- $word := lower .key -}}
{{- $like := list -}}
{{- range .known -}}
{{- if and (ge (len $word) 3) (or (contains (trunc 4 $word) (lower .)) (contains (lower .) $word)) }}{{ $like = append $like . }}{{ end -}}
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
