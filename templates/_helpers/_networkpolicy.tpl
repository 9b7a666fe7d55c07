{{- /* Network policies. */ -}}

{{- /*
Egress of all pods: to every address, as models and providers can be anywhere, except the metadata addresses at which clouds serve a node's credentials
(AWS, Azure, Google and others): a client could make an engine that fetches images request them. Pods are also allowed by selector, because some
network plugins do not match them by address. Output: JSON list of egress rules.
*/ -}}
{{- define "inference-stack.networkPolicy.egress" -}}
  {{- toJson (list (dict "to" (list
        (dict "namespaceSelector" dict)
        (dict "ipBlock" (dict "cidr" "0.0.0.0/0" "except" (list "169.254.169.254/32")))
        (dict "ipBlock" (dict "cidr" "::/0" "except" (list "fd00:ec2::254/128")))))) -}}
{{- end -}}

{{- /*
A policy as the API server stores it, so that no tool reports a difference: with the types that it adds, and without the empty lists that it removes.
Input: NetworkPolicySpec (map). Output: JSON map, without podSelector.
*/ -}}
{{- define "inference-stack.networkPolicySpec" -}}
  {{- $spec := omit . "podSelector" -}}
  {{- range list "ingress" "egress" -}}
    {{- if not (index $spec .) -}}
      {{- $spec = omit $spec . -}}
    {{- end -}}
  {{- end -}}
  {{- if not $spec.policyTypes -}}
    {{- $_ := set $spec "policyTypes" (ternary (list "Ingress" "Egress") (list "Ingress") (hasKey $spec "egress")) -}}
  {{- end -}}
  {{- toJson $spec -}}
{{- end -}}

{{- /*
A policy that allows ingress from some peers and all egress; the user's own policy replaces it.
Input: dict own (NetworkPolicySpec or nothing), ingress (list of rules). Output: JSON map, without podSelector.
*/ -}}
{{- define "inference-stack.networkPolicy.letIn" -}}
  {{- $egress := include "inference-stack.networkPolicy.egress" . | fromJsonArray -}}
  {{- $derived := dict "policyTypes" (list "Ingress" "Egress") "ingress" .ingress "egress" $egress -}}
  {{- include "inference-stack.networkPolicySpec" (.own | default $derived) -}}
{{- end -}}

{{- /* A rule that opens one TCP port. Input: dict port, from (list of peers, or absent for everyone). Output: JSON map. */ -}}
{{- define "inference-stack.networkPolicy.ingressRule" -}}
  {{- $rule := dict "ports" (list (dict "port" .port "protocol" "TCP")) -}}
  {{- with .from -}}
    {{- $_ := set $rule "from" . -}}
  {{- end -}}
  {{- toJson $rule -}}
{{- end -}}
