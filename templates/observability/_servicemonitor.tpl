{{- /* What Prometheus scrapes. */ -}}

{{- /*
One endpoint of a ServiceMonitor. Input: dict root, port, path, key (the Secret that its metrics require, if any). Output: JSON map.
*/ -}}
{{- define "inference-stack.serviceMonitor.endpoint" -}}
  {{- $monitor := .root.stack.serviceMonitor -}}
  {{- $endpoint := dict "port" .port "path" .path "interval" $monitor.interval "scrapeTimeout" $monitor.scrapeTimeout -}}
  {{- with $monitor.tlsConfig -}}
    {{- $endpoint = merge $endpoint (dict "tlsConfig" . "scheme" "https") -}}
  {{- end -}}
  {{- $token := ternary $monitor.bearerTokenSecret .key (not (empty (dig "name" "" ($monitor.bearerTokenSecret | default dict)))) -}}
  {{- with $token -}}
    {{- $_ := set $endpoint "authorization" (dict "credentials" (pick . "name" "key")) -}}
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

{{- /*
The Secret of the key that the metrics of a group's engine require: its own, where the monitor is in the Secret's namespace. Input: dict root, name, group.
Output: JSON map {name, key}, {} if there is none.
*/ -}}
{{- define "inference-stack.serviceMonitor.groupKey" -}}
  {{- $key := dict -}}
  {{- if and .group.computed.preset.apiKey.metrics (has .root.stack.serviceMonitor.namespace (list "" .root.Release.Namespace)) -}}
    {{- $key = index .root.stack.keys (printf "modelGroups.%s" .name) | default dict -}}
  {{- end -}}
  {{- toJson $key -}}
{{- end -}}

{{- /* Endpoints of a group: http at the engine's path, and a port named metrics. Input: dict root, name, group. Output: JSON list. */ -}}
{{- define "inference-stack.serviceMonitor.groupEndpoints" -}}
  {{- $endpoints := list -}}
  {{- $key := include "inference-stack.serviceMonitor.groupKey" . | fromJson -}}
  {{- with .group.metricsPath | default .group.computed.preset.metricsPath -}}
    {{- $endpoint := dict "root" $.root "port" "http" "path" . "key" $key -}}
    {{- $endpoints = append $endpoints (include "inference-stack.serviceMonitor.endpoint" $endpoint | fromJson) -}}
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
    {{- with include "inference-stack.serviceMonitor.groupEndpoints" (dict "root" $ "name" $name "group" $group) | fromJsonArray -}}
      {{- $monitors = append $monitors (dict
            "name" $computed.fullname "labels" $computed.labels "selector" $computed.selectorLabels "endpoints" .) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $monitors -}}
{{- end -}}
