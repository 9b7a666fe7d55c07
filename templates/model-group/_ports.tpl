{{- /* Ports of a group, and the peers that may reach them. */ -}}

{{- /*
Ports of the engine's container: http, the engine's other ports, the user's; a port of the user with the same name or number replaces the engine's, and so
does http with its number. One whose number http has in the Service has there the number that http has in the pod. One of the user's that is another name
of the http port is left out: a container has a port once.
Input: dict group (computed). Output: JSON list of {name, containerPort, servicePort, protocol}.
*/ -}}
{{- define "inference-stack.modelGroup.ports" -}}
  {{- $group := .group -}}
  {{- $http := dict "name" "http" "containerPort" (int64 $group.computed.port) "servicePort" (int64 $group.service.port) "protocol" "TCP" -}}
  {{- $own := list -}}
  {{- $names := list -}}
  {{- $numbers := list $http.containerPort -}}
  {{- $aliases := include "inference-stack.modelGroup.httpNames" . | fromJson -}}
  {{- range $group.additionalPorts -}}
    {{- $names = append $names .name -}}
    {{- $numbers = append $numbers (int64 .containerPort) -}}
    {{- if not (hasKey $aliases .name) -}}
      {{- $own = append $own (dict
            "name" .name
            "containerPort" (int64 .containerPort)
            "servicePort" (int64 (.servicePort | default .containerPort))
            "protocol" (.protocol | default "TCP")) -}}
    {{- end -}}
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

{{- /*
Other names of the http port: those of additional ports with its number. Input: dict group (computed). Output: JSON map name -> port of the Service.
*/ -}}
{{- define "inference-stack.modelGroup.httpNames" -}}
  {{- $names := dict -}}
  {{- range .group.additionalPorts -}}
    {{- if and (eq (int64 .containerPort) (int64 $.group.computed.port)) (eq (.protocol | default "TCP") "TCP") -}}
      {{- $_ := set $names .name (int64 (.servicePort | default .containerPort)) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* The port that the gateway's requests go to: the engine's, or that of a sidecar. Input: dict group (computed). Output: number, 0 if there is none. */ -}}
{{- define "inference-stack.modelGroup.target" -}}
  {{- $computed := .group.computed -}}
  {{- $ports := $computed.ports -}}
  {{- range $name, $_ := include "inference-stack.modelGroup.httpNames" . | fromJson -}}
    {{- $ports = append $ports (dict "name" $name "containerPort" $computed.port) -}}
  {{- end -}}
  {{- include "inference-stack.target" (dict "service" .group.service "ports" $ports "sidecars" $computed.sidecars) -}}
{{- end -}}

{{- /*
Ports of a group's Service: http leads to the target, the others to the engine. A port named metrics is not on a Service that is reached from outside.
Input: dict group (computed). Output: JSON list of {name, servicePort, targetPort, protocol, nodePort}.
*/ -}}
{{- define "inference-stack.modelGroup.servicePorts" -}}
  {{- $group := .group -}}
  {{- $ports := list -}}
  {{- range $group.computed.ports -}}
    {{- $port := dict "name" .name "servicePort" .servicePort "targetPort" .name "protocol" .protocol "nodePort" 0 -}}
    {{- if eq .name "http" -}}
      {{- $_ := set $port "nodePort" (include "inference-stack.nodePort" $group.service | int64) -}}
      {{- if ne (int64 $group.computed.target) (int64 .containerPort) -}}
        {{- $_ := set $port "targetPort" (int64 $group.computed.target) -}}
      {{- end -}}
    {{- end -}}
    {{- if or (ne .name "metrics") (eq $group.service.type "ClusterIP") -}}
      {{- $ports = append $ports $port -}}
    {{- end -}}
  {{- end -}}
  {{- range $name, $number := include "inference-stack.modelGroup.httpNames" . | fromJson -}}
    {{- if and (ne $name "http") (ne (int64 $number) (int64 $group.service.port)) -}}
      {{- $ports = append $ports (dict "name" $name "servicePort" $number "targetPort" "http" "protocol" "TCP" "nodePort" 0) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $ports -}}
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
A group's http port (or its target, if that is another) is open to the gateway and to networkPolicy.enginesFrom; its other ports, and the http port of an
engine without OpenAI routes, also to the pods of the namespace; all of them to everyone if the Service's type is a public one. Its metrics port is open to
networkPolicy.metricsFrom, with a monitor each port that it scrapes. Pods that run one model together may reach each other at every port: each rank listens
on some ten, by chance.
Input: dict root, name, group (computed). Output: JSON map, without podSelector.
*/ -}}
{{- define "inference-stack.modelGroup.networkPolicySpec" -}}
  {{- $policy := .root.stack.networkPolicy -}}
  {{- $http := list (dict "port" "http" "protocol" "TCP") -}}
  {{- if ne (int64 .group.computed.target) (int64 .group.computed.port) -}}
    {{- $http = list (dict "port" (int64 .group.computed.target) "protocol" "TCP") -}}
  {{- end -}}
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
  {{- if and .root.stack.serviceMonitor.enabled (.group.metricsPath | default .group.computed.preset.metricsPath) -}}
    {{- $metrics = prepend $metrics "http" | uniq -}}
  {{- end -}}
  {{- if $policy.metricsFrom -}}
    {{- $rules = append $rules (dict "ports" $metrics "from" $policy.metricsFrom) -}}
  {{- end -}}
  {{- $ingress := list -}}
  {{- range $rules -}}
    {{- if .ports -}}
      {{- $ingress = append $ingress (include "inference-stack.networkPolicy.ingressRule" . | fromJson) -}}
    {{- end -}}
  {{- end -}}
  {{- if gt .group.computed.nodes 1 -}}
    {{- $ingress = append $ingress (dict "from" (list (dict "podSelector" (dict "matchLabels" .group.computed.selectorLabels)))) -}}
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
  {{- $http := int64 .group.computed.target -}}
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
