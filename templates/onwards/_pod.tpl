{{- /* The gateway's pod. */ -}}

{{- /* Prints a PodTemplateSpec, without what the values lay over it. Input: root. */ -}}
{{- define "inference-stack.onwards.podTemplate" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $image := include "inference-stack.onwards.image" . -}}
  {{- $pullPolicy := include "inference-stack.imagePullPolicy" (dict "image" $onwards.image "reference" $image) -}}
  {{- $securityContext := include "inference-stack.onwards.securityContext" . | fromJson -}}
  {{- $resources := include "inference-stack.onwards.resources" . | fromJson -}}
  {{- $keySources := include "inference-stack.onwards.keySources" . | fromJsonArray -}}
metadata:
  labels:
    {{- $labels := dict "root" . "selector" $onwards.computed.selectorLabels "own" $onwards.podLabels }}
    {{- include "inference-stack.podLabels" $labels | fromJson | toYaml | nindent 4 }}
  annotations:
    {{- include "inference-stack.onwards.podAnnotations" . | fromJson | toYaml | nindent 4 }}
spec:
  serviceAccountName: {{ include "inference-stack.onwards.serviceAccountName" . | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "inference-stack.onwards.graceSeconds" . }}
  {{- with include "inference-stack.imagePullSecrets" (dict "root" . "own" $onwards.imagePullSecrets) | fromJsonArray }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- include "inference-stack.onwards.podSecurityContext" . | fromJson | toYaml | nindent 4 }}
  {{- with include "inference-stack.onwards.scheduling" . | fromJson }}
    {{- toYaml . | nindent 2 }}
  {{- end }}
  initContainers:
    - name: assemble-config
      image: {{ $image | quote }}
      imagePullPolicy: {{ $pullPolicy | quote }}
      command: [sh, -c]
      args:
        - |
          {{- .Files.Get "files/onwards/config.sh" | trim | nindent 10 }}
          {{- .Files.Get "files/onwards/assemble-config.sh" | trim | nindent 10 }}
      securityContext:
        {{- toYaml $securityContext | nindent 8 }}
      resources:
        {{- toYaml $resources | nindent 8 }}
      volumeMounts:
        - name: onwards-routes
          mountPath: /etc/onwards/routes
          readOnly: true
        {{- if $keySources }}
        - name: onwards-keys
          mountPath: /etc/onwards/keys
          readOnly: true
        {{- end }}
        - name: onwards-config
          mountPath: /app/config
  containers:
    - name: onwards
      image: {{ $image | quote }}
      imagePullPolicy: {{ $pullPolicy | quote }}
      args:
        {{- include "inference-stack.onwards.args" . | fromJsonArray | toYaml | nindent 8 }}
      {{- with include "inference-stack.onwards.env" . | fromJsonArray }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: {{ int64 $onwards.containerPort }}
          protocol: TCP
        - name: metrics
          containerPort: {{ int64 $onwards.metrics.port }}
          protocol: TCP
      {{- with include "inference-stack.onwards.probes" . | fromJson }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- with include "inference-stack.onwards.lifecycle" . | fromJson }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- toYaml $securityContext | nindent 8 }}
      resources:
        {{- toYaml $resources | nindent 8 }}
      volumeMounts:
        - name: onwards-config
          mountPath: /app/config
        {{- with $onwards.volumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    - name: watch-config
      image: {{ $image | quote }}
      imagePullPolicy: {{ $pullPolicy | quote }}
      command: [sh, -c]
      args:
        - |
          {{- .Files.Get "files/onwards/config.sh" | trim | nindent 10 }}
          {{- .Files.Get "files/onwards/watch-config.sh" | trim | nindent 10 }}
        - watch
        - {{ include "inference-stack.onwards.restartSeconds" . | quote }}
      livenessProbe:
        {{- include "inference-stack.onwards.watchProbe" . | fromJson | toYaml | nindent 8 }}
      securityContext:
        {{- toYaml $securityContext | nindent 8 }}
      resources:
        {{- include "inference-stack.onwards.watchResources" . | fromJson | toYaml | nindent 8 }}
      volumeMounts:
        - name: onwards-routes
          mountPath: /etc/onwards/routes
          readOnly: true
        {{- if $keySources }}
        - name: onwards-keys
          mountPath: /etc/onwards/keys
          readOnly: true
        {{- end }}
        - name: onwards-config
          mountPath: /app/config
  volumes:
    - name: onwards-routes
      configMap:
        name: {{ .stack.onwards.computed.fullname | quote }}
        defaultMode: 420
    {{- with $keySources }}
    - name: onwards-keys
      projected:
        defaultMode: 288
        sources:
          {{- toYaml . | nindent 10 }}
    {{- end }}
    - name: onwards-config
      emptyDir:
        medium: Memory
        sizeLimit: 16Mi
    {{- with $onwards.volumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- /*
The gateway's image. An official one that is older than 1.0.0, as the values of 0.4 pin it, is replaced by the version that the chart is tested with, and a
warning says so: it would have neither the probes nor the options. Input: root. Output: string.
*/ -}}
{{- define "inference-stack.onwards.image" -}}
  {{- $image := .stack.onwards.image -}}
  {{- if include "inference-stack.onwards.imageReplaced" . -}}
    {{- $image = omit $image "tag" -}}
  {{- end -}}
  {{- include "inference-stack.image" (dict "root" . "image" $image "defaultTag" .Chart.AppVersion) -}}
{{- end -}}

{{- /* Input: root. Output: "true" or nothing. */ -}}
{{- define "inference-stack.onwards.imageReplaced" -}}
  {{- $image := .stack.onwards.image -}}
  {{- if eq $image.repository "ghcr.io/doublewordai/onwards" -}}
    {{- include "inference-stack.imageOlderThan" (dict
          "reference" (include "inference-stack.image" (dict "root" . "image" $image "defaultTag" .Chart.AppVersion)) "version" "1.0.0") -}}
  {{- end -}}
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
  {{- $onwards := .stack.onwards -}}
  {{- $defaults := dict "fsGroup" 10001 "seccompProfile" (dict "type" "RuntimeDefault") -}}
  {{- $user := dict "sidecars" $onwards.computed.sidecars "of" "pod" "own" $onwards.podSecurityContext "uid" true -}}
  {{- $defaults = merge $defaults (include "inference-stack.user" $user | fromJson) -}}
  {{- range list $onwards.podSecurityContext $onwards.securityContext -}}
    {{- if eq (include "inference-stack.text" (. | default dict).runAsUser) "0" -}}
      {{- $defaults = omit $defaults "runAsNonRoot" -}}
    {{- end -}}
  {{- end -}}
  {{- $ports := list $onwards.containerPort $onwards.metrics.port -}}
  {{- include "inference-stack.podSecurityContext" (dict "root" . "defaults" $defaults "own" $onwards.podSecurityContext "ports" $ports) -}}
{{- end -}}

{{- /* Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.onwards.securityContext" -}}
  {{- $user := dict "sidecars" .stack.onwards.computed.sidecars "of" "container" "own" .stack.onwards.podSecurityContext "uid" true -}}
  {{- include "inference-stack.containerSecurityContext" (dict
        "own" .stack.onwards.securityContext "readOnly" true "user" (include "inference-stack.user" $user | fromJson)) -}}
{{- end -}}

{{- /*
Variables of the gateway: where its spans go and which, and the user's, which win. Input: root. Output: JSON list of EnvVar.
*/ -}}
{{- define "inference-stack.onwards.env" -}}
  {{- $tracing := list -}}
  {{- with .stack.tracing.endpoint -}}
    {{- $tracing = list
          (dict "name" "OTEL_EXPORTER_OTLP_ENDPOINT" "value" .)
          (dict "name" "OTEL_SERVICE_NAME" "value" $.stack.onwards.computed.fullname)
          (dict "name" "OTEL_TRACES_SAMPLER" "value" "parentbased_traceidratio")
          (dict "name" "OTEL_TRACES_SAMPLER_ARG" "value" (toString $.stack.tracing.sampleRatio)) -}}
  {{- end -}}
  {{- include "inference-stack.env" (concat $tracing (.stack.onwards.env | default list)) -}}
{{- end -}}

{{- /*
What restarts the gateway when it changes, and only that: its configuration and keys, or without rollOnChange what it reads at its start alone, as the
watcher does the rest; and the release's own ConfigMaps that it uses. Input: root. Output: JSON map.
*/ -}}
{{- define "inference-stack.onwards.podAnnotations" -}}
  {{- $content := list .stack.config (toJson .stack.keys) -}}
  {{- if not .stack.onwards.rollOnChange -}}
    {{- $content = list (include "inference-stack.onwards.startConfig" . | fromJson | toJson) -}}
  {{- end -}}
  {{- range $owner, $key := .stack.literalKeys -}}
    {{- if or $.stack.onwards.rollOnChange (hasPrefix "modelGroups." $owner) -}}
      {{- $content = append $content (printf "%s %s" $owner (include "inference-stack.hashedKey" $key)) -}}
    {{- end -}}
  {{- end -}}
  {{- with include "inference-stack.configMaps.used" (dict "own" .stack.configMaps "value" .stack.onwards) | fromJson -}}
    {{- $content = append $content (toJson .) -}}
  {{- end -}}
  {{- $scrape := include "inference-stack.serviceMonitor.gatewayAnnotations" . | fromJson -}}
  {{- $defaults := merge (dict "kubectl.kubernetes.io/default-container" "onwards") $scrape -}}
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
    {{- $own := index $given $kind -}}
    {{- $path := ($own | default dict).path | default $given.path -}}
    {{- $port := ternary "http" "metrics" (or (not (empty $path)) (eq (toString ($own | default dict).type) "tcp")) -}}
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
  {{- $allowed := mul (int64 ($startup.periodSeconds | default 10)) (int64 ($startup.failureThreshold | default 3)) -}}
  {{- min 2147483647 (add 600 (ternary $allowed 0 (not (empty $startup))) (int64 .stack.onwards.minReadySeconds)) -}}
{{- end -}}

{{- /* Where the pods run: as configured; several pods without spreading rules prefer different hosts and zones. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.onwards.scheduling" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $spread := $onwards.topologySpreadConstraints | default list -}}
  {{- if and (not $spread) (or $onwards.autoscaling.enabled (gt (int64 $onwards.replicaCount) 1)) -}}
    {{- $spread = include "inference-stack.spread" $onwards.computed.selectorLabels | fromJsonArray -}}
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

{{- /* The ports that the gateway's Services lead to. Input: root. Output: JSON list of names and numbers. */ -}}
{{- define "inference-stack.onwards.openPorts" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $ports := list -}}
  {{- range ternary (list "service" "loadBalancer") (list "service") $onwards.loadBalancer.enabled -}}
    {{- $target := int64 (index $onwards.computed.targets .) -}}
    {{- $ports = append $ports (ternary "http" $target (eq $target (int64 $onwards.containerPort))) -}}
  {{- end -}}
  {{- uniq $ports | toJson -}}
{{- end -}}

{{- /*
The gateway's http port (or what its Services lead to instead) is open to everyone, or to networkPolicy.gatewayFrom and `helm test`; its metrics port to
networkPolicy.metricsFrom.
Input: root. Output: JSON map, without podSelector.
*/ -}}
{{- define "inference-stack.onwards.networkPolicySpec" -}}
  {{- $policy := .stack.networkPolicy -}}
  {{- $http := dict "ports" (include "inference-stack.onwards.openPorts" . | fromJsonArray) -}}
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
