{{- /* The way out: fields of Kubernetes' own for which the chart has no key, laid over what it renders. */ -}}

{{- /*
An object laid over another as kubectl does it: maps merge, null removes a field, lists of named things merge by name, other values are replaced. A
handler of a probe or hook replaces one of another kind. Input: dict rendered (map), own (map or nothing). Output: JSON map.
*/ -}}
{{- define "inference-stack.laidOver" -}}
  {{- $object := deepCopy .rendered -}}
  {{- $handlers := list "exec" "grpc" "httpGet" "sleep" "tcpSocket" -}}
  {{- $names := include "inference-stack.kubectlLists" . | fromJson -}}
  {{- range $key, $value := .own -}}
    {{- $given := index $object $key -}}
    {{- range ternary (without $handlers $key) list (has $key $handlers) -}}
      {{- $_ := unset $object . -}}
    {{- end -}}
    {{- if kindIs "invalid" $value -}}
      {{- $_ := unset $object $key -}}
    {{- else if and (kindIs "map" $value) (kindIs "map" $given) -}}
      {{- $_ := set $object $key (include "inference-stack.laidOver" (dict "rendered" $given "own" $value) | fromJson) -}}
    {{- else if and (kindIs "slice" $value) (hasKey $names $key) -}}
      {{- $lists := dict "key" $key "field" (index $names $key) "rendered" $given "own" $value -}}
      {{- $_ := set $object $key (include "inference-stack.laidOverList" $lists | fromJsonArray) -}}
    {{- else -}}
      {{- $_ := set $object $key $value -}}
    {{- end -}}
  {{- end -}}
  {{- include "inference-stack.withoutNulls" $object -}}
{{- end -}}

{{- /*
A list of named things laid over another. A container of the same name is merged; any other thing is replaced, since its fields exclude each other.
Input: dict key, field (that names an item), rendered (list or nothing), own (list). Output: JSON list.
*/ -}}
{{- define "inference-stack.laidOverList" -}}
  {{- $lists := . -}}
  {{- $own := dict -}}
  {{- range .own -}}
    {{- $_ := set $own (index . $lists.field | toString) . -}}
  {{- end -}}
  {{- $items := list -}}
  {{- $seen := list -}}
  {{- range concat (.rendered | default list) .own -}}
    {{- $name := index . $lists.field | toString -}}
    {{- if not (has $name $seen) -}}
      {{- $item := index $own $name | default . -}}
      {{- if has $lists.key (list "containers" "initContainers") -}}
        {{- $item = include "inference-stack.laidOver" (dict "rendered" . "own" $item) | fromJson -}}
      {{- end -}}
      {{- $items = append $items $item -}}
    {{- end -}}
    {{- $seen = append $seen $name -}}
  {{- end -}}
  {{- toJson $items -}}
{{- end -}}

{{- /*
Prints a PodTemplateSpec: as it is rendered, or with what the values lay over its spec, and with the digests of its images that they know.
Input: dict root, rendered (YAML), values (of the gateway or a group).
*/ -}}
{{- define "inference-stack.podTemplate" -}}
  {{- if or .values.containers .values.resourceClaims .values.podSpec .root.stack.images.digests -}}
    {{- $template := fromYaml .rendered -}}
    {{- $lists := dict -}}
    {{- range $key, $list := pick .values "containers" "resourceClaims" -}}
      {{- if $list -}}
        {{- $_ := set $lists $key $list -}}
      {{- end -}}
    {{- end -}}
    {{- range list $lists (.values.podSpec | default dict) -}}
      {{- $template = include "inference-stack.laidOver" (dict "rendered" $template "own" (dict "spec" .)) | fromJson -}}
    {{- end -}}
    {{- include "inference-stack.pinned" (dict "root" .root "value" $template) | fromJson | toYaml -}}
  {{- else -}}
    {{- .rendered -}}
  {{- end -}}
{{- end -}}

{{- /*
Containers of the user's that run beside the chart's: further ones, and init containers that stay (restartPolicy: Always). Input: dict values (of the
gateway or a group), own (name of the chart's containers). Output: JSON list of containers.
*/ -}}
{{- define "inference-stack.sidecars" -}}
  {{- $spec := .values.podSpec | default dict -}}
  {{- $own := .own -}}
  {{- $sidecars := list -}}
  {{- range concat (.values.containers | default list) ($spec.containers | default list) -}}
    {{- if not (has .name $own) -}}
      {{- $sidecars = append $sidecars . -}}
    {{- end -}}
  {{- end -}}
  {{- range concat (.values.initContainers | default list) ($spec.initContainers | default list) -}}
    {{- if eq (toString .restartPolicy) "Always" -}}
      {{- $sidecars = append $sidecars . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $sidecars -}}
{{- end -}}

