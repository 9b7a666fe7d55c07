{{- /* The gateway's pools: for each alias, all upstreams that serve it, as the Onwards binary reads them. */ -}}

{{- /*
Sets .stack.members: groups and providers that serve an alias, in the order in which they are tried: by priority, groups before providers, then by name.
A list of {owner (its path in the values), urls, member (the group or provider), aliases, servedNames, adapters
(alias -> how it is asked for), hasKey, external (true for a provider), traced}. Input: root.
*/ -}}
{{- define "inference-stack.members.resolve" -}}
  {{- $members := dict -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- $_ := set $members (printf "%010d group %s" (int64 $group.priority) $name) (dict
          "owner" (printf "modelGroups.%s" $name)
          "urls" (include "inference-stack.modelGroup.urls" (dict "root" $ "name" $name "group" $group) | fromJsonArray)
          "member" $group
          "aliases" $group.computed.aliases
          "traced" (not (empty $.stack.tracing.endpoint))
          "hasKey" (hasKey $.stack.keys (printf "modelGroups.%s" $name))
          "adapters" $group.computed.adapters
          "servedNames" $group.computed.servedNames) -}}
  {{- end -}}
  {{- range $name, $provider := .stack.externalProviders -}}
    {{- $servedNames := list -}}
    {{- with include "inference-stack.text" $provider.modelName -}}
      {{- $servedNames = list . -}}
    {{- end -}}
    {{- $_ := set $members (printf "%010d provider %s" (int64 $provider.priority) $name) (dict
          "owner" (printf "externalProviders.%s" $name)
          "urls" (list $provider.url)
          "member" $provider
          "aliases" $provider.modelAlias
          "hasKey" (hasKey $.stack.keys (printf "externalProviders.%s" $name))
          "adapters" dict
          "servedNames" $servedNames
          "external" true) -}}
  {{- end -}}
  {{- $ordered := list -}}
  {{- range keys $members | sortAlpha -}}
    {{- $ordered = append $ordered (index $members .) -}}
  {{- end -}}
  {{- $_ := set .stack "members" $ordered -}}
{{- end -}}

{{- /* The aliases that a model group or provider serves. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.servedAliases" -}}
  {{- keys .stack.targets | sortAlpha | toJson -}}
{{- end -}}

{{- /* Sets .stack.targets: alias -> pool, and .stack.holdSeconds: alias -> how long a request waits for an engine. Input: root. */ -}}
{{- define "inference-stack.targets.resolve" -}}
  {{- $global := include "inference-stack.globalClients" . | fromJsonArray -}}
  {{- $members := dict -}}
  {{- range $member := .stack.members -}}
    {{- range $member.aliases -}}
      {{- $_ := set $members . (append (index $members . | default list) $member) -}}
    {{- end -}}
  {{- end -}}
  {{- $targets := dict -}}
  {{- $_ := set .stack "holdSeconds" dict -}}
  {{- range $alias, $of := $members -}}
    {{- $_ := set $.stack.holdSeconds $alias (include "inference-stack.pool.holdSeconds" (dict "root" $ "alias" $alias "members" $of) | int64) -}}
    {{- $_ := set $targets $alias (include "inference-stack.pool" (dict "root" $ "alias" $alias "members" $of "global" $global) | fromJson) -}}
  {{- end -}}
  {{- $_ := set .stack "targets" $targets -}}
{{- end -}}

{{- /* One pool. Input: dict root, alias, members (those that serve it), global (ids of clients listed for all pools). Output: JSON map. */ -}}
{{- define "inference-stack.pool" -}}
  {{- $context := . -}}
  {{- $route := include "inference-stack.routeOf" . | fromJson -}}
  {{- $_ := set $route "holdSeconds" (index .root.stack.holdSeconds .alias) -}}
  {{- $attempts := 0 -}}
  {{- $upstreams := list -}}
  {{- $priorities := list -}}
  {{- range $member := .members -}}
    {{- $priorities = append $priorities (int64 $member.member.priority) -}}
    {{- range $url := $member.urls -}}
      {{- $upstream := dict "alias" $context.alias "url" $url "member" $member "route" $route -}}
      {{- $upstreams = append $upstreams (include "inference-stack.upstream" $upstream | fromJson) -}}
    {{- end -}}
    {{- if and (gt (len $member.urls) 1) (not $member.member.computed.replicas.fixed) -}}
      {{- $attempts = add $attempts (len $member.urls) -}}
    {{- end -}}
  {{- end -}}
  {{- $ordered := include "inference-stack.pool.ordered" (dict "route" $route "priorities" $priorities) -}}
  {{- $pool := dict "strategy" (ternary "priority" "weighted_random" (not (empty $ordered))) "trusted" true "providers" $upstreams -}}
  {{- with include "inference-stack.pool.fallback" (dict "route" $route "attempts" $attempts) | fromJson -}}
    {{- $_ := set $pool "fallback" . -}}
  {{- end -}}
  {{- $pool = merge $pool (include "inference-stack.limits" $route | fromJson) -}}
  {{- $listed := list -}}
  {{- range include "inference-stack.allowedClients" . | fromJsonArray -}}
    {{- if not (has . $context.global) -}}
      {{- $listed = append $listed . -}}
    {{- end -}}
  {{- end -}}
  {{- if and .root.stack.clients (or $listed (not .global)) -}}
    {{- $_ := set $pool "keys" (include "inference-stack.clientPlaceholders" $listed | fromJsonArray) -}}
  {{- end -}}
  {{- toJson $pool -}}
{{- end -}}

