{{- /* The gateway's pod. */ -}}

{{- /* Input: root. Output: string. */ -}}
{{- define "inference-stack.onwards.image" -}}
  {{- include "inference-stack.image" (dict "root" . "image" .stack.onwards.image "defaultTag" .Chart.AppVersion) -}}
{{- end -}}

{{- /* Input: root. Output: JSON list of strings. */ -}}
{{- define "inference-stack.onwards.args" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $args := list
        "--targets" "/app/config/config.json"
        "--port" ($onwards.containerPort | int64 | toString)
        "--metrics-port" ($onwards.metrics.port | int64 | toString)
        "--metrics-prefix" (toString $onwards.metrics.prefix) -}}
  {{- $args = concat $args (include "inference-stack.onwards.drainArgs" . | fromJsonArray) -}}
  {{- concat $args (include "inference-stack.texts" $onwards.extraArgs | fromJsonArray) | toJson -}}
{{- end -}}

{{- /*
The gateway's resources. A limit below the default request takes that down with it, a request above the default limit raises that; the chart's own
numbers never make the user's invalid. Input: root. Output: JSON map.
*/ -}}
{{- define "inference-stack.onwards.resources" -}}
  {{- $defaults := .stack.defaults.onwards.resources -}}
  {{- $resources := include "inference-stack.resources" .stack.onwards.resources | fromJson -}}
  {{- range $name := include "inference-stack.overRequested" $resources | fromJsonArray -}}
    {{- $request := index $resources.requests $name -}}
    {{- $limit := index $resources.limits $name -}}
    {{- if eq (toString $request) (index $defaults.requests $name | toString) -}}
      {{- $_ := set $resources.requests $name $limit -}}
    {{- else if eq (toString $limit) (index $defaults.limits $name | toString) -}}
      {{- $_ := set $resources.limits $name $request -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $resources -}}
{{- end -}}

{{- /* The image's user is a name, which the kubelet cannot prove not to be root; hence a number. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.onwards.podSecurityContext" -}}
  {{- $defaults := dict
        "runAsNonRoot" true
        "runAsUser" 10001
        "runAsGroup" 10001
        "fsGroup" 10001
        "seccompProfile" (dict "type" "RuntimeDefault") -}}
  {{- include "inference-stack.overlay" (dict "defaults" $defaults "own" .stack.onwards.podSecurityContext) -}}
{{- end -}}

{{- /* Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.onwards.securityContext" -}}
  {{- $own := include "inference-stack.overlay" (dict "defaults" (dict "readOnlyRootFilesystem" true) "own" .stack.onwards.securityContext) | fromJson -}}
  {{- include "inference-stack.containerSecurityContext" $own -}}
{{- end -}}

{{- /*
What restarts the gateway when it changes, and only that: its configuration and keys, or without rollOnChange what it reads at its start alone; the
watcher does the rest. Input: root. Output: JSON map.
*/ -}}
{{- define "inference-stack.onwards.podAnnotations" -}}
  {{- $content := list (include "inference-stack.onwards.config" .) (toJson .stack.keys) -}}
  {{- if not .stack.onwards.rollOnChange -}}
    {{- $content = list (include "inference-stack.onwards.startConfig" . | fromJson | toJson) -}}
  {{- end -}}
  {{- range $owner, $key := .stack.literalKeys -}}
    {{- if or $.stack.onwards.rollOnChange (hasPrefix "modelGroups." $owner) -}}
      {{- $content = append $content (printf "%s %s" $owner (include "inference-stack.hashedKey" $key)) -}}
    {{- end -}}
  {{- end -}}
  {{- $defaults := dict "kubectl.kubernetes.io/default-container" "onwards" -}}
  {{- $given := include "inference-stack.overlay" (dict "defaults" $defaults "own" .stack.onwards.podAnnotations) | fromJson -}}
  {{- $checksum := dict "checksum/config" (join "\n" $content | sha256sum) -}}
  {{- $own := include "inference-stack.overlay" (dict "defaults" $given "own" $checksum) | fromJson -}}
  {{- include "inference-stack.annotations" (dict "root" . "own" $own) -}}
{{- end -}}

