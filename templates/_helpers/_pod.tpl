{{- /* Parts of the pods of the gateway and of the model groups. */ -}}

{{- /*
Security context of a container: no privilege escalation and no capabilities. A privileged one has both; Kubernetes refuses to remove them.
Input: dict own (map or null), readOnly (whether its root file system is), user (the chart's, if the container sets it; or absent). Output: JSON map.
*/ -}}
{{- define "inference-stack.containerSecurityContext" -}}
  {{- $defaults := dict "allowPrivilegeEscalation" false "capabilities" (dict "drop" (list "ALL")) -}}
  {{- if eq (toString (.own | default dict).privileged) "true" -}}
    {{- $defaults = dict -}}
  {{- end -}}
  {{- if .readOnly -}}
    {{- $_ := set $defaults "readOnlyRootFilesystem" true -}}
  {{- end -}}
  {{- include "inference-stack.object" (dict "defaults" (merge $defaults (.user | default dict)) "own" .own) -}}
{{- end -}}

{{- /*
A pod's security context, with what lets containers without capabilities listen on ports below 1024, if there are any: a sysctl that Kubernetes counts as safe
since 1.22. Newer container runtimes set it themselves. Input: dict root, defaults (map), own (map or null), ports (list of numbers). Output: JSON map.
*/ -}}
{{- define "inference-stack.podSecurityContext" -}}
  {{- $name := "net.ipv4.ip_unprivileged_port_start" -}}
  {{- $own := .own -}}
  {{- $needed := false -}}
  {{- range .ports -}}
    {{- if lt (int64 .) 1024 -}}
      {{- $needed = eq (include "inference-stack.kubernetesAtLeast" (dict "root" $.root "version" "1.22")) "true" -}}
    {{- end -}}
  {{- end -}}
  {{- range ($own | default dict).sysctls -}}
    {{- if eq .name $name -}}
      {{- $needed = false -}}
    {{- end -}}
  {{- end -}}
  {{- if and $needed (kindIs "map" $own) -}}
    {{- $own = set (deepCopy $own) "sysctls" (append ($own.sysctls | default list) (dict "name" $name "value" "0")) -}}
  {{- end -}}
  {{- include "inference-stack.object" (dict "defaults" .defaults "own" $own) -}}
{{- end -}}

