{{- /* The autoscaler of a group: which one, what it asks for, and how long it waits. Facts: Kubernetes 1.37, KEDA 2.21. */ -}}

{{- /*
Which autoscaler a group has: the one it sets, else an HPA for what KEDA is not needed for (CPU, metrics of the user's own), else KEDA. Input: dict group.
Output: keda, hpa, or nothing if the chart creates none.
*/ -}}
{{- define "inference-stack.modelGroup.scaler" -}}
  {{- $autoscaling := .group.autoscaling -}}
  {{- if $autoscaling.enabled -}}
    {{- $autoscaling.provider | default (ternary "hpa" "keda" (or (not (empty $autoscaling.metrics)) (eq $autoscaling.by "cpu"))) -}}
  {{- end -}}
{{- end -}}

{{- /*
How many pods (with nodes: sets of pods) a group has: with an autoscaler of the chart's between its bounds, else replicaCount. Input: dict group. Output:
JSON map {least, most, fixed (whether the chart sets the number)}.
*/ -}}
{{- define "inference-stack.modelGroup.replicas" -}}
  {{- $autoscaling := .group.autoscaling -}}
  {{- $count := int64 .group.replicaCount -}}
  {{- $replicas := dict "least" $count "most" $count "fixed" (not $autoscaling.external) -}}
  {{- if $autoscaling.enabled -}}
    {{- $least := int64 $autoscaling.minReplicas -}}
    {{- $replicas = dict "least" $least "most" (max $least (int64 $autoscaling.maxReplicas)) "fixed" false -}}
  {{- end -}}
  {{- toJson $replicas -}}
{{- end -}}

{{- /* Whether a group has no pod while nothing asks for it. Input: dict group (computed). Output: "true" or nothing. */ -}}
{{- define "inference-stack.modelGroup.sleeps" -}}
  {{- if and .group.autoscaling.enabled (eq 0 (int64 .group.computed.replicas.least)) -}}
true
  {{- end -}}
{{- end -}}

{{- /* How long a pod takes to start, as the autoscaler reckons with it. Input: dict group. Output: seconds. */ -}}
{{- define "inference-stack.modelGroup.startSeconds" -}}
  {{- int64 .group.autoscaling.startSeconds | default (int64 .group.loadSeconds) | default 300 -}}
{{- end -}}

{{- /* How long the last pod stays without a request. Input: dict group. Output: seconds. */ -}}
{{- define "inference-stack.modelGroup.idleSeconds" -}}
  {{- int64 .group.autoscaling.idleSeconds | default (include "inference-stack.modelGroup.startSeconds" . | int64) -}}
{{- end -}}

{{- /*
How long a request may have to wait for a sleeping group: its start, and a minute until its autoscaler has seen the request. Input: dict group. Output:
seconds.
*/ -}}
{{- define "inference-stack.modelGroup.wakeSeconds" -}}
  {{- add 60 (include "inference-stack.modelGroup.startSeconds" . | int64) -}}
{{- end -}}

{{- /*
The workload of a group, as an autoscaler names what it scales. Input: dict group (computed). Output: JSON map, a CrossVersionObjectReference.
*/ -}}
{{- define "inference-stack.modelGroup.scaleTarget" -}}
  {{- $kind := include "inference-stack.modelGroup.workload" . -}}
  {{- $target := dict "apiVersion" "apps/v1" "kind" $kind "name" .group.computed.fullname -}}
  {{- if eq $kind "LeaderWorkerSet" -}}
    {{- $target = dict "apiVersion" "leaderworkerset.x-k8s.io/v1" "kind" $kind "name" .group.computed.setName -}}
  {{- end -}}
  {{- toJson $target -}}
{{- end -}}

{{- /* What a replica may have of it before there is another: the group's, else by what is asked for. Input: dict group. Output: number. */ -}}
{{- define "inference-stack.modelGroup.scaleAt" -}}
  {{- int64 .group.autoscaling.target | default (index (dict "requests" 16 "queue" 5 "kvCache" 80 "cpu" 80) .group.autoscaling.by) | int64 -}}
{{- end -}}