{{- /*
Health and readiness on the metrics port; a path of the user's is one of the http port. A gateway that hangs has nothing to drain, so its liveness
probe gives it ten seconds. Input: root. Output: JSON map of probes.
*/ -}}
{{- define "inference-stack.onwards.probes" -}}
  {{- $given := .stack.onwards.probes -}}
  {{- $defaults := dict
        "startup" (dict "path" "/healthz" "periodSeconds" 2 "timeoutSeconds" 3 "failureThreshold" 60)
        "readiness" (dict "path" "/readyz" "periodSeconds" 5 "timeoutSeconds" 3 "failureThreshold" 2)
        "liveness" (dict "path" "/healthz" "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 6) -}}
  {{- if include "inference-stack.kubernetesAtLeast" (dict "root" . "version" "1.21") -}}
    {{- $_ := set $defaults.liveness "terminationGracePeriodSeconds" 10 -}}
  {{- end -}}
  {{- $probes := dict -}}
  {{- range $kind, $default := $defaults -}}
    {{- $own := index $given $kind | default dict -}}
    {{- $path := $own.path | default $given.path -}}
    {{- $port := ternary "http" "metrics" (or (not (empty $path)) (eq (toString $own.type) "tcp")) -}}
    {{- $default = set (omit $default "path") "path" ($path | default $default.path) -}}
    {{- with include "inference-stack.probe" (dict "defaults" $default "own" $own "port" $port) | fromJson -}}
      {{- $_ := set $probes (printf "%sProbe" $kind) . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $probes -}}
{{- end -}}

{{- /*
How long a gateway container lives at most once its liveness probe has failed, with room: after that the watcher takes the configuration in hand
again. Input: root. Output: seconds.
*/ -}}
{{- define "inference-stack.onwards.restartSeconds" -}}
  {{- $liveness := (include "inference-stack.onwards.probes" . | fromJson).livenessProbe | default dict -}}
  {{- add 5 ($liveness.terminationGracePeriodSeconds | default (include "inference-stack.onwards.graceSeconds" .) | int64) -}}
{{- end -}}

{{- /*
The watcher's probe: it fails while a key cannot be used, for an alert and for `kubectl describe`, but not so often that the container would be
restarted. Input: root. Output: JSON map.
*/ -}}
{{- define "inference-stack.onwards.watchProbe" -}}
  {{- $command := list "sh" "-c" "! cat /app/config/problem 2>/dev/null" -}}
  {{- toJson (dict "exec" (dict "command" $command) "periodSeconds" 30 "timeoutSeconds" 5 "failureThreshold" 1000000) -}}
{{- end -}}

{{- /* What the watcher needs, measured with 1,000 aliases. Output: JSON map. */ -}}
{{- define "inference-stack.onwards.watchResources" -}}
  {{- $requests := dict "cpu" "10m" "memory" "16Mi" "ephemeral-storage" "8Mi" -}}
  {{- toJson (dict "requests" $requests "limits" (dict "cpu" "500m" "memory" "64Mi" "ephemeral-storage" "64Mi")) -}}
{{- end -}}

{{- /*
The progress deadline of a rollout: the time a start may take, and ten minutes for scheduling and pulling. Input: root. Output: seconds.
*/ -}}
{{- define "inference-stack.onwards.progressDeadlineSeconds" -}}
  {{- $startup := (include "inference-stack.onwards.probes" . | fromJson).startupProbe | default dict -}}
  {{- min 2147483647 (add 600 (mul (int64 $startup.periodSeconds) (int64 $startup.failureThreshold))) -}}
{{- end -}}

{{- /* Where the pods run: as configured; several pods without spreading rules prefer different hosts and zones. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.onwards.scheduling" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $spread := $onwards.topologySpreadConstraints | default list -}}
  {{- if and (not $spread) (or $onwards.autoscaling.enabled (gt (int64 $onwards.replicaCount) 1)) -}}
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
      {{- $spread = append $spread (dict
            "maxSkew" 1
            "topologyKey" .
            "whenUnsatisfiable" "ScheduleAnyway"
            "labelSelector" (dict "matchLabels" $onwards.computed.selectorLabels)) -}}
    {{- end -}}
  {{- end -}}
  {{- include "inference-stack.scheduling" (set (omit $onwards "topologySpreadConstraints") "topologySpreadConstraints" $spread) -}}
{{- end -}}

{{- /* The autoscaler's metrics: the user's, else the CPU. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.onwards.scalingMetrics" -}}
  {{- $scaling := .stack.onwards.autoscaling -}}
  {{- $target := dict "type" "Utilization" "averageUtilization" (int64 $scaling.targetCPUUtilizationPercentage) -}}
  {{- $cpu := dict "type" "Resource" "resource" (dict "name" "cpu" "target" $target) -}}
  {{- $scaling.metrics | default (list $cpu) | toJson -}}
{{- end -}}

{{- /*
The Service's node port; only types NodePort and LoadBalancer can have one. Input: root. Output: number, 0 if Kubernetes chooses or there is
none.
*/ -}}
{{- define "inference-stack.onwards.nodePort" -}}
  {{- $service := .stack.onwards.service -}}
  {{- ternary (int64 $service.nodePort) 0 (has $service.type (list "NodePort" "LoadBalancer")) -}}
{{- end -}}

{{- /*
The gateway's http port is open to everyone, or to networkPolicy.gatewayFrom and `helm test`; its metrics port to networkPolicy.metricsFrom.
Input: root. Output: JSON map, without podSelector.
*/ -}}
{{- define "inference-stack.onwards.networkPolicySpec" -}}
  {{- $policy := .stack.networkPolicy -}}
  {{- $http := dict "ports" (list "http") -}}
  {{- with $policy.gatewayFrom -}}
    {{- $test := include "inference-stack.selectorLabels" (dict "root" $ "component" "test") | fromJson -}}
    {{- $_ := set $http "from" (append . (dict "podSelector" (dict "matchLabels" $test))) -}}
  {{- end -}}
  {{- $rules := list (include "inference-stack.networkPolicy.ingressRule" $http | fromJson) -}}
  {{- with $policy.metricsFrom -}}
    {{- $rules = append $rules (include "inference-stack.networkPolicy.ingressRule" (dict "ports" (list "metrics") "from" .) | fromJson) -}}
  {{- end -}}
  {{- include "inference-stack.networkPolicy.letIn" (dict "root" . "own" $policy.onwards "ingress" $rules) -}}
{{- end -}}
