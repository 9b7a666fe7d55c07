{{- /* Ports of a group, and the peers that may reach them. */ -}}

{{- /*
http, the engine's other ports, the user's; a port of the user with the same name or number replaces the engine's.
Input: dict group (computed). Output: JSON list of {name, containerPort, servicePort, protocol}.
*/ -}}
{{- define "inference-stack.modelGroup.ports" -}}
  {{- $group := .group -}}
  {{- $http := dict "name" "http" "containerPort" (int64 $group.computed.port) "servicePort" (int64 $group.service.port) "protocol" "TCP" -}}
  {{- $own := list -}}
  {{- $names := list -}}
  {{- $numbers := list -}}
  {{- range $group.additionalPorts -}}
    {{- $names = append $names .name -}}
    {{- $numbers = append $numbers (int64 .containerPort) -}}
    {{- $own = append $own (dict
          "name" .name
          "containerPort" (int64 .containerPort)
          "servicePort" (int64 (.servicePort | default .containerPort))
          "protocol" (.protocol | default "TCP")) -}}
  {{- end -}}
  {{- $others := list -}}
  {{- range $group.computed.preset.ports -}}
    {{- $number := int64 .containerPort -}}
    {{- with include "inference-stack.modelGroup.flagValue" (dict "group" $group "names" .flags) -}}
      {{- $number = atoi . | int64 -}}
    {{- end -}}
    {{- if not (or (has .name $names) (has $number $numbers)) -}}
      {{- $others = append $others (dict "name" .name "containerPort" $number "servicePort" $number "protocol" "TCP") -}}
    {{- end -}}
  {{- end -}}
  {{- concat (list $http) $others $own | toJson -}}
{{- end -}}

{{- /* The port of a group's Prometheus metrics: one named metrics, else http. Input: dict group (computed). Output: name. */ -}}
{{- define "inference-stack.modelGroup.metricsPort" -}}
  {{- $port := "http" -}}
  {{- range .group.computed.ports -}}
    {{- if eq .name "metrics" -}}
      {{- $port = "metrics" -}}
    {{- end -}}
  {{- end -}}
  {{- $port -}}
{{- end -}}

{{- /*
Only the gateway may reach a group's http port, and only the peers in networkPolicy.metricsFrom its metrics.
Input: dict root, name, group (computed). Output: JSON map, without podSelector.
*/ -}}
{{- define "inference-stack.modelGroup.networkPolicySpec" -}}
  {{- $policy := .root.stack.networkPolicy -}}
  {{- $gateway := list (dict "podSelector" (dict "matchLabels" .root.stack.onwards.computed.selectorLabels)) -}}
  {{- $rules := list (include "inference-stack.networkPolicy.ingressRule" (dict "port" "http" "from" $gateway) | fromJson) -}}
  {{- if $policy.metricsFrom -}}
    {{- $metrics := dict "port" (include "inference-stack.modelGroup.metricsPort" .) "from" $policy.metricsFrom -}}
    {{- $rules = append $rules (include "inference-stack.networkPolicy.ingressRule" $metrics | fromJson) -}}
  {{- end -}}
  {{- $own := index ($policy.modelGroups | default dict) .name -}}
  {{- include "inference-stack.networkPolicy.letIn" (dict "own" $own "ingress" $rules) -}}
{{- end -}}
