{{- /* The gateway's configuration. Facts: the Onwards binary itself. */ -}}

{{- /*
Everything that serves an alias, in the order in which it is asked: by priority, groups before providers, then by name.
Input: root. Kept: list of {owner (its path in the values), urls, member (the group or provider), servedNames, external (true for a provider)}.
*/ -}}
{{- define "inference-stack.members" -}}
{{- if not (hasKey . "members") -}}
{{- $members := dict -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | get . -}}
{{- $urls := include "inference-stack.modelGroup.urls" (dict "root" $ "name" $name "group" $group) | fromJsonArray -}}
{{- $_ := set $members (printf "%010d group %s" (int64 $group.priority) $name) (dict
      "owner" (printf "modelGroups.%s" $name) "urls" $urls "member" $group "servedNames" $group.servedNames) -}}
{{- end -}}
{{- range $name, $provider := include "inference-stack.externalProviders" . | get . -}}
{{- $names := list -}}
{{- with include "inference-stack.word" $provider.modelName }}{{ $names = list . }}{{ end -}}
{{- $_ := set $members (printf "%010d provider %s" (int64 $provider.priority) $name) (dict
      "owner" (printf "externalProviders.%s" $name) "urls" (list $provider.url) "member" $provider "servedNames" $names "external" true) -}}
{{- end -}}
{{- $ordered := list -}}
{{- range keys $members | sortAlpha }}{{ $ordered = append $ordered (index $members .) }}{{ end -}}
{{- $_ := set . "members" $ordered -}}
{{- end -}}
members
{{- end -}}

{{- /*
Where the gateway reaches a group: its Service, or each of its replicas by an address of its own. In strict mode the gateway drops /v1 from the path,
so a URL ends in it; outside it the gateway joins the two without repeating it.
Input: dict root, name, group. Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.urls" -}}
{{- $service := include "inference-stack.modelGroup.fullname" . -}}
{{- $urls := list -}}
{{- if eq .group.balancing "perReplica" -}}
{{- $replicas := include "inference-stack.modelGroup.replicasName" . -}}
{{- range $index := until (int .group.replicaCount) -}}
{{- $urls = append $urls (printf "http://%s-%d.%s:%d/v1" $service $index $replicas (int64 $.group.containerPort)) -}}
{{- end -}}
{{- else -}}
{{- $urls = list (printf "http://%s:%d/v1" $service (int64 .group.service.port)) -}}
{{- end -}}
{{- toJson $urls -}}
{{- end -}}

{{- /*
How reasoning_effort is told to a model: a template's argument that is on for every effort but none, or as the user has written it.
Input: string or map, or nothing. Output: JSON map, empty if it is told as it is.
*/ -}}
{{- define "inference-stack.reasoningTranslation" -}}
{{- if kindIs "map" . -}}
{{- toJson . -}}
{{- else if . -}}
{{- $values := dict "none" false -}}
{{- range list "minimal" "low" "medium" "high" "xhigh" "max" }}{{ $_ := set $values . true }}{{ end -}}
{{- $write := dict "target_path" (printf "/chat_template_kwargs/%s" .) "values" $values -}}
{{- toJson (dict "chat_completions" (dict "unsupported_efforts" list "writes" (list $write))) -}}
{{- end -}}
{{- end -}}

