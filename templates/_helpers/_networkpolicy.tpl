{{- /* What may reach whom, where the user has no policy of their own. */ -}}

{{- /* The gateway: anyone may reach its two ports. Input: root. Output: YAML map, without podSelector. */ -}}
{{- define "inference-stack.onwards.networkPolicySpec" -}}
{{- $derived := dict
      "policyTypes" (list "Ingress")
      "ingress" (list (dict "ports" (list (dict "port" "http" "protocol" "TCP") (dict "port" "metrics" "protocol" "TCP")))) -}}
{{- $policy := include "inference-stack.section" (dict "root" . "key" "networkPolicy") | fromJson -}}
{{- toYaml (omit ($policy.onwards | default $derived) "podSelector") -}}
{{- end -}}

{{- /* A group: only the gateway may reach its http port. Input: dict root, name. Output: YAML map, without podSelector. */ -}}
{{- define "inference-stack.modelGroup.networkPolicySpec" -}}
{{- $gateway := dict "podSelector" (dict "matchLabels" (include "inference-stack.onwards.selectorLabels" .root | fromYaml)) -}}
{{- $derived := dict
      "policyTypes" (list "Ingress")
      "ingress" (list (dict "from" (list $gateway) "ports" (list (dict "port" "http" "protocol" "TCP")))) -}}
{{- $policy := include "inference-stack.section" (dict "root" .root "key" "networkPolicy") | fromJson -}}
{{- toYaml (omit (index ($policy.modelGroups | default dict) .name | default $derived) "podSelector") -}}
{{- end -}}