{{- /* Whether a pool tries its members in order. Input: dict route, priorities (list of the members'). Output: "true" or nothing. */ -}}
{{- define "inference-stack.pool.ordered" -}}
  {{- if eq (.route.strategy | default (ternary "priority" "weighted" (gt (len (uniq .priorities)) 1))) "priority" -}}
true
  {{- end -}}
{{- end -}}

{{- /* Statuses that are retried, each once. Input: dict own, more (lists). Output: JSON list. */ -}}
{{- define "inference-stack.pool.statuses" -}}
  {{- $statuses := list -}}
  {{- range concat .own .more -}}
    {{- $statuses = append $statuses (int64 .) -}}
  {{- end -}}
  {{- uniq $statuses | toJson -}}
{{- end -}}

{{- /*
How long a request waits for an engine that is not there: as the route has it, else as long as the group takes that starts last, if all members sleep until
they are asked. Input: dict root, alias, members. Output: seconds.
*/ -}}
{{- define "inference-stack.pool.holdSeconds" -}}
  {{- $route := include "inference-stack.routeOf" . | fromJson -}}
  {{- $awake := false -}}
  {{- $seconds := 0 -}}
  {{- range .members -}}
    {{- if .external -}}
      {{- $awake = true -}}
    {{- else if include "inference-stack.modelGroup.sleeps" (dict "group" .member) -}}
      {{- $seconds = max $seconds (include "inference-stack.modelGroup.wakeSeconds" (dict "group" .member) | int64) -}}
    {{- else -}}
      {{- $awake = true -}}
    {{- end -}}
  {{- end -}}
  {{- $own := ternary 0 (min $seconds (int64 .root.stack.onwards.drainSeconds)) $awake -}}
  {{- ternary (int64 $route.holdSeconds) $own (hasKey $route "holdSeconds") -}}
{{- end -}}

{{- /*
What a pool does when a member does not answer. A held request is retried until the time is over, at most once in a backoff, which is random between
nothing and its length. Replicas that an autoscaler has not started are tried and passed over, so there are as many attempts. Input: dict route, attempts (the
least). Output: JSON map, {} if nothing is retried.
*/ -}}
{{- define "inference-stack.pool.fallback" -}}
  {{- $fallback := dict -}}
  {{- $passed := ternary (list 502) list (gt (int64 .attempts) 0) -}}
  {{- $route := .route -}}
  {{- with $route.fallback -}}
    {{- if .enabled -}}
      {{- $fallback = dict
            "enabled" true
            "on_status" (include "inference-stack.pool.statuses" (dict "own" .onStatus "more" $passed) | fromJsonArray)
            "on_rate_limit" .onRateLimit
            "max_attempts" (max (int64 .maxAttempts) (int64 $.attempts))
            "backoff" (dict "initial_ms" (int64 .backoff.initialMilliseconds) "max_ms" (int64 .backoff.maxMilliseconds))
            "first_token_timeout_ms" (mul 1000 (int64 $route.firstTokenTimeoutSeconds))
            "aimd" (include "inference-stack.pool.loadAware" (dict "route" $route) | fromJson) -}}
      {{- with int64 $route.holdSeconds -}}
        {{- $backoff := dict "initial_ms" (max 100 $fallback.backoff.initial_ms) "max_ms" (max 1000 $fallback.backoff.max_ms) -}}
        {{- $fallback = merge (dict
              "on_status" (include "inference-stack.pool.statuses" (dict "own" $fallback.on_status "more" (list 502 503)) | fromJsonArray)
              "max_attempts" (add $fallback.max_attempts (mul 20 .))
              "backoff" $backoff
              "max_total_backoff_ms" (mul 1000 .)) $fallback -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $fallback -}}
{{- end -}}