{{- /*
The engine's metric of what a group is scaled by, as the engine exports it. Input: dict group (computed). Output: name, empty if it has none.
*/ -}}
{{- define "inference-stack.modelGroup.scaleMetric" -}}
  {{- index (.group.computed.preset.scaling | default dict) .group.autoscaling.by | default "" -}}
{{- end -}}

{{- /*
The shares that a group has of the requests of its aliases, by the weights of each pool; in one with an order its first member has all of them.
Input: dict root, name, group (computed). Output: JSON list of {share, aliases}, a share of 0 included.
*/ -}}
{{- define "inference-stack.modelGroup.shares" -}}
  {{- $context := . -}}
  {{- $owner := printf "modelGroups.%s" .name -}}
  {{- $shares := dict -}}
  {{- range $alias := .group.computed.aliases -}}
    {{- $total := 0.0 -}}
    {{- $own := 0.0 -}}
    {{- $first := "" -}}
    {{- range $context.root.stack.members -}}
      {{- if has $alias .aliases -}}
        {{- $first = $first | default .owner -}}
        {{- $weight := mul (int64 .member.weight) (len .urls) | float64 -}}
        {{- $total = addf $total $weight -}}
        {{- $own = ternary $weight $own (eq .owner $owner) -}}
      {{- end -}}
    {{- end -}}
    {{- $share := divf $own (maxf $total 1) -}}
    {{- if eq (index $context.root.stack.targets $alias).strategy "priority" -}}
      {{- $share = ternary 1.0 0.0 (eq $first $owner) -}}
    {{- end -}}
    {{- $key := printf "%.4f" (float64 $share) | trimSuffix "0" | trimSuffix "0" | trimSuffix "0" | trimSuffix "0" | trimSuffix "." -}}
    {{- $_ := set $shares $key (append (index $shares $key | default list) $alias) -}}
  {{- end -}}
  {{- $list := list -}}
  {{- range $share, $aliases := $shares -}}
    {{- $list = append $list (dict "share" $share "aliases" $aliases) -}}
  {{- end -}}
  {{- toJson $list -}}
{{- end -}}

{{- /*
A selector of Prometheus for pods of the release, or for its recorded series. Input: dict root, pods (regular expression of their names; empty for recorded
series), label and values (of one more label, or nothing). Output: {...}.
*/ -}}
{{- define "inference-stack.prometheus.selector" -}}
  {{- $of := ternary (printf "pod=~%s" (toRawJson .pods)) (printf "release=%s" (toRawJson .root.Release.Name)) (not (empty .pods)) -}}
  {{- $matchers := list (printf "namespace=%s" (toRawJson .root.Release.Namespace)) $of -}}
  {{- range $name, $value := .root.stack.prometheus.labels -}}
    {{- $matchers = append $matchers (printf "%s=%s" $name (toString $value | toRawJson)) -}}
  {{- end -}}
  {{- if .values -}}
    {{- $quoted := list -}}
    {{- range .values -}}
      {{- $quoted = append $quoted (regexQuoteMeta .) -}}
    {{- end -}}
    {{- $one := eq (len .values) 1 -}}
    {{- $value := ternary (first .values) (join "|" $quoted) $one -}}
    {{- $matchers = append $matchers (printf "%s%s%s" .label (ternary "=" "=~" $one) (toRawJson $value)) -}}
  {{- end -}}
  {{- printf "{%s}" (join "," $matchers) -}}
{{- end -}}

{{- /*
Names of the pods of an object, as a regular expression; a Deployment's are cut where they get too long. Input: dict kind, name. Output: string.
*/ -}}
{{- define "inference-stack.prometheus.pods" -}}
  {{- if gt (len .name) 46 -}}
    {{- printf "%s.+" (trunc 46 .name) -}}
  {{- else if eq .kind "Deployment" -}}
    {{- printf "%s-[a-z0-9]+-[a-z0-9]+" .name -}}
  {{- else -}}
    {{- printf "%s-[0-9]+(-[0-9]+)?" .name -}}
  {{- end -}}
{{- end -}}