{{- /*
Environment variables, each once: the last of two with one name is used, as in Kubernetes; server-side apply would refuse duplicates.
Input: list of EnvVar. Output: JSON list.
*/ -}}
{{- define "inference-stack.env" -}}
  {{- $all := . -}}
  {{- $env := list -}}
  {{- range $index, $variable := $all -}}
    {{- $repeated := false -}}
    {{- range slice $all (add1 $index) -}}
      {{- if eq .name $variable.name -}}
        {{- $repeated = true -}}
      {{- end -}}
    {{- end -}}
    {{- if not $repeated -}}
      {{- $copy := deepCopy $variable -}}
      {{- if hasKey $copy "value" -}}
        {{- $_ := set $copy "value" (include "inference-stack.text" $copy.value) -}}
      {{- end -}}
      {{- $env = append $env $copy -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}

{{- /* Fields of a pod that are rendered unchanged, if they are set. Input: map with any of them. Output: JSON map. */ -}}
{{- define "inference-stack.scheduling" -}}
  {{- $source := . -}}
  {{- $fields := dict -}}
  {{- range list "affinity" "nodeSelector" "priorityClassName" "runtimeClassName" "schedulerName" "tolerations" "topologySpreadConstraints" -}}
    {{- if index $source . -}}
      {{- $_ := set $fields . (index $source .) -}}
    {{- end -}}
  {{- end -}}
  {{- with $fields.nodeSelector -}}
    {{- $_ := set $fields "nodeSelector" (include "inference-stack.strings" (list .) | fromJson) -}}
  {{- end -}}
  {{- toJson $fields -}}
{{- end -}}

{{- /*
Rules by which pods prefer different nodes and zones, where Kubernetes' own default lets several on one. Input: selector labels. Output: JSON list of
TopologySpreadConstraint.
*/ -}}
{{- define "inference-stack.spread" -}}
  {{- $rules := list -}}
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
    {{- $rules = append $rules (dict
          "maxSkew" 1 "topologyKey" $key "whenUnsatisfiable" "ScheduleAnyway" "labelSelector" (dict "matchLabels" $)) -}}
  {{- end -}}
  {{- toJson $rules -}}
{{- end -}}

{{- /* Whether a probe of the user's says what to ask. Input: map or nothing. Output: "true" or nothing. */ -}}
{{- define "inference-stack.probe.asks" -}}
  {{- $probe := . | default dict -}}
  {{- $handler := or $probe.httpGet $probe.tcpSocket $probe.grpc $probe.exec $probe.type $probe.path -}}
  {{- if and $handler (ne (toString $probe.enabled) "false") -}}
true
  {{- end -}}
{{- end -}}

{{- /*
One probe. A handler of the user's own (httpGet, tcpSocket, grpc, exec) replaces the chart's path and type; without a path, a connection is opened.
Input: dict own (enabled, type, path and Kubernetes' fields, or null for none), defaults (path and numbers), port (name, or absent for http).
Output: JSON map, {} if it is off.
*/ -}}
{{- define "inference-stack.probe" -}}
  {{- $port := .port | default "http" -}}
  {{- $probe := include "inference-stack.object" . | fromJson -}}
  {{- $fields := dict -}}
  {{- if and $probe (ne (toString $probe.enabled) "false") -}}
    {{- $fields = omit $probe "enabled" "type" "path" -}}
    {{- if not (or $probe.httpGet $probe.tcpSocket $probe.grpc $probe.exec) -}}
      {{- if or (eq (toString $probe.type) "tcp") (not (or $probe.type $probe.path)) -}}
        {{- $_ := set $fields "tcpSocket" (dict "port" $port) -}}
      {{- else -}}
        {{- $_ := set $fields "httpGet" (dict "path" ($probe.path | default "/") "port" $port) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $fields -}}
{{- end -}}

{{- /*
The handlers of a probe or hook, and those of them that connect but name no port. Input: map or nothing. Output: JSON {given, portless: [string]}.
*/ -}}
{{- define "inference-stack.handlersOf" -}}
  {{- $given := list -}}
  {{- $portless := list -}}
  {{- range $handler, $action := pick (. | default dict) "exec" "grpc" "httpGet" "sleep" "tcpSocket" -}}
    {{- if not (kindIs "invalid" $action) -}}
      {{- $given = append $given $handler -}}
      {{- if not (or (has $handler (list "exec" "sleep")) $action.port) -}}
        {{- $portless = append $portless $handler -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "given" $given "portless" $portless) -}}
{{- end -}}

{{- /*
Rule: a probe of the user's has at most one handler, a hook exactly one, and one that connects names a port. Input: dict keys (path to their owner), owner
(map), probes, hooks (lists of the owner's keys).
*/ -}}
{{- define "inference-stack.handlers.rule" -}}
  {{- range $field := concat .probes .hooks }}
    {{- $own := index ($.owner | default dict) $field }}
    {{- $handlers := include "inference-stack.handlersOf" $own | fromJson }}
    {{- $given := $handlers.given }}
    {{- $keys := append $.keys $field }}
    {{- $fix := dict }}
    {{- range rest $given }}
      {{- $_ := set $fix . nil }}
    {{- end }}
    {{- if $fix }}

{{ join "." $keys }}: it has several handlers ({{ join ", " $given }}), and Kubernetes takes one.
Please set:
{{ include "inference-stack.nested" (dict "keys" $keys "yaml" (toYaml $fix)) | indent 2 }}
    {{- else if and (has $field $.hooks) (kindIs "map" $own) (not $given) }}

{{ join "." $keys }}: it has no handler, and Kubernetes takes no empty hook; null takes the chart's own away.
Please set:
{{ include "inference-stack.nested" (dict "keys" $.keys "yaml" (printf "%s: null" $field)) | indent 2 }}
    {{- end }}
    {{- range ternary list $handlers.portless (or (not (empty $fix)) (eq (toString ($own | default dict).enabled) "false")) }}

{{ join "." $keys }}.{{ . }}: it names no port, and Kubernetes takes none for granted.
Please set:
{{ include "inference-stack.nested" (dict "keys" (append $keys .) "yaml" (ternary "port: 8000" "port: http" (eq . "grpc"))) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}
