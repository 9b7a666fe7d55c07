{{- /* The gateway's configuration. Facts: the Onwards binary itself. */ -}}

{{- /* What stands in the configuration where an engine's key will stand. Input: group's name. Output: string. */ -}}
{{- define "inference-stack.onwards.keyPlaceholder" -}}
@key:{{ . }}@
{{- end -}}

{{- /*
The groups whose engine asks for a key. Input: root. Output: JSON map group -> {name, key} of the Secret that holds it; for a key
given by value that is the chart's own Secret.
*/ -}}
{{- define "inference-stack.onwards.keys" -}}
{{- $keys := dict -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | fromJson -}}
{{- if kindIs "map" $group.apiKey -}}
{{- with $group.apiKey.name }}{{ $_ := set $keys $name (dict "name" . "key" $group.apiKey.key) }}{{ end -}}
{{- else if $group.apiKey -}}
{{- $_ := set $keys $name (dict "name" (include "inference-stack.onwards.fullname" $) "key" $name) -}}
{{- end -}}
{{- end -}}
{{- toJson $keys -}}
{{- end -}}

{{- /* The keys given by value, for the chart's own Secret. Input: root. Output: JSON map group -> key. */ -}}
{{- define "inference-stack.onwards.literalKeys" -}}
{{- $keys := dict -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | fromJson -}}
{{- if and $group.apiKey (not (kindIs "map" $group.apiKey)) }}{{ $_ := set $keys $name (include "inference-stack.word" $group.apiKey) }}{{ end -}}
{{- end -}}
{{- toJson $keys -}}
{{- end -}}

{{- /*
The pools: for each alias every group that serves it. The engine is asked for the alias where it knows it, else for the name it knows.
In strict mode the gateway drops /v1 from the path, so an engine's URL ends in it; outside it the gateway joins the two without repeating it.
Input: root. Output: JSON map alias -> pool.
*/ -}}
{{- define "inference-stack.onwards.targets" -}}
{{- $onwards := include "inference-stack.onwards" . | fromJson -}}
{{- $targets := dict -}}
{{- $fallback := $onwards.fallback -}}
{{- $root := . -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | fromJson -}}
{{- range $alias := $group.modelAlias -}}
{{- $provider := dict
      "url" (printf "http://%s:%d/v1" (include "inference-stack.modelGroup.fullname" (dict "root" $root "name" $name)) (int64 $group.service.port))
      "weight" (int64 $group.weight) -}}
{{- if and $group.servedNames (not (has $alias $group.servedNames)) }}{{ $_ := set $provider "onwards_model" (first $group.servedNames) }}{{ end -}}
{{- if $group.apiKey }}{{ $_ := set $provider "onwards_key" (include "inference-stack.onwards.keyPlaceholder" $name) }}{{ end -}}
{{- $pool := index $targets $alias | default (dict "strategy" "weighted_random" "trusted" true "providers" list) -}}
{{- $_ := set $pool "providers" (append $pool.providers $provider) -}}
{{- if $fallback.enabled -}}
{{- $_ := set $pool "fallback" (dict
      "enabled" true
      "on_status" $fallback.onStatus
      "max_attempts" (int64 $fallback.maxAttempts)
      "backoff" (dict "initial_ms" (int64 $fallback.backoff.initialMilliseconds) "max_ms" (int64 $fallback.backoff.maxMilliseconds))) -}}
{{- end -}}
{{- $_ := set $targets $alias $pool -}}
{{- end -}}
{{- end -}}
{{- toJson $targets -}}
{{- end -}}

{{- /* The whole configuration, with placeholders for keys. Input: root. Output: JSON. */ -}}
{{- define "inference-stack.onwards.config" -}}
{{- $onwards := include "inference-stack.onwards" . | fromJson -}}
{{- $pool := $onwards.httpPool -}}
{{- toPrettyJson (dict
      "strict_mode" $onwards.strictMode
      "http_pool" (dict "max_idle_per_host" (int64 $pool.maxIdlePerHost) "idle_timeout_secs" (int64 $pool.idleTimeoutSeconds))
      "targets" (include "inference-stack.onwards.targets" . | fromJson)) -}}
{{- end -}}