{{- /*
What Prometheus is asked for a group, of all of its replicas together: requests in flight at the gateway for its aliases, its share of each; or the sum of
its engines' own metric. Requests are 0 where the gateway is scraped and has none; where it is not scraped there is no answer, which changes nothing.
With prometheus.recorded it is asked for the series of the chart's rules. Input: dict root, name, group (computed). Output: PromQL, empty for what
Prometheus does not know.
*/ -}}
{{- define "inference-stack.modelGroup.scaleQuery" -}}
  {{- $context := . -}}
  {{- $by := .group.autoscaling.by -}}
  {{- $recorded := .root.stack.prometheus.recorded -}}
  {{- if eq $by "requests" -}}
    {{- $pods := include "inference-stack.prometheus.pods" (dict "kind" "Deployment" "name" .root.stack.onwards.computed.fullname) -}}
    {{- $pods = ternary "" $pods $recorded -}}
    {{- $release := include "inference-stack.prometheus.selector" (dict "root" .root "pods" $pods) -}}
    {{- $zero := printf "count(up%s == 1)" $release -}}
    {{- $series := dict "name" "onwards_model_inflight" "label" "model" -}}
    {{- if $recorded -}}
      {{- $zero = printf "sum(inference_stack:gateway_requests_in_flight:sum%s)" $release -}}
      {{- $series = dict "name" "inference_stack:alias_requests_in_flight:sum" "label" "alias" -}}
    {{- end -}}
    {{- $terms := list -}}
    {{- range include "inference-stack.modelGroup.shares" . | fromJsonArray -}}
      {{- if ne .share "0" -}}
        {{- $of := dict "root" $context.root "pods" $pods "label" $series.label "values" .aliases -}}
        {{- $sum := printf "sum(%s%s)" $series.name (include "inference-stack.prometheus.selector" $of) -}}
        {{- $part := ternary $sum (printf "%s * %s" .share $sum) (eq .share "1") -}}
        {{- $terms = append $terms (printf "(%s or 0 * %s)" $part $zero) -}}
      {{- end -}}
    {{- end -}}
    {{- join " + " $terms -}}
  {{- else -}}
    {{- with include "inference-stack.modelGroup.scaleMetric" . -}}
      {{- $target := include "inference-stack.modelGroup.scaleTarget" $context | fromJson -}}
      {{- $of := dict "root" $context.root "pods" (include "inference-stack.prometheus.pods" $target) -}}
      {{- $name := . -}}
      {{- if $recorded -}}
        {{- $of = dict "root" $context.root "label" "model_group" "values" (list $context.name) -}}
        {{- $name = index (dict "queue" "inference_stack:pod_requests_waiting:sum" "kvCache" "inference_stack:pod_kv_cache_usage:max") $by -}}
      {{- end -}}
      {{- $sum := printf "sum(%s%s)" $name (include "inference-stack.prometheus.selector" $of) -}}
      {{- ternary (printf "100 * %s" $sum) $sum (eq $by "kvCache") -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
The amount that a replica may have at the gateway, of requests for all members of its pools, where a scaler cannot multiply by the share. Input: dict group,
share. Output: number, in thousandths.
*/ -}}
{{- define "inference-stack.modelGroup.scaleAtGateway" -}}
  {{- divf (mul 1000 (include "inference-stack.modelGroup.scaleAt" . | int64)) (maxf (float64 .share) 0.0001) | ceil | int64 -}}
{{- end -}}

