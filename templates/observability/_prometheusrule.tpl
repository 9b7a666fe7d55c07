{{- /*
Recording rules and alerts. files/monitoring/rules.json has them for any release (harness/monitoring); here they get this release's names and values, and
what its values say of groups and aliases.
*/ -}}

{{- /* What stands for each word of the file, as it is written inside a text of JSON. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.prometheusRule.words" -}}
  {{- $rule := .stack.prometheusRule -}}
  {{- $workloads := list .stack.onwards.computed.fullname -}}
  {{- $loads := 600 -}}
  {{- range .stack.modelGroups -}}
    {{- $workloads = append $workloads (include "inference-stack.modelGroup.scaleTarget" (dict "group" .) | fromJson).name -}}
    {{- $loads = max $loads (int64 .computed.startupSeconds) -}}
  {{- end -}}
  {{- toJson (dict
        "@NAMESPACE@" .Release.Namespace
        "@RELEASE@" .Release.Name
        "@PREFIX@" .stack.onwards.metrics.prefix
        "@GATEWAY@" .stack.onwards.computed.fullname
        "@WORKLOADS@" (join "|" $workloads)
        "@CLAIMS@" (keys .stack.claims | sortAlpha | join "|")
        "@AVAILABILITY@" (toJson $rule.slo.availability)
        "@FIRST_TOKEN@" (toJson $rule.slo.firstToken)
        "@FIRST_TOKEN_SECONDS@" (toJson $rule.slo.firstTokenSeconds)
        "@LOADS@" (printf "%ds" (int64 $loads))
        "@RUNBOOKS@" (toJson $rule.alerts.runbooks | trimPrefix "\"" | trimSuffix "\"")) -}}
{{- end -}}

{{- /*
Pairs of groups that share an alias at one priority, of which one has a smaller weight than the heaviest: a canary, and the stable it is compared with.
Input: root. Output: JSON list of {alias, model_group, stable}.
*/ -}}
{{- define "inference-stack.prometheusRule.canaries" -}}
  {{- $heaviest := dict -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- range $group.computed.aliases -}}
      {{- $of := printf "%d %s" (int64 $group.priority) . -}}
      {{- $known := index $heaviest $of | default (dict "weight" 0) -}}
      {{- if gt (int64 $group.weight) (int64 $known.weight) -}}
        {{- $_ := set $heaviest $of (dict "name" $name "weight" $group.weight) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $pairs := list -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- range $group.computed.aliases -}}
      {{- $stable := index $heaviest (printf "%d %s" (int64 $group.priority) .) -}}
      {{- if lt (int64 $group.weight) (int64 $stable.weight) -}}
        {{- $pairs = append $pairs (dict "alias" . "model_group" $name "stable" $stable.name) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $pairs -}}
{{- end -}}

{{- /*
Rules that record what the values say: which group is which workload and engine, how many GPUs its replicas have, which aliases it serves, and whether a
provider outside serves them, too. Input: root. Output: JSON list of rules.
*/ -}}
{{- define "inference-stack.prometheusRule.fromValues" -}}
  {{- $outside := list -}}
  {{- range .stack.externalProviders -}}
    {{- $outside = concat $outside (include "inference-stack.texts" .modelAlias | fromJsonArray) -}}
  {{- end -}}
  {{- $rules := list -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- $labels := dict "model_group" $name "engine" $group.computed.engine -}}
    {{- $workload := dict "workload" (include "inference-stack.modelGroup.scaleTarget" (dict "group" $group) | fromJson).name -}}
    {{- $rules = append $rules (dict "record" "inference_stack:group_info" "expr" "vector(1)" "labels" (merge $workload $labels)) -}}
    {{- $gpus := mul (int64 $group.computed.gpus) (int64 $group.computed.nodes) -}}
    {{- $rules = append $rules (dict
          "record" "inference_stack:group_gpus_per_replica" "expr" (printf "vector(%d)" $gpus) "labels" $labels) -}}
    {{- range $group.computed.aliases -}}
      {{- $of := merge (dict "alias" . "outside" (has . $outside | toString)) $labels -}}
      {{- $rules = append $rules (dict "record" "inference_stack:alias_info" "expr" "vector(1)" "labels" $of) -}}
    {{- end -}}
  {{- end -}}
  {{- range include "inference-stack.prometheusRule.canaries" . | fromJsonArray -}}
    {{- $rules = append $rules (dict "record" "inference_stack:canary_info" "expr" "vector(1)" "labels" .) -}}
  {{- end -}}
  {{- toJson $rules -}}
{{- end -}}

{{- /* A rule with the labels it is known by: of a record the release's, of an alert the user's. Input: dict root, rule. Output: JSON map. */ -}}
{{- define "inference-stack.prometheusRule.labelled" -}}
  {{- $own := dict "namespace" .root.Release.Namespace "release" .root.Release.Name -}}
  {{- if .rule.alert -}}
    {{- $own = .root.stack.prometheusRule.alerts.labels -}}
  {{- end -}}
  {{- $labels := include "inference-stack.strings" (list .rule.labels $own) | fromJson -}}
  {{- set .rule "labels" $labels | toJson -}}
{{- end -}}

{{- /* The file for this release. Input: root. Output: JSON list of groups of rules. */ -}}
{{- define "inference-stack.prometheusRule.file" -}}
  {{- $text := .Files.Get "files/monitoring/rules.json" -}}
  {{- range $word, $is := include "inference-stack.prometheusRule.words" . | fromJson -}}
    {{- $text = replace $word $is $text -}}
  {{- end -}}
  {{- $text -}}
{{- end -}}

{{- /* Groups of rules, without the alerts that are off. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.prometheusRule.groups" -}}
  {{- $alerts := .stack.prometheusRule.alerts -}}
  {{- $values := include "inference-stack.prometheusRule.fromValues" . | fromJsonArray -}}
  {{- $groups := list -}}
  {{- range prepend (include "inference-stack.prometheusRule.file" . | fromJsonArray) (dict "name" "inference-stack.values" "rules" $values) -}}
    {{- $rules := list -}}
    {{- range .rules -}}
      {{- if or .record (and $alerts.enabled (not (has .alert $alerts.disabled))) -}}
        {{- $rules = append $rules (include "inference-stack.prometheusRule.labelled" (dict "root" $ "rule" .) | fromJson) -}}
      {{- end -}}
    {{- end -}}
    {{- if $rules -}}
      {{- $groups = append $groups (dict "name" (printf "%s.%s" $.Release.Name .name) "rules" $rules) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $groups -}}
{{- end -}}
