{{- /* Rules of groups whose number of pods an autoscaler sets. Input of each rule: as in _validate.tpl. */ -}}

{{- define "inference-stack.modelGroup.rule.scalingOnce" -}}
  {{- $autoscaling := .group.autoscaling }}
  {{- if $autoscaling.external }}

modelGroups.{{ .name }}.autoscaling.external: it leaves the number of pods to an autoscaler of yours, and enabled creates one; two would overrule each
other.
Please set:
  modelGroups:
    {{ .key }}:
      autoscaling:
        external: false
  {{- end }}
  {{- if ne (int64 .group.replicaCount) 1 }}

modelGroups.{{ .name }}.replicaCount: it is {{ int64 .group.replicaCount }}, but the autoscaler sets the number of pods; set the minimum there.
Please set:
  modelGroups:
    {{ .key }}:
      replicaCount: 1
      autoscaling:
        minReplicas: {{ int64 .group.replicaCount }}
  {{- end }}
  {{- if gt (int64 $autoscaling.minReplicas) (int64 $autoscaling.maxReplicas) }}

modelGroups.{{ .name }}.autoscaling.maxReplicas: it is {{ int64 $autoscaling.maxReplicas }}, less than minReplicas, which is
{{ int64 $autoscaling.minReplicas }}.
Please set:
  modelGroups:
    {{ .key }}:
      autoscaling:
        maxReplicas: {{ int64 $autoscaling.minReplicas }}
  {{- end }}
{{- end -}}

{{- /* Rule: an object of the user's own does not scale what the chart scales or sets. */ -}}
{{- define "inference-stack.modelGroup.rule.scaledTwice" -}}
  {{- if and .root.Values.extraObjects (or .group.computed.scaler .group.computed.replicas.fixed) }}
    {{- $target := include "inference-stack.modelGroup.scaleTarget" . | fromJson }}
    {{- range include "inference-stack.extraObjects" .root | fromJsonArray }}
      {{- $scales := has .object.kind (list "HorizontalPodAutoscaler" "ScaledObject") }}
      {{- $of := dig "spec" "scaleTargetRef" dict .object }}
      {{- if and $scales (eq (toString $of.name) $target.name) (eq ($of.kind | default "Deployment") $target.kind) }}
        {{- $who := ternary "the autoscaler of this group" "replicaCount, with every upgrade," (not (empty $.group.computed.scaler)) }}

modelGroups.{{ $.name }}.autoscaling: {{ $who }} and {{ join "." .keys }} both set the number of pods of {{ $target.name }}.
Please set:
  modelGroups:
    {{ $.key }}:
      autoscaling:
        enabled: false
        external: true
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: what is asked for is there. */ -}}
{{- define "inference-stack.modelGroup.rule.scalingMetric" -}}
  {{- $autoscaling := .group.autoscaling }}
  {{- $keda := eq .group.computed.scaler "keda" }}
  {{- $own := ternary $autoscaling.triggers $autoscaling.metrics $keda }}
  {{- $prometheus := .root.stack.prometheus.serverAddress }}
  {{- $path := printf "modelGroups.%s.autoscaling" .name }}
  {{- $why := "" }}
  {{- $fix := "by: requests" }}
  {{- $shares := include "inference-stack.modelGroup.shares" . | fromJsonArray }}
  {{- if ternary $autoscaling.metrics (or $autoscaling.triggers $autoscaling.schedule) $keda }}
    {{- $path = printf "%s.provider" $path }}
    {{- $why = "metrics are an HPA's, triggers and schedule are KEDA's, and a group has one of the two." }}
    {{- $fix = ternary "provider: hpa\ntriggers: []\nschedule: []" "provider: keda\nmetrics: []" $keda }}
  {{- else if $own }}
  {{- else if and (has $autoscaling.by (list "queue" "kvCache")) (not (include "inference-stack.modelGroup.scaleMetric" .)) }}
    {{- $path = printf "%s.by" $path }}
    {{- $why = printf "no metric of %s is known for %s, so nothing would be scaled." $autoscaling.by .group.computed.engine }}
  {{- else if and (eq $autoscaling.by "requests") (eq (len $shares) 1) (eq (first $shares).share "0") }}
    {{- $path = printf "%s.by" $path }}
    {{- $why = "the gateway sends it requests only when others fail (priority, or weight 0), and does not say how many." }}
    {{- $fix = "by: queue" }}
  {{- else if and $keda (has $autoscaling.by (list "queue" "kvCache")) (not $prometheus) }}
    {{- $path = printf "%s.by" $path }}
    {{- $why = printf "for %s the engines' metrics are asked for, which KEDA can read from a Prometheus only." $autoscaling.by }}
  {{- end }}
  {{- if $why }}

{{ $path }}: {{ $why }}
Please set:
    {{- if and (contains "Prometheus" $why) (not $prometheus) }}
  prometheus:
    serverAddress: http://prometheus-operated.monitoring:9090
    {{- end }}
    {{- if not (contains "from a Prometheus" $why) }}
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" .name "autoscaling") "yaml" $fix) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: KEDA can ask the gateway's pods themselves, where there is no Prometheus. */ -}}
{{- define "inference-stack.modelGroup.rule.scalingByGateway" -}}
  {{- $autoscaling := .group.autoscaling }}
  {{- $onwards := .root.stack.onwards }}
  {{- $asks := and (eq .group.computed.scaler "keda") (eq $autoscaling.by "requests") (not $autoscaling.triggers) (not .root.stack.prometheus.serverAddress) }}
  {{- $port := and $onwards.metrics.enabled (eq $onwards.service.type "ClusterIP") }}
  {{- if and $asks (not (and $port (eq (len .group.computed.aliases) 1))) }}