{{- /*
Triggers of a ScaledObject: the user's, else the one of what the group is scaled by; and one for each time of the schedule. Without a Prometheus KEDA adds
up what each gateway pod says. Input: dict root, name, group (computed). Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.scaleTriggers" -}}
  {{- $autoscaling := .group.autoscaling -}}
  {{- $prometheus := .root.stack.prometheus -}}
  {{- $at := include "inference-stack.modelGroup.scaleAt" . -}}
  {{- $trigger := dict -}}
  {{- if eq $autoscaling.by "cpu" -}}
    {{- $trigger = dict "type" "cpu" "metricType" "Utilization" "metadata" (dict "value" $at) -}}
  {{- else if $prometheus.serverAddress -}}
    {{- $trigger = dict "type" "prometheus" "metadata" (dict
          "serverAddress" $prometheus.serverAddress
          "query" (include "inference-stack.modelGroup.scaleQuery" .)
          "threshold" $at
          "ignoreNullValues" "false") -}}
    {{- range $field, $value := $prometheus.authenticationRef -}}
      {{- if $value -}}
        {{- $_ := set $trigger "authenticationRef" (set ($trigger.authenticationRef | default dict) $field $value) -}}
      {{- end -}}
    {{- end -}}
  {{- else -}}
    {{- $onwards := .root.stack.onwards -}}
    {{- $of := dict "group" .group "share" (first (include "inference-stack.modelGroup.shares" . | fromJsonArray)).share -}}
    {{- $trigger = dict "type" "metrics-api" "metadata" (dict
          "url" (printf "http://%s.%s.svc:%d/metrics" $onwards.computed.fullname .root.Release.Namespace (int64 $onwards.metrics.port))
          "aggregateFromKubeServiceEndpoints" "true"
          "aggregationType" "sum"
          "format" "prometheus"
          "valueLocation" (printf "onwards_model_inflight{model=%s}" (first .group.computed.aliases | toString | toRawJson))
          "targetValue" (printf "%.3f" (divf (include "inference-stack.modelGroup.scaleAtGateway" $of | int64) 1000))) -}}
  {{- end -}}
  {{- $triggers := list -}}
  {{- range $autoscaling.triggers | default (list $trigger) -}}
    {{- $metadata := dict -}}
    {{- if kindIs "map" .metadata -}}
      {{- /* KEDA takes text only: a threshold of 5 is "5". */ -}}
      {{- $metadata = dict "metadata" (include "inference-stack.strings" (list .metadata) | fromJson) -}}
    {{- end -}}
    {{- $triggers = append $triggers (merge $metadata .) -}}
  {{- end -}}
  {{- range $autoscaling.schedule -}}
    {{- $triggers = append $triggers (dict "type" "cron" "metadata" (dict
          "timezone" (.timezone | default "Etc/UTC")
          "start" .start
          "end" .end
          "desiredReplicas" (int64 .replicas | default 1 | toString))) -}}
  {{- end -}}
  {{- toJson $triggers -}}
{{- end -}}

{{- /*
Metrics of an HPA: the user's, else what the group is scaled by, which a metrics adapter has to provide (docs/autoscaling.md). It adds nothing up: aliases of
different shares are metrics of their own. Input: dict root, name, group (computed). Output: JSON list of MetricSpec.
*/ -}}
{{- define "inference-stack.modelGroup.scaleMetrics" -}}
  {{- $by := .group.autoscaling.by -}}
  {{- $at := include "inference-stack.modelGroup.scaleAt" . | int64 -}}
  {{- $metrics := list -}}
  {{- if eq $by "cpu" -}}
    {{- $target := dict "type" "Utilization" "averageUtilization" $at -}}
    {{- $metrics = list (dict "type" "Resource" "resource" (dict "name" "cpu" "target" $target)) -}}
  {{- else if eq $by "requests" -}}
    {{- range include "inference-stack.modelGroup.shares" . | fromJsonArray -}}
      {{- if ne .share "0" -}}
        {{- $models := list (dict "key" "model" "operator" "In" "values" .aliases) -}}
        {{- $milli := include "inference-stack.modelGroup.scaleAtGateway" (dict "group" $.group "share" .share) | int64 -}}
        {{- $amount := ternary (div $milli 1000 | toString) (printf "%dm" $milli) (eq 0 (mod $milli 1000 | int64)) -}}
        {{- $metrics = append $metrics (dict "type" "External" "external" (dict
              "metric" (dict "name" "onwards_model_inflight" "selector" (dict "matchExpressions" $models))
              "target" (dict "type" "AverageValue" "averageValue" $amount))) -}}
      {{- end -}}
    {{- end -}}
  {{- else -}}
    {{- $amount := ternary (printf "%dm" (mul 10 $at)) (toString $at) (eq $by "kvCache") -}}
    {{- $metrics = list (dict "type" "Pods" "pods" (dict
          "metric" (dict "name" (include "inference-stack.modelGroup.scaleMetric" . | replace ":" "_"))
          "target" (dict "type" "AverageValue" "averageValue" $amount))) -}}
  {{- end -}}
  {{- .group.autoscaling.metrics | default $metrics | toJson -}}
{{- end -}}

