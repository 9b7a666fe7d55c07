{{- /* Settings of a single alias: `routes` in the values. */ -}}

{{- /*
Sets .stack.routes; the gateway's fallback is merged under a route's own. loadAware is a map, and there where it is on only. Input: root.
*/ -}}
{{- define "inference-stack.routes.resolve" -}}
  {{- $defaults := dict "strategy" "" "fallback" .stack.onwards.fallback -}}
  {{- $routes := dict "" $defaults -}}
  {{- range $alias, $given := .stack.given.routes -}}
    {{- if kindIs "map" $given -}}
      {{- $own := include "inference-stack.layer" (dict "below" $defaults "own" $given "chart" $defaults) | fromJson -}}
      {{- $route := include "inference-stack.withoutNulls" $own | fromJson -}}
      {{- $_ := set $route "allowedKeys" (include "inference-stack.texts" $route.allowedKeys | fromJsonArray) -}}
      {{- if eq (toString $route.loadAware) "true" -}}
        {{- $_ := set $route "loadAware" dict -}}
      {{- else if not (kindIs "map" $route.loadAware) -}}
        {{- $route = omit $route "loadAware" -}}
      {{- end -}}
      {{- $_ := set $routes $alias $route -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "routes" $routes -}}
{{- end -}}

{{- /* The route of an alias. Input: dict root, alias. Output: JSON map. */ -}}
{{- define "inference-stack.routeOf" -}}
  {{- index .root.stack.routes .alias | default (index .root.stack.routes "") | toJson -}}
{{- end -}}
