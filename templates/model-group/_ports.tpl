{{- /* Ports of a group, and the peers that may reach them. */ -}}

{{- /*
http, the engine's other ports, the user's; a port of the user with the same name or number replaces the engine's, and so does http with its number. One
whose number http has in the Service has there the number that http has in the pod.
Input: dict group (computed). Output: JSON list of {name, containerPort, servicePort, protocol}.
*/ -}}
{{- define "inference-stack.modelGroup.ports" -}}
  {{- $group := .group -}}
  {{- $http := dict "name" "http" "containerPort" (int64 $group.computed.port) "servicePort" (int64 $group.service.port) "protocol" "TCP" -}}
  {{- $own := list -}}
  {{- $names := list -}}
  {{- $numbers := list $http.containerPort -}}
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
      {{- $servicePort := ternary $http.containerPort $number (eq $number $http.servicePort) -}}
      {{- $others = append $others (dict "name" .name "containerPort" $number "servicePort" $servicePort "protocol" "TCP") -}}
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
A group's http port is open to the gateway and to networkPolicy.enginesFrom; its other ports, and the http port of an engine without OpenAI routes, also
to the pods of the namespace; all of them to everyone if the Service's type is a public one. Its metrics port is open to networkPolicy.metricsFrom.
Input: dict root, name, group (computed). Output: JSON map, without podSelector.
*/ -}}
{{- define "inference-stack.modelGroup.networkPolicySpec" -}}
  {{- $policy := .root.stack.networkPolicy -}}
  {{- $http := list (dict "port" "http" "protocol" "TCP") -}}
  {{- $others := list -}}
  {{- range .group.computed.ports -}}
    {{- if not (has .name (list "http" "metrics")) -}}
      {{- $others = append $others (dict "port" .name "protocol" .protocol) -}}
    {{- end -}}
  {{- end -}}
  {{- if .group.computed.preset.noOpenAI -}}
    {{- $others = concat $http $others -}}
  {{- end -}}
  {{- $gateway := dict "podSelector" (dict "matchLabels" .root.stack.onwards.computed.selectorLabels) -}}
  {{- $direct := $policy.enginesFrom | default list -}}
  {{- $rules := list (dict "ports" $http "from" (prepend $direct $gateway)) (dict "ports" $others "from" (prepend $direct (dict "podSelector" dict))) -}}
  {{- if ne .group.service.type "ClusterIP" -}}
    {{- $rules = list (dict "ports" (concat $http $others | uniq)) -}}
  {{- end -}}
  {{- $metrics := list (include "inference-stack.modelGroup.metricsPort" .) -}}
  {{- if $policy.metricsFrom -}}
    {{- $rules = append $rules (dict "ports" $metrics "from" $policy.metricsFrom) -}}
  {{- end -}}
  {{- $ingress := list -}}
  {{- range $rules -}}
    {{- if .ports -}}
      {{- $ingress = append $ingress (include "inference-stack.networkPolicy.ingressRule" . | fromJson) -}}
    {{- end -}}
  {{- end -}}
  {{- $own := index ($policy.modelGroups | default dict) .name -}}
  {{- $let := dict "root" .root "own" $own "ingress" $ingress "metadataServer" .group.metadataServer -}}
  {{- include "inference-stack.networkPolicy.letIn" $let -}}
{{- end -}}

{{- /*
Whether a peer may be the gateway: unless labels of pods of this namespace show that it is not. Input: dict labels (the gateway's), peer. Output: "true"
or nothing.
*/ -}}
{{- define "inference-stack.networkPolicy.mayBe" -}}
  {{- $labels := .labels -}}
  {{- $differs := false -}}
  {{- range $key, $value := (.peer.podSelector | default dict).matchLabels -}}
    {{- $differs = or $differs (ne (toString $value) (index $labels $key | default "" | toString)) -}}
  {{- end -}}
  {{- if or (hasKey .peer "ipBlock") (hasKey .peer "namespaceSelector") (not $differs) -}}
true
  {{- end -}}
{{- end -}}

{{- /*
Whether a policy of the user's lets the gateway reach a group, as far as it shows. Input: dict root, group (computed), policy (NetworkPolicySpec).
Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.letsGatewayIn" -}}
  {{- $onwards := .root.stack.onwards -}}
  {{- $labels := include "inference-stack.podLabels" (dict
        "root" .root "selector" $onwards.computed.selectorLabels "own" $onwards.podLabels) | fromJson -}}
  {{- $http := int64 .group.computed.port -}}
  {{- $open := and .policy.policyTypes (not (has "Ingress" .policy.policyTypes)) -}}
  {{- range .policy.ingress -}}
    {{- $from := empty .from -}}
    {{- range .from -}}
      {{- $from = or $from (include "inference-stack.networkPolicy.mayBe" (dict "labels" $labels "peer" .)) -}}
    {{- end -}}
    {{- $port := empty .ports -}}
    {{- range .ports -}}
      {{- $first := int64 .port -}}
      {{- $inRange := and (le $first $http) (ge (.endPort | default $first | int64) $http) -}}
      {{- $port = or $port (not .port) (eq (toString .port) "http") $inRange -}}
    {{- end -}}
    {{- $open = or $open (and $from $port) -}}
  {{- end -}}
  {{- if $open -}}
true
  {{- end -}}
{{- end -}}
