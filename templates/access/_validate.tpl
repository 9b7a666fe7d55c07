{{- /* Rules of Ingress and HTTPRoute. Input of each: root. */ -}}

{{- define "inference-stack.access.problems" -}}
  {{- include "inference-stack.rules" (dict "component" "access" "rules" (list "parentRefs" "ingressPaths") "context" .) -}}
{{- end -}}

{{- define "inference-stack.access.rule.parentRefs" -}}
  {{- if and .stack.httpRoute.enabled (not .stack.httpRoute.parentRefs) }}

httpRoute.parentRefs: a route without a parent Gateway receives no traffic.
Please set:
  httpRoute:
    parentRefs:
      - name: my-gateway
  {{- end }}
{{- end -}}

{{- define "inference-stack.access.rule.ingressPaths" -}}
  {{- $seen := list }}
  {{- range $of := include "inference-stack.ingress.hosts" . | fromJsonArray }}
    {{- range $of.paths }}
      {{- $key := printf "%s%s" $of.host .path }}
      {{- if and $.stack.ingress.enabled (has $key $seen) }}

ingress.hosts: the path {{ .path }} of {{ $of.host | default "all hosts" }} is set twice, and which one applies depends on the controller.
Please set:
  ingress:
    hosts:
{{ toYaml (list (dict "host" $of.host "paths" (list .))) | indent 6 }}
      {{- end }}
      {{- $seen = append $seen $key }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.access.warnings.paths" -}}
  {{- if and .stack.ingress.enabled (not .stack.onwards.strictMode) }}
    {{- range $of := include "inference-stack.ingress.hosts" . | fromJsonArray }}
      {{- range $of.paths }}
        {{- if not (regexMatch "^/v1(/|$)" .path) }}

ingress.hosts: the path {{ .path }} of {{ $of.host | default "all hosts" }} exposes more than /v1, and with onwards.strictMode: false every path reaches
the engines, including administrative ones.
        {{- end }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.access.warnings.timeout" -}}
  {{- $own := index (.stack.ingress.annotations | default dict) "nginx.ingress.kubernetes.io/proxy-read-timeout" | default "" | toString }}
  {{- if and .stack.ingress.enabled (regexMatch "^[0-9]+$" $own) (lt (int64 $own) (int64 .stack.onwards.drainSeconds)) }}

ingress.annotations: proxy-read-timeout closes a connection that is idle for {{ $own }} seconds, and a response that is not streamed is idle until its
end; omit it to use onwards.drainSeconds.
  {{- end }}
{{- end -}}
