{{- /* Pod disruption budgets. */ -}}

{{- /* A number of pods, from a number or a percentage of all of them, which Kubernetes rounds up. Input: dict given, pods. Output: number. */ -}}
{{- define "inference-stack.podCount" -}}
  {{- $given := include "inference-stack.text" .given -}}
  {{- if hasSuffix "%" $given -}}
    {{- div (add (mul (trimSuffix "%" $given | int64) (int64 .pods)) 99) 100 -}}
  {{- else -}}
    {{- int64 $given -}}
  {{- end -}}
{{- end -}}

{{- /*
The disruption budget of some pods: by default two or more pods have one, and always if their values set one.
Input: dict own (minAvailable, maxUnavailable, enabled), pods (number). Output: JSON map, {} if there is no budget.
*/ -}}
{{- define "inference-stack.disruptionBudget" -}}
  {{- $budget := dict -}}
  {{- range list "minAvailable" "maxUnavailable" -}}
    {{- $given := include "inference-stack.text" (index $.own .) -}}
    {{- if ne $given "" -}}
      {{- $_ := set $budget . (ternary $given (int64 $given) (hasSuffix "%" $given)) -}}
    {{- end -}}
  {{- end -}}
  {{- if not (and .own.enabled (or $budget (gt (int64 .pods) 1))) -}}
    {{- $budget = dict -}}
  {{- else if not $budget -}}
    {{- $budget = dict "maxUnavailable" 1 -}}
  {{- end -}}
  {{- toJson $budget -}}
{{- end -}}

{{- /* The API version of PodDisruptionBudgets. Input: root. Output: string. */ -}}
{{- define "inference-stack.disruptionBudgetVersion" -}}
  {{- ternary "policy/v1" "policy/v1beta1" (eq (include "inference-stack.kubernetesAtLeast" (dict "root" . "version" "1.21")) "true") -}}
{{- end -}}

{{- /*
Prints the spec of a PodDisruptionBudget. Pods that are not ready may always be evicted, or one model that never gets ready would block its node's drain
forever. Input: dict root, budget (map), selector (map).
*/ -}}
{{- define "inference-stack.disruptionBudgetSpec" -}}
  {{- toYaml .budget }}
  {{- if include "inference-stack.kubernetesAtLeast" (dict "root" .root "version" "1.27") }}
unhealthyPodEvictionPolicy: AlwaysAllow
  {{- end }}
selector:
  matchLabels:
    {{- include "inference-stack.matchLabels" .selector | nindent 4 }}
{{- end -}}

{{- /* The number of pods that a budget allows to be evicted at once. Input: dict budget (map), pods (number). Output: number. */ -}}
{{- define "inference-stack.disruptionBudget.allowed" -}}
  {{- if hasKey .budget "maxUnavailable" -}}
    {{- include "inference-stack.podCount" (dict "given" .budget.maxUnavailable "pods" .pods) -}}
  {{- else -}}
    {{- sub (int64 .pods) (include "inference-stack.podCount" (dict "given" .budget.minAvailable "pods" .pods) | int64) -}}
  {{- end -}}
{{- end -}}

{{- /*
Rule: a budget is set once, and allows draining a node. Input: dict keys (path to the budget's owner), own (the budget's values), pods (number).
*/ -}}
{{- define "inference-stack.disruptionBudget.rule" -}}
  {{- $budget := include "inference-stack.disruptionBudget" . | fromJson -}}
  {{- $path := join "." (append .keys "podDisruptionBudget") -}}
  {{- $fix := include "inference-stack.nested" (dict "keys" (append .keys "podDisruptionBudget") "yaml" "minAvailable: \"\"\nmaxUnavailable: 1") -}}
  {{- if and (hasKey $budget "minAvailable") (hasKey $budget "maxUnavailable") }}

{{ $path }}: Kubernetes takes minAvailable or maxUnavailable, not both.
Please set:
{{ indent 2 $fix }}
  {{- else if and $budget (int64 .pods) (le (include "inference-stack.disruptionBudget.allowed" (dict "budget" $budget "pods" .pods) | int64) 0) }}

{{ $path }}: it allows none of the {{ int64 .pods }} pods to be evicted, so a node that runs one could never be drained.
Please set:
{{ indent 2 $fix }}
  {{- end }}
{{- end -}}
