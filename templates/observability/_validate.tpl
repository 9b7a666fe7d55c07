{{- /* Rules of serviceMonitor, prometheusRule and dashboards. Input of each: root. */ -}}

{{- define "inference-stack.observability.problems" -}}
  {{- if .stack.serviceMonitor.enabled -}}
    {{- include "inference-stack.secretReference.rule" (dict
          "keys" (list "serviceMonitor" "bearerTokenSecret") "given" .stack.serviceMonitor.bearerTokenSecret "name" "metrics-token" "key" "token") -}}
    {{- include "inference-stack.rules" (dict "component" "observability" "rules" (list "scrapeTimeout") "context" .) -}}
  {{- end -}}
  {{- if .stack.prometheusRule.enabled -}}
    {{- include "inference-stack.rules" (dict "component" "observability" "rules" (list "disabledAlerts") "context" .) -}}
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

{{- define "inference-stack.observability.rule.disabledAlerts" -}}
  {{- $known := list }}
  {{- range include "inference-stack.prometheusRule.file" . | fromJsonArray }}
    {{- range .rules }}
      {{- with .alert }}
        {{- $known = append $known . | uniq }}
      {{- end }}
    {{- end }}
  {{- end }}
  {{- range .stack.prometheusRule.alerts.disabled }}
    {{- if not (has . $known) }}

prometheusRule.alerts.disabled: {{ quote . }} is not an alert of the chart; they are {{ join ", " $known }}.
Please set:
  prometheusRule:
    alerts:
      disabled: [{{ last $known }}]
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.observability.warnings.rules" -}}
  {{- $rule := .stack.prometheusRule }}
  {{- $monitor := .stack.serviceMonitor }}
  {{- if and $rule.enabled (not $monitor.enabled) }}

prometheusRule: its rules read pods that Prometheus finds by serviceMonitor, which is off; they need its labels of each pod.
  {{- end }}
  {{- if and .stack.dashboards.enabled (not $rule.enabled) }}

dashboards: they read the series of prometheusRule, which is off, so they are empty unless its rules come from elsewhere.
  {{- end }}
  {{- if and .stack.prometheus.recorded (not $rule.enabled) }}

prometheus.recorded: it asks for series of prometheusRule, which is off; nothing scales unless they come from elsewhere.
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
    {{- if and $monitor.enabled (eq $monitor.kind "annotations") $keyed }}

serviceMonitor.kind: the metrics of modelGroups.{{ $name }} require its key, which annotations cannot give to Prometheus; with the operator it gets it.
    {{- else if and $monitor.enabled $elsewhere $keyed (not $monitor.bearerTokenSecret) }}

serviceMonitor.namespace: the metrics of modelGroups.{{ $name }} require its key, and Prometheus reads keys only from the monitor's own namespace; copy its
Secret there, and set serviceMonitor.bearerTokenSecret.
    {{- end }}
  {{- end }}
{{- end -}}