{{- /* What the gateway is told of one address for one alias. The engine is asked for the alias where it knows it, else for the name it knows. Input: dict alias, url, entry (of inference-stack.members), route. Output: JSON map. */ -}}
{{- define "inference-stack.provider" -}}
{{- $member := .entry.member -}}
{{- $provider := dict "url" .url "weight" (int64 $member.weight) "response_headers" (include "inference-stack.strings" (list $member.responseHeaders) | fromYaml) -}}
{{- $names := .entry.servedNames -}}
{{- if and $names (not (has .alias $names)) }}{{ $_ := set $provider "onwards_model" (first $names) }}{{ end -}}
{{- if $member.apiKey -}}
{{- $_ := set $provider "onwards_key" (include "inference-stack.keyPlaceholder" .entry.owner) -}}
{{- $header := $member.apiKeyHeader | default "Authorization" -}}
{{- $bearer := ternary "Bearer " "" (eq (lower $header) "authorization") -}}
{{- if or $member.apiKeyHeader $member.apiKeyPrefix -}}
{{- $_ := set $provider "upstream_auth_header_name" $header -}}
{{- $_ := set $provider "upstream_auth_header_prefix" ($member.apiKeyPrefix | default $bearer) -}}
{{- end -}}
{{- end -}}
{{- with int64 $member.concurrencyLimit }}{{ $_ := set $provider "concurrency_limit" (dict "max_concurrent_requests" .) }}{{ end -}}
{{- with int64 $member.requestTimeoutSeconds }}{{ $_ := set $provider "request_timeout_secs" . }}{{ end -}}
{{- with include "inference-stack.reasoningTranslation" ($member.reasoningTranslation | default .route.reasoningTranslation) }}{{ $_ := set $provider "reasoning_translation" (fromJson .) }}{{ end -}}
{{- if .entry.external }}{{ $_ := set $provider "propagate_trace_context" false }}{{ end -}}
{{- toJson $provider -}}
{{- end -}}

{{- /* A limit of requests a second. Input: map with requestsPerSecond and burst. Output: JSON map, empty if there is none. */ -}}
{{- define "inference-stack.rateLimit" -}}
{{- with int64 .requestsPerSecond -}}
{{- toJson (dict "requests_per_second" . "burst_size" (int64 $.burst | default .)) -}}
{{- end -}}
{{- end -}}

{{- /* The clients that may use an alias: those that may use every alias, or this one, and that its route does not leave out. Input: dict alias, clients, route. Output: JSON list of ids. */ -}}
{{- define "inference-stack.allowedClients" -}}
{{- $allowed := list -}}
{{- $context := . -}}
{{- range $id, $client := .clients -}}
{{- $mayUse := or (not $client.allowedAliases) (has $context.alias $client.allowedAliases) -}}
{{- $letIn := or (not $context.route.allowedKeys) (has $id $context.route.allowedKeys) -}}
{{- if and $mayUse $letIn }}{{ $allowed = append $allowed $id }}{{ end -}}
{{- end -}}
{{- toJson $allowed -}}
{{- end -}}

{{- /* Clients that no alias is closed to: the gateway knows them once, for all. Input: root. Output: JSON list of ids. */ -}}
{{- define "inference-stack.globalClients" -}}
{{- $global := list -}}
{{- $routes := include "inference-stack.routes" . | get . -}}
{{- range $id, $client := include "inference-stack.clientKeys" . | get . -}}
{{- $everywhere := not $client.allowedAliases -}}
{{- range $routes }}{{ if and .allowedKeys (not (has $id .allowedKeys)) }}{{ $everywhere = false }}{{ end }}{{ end -}}
{{- if $everywhere }}{{ $global = append $global $id }}{{ end -}}
{{- end -}}
{{- toJson $global -}}
{{- end -}}

{{- /* Placeholders of clients' keys. Input: list of ids. Output: JSON list. */ -}}
{{- define "inference-stack.clientPlaceholders" -}}
{{- $placeholders := list -}}
{{- range . }}{{ $placeholders = append $placeholders (include "inference-stack.keyPlaceholder" (printf "onwards.clientKeys.%s" .)) }}{{ end -}}
{{- toJson $placeholders -}}
{{- end -}}

{{- /* What the gateway knows of its clients. A definition grants nothing, it only limits; a key opens what it is listed at. Input: root. Output: JSON map, empty without clients. */ -}}
{{- define "inference-stack.onwards.auth" -}}
{{- $definitions := dict -}}
{{- range $id, $client := include "inference-stack.clientKeys" . | get . -}}
{{- $definition := dict "key" (include "inference-stack.keyPlaceholder" (printf "onwards.clientKeys.%s" $id)) "labels" (include "inference-stack.strings" (list $client.labels) | fromYaml) -}}
{{- with include "inference-stack.rateLimit" $client }}{{ $_ := set $definition "rate_limit" (fromJson .) }}{{ end -}}
{{- with int64 $client.concurrencyLimit }}{{ $_ := set $definition "concurrency_limit" (dict "max_concurrent_requests" .) }}{{ end -}}
{{- $_ := set $definitions $id $definition -}}
{{- end -}}
{{- if $definitions -}}
{{- $global := include "inference-stack.globalClients" . | fromJsonArray -}}
{{- toJson (dict "global_keys" (include "inference-stack.clientPlaceholders" $global | fromJsonArray) "key_definitions" $definitions) -}}
{{- end -}}
{{- end -}}

