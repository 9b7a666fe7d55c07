{{- /* Environment variables of a group's engine. */ -}}

{{- /*
The environment variable that sets the engine's own API key; none if the engine has no such variable, or the user sets the key.
Input: dict root, name, group (computed). Output: JSON list of one EnvVar, or none.
*/ -}}
{{- define "inference-stack.modelGroup.keyEnv" -}}
  {{- $env := list -}}
  {{- $key := .group.computed.preset.apiKey -}}
  {{- $words := .group.computed.read -}}
  {{- $flag := include "inference-stack.flag" (dict "words" $words "names" $key.flags) | fromJson -}}
  {{- $set := and $flag.given (ne (first $flag.values | default "") (printf "$(%s)" $key.env)) -}}
  {{- if and .group.apiKey $key.env (not $set) -}}
    {{- $secret := index .root.stack.keys (printf "modelGroups.%s" .name) -}}
    {{- $env = list (dict "name" $key.env "valueFrom" (dict "secretKeyRef" $secret)) -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}

{{- /* Variables that the chart sets, unless the user does. Input: dict root, group (computed). Output: JSON map name -> value. */ -}}
{{- define "inference-stack.modelGroup.chartEnv" -}}
  {{- $env := deepCopy (.group.computed.preset.env | default dict) -}}
  {{- if .group.computed.nonRoot -}}
    {{- $home := include "inference-stack.modelGroup.home" . -}}
    {{- $env = merge (dict "HOME" $home "USER" "engine" "XDG_CACHE_HOME" (printf "%s/.cache" $home)) $env -}}
  {{- end -}}
  {{- with .group.computed.preset.loadLimit -}}
    {{- $given := (include "inference-stack.modelGroup.option" (dict "group" $.group "names" .flags) | fromJson).given -}}
    {{- $seconds := max (int64 $.group.loadSeconds) $.group.computed.startupSeconds -}}
    {{- if and (or $given (gt $.group.computed.nodes 1)) $seconds -}}
      {{- $_ := set $env .env (toString $seconds) -}}
    {{- end -}}
  {{- end -}}
  {{- if .group.dynamicAdapters -}}
    {{- $env = merge (dig "adapters" "dynamic" "variables" dict .group.computed.preset | deepCopy) $env -}}
  {{- end -}}
  {{- with include "inference-stack.modelGroup.collector" . -}}
    {{- $option := include "inference-stack.modelGroup.option" (dict "group" $.group "names" $.group.computed.preset.flags.tracing.names) | fromJson -}}
    {{- if eq . (first $option.values | default "") -}}
      {{- $env = merge (dict "OTEL_SERVICE_NAME" $.group.computed.fullname) $.group.computed.preset.tracing.env $env -}}
    {{- end -}}
  {{- end -}}
  {{- range list "cacheEnv" "hubEnv" -}}
    {{- range $name, $value := include (printf "inference-stack.modelGroup.%s" .) $ | fromJson -}}
      {{- $_ := set $env $name $value -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}

{{- /*
Environment of the engine: the chart's variables, then the user's. Input: dict root, name, group (computed). Output: JSON list of EnvVar.
*/ -}}
{{- define "inference-stack.modelGroup.env" -}}
  {{- $given := .group.computed.givenEnv -}}
  {{- $chart := list -}}
  {{- range $name, $value := include "inference-stack.modelGroup.chartEnv" . | fromJson -}}
    {{- $chart = append $chart (dict "name" $name "value" $value) -}}
  {{- end -}}
  {{- $env := list -}}
  {{- $hub := include "inference-stack.modelGroup.hubTokenEnv" . | fromJsonArray -}}
  {{- $nodes := include "inference-stack.modelGroup.nodeEnv" . | fromJsonArray -}}
  {{- range concat $chart $hub $nodes (include "inference-stack.modelGroup.keyEnv" . | fromJsonArray) -}}
    {{- if not (hasKey $given .name) -}}
      {{- $env = append $env . -}}
    {{- end -}}
  {{- end -}}
  {{- $own := .group.env | default list -}}
  {{- $front := deepCopy .group.computed.line.env -}}
  {{- range $own -}}
    {{- $front = omit $front .name -}}
  {{- end -}}
  {{- range $name, $value := $front -}}
    {{- $env = append $env (dict "name" $name "value" $value) -}}
  {{- end -}}
  {{- include "inference-stack.env" (concat $env $own) -}}
{{- end -}}
