{{- /* Rules of serviceMonitor. Input of each: root. */ -}}

{{- define "inference-stack.observability.problems" -}}
  {{- if .stack.serviceMonitor.enabled -}}
    {{- include "inference-stack.secretReference.rule" (dict
          "keys" (list "serviceMonitor" "bearerTokenSecret") "given" .stack.serviceMonitor.bearerTokenSecret "name" "metrics-token" "key" "token") -}}
  {{- end -}}
{{- end -}}

{{- define "inference-stack.observability.warnings.scrape" -}}
  {{- $policy := .stack.networkPolicy }}
  {{- if and .stack.serviceMonitor.enabled $policy.enabled (not $policy.metricsFrom) }}

networkPolicy.metricsFrom: it is empty, so Prometheus cannot scrape the targets of the ServiceMonitor; set where Prometheus runs.
  {{- end }}
{{- end -}}
