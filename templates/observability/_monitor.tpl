{{- /* What Prometheus scrapes. */ -}}

{{- /*
One endpoint of a ServiceMonitor.
Input: dict root, port (name), onService (whether the Service has it; else it is the pod's), path, key (the Secret that its metrics require, if any).
Output: JSON map.
*/ -}}
{{- define "inference-stack.serviceMonitor.endpoint" -}}
  {{- $monitor := .root.stack.serviceMonitor -}}
  {{- $endpoint := dict (ternary "port" "targetPort" .onService) .port "path" .path "interval" $monitor.interval "scrapeTimeout" $monitor.scrapeTimeout -}}
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

{{- /*
Endpoints of a group: http at the engine's path, and a port named metrics. A sidecar in front of the engine is not asked. Input: dict root, name, group.
Output: JSON list.
*/ -}}
{{- define "inference-stack.serviceMonitor.groupEndpoints" -}}
  {{- $endpoints := list -}}
  {{- $key := include "inference-stack.serviceMonitor.groupKey" . | fromJson -}}
  {{- with .group.metricsPath | default .group.computed.preset.metricsPath -}}
    {{- $onService := eq (int64 $.group.computed.target) (int64 $.group.computed.port) -}}
    {{- $endpoint := dict "root" $.root "port" "http" "onService" $onService "path" . "key" $key -}}
    {{- $endpoints = append $endpoints (include "inference-stack.serviceMonitor.endpoint" $endpoint | fromJson) -}}
  {{- end -}}
  {{- if eq (include "inference-stack.modelGroup.metricsPort" .) "metrics" -}}
    {{- $endpoint := dict "root" .root "port" "metrics" "onService" (eq .group.service.type "ClusterIP") "path" "/metrics" -}}
    {{- $endpoints = append $endpoints (include "inference-stack.serviceMonitor.endpoint" $endpoint | fromJson) -}}
  {{- end -}}
  {{- toJson $endpoints -}}
{{- end -}}

{{- /*
Labels of a pod that its series get, by which recorded series know their group; only with rules, as they are further labels of each series.
Input: root. Output: JSON list.
*/ -}}
{{- define "inference-stack.serviceMonitor.podLabels" -}}
  {{- $labels := list "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/model-group" -}}
  {{- toJson (ternary $labels list .stack.prometheusRule.enabled) -}}
{{- end -}}

{{- /* An endpoint for a PodMonitor: of the pod's port, which has one name on either. Input: endpoint of a ServiceMonitor. Output: JSON map. */ -}}
{{- define "inference-stack.podMonitor.endpoint" -}}
  {{- $port := .port | default .targetPort -}}
  {{- set (omit . "targetPort" "relabelings") "port" $port | toJson -}}
{{- end -}}

{{- /*
Annotations by which a Prometheus without the operator finds a pod; it has no key to give. Input: dict root, port (number), path. Output: JSON map.
*/ -}}
{{- define "inference-stack.serviceMonitor.annotations" -}}
  {{- $annotations := dict -}}
  {{- $monitor := .root.stack.serviceMonitor -}}
  {{- if and $monitor.enabled (eq $monitor.kind "annotations") .path -}}
    {{- $annotations = dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString .port) "prometheus.io/path" .path -}}
  {{- end -}}
  {{- toJson $annotations -}}
{{- end -}}

{{- /* The gateway's. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.serviceMonitor.gatewayAnnotations" -}}
  {{- $path := ternary "/metrics" "" .stack.onwards.metrics.enabled -}}
  {{- include "inference-stack.serviceMonitor.annotations" (dict "root" . "port" (int64 .stack.onwards.metrics.port) "path" $path) -}}
{{- end -}}

{{- /* A group's: one target, which is the engine itself unless only a port named metrics has any. Input: dict root, group (computed). Output: JSON map. */ -}}
{{- define "inference-stack.serviceMonitor.groupAnnotations" -}}
  {{- $target := dict "root" .root "port" (int64 .group.computed.port) "path" (.group.metricsPath | default .group.computed.preset.metricsPath) -}}
  {{- range .group.computed.ports -}}
    {{- if and (eq .name "metrics") (not $target.path) -}}
      {{- $target = dict "root" $.root "port" (int64 .containerPort) "path" "/metrics" -}}
    {{- end -}}
  {{- end -}}
  {{- include "inference-stack.serviceMonitor.annotations" $target -}}
{{- end -}}

{{- /*
Every monitor: the gateway's, and one for each group that has metrics. Input: root. Output: JSON list of {name, labels, selector, endpoints}.
*/ -}}
{{- define "inference-stack.serviceMonitors" -}}
  {{- $monitors := list -}}
  {{- if .stack.onwards.metrics.enabled -}}
    {{- $computed := .stack.onwards.computed -}}
    {{- $metrics := dict "root" . "port" "metrics" "onService" (eq .stack.onwards.service.type "ClusterIP") "path" "/metrics" -}}
    {{- $endpoint := include "inference-stack.serviceMonitor.endpoint" $metrics | fromJson -}}
    {{- if not $metrics.onService -}}
      {{- /* Its LoadBalancer Service has the same pods, which are scraped once. */ -}}
      {{- $own := dict "action" "keep" "sourceLabels" (list "__meta_kubernetes_service_name") "regex" $computed.fullname -}}
      {{- $_ := set $endpoint "relabelings" (list $own) -}}
    {{- end -}}
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