{{- /*
The speed of an autoscaler: it ends a pod when none was needed for the time that one takes to start; Kubernetes takes at most an hour. A queue is empty as
soon as there are pods enough, which asks for the least of them: there one pod ends at a time, tried once in the time of four starts (a pod too few makes
requests wait for one), or in the half hour that Kubernetes takes at most. The window is as long as that, and the period no longer than a window of the
user's: pods that came within a policy's period may all go again. Input: dict group. Output: JSON map, a HorizontalPodAutoscalerBehavior.
*/ -}}
{{- define "inference-stack.modelGroup.scaleBehavior" -}}
  {{- $start := include "inference-stack.modelGroup.startSeconds" . | int64 -}}
  {{- $down := dict "stabilizationWindowSeconds" (min 3600 $start) -}}
  {{- if eq .group.autoscaling.by "queue" -}}
    {{- $period := min 1800 (mul 4 $start) -}}
    {{- with dig "scaleDown" "stabilizationWindowSeconds" 0 (.group.autoscaling.behavior | default dict) | int64 -}}
      {{- $period = min $period . -}}
    {{- end -}}
    {{- $down = dict
          "stabilizationWindowSeconds" (max $period $down.stabilizationWindowSeconds)
          "policies" (list (dict "type" "Pods" "value" 1 "periodSeconds" $period)) -}}
  {{- end -}}
  {{- include "inference-stack.object" (dict "defaults" (dict "scaleDown" $down) "own" .group.autoscaling.behavior) -}}
{{- end -}}

{{- /* Spec of a group's HorizontalPodAutoscaler. Input: dict root, name, group (computed). Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.hpaSpec" -}}
  {{- $replicas := .group.computed.replicas -}}
  {{- $spec := dict
        "scaleTargetRef" (include "inference-stack.modelGroup.scaleTarget" . | fromJson)
        "minReplicas" $replicas.least
        "maxReplicas" $replicas.most
        "metrics" (include "inference-stack.modelGroup.scaleMetrics" . | fromJsonArray) -}}
  {{- with include "inference-stack.modelGroup.scaleBehavior" . | fromJson -}}
    {{- $_ := set $spec "behavior" . -}}
  {{- end -}}
  {{- include "inference-stack.overlay" (dict "defaults" $spec "own" .group.autoscaling.spec) -}}
{{- end -}}

{{- /*
Spec of a group's ScaledObject. A sleeping group is looked at more often, and the waits begin with its first start. Input: dict root, name, group
(computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.scaledObjectSpec" -}}
  {{- $replicas := .group.computed.replicas -}}
  {{- $spec := dict
        "scaleTargetRef" (include "inference-stack.modelGroup.scaleTarget" . | fromJson)
        "minReplicaCount" $replicas.least
        "maxReplicaCount" $replicas.most
        "triggers" (include "inference-stack.modelGroup.scaleTriggers" . | fromJsonArray) -}}
  {{- with include "inference-stack.modelGroup.scaleBehavior" . | fromJson -}}
    {{- $_ := set $spec "advanced" (dict "horizontalPodAutoscalerConfig" (dict "behavior" .)) -}}
  {{- end -}}
  {{- if include "inference-stack.modelGroup.sleeps" . -}}
    {{- $_ := set $spec "pollingInterval" 10 -}}
    {{- $_ := set $spec "initialCooldownPeriod" (include "inference-stack.modelGroup.startSeconds" . | int64) -}}
    {{- $_ := set $spec "cooldownPeriod" (include "inference-stack.modelGroup.idleSeconds" . | int64) -}}
  {{- end -}}
  {{- include "inference-stack.overlay" (dict "defaults" $spec "own" .group.autoscaling.spec) -}}
{{- end -}}