{{- /*
The port that a Service leads to: http, or what its targetPort says, by number or by the name of a container's port.
Input: dict service (its values), ports (of the chart's container: list of {name, containerPort}), sidecars (list). Output: number, 0 if no port has the name.
*/ -}}
{{- define "inference-stack.target" -}}
  {{- $wanted := include "inference-stack.text" .service.targetPort | default "http" -}}
  {{- $target := ternary $wanted "0" (regexMatch "^[0-9]+$" $wanted) | int64 -}}
  {{- $ports := .ports -}}
  {{- range .sidecars -}}
    {{- $ports = concat $ports (.ports | default list) -}}
  {{- end -}}
  {{- range $ports -}}
    {{- if and (not $target) (eq (toString .name) $wanted) -}}
      {{- $target = int64 .containerPort -}}
    {{- end -}}
  {{- end -}}
  {{- $target -}}
{{- end -}}

{{- /* The http port as a Service and a policy refer to it. Input: dict target, port (of the server itself). Output: JSON of its name or its number. */ -}}
{{- define "inference-stack.targetPort" -}}
  {{- if eq (int64 .target) (int64 .port) -}}
    {{- toJson "http" -}}
  {{- else -}}
    {{- int64 .target -}}
  {{- end -}}
{{- end -}}

{{- /*
The user of the chart's containers: set for the pod, or, where it has sidecars, for each of the chart's containers, so that a sidecar runs as its own
image's user. Input: dict sidecars (list), of (pod or container), own (the pod's security context, whose fields are not set again), uid (whether the chart
chooses a uid). Output: JSON map.
*/ -}}
{{- define "inference-stack.user" -}}
  {{- $user := dict -}}
  {{- $own := .own | default dict -}}
  {{- if eq .of (ternary "container" "pod" (not (empty .sidecars))) -}}
    {{- $fields := dict "runAsNonRoot" true "runAsUser" 10001 "runAsGroup" 10001 -}}
    {{- range $field, $value := ternary $fields (pick $fields "runAsNonRoot") .uid -}}
      {{- if not (hasKey $own $field) -}}
        {{- $_ := set $user $field $value -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $user -}}
{{- end -}}

{{- /*
Fields of a Service that are rendered unchanged: all but the chart's own keys. Kubernetes takes clusterIPs only beside the first of them as clusterIP.
Input: map. Output: JSON map.
*/ -}}
{{- define "inference-stack.serviceFields" -}}
  {{- $fields := omit . "annotations" "enabled" "labels" "nameOverwrite" "nodePort" "port" "targetPort" "type" -}}
  {{- if not $fields.clusterIP -}}
    {{- with $fields.clusterIPs -}}
      {{- $_ := set $fields "clusterIP" (first .) -}}
    {{- end -}}
  {{- end -}}
  {{- include "inference-stack.withoutNulls" $fields -}}
{{- end -}}

{{- /*
The node port of a Service's http port; only types NodePort and LoadBalancer can have one. Input: dict type, nodePort. Output: number, 0 if Kubernetes
chooses or there is none.
*/ -}}
{{- define "inference-stack.nodePort" -}}
  {{- ternary (int64 .nodePort) 0 (has .type (list "NodePort" "LoadBalancer")) -}}
{{- end -}}

{{- /*
Rule: a Service leads to a port, and has only fields that its type can have. Input: dict keys (path to its values), service (its values, with type), target.
*/ -}}
{{- define "inference-stack.service.rule" -}}
  {{- if not .target }}