modelGroups.{{ .name }}.autoscaling: without a Prometheus KEDA asks the gateway's pods themselves, for one alias only, and finds them by the metrics port
of a Service of type ClusterIP.
Please set:
  prometheus:
    serverAddress: http://prometheus-operated.monitoring:9090
  {{- end }}
{{- end -}}

{{- /*
Whether a metric or a trigger of the user's shows that somebody waits while there is no pod. Input: dict group (computed). Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.wakes" -}}
  {{- $autoscaling := .group.autoscaling -}}
  {{- $wakes := false -}}
  {{- if eq .group.computed.scaler "keda" -}}
    {{- range $autoscaling.triggers -}}
      {{- $wakes = or $wakes (not (has .type (list "cpu" "memory" "cron"))) -}}
    {{- end -}}
  {{- else -}}
    {{- range $autoscaling.metrics -}}
      {{- $wakes = or $wakes (has .type (list "External" "Object")) -}}
    {{- end -}}
  {{- end -}}
  {{- $own := or $autoscaling.triggers $autoscaling.metrics -}}
  {{- if or $wakes (and (not $own) (eq $autoscaling.by "requests")) -}}
true
  {{- end -}}
{{- end -}}

{{- /* Rule: a group without pods is woken. */ -}}
{{- define "inference-stack.modelGroup.rule.scalingToZero" -}}
  {{- if include "inference-stack.modelGroup.sleeps" . }}
    {{- $old := not (include "inference-stack.kubernetesAtLeast" (dict "root" .root "version" "1.37")) }}
    {{- if not (include "inference-stack.modelGroup.wakes" .) }}

modelGroups.{{ .name }}.autoscaling.minReplicas: it is 0, and nothing that it is scaled by is there without a pod, so the group would never start again.
Please set:
  modelGroups:
    {{ .key }}:
      autoscaling:
        by: requests
        metrics: []
        triggers: []
    {{- else if and (eq .group.computed.scaler "hpa") $old }}

modelGroups.{{ .name }}.autoscaling.minReplicas: it is 0, which an HPA accepts from Kubernetes 1.37 on; this is
{{ include "inference-stack.kubernetesVersion" .root }}.
Please set:
  modelGroups:
    {{ .key }}:
      autoscaling:
        provider: keda
        metrics: []
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.scalingSchedule" -}}
  {{- $most := int64 .group.computed.replicas.most }}
  {{- range $index, $time := .group.autoscaling.schedule }}
    {{- if not (and $time.start $time.end (le (int64 $time.replicas) $most)) }}

modelGroups.{{ $.name }}.autoscaling.schedule[{{ $index }}]: a time needs a start, an end, and no more replicas than maxReplicas, which is {{ $most }}.
Please set:
  modelGroups:
    {{ $.key }}:
      autoscaling:
        maxReplicas: {{ max $most (int64 $time.replicas) }}
        schedule:
          - start: {{ $time.start | default "0 8 * * 1-5" | quote }}
            end: {{ $time.end | default "0 19 * * 1-5" | quote }}
            replicas: {{ int64 $time.replicas | default 1 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.scalingCpu" -}}
  {{- $autoscaling := .group.autoscaling }}
  {{- $own := or $autoscaling.triggers $autoscaling.metrics }}
  {{- $resources := .group.computed.resources }}
  {{- if and (eq $autoscaling.by "cpu") (not $own) (not (or (dig "requests" "cpu" "" $resources) (dig "limits" "cpu" "" $resources))) }}

modelGroups.{{ .name }}.resources.requests: the autoscaler targets a percentage of the CPU request, and none is set.
Please set:
  modelGroups:
    {{ .key }}:
      resources:
        requests:
          cpu: 4
  {{- end }}
{{- end -}}

{{- /* Rule: requests wait for a pod, or pass over replicas that the gateway knows by their addresses and that are not there. */ -}}
{{- define "inference-stack.modelGroup.rule.scalingRetries" -}}
  {{- $passes := eq .group.balancing "perReplica" }}
  {{- $sleeps := include "inference-stack.modelGroup.sleeps" . }}
  {{- range $alias := .group.computed.aliases }}
    {{- $route := include "inference-stack.routeOf" (dict "root" $.root "alias" $alias) | fromJson }}
    {{- if and (or $passes (and $sleeps (not (hasKey $route "holdSeconds")))) (not $route.fallback.enabled) }}

modelGroups.{{ $.name }}.autoscaling: requests for {{ $alias }} wait for a pod that is not there, or with perReplica pass over it; both work by retries, and
fallback is off.
Please set:
  routes:
    {{ include "inference-stack.yamlString" $alias }}:
      fallback:
        enabled: true
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: the cluster has what the autoscaler is made of. */ -}}
{{- define "inference-stack.modelGroup.rule.scalingApi" -}}
  {{- $keda := eq .group.computed.scaler "keda" }}
  {{- if and $keda (include "inference-stack.lacksApi" (dict "root" .root "api" "keda.sh/v1alpha1")) }}

modelGroups.{{ .name }}.autoscaling.provider: the cluster has no ScaledObject (keda.sh/v1alpha1); install KEDA first, by
helm install keda keda --repo https://kedacore.github.io/charts --namespace keda --create-namespace --wait, or let an HPA scale.
Please set:
  modelGroups:
    {{ .key }}:
      autoscaling:
        provider: hpa
  {{- else if and (not $keda) (not (include "inference-stack.kubernetesAtLeast" (dict "root" .root "version" "1.23"))) }}

modelGroups.{{ .name }}.autoscaling.enabled: Kubernetes {{ include "inference-stack.kubernetesVersion" .root }} has no autoscaling/v2, which was added in 1.23.
Please set:
  modelGroups:
    {{ .key }}:
      autoscaling:
        enabled: false
  {{- end }}
{{- end -}}
