{{- /* The HTTPRoute. */ -}}

{{- /* The paths that it matches. Input: root. Output: JSON list of HTTPRouteMatch. */ -}}
{{- define "inference-stack.httpRoute.matches" -}}
  {{- $matches := list -}}
  {{- range .stack.httpRoute.paths | default (list "/v1") -}}
    {{- $matches = append $matches (dict "path" (dict "type" "PathPrefix" "value" .)) -}}
  {{- end -}}
  {{- toJson $matches -}}
{{- end -}}
