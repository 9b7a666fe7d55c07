{{- /* Parts of the pods of the gateway and of the model groups. */ -}}

{{- /*
Security context of a container: no privilege escalation and no capabilities. A privileged one has both; Kubernetes refuses to remove them.
Input: own (map or nothing). Output: JSON map.
*/ -}}
{{- define "inference-stack.containerSecurityContext" -}}
  {{- $defaults := dict "allowPrivilegeEscalation" false "capabilities" (dict "drop" (list "ALL")) -}}
  {{- if eq (toString (. | default dict).privileged) "true" -}}
    {{- $defaults = dict -}}
  {{- end -}}
  {{- include "inference-stack.overlay" (dict "defaults" $defaults "own" .) -}}
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
  {{- toJson $fields -}}
{{- end -}}

{{- /*
One probe. A handler of the user's own (httpGet, tcpSocket, grpc, exec) replaces the chart's path and type.
Input: dict own (enabled, type, path and Kubernetes' fields), defaults (path and numbers), port (name, or absent for http). Output: JSON map, {} if it
is off.
*/ -}}
{{- define "inference-stack.probe" -}}
  {{- $port := .port | default "http" -}}
  {{- $probe := include "inference-stack.overlay" . | fromJson -}}
  {{- $fields := dict -}}
  {{- if ne (toString $probe.enabled) "false" -}}
    {{- $fields = omit $probe "enabled" "type" "path" -}}
    {{- if not (or $probe.httpGet $probe.tcpSocket $probe.grpc $probe.exec) -}}
      {{- if eq (toString $probe.type) "tcp" -}}
        {{- $_ := set $fields "tcpSocket" (dict "port" $port) -}}
      {{- else -}}
        {{- $_ := set $fields "httpGet" (dict "path" $probe.path "port" $port) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $fields -}}
{{- end -}}

{{- /*
Rule: a probe of the user's has at most one handler, a hook exactly one. Input: dict keys (path to their owner), owner (map), probes, hooks (lists of the
owner's keys).
*/ -}}
{{- define "inference-stack.handlers.rule" -}}
  {{- range $field := concat .probes .hooks }}
    {{- $own := index ($.owner | default dict) $field }}
    {{- $given := list }}
    {{- range list "exec" "grpc" "httpGet" "sleep" "tcpSocket" }}
      {{- if not (kindIs "invalid" (index ($own | default dict) .)) }}
        {{- $given = append $given . }}
      {{- end }}
    {{- end }}
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
  {{- end }}
{{- end -}}
