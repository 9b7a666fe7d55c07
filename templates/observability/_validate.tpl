{{- /* Rules of serviceMonitor. Input of each: root. */ -}}

{{- define "inference-stack.observability.problems" -}}
  {{- if .stack.serviceMonitor.enabled -}}
    {{- include "inference-stack.secretReference.rule" (dict
          "keys" (list "serviceMonitor" "bearerTokenSecret") "given" .stack.serviceMonitor.bearerTokenSecret "name" "metrics-token" "key" "token") -}}
    {{- include "inference-stack.rules" (dict "component" "observability" "rules" (list "scrapeTimeout") "context" .) -}}
  {{- end -}}
{{- end -}}

{{- define "inference-stack.observability.rule.scrapeTimeout" -}}
  {{- $monitor := .stack.serviceMonitor }}
  {{- $interval := include "inference-stack.durationSeconds" $monitor.interval | int64 }}
  {{- if gt (include "inference-stack.durationSeconds" $monitor.scrapeTimeout | int64) $interval }}

serviceMonitor.scrapeTimeout: {{ $monitor.scrapeTimeout }} is longer than the interval, {{ $monitor.interval }}, which the Prometheus operator rejects.
Please set:
  serviceMonitor:
    scrapeTimeout: {{ $monitor.interval }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.observability.warnings.scrape" -}}
  {{- $policy := .stack.networkPolicy }}
  {{- if and .stack.serviceMonitor.enabled $policy.enabled (not $policy.metricsFrom) }}

networkPolicy.metricsFrom: it is empty, so Prometheus cannot scrape the targets of the ServiceMonitor; set where Prometheus runs.
  {{- end }}
  {{- $monitor := .stack.serviceMonitor }}
  {{- $elsewhere := not (has $monitor.namespace (list "" .Release.Namespace)) }}
  {{- range $name, $group := .stack.modelGroups }}
    {{- $keyed := and $group.computed.preset.apiKey.metrics (hasKey $.stack.keys (printf "modelGroups.%s" $name)) }}
    {{- if and $monitor.enabled $elsewhere $keyed (not $monitor.bearerTokenSecret) }}

serviceMonitor.namespace: the metrics of modelGroups.{{ $name }} require its key, and Prometheus reads keys only from the monitor's own namespace; copy its
Secret there, and set serviceMonitor.bearerTokenSecret.
    {{- end }}
  {{- end }}
{{- end -}}