{{ join "." .keys }}.targetPort: no container of this pod has a port named {{ .service.targetPort }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" .keys "yaml" "targetPort: http  # or the name or number of a sidecar's port") | indent 2 }}
  {{- end }}
  {{- $nodePort := int64 .service.nodePort }}
  {{- if and $nodePort (or (lt $nodePort 30000) (gt $nodePort 32767)) }}

{{ join "." .keys }}.nodePort: {{ $nodePort }} is no node port, which are 30000 to 32767.
Please set:
{{ include "inference-stack.nested" (dict "keys" .keys "yaml" "nodePort: 0  # assigned by Kubernetes") | indent 2 }}
  {{- end }}
  {{- with .service.clusterIPs }}
    {{- if and $.service.clusterIP (ne $.service.clusterIP (first .)) }}

{{ join "." $.keys }}.clusterIPs: the first of them has to be clusterIP, which is {{ $.service.clusterIP }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" $.keys "yaml" (printf "clusterIP: %s" (first . | quote))) | indent 2 }}
    {{- end }}
  {{- end }}
  {{- $type := .service.type -}}
  {{- $needed := dict "nodePort" "NodePort" "externalTrafficPolicy" "NodePort" -}}
  {{- range list "allocateLoadBalancerNodePorts" "healthCheckNodePort" "loadBalancerClass" "loadBalancerSourceRanges" -}}
    {{- $_ := set $needed . "LoadBalancer" -}}
  {{- end -}}
  {{- range $field, $needs := $needed }}
    {{- $given := index $.service $field | include "inference-stack.text" }}
    {{- $public := and (eq $needs "NodePort") (or (ne $type "ClusterIP") (and $.service.externalIPs (ne $field "nodePort"))) }}
    {{- if not (or $public (eq $type "LoadBalancer") (has $given (list "" "0" "[]"))) }}

{{ join "." $.keys }}.{{ $field }}: a Service of type {{ $type }} has no
{{ ternary "node port" $field (eq $field "nodePort") }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" $.keys "yaml" (printf "type: %s" $needs)) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
Warning: a container beside the chart's has nothing of the chart's restrictions. Input: dict path (of the gateway's or a group's values), sidecars (list).
*/ -}}
{{- define "inference-stack.sidecars.warning" -}}
  {{- $names := list }}
  {{- range .sidecars }}
    {{- if not .securityContext }}
      {{- $names = append $names .name }}
    {{- end }}
  {{- end }}
  {{- with $names }}

{{ $.path }}: {{ join ", " . }} is rendered as written and runs as its image's user; set its securityContext where the namespace enforces Pod Security
restricted.
  {{- end }}
{{- end -}}

{{- /* Warning: what podSpec lays over values from which others are derived, which do not follow. Input: dict path (as above), podSpec (map or nothing). */ -}}
{{- define "inference-stack.podSpec.warning" -}}
  {{- $keys := dict "terminationGracePeriodSeconds" "drainSeconds" "securityContext" "podSecurityContext" "serviceAccountName" "serviceAccount.name" }}
  {{- range $field, $key := $keys }}
    {{- if hasKey ($.podSpec | default dict) $field }}

{{ $.path }}.podSpec.{{ $field }}: it replaces what the chart derives from {{ $.path }}.{{ $key }}, and nothing else follows it; set that instead.
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
Rule: further containers have names of their own, mount volumes that the pod has, and have one handler in each probe and hook, with a port if it connects.
Input: dict keys (path to the values of the gateway or a group), values,
names (of its init containers), volumes (names).
*/ -}}
{{- define "inference-stack.containers.rule" -}}
  {{- $path := join "." .keys -}}
  {{- $containers := .values.containers | default list -}}
  {{- $names := .names -}}
  {{- range $index, $container := $containers }}
    {{- if has $container.name $names }}
      {{- $fix := dict "list" $containers "index" $index "fields" (dict "name" (printf "%s-2" $container.name)) }}

{{ $path }}.containers[{{ $index }}].name: {{ $container.name }} is the name of another container of this pod.
Please set:
{{ include "inference-stack.listFix" (set $fix "keys" (append $.keys "containers")) | indent 2 }}
    {{- end }}
    {{- $names = append $names $container.name }}
    {{- include "inference-stack.containers.rule.handlers" (dict
          "keys" (append $.keys "containers") "list" $containers "index" $index "container" $container) }}
    {{- range $number, $mount := $container.volumeMounts }}
      {{- if not (has $mount.name $.volumes) }}
        {{- $all := append ($.values.volumes | default list) (dict "name" $mount.name "emptyDir" dict) }}

{{ $path }}.containers[{{ $index }}].volumeMounts[{{ $number }}].name: this pod has no volume {{ $mount.name }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" (append $.keys "volumes") "yaml" (toYaml $all)) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
Rule: each probe and hook of a further container has one handler, with a port if it connects; the chart completes none of them.
Input: dict keys (path to the list), list, index, container.
*/ -}}
{{- define "inference-stack.containers.rule.handlers" -}}
  {{- $probes := pick .container "livenessProbe" "readinessProbe" "startupProbe" }}
  {{- range $field, $own := merge (pick (.container.lifecycle | default dict) "preStop" "postStart") $probes }}
    {{- $handlers := include "inference-stack.handlersOf" $own | fromJson }}
    {{- if and (kindIs "map" $own) (not (and (eq (len $handlers.given) 1) (empty $handlers.portless))) }}
      {{- $fields := dict $field nil }}
      {{- if not (hasKey $probes $field) }}
        {{- $fields = dict "lifecycle" $fields }}
      {{- end }}

{{ join "." $.keys }}[{{ $.index }}].{{ ternary "" "lifecycle." (hasKey $probes $field) }}{{ $field }}: Kubernetes takes one handler, and a port in it unless it
runs a command.
Please set:
{{ include "inference-stack.listFix" (dict "keys" $.keys "list" $.list "index" $.index "fields" $fields) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Names of things of Kubernetes. Input: lists of maps. Output: JSON list. */ -}}
{{- define "inference-stack.namesOf" -}}
  {{- $names := list -}}
  {{- range . -}}
    {{- range . -}}
      {{- $names = append $names .name -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}
