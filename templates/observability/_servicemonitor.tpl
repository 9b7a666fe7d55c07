{{- /* What Prometheus scrapes. */ -}}

{{- /* One endpoint of a ServiceMonitor. Input: dict root, port, path. Output: JSON map. */ -}}
{{- define "inference-stack.serviceMonitor.endpoint" -}}
  {{- $monitor := .root.stack.serviceMonitor -}}
  {{- $endpoint := dict "port" .port "path" .path "interval" $monitor.interval "scrapeTimeout" $monitor.scrapeTimeout -}}
  {{- with $monitor.tlsConfig -}}
    {{- $endpoint = merge $endpoint (dict "tlsConfig" . "scheme" "https") -}}
  {{- end -}}
  {{- if dig "name" "" ($monitor.bearerTokenSecret | default dict) -}}
    {{- $_ := set $endpoint "authorization" (dict "credentials" (pick $monitor.bearerTokenSecret "name" "key")) -}}
  {{- end -}}
  {{- toJson $endpoint -}}
{{- end -}}

{{- /*
The gateway labels its metrics with the path of a request, even an invalid one: only those of the OpenAI routes are scraped. The label is named endpoint,
or exported_endpoint if Prometheus already has a label of that name. Output: JSON list of relabelings.
*/ -}}
{{- define "inference-stack.serviceMonitor.knownPaths" -}}
  {{- $known := "(/v1)?/(chat/completions|completions|responses|embeddings|messages|models)" -}}
  {{- toJson (list (dict "action" "keep" "sourceLabels" (list "exported_endpoint") "regex" (printf "|%s" $known))) -}}
{{- end -}}

{{- /* Endpoints of a group: http at the engine's path, and a port named metrics. Input: dict root, group. Output: JSON list. */ -}}
{{- define "inference-stack.serviceMonitor.groupEndpoints" -}}
  {{- $endpoints := list -}}
  {{- with .group.metricsPath | default .group.computed.preset.metricsPath -}}
    {{- $endpoints = append $endpoints (include "inference-stack.serviceMonitor.endpoint" (dict "root" $.root "port" "http" "path" .) | fromJson) -}}
  {{- end -}}
  {{- if eq (include "inference-stack.modelGroup.metricsPort" .) "metrics" -}}
    {{- $endpoint := dict "root" .root "port" "metrics" "path" "/metrics" -}}
    {{- $endpoints = append $endpoints (include "inference-stack.serviceMonitor.endpoint" $endpoint | fromJson) -}}
  {{- end -}}
  {{- toJson $endpoints -}}
{{- end -}}

{{- /*
Every monitor: the gateway's, and one for each group that has metrics. Input: root. Output: JSON list of {name, labels, selector, endpoints}.
*/ -}}
{{- define "inference-stack.serviceMonitors" -}}
  {{- $monitors := list -}}
  {{- if .stack.onwards.metrics.enabled -}}
    {{- $computed := .stack.onwards.computed -}}
    {{- $endpoint := include "inference-stack.serviceMonitor.endpoint" (dict "root" . "port" "metrics" "path" "/metrics") | fromJson -}}
    {{- $_ := set $endpoint "metricRelabelings" (include "inference-stack.serviceMonitor.knownPaths" . | fromJsonArray) -}}
    {{- $monitors = append $monitors (dict
          "name" $computed.fullname "labels" $computed.labels "selector" $computed.selectorLabels "endpoints" (list $endpoint)) -}}
  {{- end -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- $computed := $group.computed -}}
    {{- with include "inference-stack.serviceMonitor.groupEndpoints" (dict "root" $ "group" $group) | fromJsonArray -}}
      {{- $monitors = append $monitors (dict
            "name" $computed.fullname "labels" $computed.labels "selector" $computed.selectorLabels "endpoints" .) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $monitors -}}
{{- end -}}
