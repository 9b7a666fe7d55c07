{{- /* Rules of clients and routes. */ -}}

{{- /* Rules of onwards.clientKeys. Input: root. */ -}}
{{- define "inference-stack.clients.problems" -}}
  {{- $paths := dict -}}
  {{- $served := include "inference-stack.servedAliases" . | fromJsonArray -}}
  {{- range $id, $client := .stack.clients -}}
    {{- $context := dict "id" $id "client" $client "key" (include "inference-stack.yamlString" $id) "served" $served -}}
    {{- $text := include "inference-stack.text" $client.apiKey -}}
    {{- $_ := set $context "sameKey" (index $paths $text | default "") -}}
    {{- include "inference-stack.secretReference.rule" (dict
          "keys" (list "onwards" "clientKeys" $id "apiKey") "given" $client.apiKey "name" "client-keys" "key" $id) -}}
    {{- include "inference-stack.placeholder.rule" (dict
          "keys" (list "onwards" "clientKeys" $id) "field" "labels" "texts" $client.labels) -}}
    {{- include "inference-stack.rules" (dict "component" "clients" "rules" (list "key" "allowedAliases") "context" $context) -}}
    {{- if $client.apiKey -}}
      {{- $_ := set $paths $text (printf "onwards.clientKeys.%s" $id) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
Rule: each client has its own key. Input: dict id, client, key (the id in YAML), sameKey (path of an earlier client with that key, or nothing).
*/ -}}
{{- define "inference-stack.clients.rule.key" -}}
  {{- $why := "" -}}
  {{- if not .client.apiKey -}}
    {{- $why = "a client needs a key, because the gateway identifies it by that key." -}}
  {{- else if .sameKey -}}
    {{- $why = printf "it is also the key of %s, and the gateway identifies a client only by its key." .sameKey -}}
  {{- end -}}
  {{- if $why }}

onwards.clientKeys.{{ .id }}.apiKey: {{ $why }}
Please set:
  onwards:
    clientKeys:
      {{ .key }}:
        apiKey:
          name: client-keys
          key: {{ .key }}
  {{- end }}
{{- end -}}

{{- /* Rule: the aliases that a client may use are served. Input: dict id, client, key, served (list of aliases). */ -}}
{{- define "inference-stack.clients.rule.allowedAliases" -}}
  {{- range .client.allowedAliases -}}
    {{- if not (has . $.served) }}

onwards.clientKeys.{{ $.id }}.allowedAliases: no model group or provider serves the alias {{ quote . }}.
Please set:
  onwards:
    clientKeys:
      {{ $.key }}:
        allowedAliases:
          - {{ first $.served | default "an-alias" | include "inference-stack.yamlString" }}
    {{- end }}
  {{- end -}}
{{- end -}}

{{- /* Warnings: a gateway without clients, and aliases that no client may use. Input: root. */ -}}
{{- define "inference-stack.clients.warnings.access" -}}
  {{- if not .stack.clients }}

clients need no key: anyone who reaches the gateway can use every model.
  {{- else }}
    {{- range $alias := include "inference-stack.servedAliases" . | fromJsonArray }}
      {{- if not (include "inference-stack.allowedClients" (dict "root" $ "alias" $alias) | fromJsonArray) }}

no client may use the alias {{ $alias }}; allow it for one in onwards.clientKeys or routes.
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rules of routes. Input: root. */ -}}
{{- define "inference-stack.routes.problems" -}}
  {{- $served := include "inference-stack.servedAliases" . | fromJsonArray -}}
  {{- range $alias, $route := omit .stack.routes "" -}}
    {{- $context := dict "root" $ "alias" $alias "route" $route "served" $served -}}
    {{- $rules := list "served" "allowedKeys" "retries" "loadAware" "hold" "reasoningTranslation" -}}
    {{- include "inference-stack.rules" (dict "component" "routes" "rules" $rules "context" $context) -}}
  {{- end -}}
{{- end -}}

{{- /* Rule: a model group or provider serves the alias. Input: dict alias, served (list of aliases). */ -}}
{{- define "inference-stack.routes.rule.served" -}}
  {{- if not (has .alias .served) }}

routes.{{ .alias }}: no model group or provider serves this alias, so the route would have no effect.
Please set:
  routes:
    {{ include "inference-stack.yamlString" .alias }}: null
  {{- end }}
{{- end -}}

