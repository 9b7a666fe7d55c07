{{- /* What Prometheus scrapes. */ -}}

{{- /* One endpoint of a ServiceMonitor. Input: dict root, port, path. Output: JSON map. */ -}}
{{- define "inference-stack.serviceMonitor.endpoint" -}}
{{- $monitor := include "inference-stack.section" (dict "root" .root "key" "serviceMonitor") | fromJson -}}
{{- $endpoint := dict "port" .port "path" .path "interval" $monitor.interval "scrapeTimeout" $monitor.scrapeTimeout -}}
{{- with $monitor.tlsConfig }}{{ $_ := set $endpoint "tlsConfig" . }}{{ $_ := set $endpoint "scheme" "https" }}{{ end -}}
{{- if dig "name" "" ($monitor.bearerTokenSecret | default dict) -}}
{{- $_ := set $endpoint "authorization" (dict "credentials" (pick $monitor.bearerTokenSecret "name" "key")) -}}
{{- end -}}
{{- toJson $endpoint -}}
{{- end -}}

{{- /* Every monitor: the gateway's, and one for each group that has metrics: on http at the engine's path, and on a port called metrics. Input: root. Output: JSON list of {name, labels, selector, endpoints}. */ -}}
{{- define "inference-stack.serviceMonitors" -}}
{{- $onwards := include "inference-stack.onwards" . | fromJson -}}
{{- $monitors := list -}}
{{- if $onwards.metrics.enabled -}}
{{- $monitors = append $monitors (dict
      "name" (include "inference-stack.onwards.fullname" .)
      "labels" (include "inference-stack.onwards.labels" .)
      "selector" (include "inference-stack.onwards.selectorLabels" .)
      "endpoints" (list (include "inference-stack.serviceMonitor.endpoint" (dict "root" . "port" "metrics" "path" "/metrics") | fromJson))) -}}
{{- end -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | fromJson -}}
{{- $context := dict "root" $ "name" $name "group" $group -}}
{{- $endpoints := list -}}
{{- with $group.metricsPath | default $group.preset.metricsPath -}}
{{- $endpoints = append $endpoints (include "inference-stack.serviceMonitor.endpoint" (dict "root" $ "port" "http" "path" .) | fromJson) -}}
{{- end -}}
{{- range include "inference-stack.modelGroup.ports" $context | fromJsonArray -}}
{{- if eq .name "metrics" -}}
{{- $endpoints = append $endpoints (include "inference-stack.serviceMonitor.endpoint" (dict "root" $ "port" "metrics" "path" "/metrics") | fromJson) -}}
{{- end -}}
{{- end -}}
{{- if $endpoints -}}
{{- $monitors = append $monitors (dict
      "name" (include "inference-stack.modelGroup.fullname" $context)
      "labels" (include "inference-stack.modelGroup.labels" $context)
      "selector" (include "inference-stack.modelGroup.selectorLabels" $context)
      "endpoints" $endpoints) -}}
{{- end -}}
{{- end -}}
{{- toJson $monitors -}}
{{- end -}}
