{{- /* Rules of the ways in from outside the cluster. Input of each: root. */ -}}

{{- define "inference-stack.access.problems" -}}
  {{- include "inference-stack.rules" (dict "component" "access" "rules" (list "parentRefs" "ingressPaths") "context" .) -}}
{{- end -}}

{{- define "inference-stack.access.rule.parentRefs" -}}
  {{- if and .stack.httpRoute.enabled (not .stack.httpRoute.parentRefs) }}

httpRoute.parentRefs: a route that is attached to no Gateway lets nobody in.
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

ingress.hosts: the path {{ .path }} of {{ $of.host | default "all hosts" }} is there twice, and which one counts depends on the controller.
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

ingress.hosts: the path {{ .path }} of {{ $of.host | default "all hosts" }} opens more than /v1, and onwards.strictMode: false sends every path on
to the engines, their administrative ones included.
        {{- end }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.access.warnings.timeout" -}}
  {{- $own := index (.stack.ingress.annotations | default dict) "nginx.ingress.kubernetes.io/proxy-read-timeout" | default "" | toString }}
  {{- if and .stack.ingress.enabled (regexMatch "^[0-9]+$" $own) (lt (int64 $own) (int64 .stack.onwards.drainSeconds)) }}

ingress.annotations: proxy-read-timeout cuts an answer that is silent for {{ $own }} seconds, and one that is not streamed is silent until its end;
leave it out, and it follows onwards.drainSeconds.
  {{- end }}
{{- end -}}