{{- /* Rule: the clients that may use the alias are defined. Input: dict root, alias, route. */ -}}
{{- define "inference-stack.routes.rule.allowedKeys" -}}
  {{- range .route.allowedKeys -}}
    {{- if not (hasKey $.root.stack.clients .) }}
      {{- $key := include "inference-stack.yamlString" . }}

routes.{{ $.alias }}.allowedKeys: there is no client {{ quote . }} in onwards.clientKeys.
Please set:
  onwards:
    clientKeys:
      {{ $key }}:
        apiKey:
          name: client-keys
          key: {{ $key }}
    {{- end }}
  {{- end -}}
{{- end -}}

{{- /* Rule: what is done by retries is not asked for without them. Input: dict root, alias, route. */ -}}
{{- define "inference-stack.routes.rule.retries" -}}
  {{- range list "firstTokenTimeoutSeconds" "holdSeconds" "loadAware" }}
    {{- $on := ternary (hasKey $.route .) (gt (index $.route . | default 0 | toString | int64) 0) (eq . "loadAware") }}
    {{- if and $on (not $.route.fallback.enabled) }}

routes.{{ $.alias }}.{{ . }}: it works by retries, and fallback is off for this alias.
Please set:
  routes:
    {{ include "inference-stack.yamlString" $.alias }}:
      fallback:
        enabled: true
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* The members of an alias. Input: dict root, alias. Output: JSON list of {owner, priority, external}. */ -}}
{{- define "inference-stack.routes.members" -}}
  {{- $members := list -}}
  {{- range .root.stack.members -}}
    {{- if has $.alias .aliases -}}
      {{- $members = append $members (dict
            "owner" .owner
            "priority" (int64 .member.priority)
            "external" .external
            "timeout" (int64 .member.requestTimeoutSeconds)) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $members -}}
{{- end -}}

{{- /* Rule: shares are between members in order, and a slow first token is not given up before it counts as slow. Input: dict root, alias, route. */ -}}
{{- define "inference-stack.routes.rule.loadAware" -}}
  {{- if hasKey .route "loadAware" }}
    {{- $key := include "inference-stack.yamlString" .alias }}
    {{- $priorities := list }}
    {{- range include "inference-stack.routes.members" . | fromJsonArray }}
      {{- $priorities = append $priorities .priority }}
    {{- end }}
    {{- $timeout := int64 .route.firstTokenTimeoutSeconds }}
    {{- $budget := .route.loadAware.latencyBudgetSeconds | default 10 | int64 }}
    {{- $fewest := .route.loadAware.minSamples | default 50 | int64 }}
    {{- $window := .route.loadAware.windowSamples | default 200 | int64 }}
    {{- if not (include "inference-stack.pool.ordered" (dict "route" .route "priorities" $priorities)) }}

routes.{{ .alias }}.loadAware: it moves requests from the first member to the next, and the members of this alias have no order.
Please set:
  routes:
    {{ $key }}:
      strategy: priority
    {{- end }}
    {{- if and $timeout (lt $timeout $budget) }}

routes.{{ .alias }}.firstTokenTimeoutSeconds: {{ $timeout }} is below loadAware.latencyBudgetSeconds, {{ $budget }}, so no answer would ever count as slow.
Please set:
  routes:
    {{ $key }}:
      firstTokenTimeoutSeconds: {{ $budget }}
    {{- end }}
    {{- if gt $timeout 3600 }}

routes.{{ .alias }}.firstTokenTimeoutSeconds: {{ $timeout }} is above 3600, the most that the gateway takes beside loadAware; it does not start otherwise.
Please set:
  routes:
    {{ $key }}:
      firstTokenTimeoutSeconds: 3600
    {{- end }}
    {{- if gt $fewest $window }}

routes.{{ .alias }}.loadAware.minSamples: {{ $fewest }} is above windowSamples, {{ $window }}, so there would never be enough.
Please set:
  routes:
    {{ $key }}:
      loadAware:
        windowSamples: {{ $fewest }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.routes.warnings.loadAware" -}}
  {{- range $alias, $route := .stack.routes }}
    {{- if hasKey $route "loadAware" }}
      {{- $external := list }}
      {{- range include "inference-stack.routes.members" (dict "root" $ "alias" $alias) | fromJsonArray }}
        {{- if .external }}
          {{- $external = append $external .owner }}
        {{- end }}
      {{- end }}
      {{- with $external }}

routes.{{ $alias }}.loadAware: requests go to {{ join ", " . }} also while your own engines are only slow, which may cost money.
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: a request is not held longer than it may live. Input: dict root, alias, route. */ -}}
{{- define "inference-stack.routes.rule.hold" -}}
  {{- $hold := int64 .route.holdSeconds }}
  {{- $drain := int64 .root.stack.onwards.drainSeconds }}
  {{- if gt $hold $drain }}

