{{- /* Combinations that cannot work are refused, all at once; the rules stand in the _validate-*.tpl beside this file. */ -}}

{{- /* A text in YAML to paste: bare where YAML reads it back as it is, else in quotes. Input: string. Output: string. */ -}}
{{- define "inference-stack.pasted" -}}
{{- $word := and (regexMatch "^[A-Za-z][-A-Za-z0-9_./]*$" .) (not (regexMatch "(?i)^(y|n|yes|no|on|off|true|false|null)$" .)) -}}
{{- if $word }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{- /* One refusal. Input: dict path, why (one sentence), fix (YAML). Output: string. */ -}}
{{- define "inference-stack.problem" -}}
{{- printf "%s: %s\nPlease set:\n%s" .path .why (indent 2 .fix) -}}
{{- end -}}

{{- /* YAML below a way of keys. Input: dict keys (list of strings), yaml. Output: YAML. */ -}}
{{- define "inference-stack.below" -}}
{{- $lines := list -}}
{{- $depth := 0 -}}
{{- range .keys -}}
{{- $lines = append $lines (printf "%s%s:" (repeat $depth "  ") (include "inference-stack.pasted" .)) -}}
{{- $depth = add1 $depth | int -}}
{{- end -}}
{{- printf "%s\n%s" (join "\n" $lines) (indent (mul 2 $depth | int) .yaml) -}}
{{- end -}}

{{- /* Items of a group's lists whose field says what an item before them says. Input: dict group, keys (of the lists, in their order), field. Output: JSON list of {key, index, value}. */ -}}
{{- define "inference-stack.repeated" -}}
{{- $context := . -}}
{{- $seen := list -}}
{{- $repeated := list -}}
{{- range $key := .keys -}}
{{- range $index, $item := index $context.group $key -}}
{{- $value := index $item $context.field | default "" | toString | trimSuffix "/" -}}
{{- if and $value (has $value $seen) }}{{ $repeated = append $repeated (dict "key" $key "index" $index "value" $value) }}{{ end -}}
{{- $seen = append $seen $value -}}
{{- end -}}
{{- end -}}
{{- toJson $repeated -}}
{{- end -}}

{{- /* YAML that sets a list again with one item changed; a list replaces a list, so it is whole. Input: dict keys (the way to the list), list, index, fields (laid over the item). Output: YAML. */ -}}
{{- define "inference-stack.listFix" -}}
{{- $items := list -}}
{{- $context := . -}}
{{- range $index, $item := .list -}}
{{- $own := ternary $context.fields dict (eq $index (int $context.index)) -}}
{{- $items = append $items (include "inference-stack.overlay" (dict "defaults" $item "own" $own) | fromJson) -}}
{{- end -}}
{{- include "inference-stack.below" (dict "keys" .keys "yaml" (toYaml $items)) -}}
{{- end -}}

{{- /* The problem of a reference to a Secret's key that lacks one of the two. Input: dict path, given (the value: a reference, a key itself, or nothing), keys (the way to it), name, key (of the example). Output: a problem, or nothing. */ -}}
{{- define "inference-stack.secretProblem" -}}
{{- if and .given (kindIs "map" .given) (not (and .given.name .given.key)) -}}
{{- $whole := dict "name" (.given.name | default .name) "key" (.given.key | default .key) -}}
{{- include "inference-stack.problem" (dict
      "path" .path
      "why" "a reference needs both the name of a Secret and the key in it."
      "fix" (include "inference-stack.below" (dict "keys" .keys "yaml" (printf "name: %s\nkey: %s" (include "inference-stack.pasted" $whole.name) (include "inference-stack.pasted" $whole.key))))) -}}
{{- end -}}
{{- end -}}

{{- /* The problem of a budget that is none: one said twice, or one that lets no pod go, so that no node could be drained. Input: dict path, own (the budget's values), pods (number), keys (the way to what has the budget). Output: a problem, or nothing. */ -}}
{{- define "inference-stack.disruptionBudgetProblem" -}}
{{- $budget := include "inference-stack.disruptionBudget" . | fromYaml -}}
{{- $path := printf "%s.podDisruptionBudget" .path -}}
{{- $fix := include "inference-stack.below" (dict "keys" (append .keys "podDisruptionBudget") "yaml" "minAvailable: \"\"\nmaxUnavailable: 1") -}}
{{- if and (hasKey $budget "minAvailable") (hasKey $budget "maxUnavailable") -}}
{{- include "inference-stack.problem" (dict
      "path" $path
      "why" "Kubernetes takes minAvailable or maxUnavailable, not both."
      "fix" $fix) -}}
{{- else if $budget -}}
{{- $all := int64 .pods -}}
{{- $stay := ternary (include "inference-stack.podCount" (dict "given" $budget.minAvailable "pods" $all) | int64) 0 (hasKey $budget "minAvailable") -}}
{{- $go := ternary (include "inference-stack.podCount" (dict "given" $budget.maxUnavailable "pods" $all) | int64) (sub $all $stay) (hasKey $budget "maxUnavailable") -}}
{{- if and $all (le $go 0) -}}
{{- include "inference-stack.problem" (dict
      "path" $path
      "why" (printf "it lets none of the %d pods go, so a node that runs one could never be drained." $all)
      "fix" $fix) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Every problem of the values, sorted by path. Input: root. Output: string, empty if there is none. */ -}}
{{- define "inference-stack.refusal" -}}
{{- $problems := concat
      (include "inference-stack.unknown.problems" . | fromJsonArray)
      (include "inference-stack.onwards.problems" . | fromJsonArray)
      (include "inference-stack.modelGroups.problems" . | fromJsonArray)
      (include "inference-stack.routing.problems" . | fromJsonArray)
      (include "inference-stack.names.problems" . | fromJsonArray) | sortAlpha | uniq -}}
{{- if $problems }}{{ printf "\n\n%s\n" (join "\n\n" $problems) }}{{ end -}}
{{- end -}}

{{- /* Fails with every problem of the values; renders nothing. Input: root. */ -}}
{{- define "inference-stack.validate" -}}
{{- with include "inference-stack.refusal" . }}{{ fail . }}{{ end -}}
{{- end -}}
