{{- /* What Prometheus scrapes. */ -}}

{{- /* One endpoint of a ServiceMonitor. Input: dict root, port, path. Output: JSON map. */ -}}
{{- define "inference-stack.serviceMonitor.endpoint" -}}
{{- $monitor := include "inference-stack.serviceMonitor" .root | get .root -}}
{{- $endpoint := dict "port" .port "path" .path "interval" $monitor.interval "scrapeTimeout" $monitor.scrapeTimeout -}}
{{- with $monitor.tlsConfig }}{{ $_ := set $endpoint "tlsConfig" . }}{{ $_ := set $endpoint "scheme" "https" }}{{ end -}}
{{- if dig "name" "" ($monitor.bearerTokenSecret | default dict) -}}
{{- $_ := set $endpoint "authorization" (dict "credentials" (pick $monitor.bearerTokenSecret "name" "key")) -}}
{{- end -}}
{{- toJson $endpoint -}}
{{- end -}}

{{- /* The gateway labels its metrics with the path that a client asked for, whatever it is: only those of the OpenAI routes are kept. The label is called endpoint, and exported_endpoint where Prometheus has one of that name itself. Output: JSON list of relabelings. */ -}}
{{- define "inference-stack.serviceMonitor.knownPaths" -}}
{{- $known := "(/v1)?/(chat/completions|completions|responses|embeddings|messages|models)" -}}
{{- toJson (list (dict "action" "keep" "sourceLabels" (list "exported_endpoint") "regex" (printf "|%s" $known))) -}}
{{- end -}}

{{- /* Every monitor: the gateway's, and one for each group that has metrics: on http at the engine's path, and on a port called metrics. Input: root. Output: JSON list of {name, labels, selector, endpoints}. */ -}}
{{- define "inference-stack.serviceMonitors" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $monitors := list -}}
{{- if $onwards.metrics.enabled -}}
{{- $endpoint := include "inference-stack.serviceMonitor.endpoint" (dict "root" . "port" "metrics" "path" "/metrics") | fromJson -}}
{{- $_ := set $endpoint "metricRelabelings" (include "inference-stack.serviceMonitor.knownPaths" . | fromJsonArray) -}}
{{- $monitors = append $monitors (dict
      "name" (include "inference-stack.onwards.fullname" .)
      "labels" (include "inference-stack.onwards.labels" .)
      "selector" (include "inference-stack.onwards.selectorLabels" .)
      "endpoints" (list $endpoint)) -}}
{{- end -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | get . -}}
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
