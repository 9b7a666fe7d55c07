{{- /* What is particular to an alias: the values' routes. */ -}}

{{- /* Sets .stack.routes; the gateway's fallback is merged under a route's own. Input: root. */ -}}
{{- define "inference-stack.routes.resolve" -}}
  {{- $defaults := dict "strategy" "" "fallback" .stack.onwards.fallback -}}
  {{- $routes := dict "" $defaults -}}
  {{- range $alias, $given := .Values.routes -}}
    {{- if kindIs "map" $given -}}
      {{- $route := include "inference-stack.overlay" (dict "defaults" $defaults "own" $given) | fromJson -}}
      {{- $_ := set $route "allowedKeys" (include "inference-stack.texts" $route.allowedKeys | fromJsonArray) -}}
      {{- $_ := set $routes $alias $route -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "routes" $routes -}}
{{- end -}}

{{- /* The route of an alias. Input: dict root, alias. Output: JSON map. */ -}}
{{- define "inference-stack.routeOf" -}}
  {{- index .root.stack.routes .alias | default (index .root.stack.routes "") | toJson -}}
{{- end -}}

{{- /* Rules of routes. Input: root. */ -}}
{{- define "inference-stack.routes.problems" -}}
  {{- $served := include "inference-stack.servedAliases" . | fromJsonArray -}}
  {{- range $alias, $route := omit .stack.routes "" -}}
    {{- $context := dict "root" $ "alias" $alias "route" $route "served" $served -}}
    {{- include "inference-stack.rules" (dict "component" "routes" "rules" (list "served" "allowedKeys") "context" $context) -}}
  {{- end -}}
{{- end -}}

{{- /* Rule: somebody serves the alias. Input: dict alias, served (list of aliases). */ -}}
{{- define "inference-stack.routes.rule.served" -}}
  {{- if not (has .alias .served) }}

routes.{{ .alias }}: nobody serves this alias, so the route would do nothing.
Please set:
  routes:
    {{ include "inference-stack.yamlString" .alias }}: null
  {{- end }}
{{- end -}}

{{- /* Rule: the clients that may use the alias are clients. Input: dict root, alias, route. */ -}}
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