{{- /* One pool. Input: dict alias, route, providers, priorities (list of numbers), clients (all), global (ids known for all aliases). Output: JSON map. */ -}}
{{- define "inference-stack.pool" -}}
{{- $route := .route -}}
{{- $ordered := ternary (gt (len (uniq .priorities)) 1) (eq $route.strategy "priority") (eq $route.strategy "") -}}
{{- $pool := dict "strategy" (ternary "priority" "weighted_random" $ordered) "trusted" true "providers" .providers -}}
{{- $fallback := $route.fallback -}}
{{- if $fallback.enabled -}}
{{- $_ := set $pool "fallback" (dict
      "enabled" true
      "on_status" $fallback.onStatus
      "on_rate_limit" $fallback.onRateLimit
      "max_attempts" (int64 $fallback.maxAttempts)
      "backoff" (dict "initial_ms" (int64 $fallback.backoff.initialMilliseconds) "max_ms" (int64 $fallback.backoff.maxMilliseconds))) -}}
{{- end -}}
{{- with include "inference-stack.rateLimit" $route }}{{ $_ := set $pool "rate_limit" (fromJson .) }}{{ end -}}
{{- with int64 $route.concurrencyLimit }}{{ $_ := set $pool "concurrency_limit" (dict "max_concurrent_requests" .) }}{{ end -}}
{{- $own := list -}}
{{- range include "inference-stack.allowedClients" . | fromJsonArray }}{{ if not (has . $.global) }}{{ $own = append $own . }}{{ end }}{{ end -}}
{{- if and .clients (or $own (not .global)) }}{{ $_ := set $pool "keys" (include "inference-stack.clientPlaceholders" $own | fromJsonArray) }}{{ end -}}
{{- toJson $pool -}}
{{- end -}}

{{- /* The pools: for each alias everything that serves it. Input: root. Kept: map alias -> pool. */ -}}
{{- define "inference-stack.onwards.targets" -}}
{{- if not (hasKey . "targets") -}}
{{- $routes := include "inference-stack.routes" . | get . -}}
{{- $clients := include "inference-stack.clientKeys" . | get . -}}
{{- $global := include "inference-stack.globalClients" . | fromJsonArray -}}
{{- $parts := dict -}}
{{- range $entry := include "inference-stack.members" . | get . -}}
{{- range $alias := $entry.member.modelAlias -}}
{{- $route := index $routes $alias | default (index $routes "") -}}
{{- $part := index $parts $alias | default (dict "alias" $alias "route" $route "providers" list "priorities" list "clients" $clients "global" $global) -}}
{{- range $url := $entry.urls -}}
{{- $provider := include "inference-stack.provider" (dict "alias" $alias "url" $url "entry" $entry "route" $route) | fromJson -}}
{{- $_ := set $part "providers" (append $part.providers $provider) -}}
{{- end -}}
{{- $_ := set $part "priorities" (append $part.priorities (int64 $entry.member.priority)) -}}
{{- $_ := set $parts $alias $part -}}
{{- end -}}
{{- end -}}
{{- $targets := dict -}}
{{- range $alias, $part := $parts }}{{ $_ := set $targets $alias (include "inference-stack.pool" $part | fromJson) }}{{ end -}}
{{- $_ := set . "targets" $targets -}}
{{- end -}}
targets
{{- end -}}

{{- /* The whole configuration, with placeholders for keys. Input: root. Output: JSON. */ -}}
{{- define "inference-stack.onwards.config" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $http := $onwards.httpPool -}}
{{- $config := dict
      "strict_mode" $onwards.strictMode
      "http_pool" (dict "max_idle_per_host" (int64 $http.maxIdlePerHost) "idle_timeout_secs" (int64 $http.idleTimeoutSeconds))
      "targets" (include "inference-stack.onwards.targets" . | get .) -}}
{{- with include "inference-stack.onwards.auth" . }}{{ $_ := set $config "auth" (fromJson .) }}{{ end -}}
{{- toPrettyJson $config -}}
{{- end -}}