routes.{{ .alias }}.holdSeconds: a request may be held for {{ $hold }} seconds, but a terminating gateway pod waits for only {{ $drain }} seconds.
Please set:
  onwards:
    drainSeconds: {{ $hold }}
  {{- end }}
{{- end -}}

{{- /* Time-outs that are shorter than requests are held. Input: root. */ -}}
{{- define "inference-stack.routes.warnings.hold" -}}
  {{- range $alias, $hold := .stack.holdSeconds }}
    {{- if $hold }}
      {{- $shorter := dict }}
      {{- range include "inference-stack.routes.members" (dict "root" $ "alias" $alias) | fromJsonArray }}
        {{- $_ := set $shorter (printf "%s.requestTimeoutSeconds" .owner) .timeout }}
      {{- end }}
      {{- $nginx := index ($.stack.ingress.annotations | default dict) "nginx.ingress.kubernetes.io/proxy-read-timeout" | default "" | toString }}
      {{- if $.stack.ingress.enabled }}
        {{- $_ := set $shorter "ingress.annotations: proxy-read-timeout" (regexFind "^[0-9]+$" $nginx | int64) }}
      {{- end }}
      {{- if $.stack.httpRoute.enabled }}
        {{- range $name, $time := $.stack.httpRoute.timeouts }}
          {{- $_ := set $shorter (printf "httpRoute.timeouts.%s" $name) (include "inference-stack.durationSeconds" $time | int64) }}
        {{- end }}
      {{- end }}
      {{- range $path, $seconds := $shorter }}
        {{- if and $seconds (lt (int64 $seconds) $hold) }}

routes.{{ $alias }}.holdSeconds: a request may be held for {{ $hold }} seconds, but {{ $path }} is {{ int64 $seconds }} seconds.
        {{- end }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: a route's own translation is one that the gateway takes. Input: dict alias, route. */ -}}
{{- define "inference-stack.routes.rule.reasoningTranslation" -}}
  {{- include "inference-stack.reasoningTranslation.rule" (dict "keys" (list "routes" .alias) "translation" .route.reasoningTranslation) -}}
{{- end -}}

{{- /*
Rule: each surface of a translation of the user's own accounts for every effort once and writes no place twice, which the gateway checks at its start.
Input: dict keys (path to its owner), translation.
*/ -}}
{{- define "inference-stack.reasoningTranslation.rule" -}}
  {{- $efforts := list "high" "low" "max" "medium" "minimal" "none" "xhigh" }}
  {{- if kindIs "map" .translation }}
    {{- range $surface, $own := .translation }}
      {{- $own = $own | default dict }}
      {{- $wrong := ternary "" "/reasoning_effort" (or (gt (len ($own.writes | default list)) 0) (kindIs "invalid" (index $.translation $surface))) }}
      {{- $writes := dict }}
      {{- range $own.writes }}
        {{- if hasKey $writes (toString .target_path) }}

{{ join "." $.keys }}.reasoningTranslation: {{ $surface }} writes {{ .target_path }} twice, and the gateway does not start then.
Please set:
{{ include "inference-stack.nested" (dict
      "keys" (append $.keys "reasoningTranslation") "yaml" (dict $surface (dict "writes" (values $writes)) | toYaml)) | indent 2 }}
        {{- end }}
        {{- $_ := set $writes (toString .target_path) . }}
        {{- $mapped := keys (.values | default dict) | sortAlpha }}
        {{- if or (not .target_path) (ne (concat $mapped ($own.unsupported_efforts | default list | uniq) | sortAlpha | join " ") (join " " $efforts)) }}
          {{- $wrong = .target_path | default "/reasoning_effort" }}
        {{- end }}
      {{- end }}
      {{- if $wrong }}
        {{- $rest := dict $surface (dict "unsupported_efforts" list "writes" (list (dict
              "target_path" $wrong
              "values" (dict "none" false "minimal" true "low" true "medium" true "high" true "xhigh" true "max" true)))) }}
        {{- $keys := append $.keys "reasoningTranslation" }}

{{ join "." $keys }}: in {{ $surface }} the efforts of values and unsupported_efforts together have to be each of {{ join ", " $efforts }}, once;
the gateway does not start otherwise.
Please set:
{{ include "inference-stack.nested" (dict "keys" $keys "yaml" (toYaml $rest)) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}
