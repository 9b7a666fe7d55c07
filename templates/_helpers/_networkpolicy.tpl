{{- /* What may reach whom, where the user has no policy of their own. */ -}}

{{- /*
What any of the pods may reach: everything, as models and providers are anywhere, but for the addresses at which clouds hand out a
node's credentials (AWS, Azure, Google and others), which an engine that fetches an image for a client could be talked into asking.
Pods are named beside addresses, because some network plugins do not count them as those. Output: JSON list of egress rules.
*/ -}}
{{- define "inference-stack.egress" -}}
{{- toJson (list (dict "to" (list
      (dict "namespaceSelector" dict)
      (dict "ipBlock" (dict "cidr" "0.0.0.0/0" "except" (list "169.254.169.254/32")))
      (dict "ipBlock" (dict "cidr" "::/0" "except" (list "fd00:ec2::254/128")))))) -}}
{{- end -}}

{{- /*
A policy as the API server stores it, so that no tool sees a difference: with the types that it would add, and without the empty lists
that it leaves out. Input: NetworkPolicySpec (map). Output: YAML map, without podSelector.
*/ -}}
{{- define "inference-stack.networkPolicySpec" -}}
{{- $spec := omit . "podSelector" -}}
{{- range list "ingress" "egress" }}{{ if not (index $spec .) }}{{ $spec = omit $spec . }}{{ end }}{{ end -}}
{{- if not $spec.policyTypes }}{{ $_ := set $spec "policyTypes" (ternary (list "Ingress" "Egress") (list "Ingress") (hasKey $spec "egress")) }}{{ end -}}
{{- toYaml $spec -}}
{{- end -}}

{{- /* The gateway: anyone may reach its http port, and its metrics those whom the values name. Input: root. Output: YAML map, without podSelector. */ -}}
{{- define "inference-stack.onwards.networkPolicySpec" -}}
{{- $policy := include "inference-stack.networkPolicy" . | get . -}}
{{- $rules := list (dict "ports" (list (dict "port" "http" "protocol" "TCP"))) -}}
{{- with $policy.metricsFrom }}{{ $rules = append $rules (dict "from" . "ports" (list (dict "port" "metrics" "protocol" "TCP"))) }}{{ end -}}
{{- $derived := dict "policyTypes" (list "Ingress" "Egress") "ingress" $rules "egress" (include "inference-stack.egress" . | fromJsonArray) -}}
{{- include "inference-stack.networkPolicySpec" ($policy.onwards | default $derived) -}}
{{- end -}}

{{- /* A group: only the gateway may reach its http port; its metrics, on a port of their own or on that one, those whom the values name too. Input: dict root, name, group (completed). Output: YAML map, without podSelector. */ -}}
{{- define "inference-stack.modelGroup.networkPolicySpec" -}}
{{- $policy := include "inference-stack.networkPolicy" .root | get .root -}}
{{- $gateway := dict "podSelector" (dict "matchLabels" (include "inference-stack.onwards.selectorLabels" .root | fromYaml)) -}}
{{- $rules := list (dict "from" (list $gateway) "ports" (list (dict "port" "http" "protocol" "TCP"))) -}}
{{- if $policy.metricsFrom -}}
{{- $port := "http" -}}
{{- range include "inference-stack.modelGroup.ports" . | fromJsonArray }}{{ if eq .name "metrics" }}{{ $port = "metrics" }}{{ end }}{{ end -}}
{{- $rules = append $rules (dict "from" $policy.metricsFrom "ports" (list (dict "port" $port "protocol" "TCP"))) -}}
{{- end -}}
{{- $derived := dict "policyTypes" (list "Ingress" "Egress") "ingress" $rules "egress" (include "inference-stack.egress" . | fromJsonArray) -}}
{{- include "inference-stack.networkPolicySpec" (index ($policy.modelGroups | default dict) .name | default $derived) -}}
{{- end -}}