{{- /*
The gateway's share control of a pool (AIMD), which it would turn on by itself for priority pools. Input: dict route. Output: JSON map.
*/ -}}
{{- define "inference-stack.pool.loadAware" -}}
  {{- $aimd := dict "enabled" (hasKey .route "loadAware") -}}
  {{- $scales := dict
        "latencyBudgetSeconds" (dict "name" "latency_budget_ms" "factor" 1000)
        "dwellSeconds" (dict "name" "dwell_ms" "factor" 1000)
        "windowSamples" (dict "name" "window_samples" "factor" 1)
        "minSamples" (dict "name" "min_samples" "factor" 1) -}}
  {{- range $key, $value := .route.loadAware -}}
    {{- with index $scales $key -}}
      {{- $_ := set $aimd .name (mul .factor (int64 $value)) -}}
    {{- else -}}
      {{- $_ := set $aimd (snakecase $key) $value -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $aimd -}}
{{- end -}}

{{- /*
One upstream of a pool: one URL for one alias. The engine is sent the adapter behind the alias or the alias if it serves it, else a name that it serves.
Input: dict alias, url, member (of .stack.members), route. Output: JSON map.
*/ -}}
{{- define "inference-stack.upstream" -}}
  {{- $values := .member.member -}}
  {{- $upstream := dict
        "url" .url
        "weight" (int64 $values.weight)
        "response_headers" (include "inference-stack.strings" (list $values.responseHeaders) | fromJson) -}}
  {{- $names := .member.servedNames -}}
  {{- $asked := index .member.adapters .alias | default .alias -}}
  {{- if and $names (not (hasKey .member.adapters .alias)) (not (has .alias $names)) -}}
    {{- $asked = first $names -}}
  {{- end -}}
  {{- if ne $asked .alias -}}
    {{- $_ := set $upstream "onwards_model" $asked -}}
  {{- end -}}
  {{- if .member.hasKey -}}
    {{- $_ := set $upstream "onwards_key" (include "inference-stack.keyPlaceholder" .member.owner) -}}
    {{- if or $values.apiKeyHeader $values.apiKeyPrefix -}}
      {{- $header := $values.apiKeyHeader | default "Authorization" -}}
      {{- $bearer := ternary "Bearer " "" (eq (lower $header) "authorization") -}}
      {{- $_ := set $upstream "upstream_auth_header_name" $header -}}
      {{- $_ := set $upstream "upstream_auth_header_prefix" ($values.apiKeyPrefix | default $bearer) -}}
    {{- end -}}
  {{- end -}}
  {{- with int64 $values.concurrencyLimit -}}
    {{- $_ := set $upstream "concurrency_limit" (dict "max_concurrent_requests" .) -}}
  {{- end -}}
  {{- with int64 $values.requestTimeoutSeconds -}}
    {{- $_ := set $upstream "request_timeout_secs" . -}}
  {{- end -}}
  {{- with include "inference-stack.reasoningTranslation" ($values.reasoningTranslation | default .route.reasoningTranslation) | fromJson -}}
    {{- $_ := set $upstream "reasoning_translation" . -}}
  {{- end -}}
  {{- if or .member.external .member.traced -}}
    {{- $_ := set $upstream "propagate_trace_context" (not .member.external) -}}
  {{- end -}}
  {{- toJson $upstream -}}
{{- end -}}

{{- /*
The translation of reasoning_effort: to an argument of the model's chat template that is true for every effort except none, or as the user wrote it.
Input: string or map, or nothing. Output: JSON map, {} if it is passed on unchanged.
*/ -}}
{{- define "inference-stack.reasoningTranslation" -}}
  {{- $translation := dict -}}
  {{- if kindIs "map" . -}}
    {{- range $surface, $own := . -}}
      {{- $known := $own | default dict -}}
      {{- $both := dict "unsupported_efforts" ($known.unsupported_efforts | default list) "writes" ($known.writes | default list) -}}
      {{- $_ := set $translation $surface (ternary $both $own (kindIs "map" $own)) -}}
    {{- end -}}
  {{- else if . -}}
    {{- $values := dict "none" false "minimal" true "low" true "medium" true "high" true "xhigh" true "max" true -}}
    {{- $write := dict "target_path" (printf "/chat_template_kwargs/%s" .) "values" $values -}}
    {{- $translation = dict "chat_completions" (dict "unsupported_efforts" list "writes" (list $write)) -}}
  {{- end -}}
  {{- toJson $translation -}}
{{- end -}}
