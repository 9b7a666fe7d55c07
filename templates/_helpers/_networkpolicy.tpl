{{- /* Network policies. */ -}}

{{- /*
The egress rules of all pods: everything is allowed, as models and providers are anywhere, except the address at which most clouds hand out a node's
credentials: an engine that fetches an image for a client could be made to request them. Where that address also resolves names (GKE with Cloud DNS),
it may be reached for that. Pods are allowed by selector beside the addresses, because some network plugins do not match them by address.
Input: dict metadataServer (true for a pod that needs such credentials). Output: JSON list of egress rules.
*/ -}}
{{- define "inference-stack.networkPolicy.egress" -}}
  {{- $ipv4 := dict "cidr" "0.0.0.0/0" -}}
  {{- $ipv6 := dict "cidr" "::/0" -}}
  {{- $rules := list -}}
  {{- if not .metadataServer -}}
    {{- $metadata := dict "cidr" "169.254.169.254/32" -}}
    {{- $_ := set $ipv4 "except" (list $metadata.cidr) -}}
    {{- $_ := set $ipv6 "except" (list "fd00:ec2::254/128") -}}
    {{- $dns := include "inference-stack.networkPolicy.dnsPorts" (list 53) | fromJsonArray -}}
    {{- $rules = list (dict "to" (list (dict "ipBlock" $metadata)) "ports" $dns) -}}
  {{- end -}}
  {{- $everywhere := dict "to" (list (dict "namespaceSelector" dict) (dict "ipBlock" $ipv4) (dict "ipBlock" $ipv6)) -}}
  {{- prepend $rules $everywhere | toJson -}}
{{- end -}}

{{- /* Ports of name resolution, by both protocols. Input: list of numbers. Output: JSON list of NetworkPolicyPort. */ -}}
{{- define "inference-stack.networkPolicy.dnsPorts" -}}
  {{- $ports := list -}}
  {{- range . -}}
    {{- $ports = append $ports (dict "port" . "protocol" "UDP") -}}
    {{- $ports = append $ports (dict "port" . "protocol" "TCP") -}}
  {{- end -}}
  {{- toJson $ports -}}
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
A policy with the given ingress rules and the common egress rules; the user's own replaces it. In an ambient mesh all traffic between pods arrives at
one port, and the mesh decides whose is accepted.
Input: dict root, own (NetworkPolicySpec or nothing), ingress (list of rules), metadataServer. Output: JSON map, without podSelector.
*/ -}}
{{- define "inference-stack.networkPolicy.letIn" -}}
  {{- $ingress := .ingress -}}
  {{- if eq .root.stack.networkPolicy.mesh "istio-ambient" -}}
    {{- $ingress = append $ingress (include "inference-stack.networkPolicy.ingressRule" (dict "ports" (list 15008)) | fromJson) -}}
  {{- end -}}
  {{- $egress := include "inference-stack.networkPolicy.egress" . | fromJsonArray -}}
  {{- $derived := dict "policyTypes" (list "Ingress" "Egress") "ingress" $ingress "egress" $egress -}}
  {{- include "inference-stack.networkPolicySpec" (.own | default $derived) -}}
{{- end -}}

{{- /*
A rule that opens ports. Input: dict ports (list of TCP ports, or of {port, protocol}), from (list of peers, or absent for everyone). Output: JSON map.
*/ -}}
{{- define "inference-stack.networkPolicy.ingressRule" -}}
  {{- $ports := list -}}
  {{- range .ports -}}
    {{- $ports = append $ports (ternary . (dict "port" . "protocol" "TCP") (kindIs "map" .)) -}}
  {{- end -}}
  {{- $rule := dict "ports" $ports -}}
  {{- with .from -}}
    {{- $_ := set $rule "from" . -}}
  {{- end -}}
  {{- toJson $rule -}}
{{- end -}}
