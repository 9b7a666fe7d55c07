{{- /* How a group's pods start, are replaced and terminate. */ -}}

{{- /*
A startup probe that allows at least the time that the model may take to load, by loadSeconds or its size: the engine's, with a higher
failureThreshold. Where no path of the engine is known, it asks what the user's readiness probe asks, else the liveness probe.
Input: dict root, group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.startupDefaults" -}}
  {{- $defaults := deepCopy .group.computed.preset.probes.startup -}}
  {{- if not (or $defaults.path (include "inference-stack.probe.asks" .group.startupProbe)) -}}
    {{- $like := dict -}}
    {{- range list .group.livenessProbe .group.readinessProbe -}}
      {{- if include "inference-stack.probe.asks" . -}}
        {{- $like = pick . "type" "path" "httpGet" "tcpSocket" "grpc" "exec" "timeoutSeconds" -}}
      {{- end -}}
    {{- end -}}
    {{- $defaults = merge $like $defaults -}}
  {{- end -}}
  {{- $period := max 1 (int64 ((.group.startupProbe | default dict).periodSeconds | default $defaults.periodSeconds)) -}}
  {{- $load := int64 .group.loadSeconds | default (include "inference-stack.modelGroup.loadSecondsOfModel" . | int64) -}}
  {{- $needed := div (add $load $period -1) $period -}}
  {{- $_ := set $defaults "failureThreshold" (max $needed (int64 $defaults.failureThreshold)) -}}
  {{- toJson $defaults -}}
{{- end -}}

{{- /* Sets .stack.models: what is known of models by their names. Input: root. */ -}}
{{- define "inference-stack.models.resolve" -}}
  {{- $_ := set .stack "models" (.Files.Get "files/models.yaml" | fromYaml) -}}
{{- end -}}

{{- /*
The time that a model of its size may take to load, by its name. Input: dict root, group (computed). Output: seconds, 0 for a small or unknown one.
*/ -}}
{{- define "inference-stack.modelGroup.loadSecondsOfModel" -}}
  {{- $name := include "inference-stack.modelGroup.loadedModel" . | lower | trimSuffix "/" | base -}}
  {{- $billions := 0.0 -}}
  {{- range regexFindAll "(^|[^a-z0-9.])([0-9]+x)?[0-9]+(\\.[0-9]+)?b($|[^a-z0-9])" $name -1 -}}
    {{- $factors := regexFindAll "[0-9]+(\\.[0-9]+)?" . -1 -}}
    {{- $number := float64 (first $factors) -}}
    {{- range rest $factors -}}
      {{- $number = mulf $number (float64 .) -}}
    {{- end -}}
    {{- $billions = maxf $billions $number -}}
  {{- end -}}
  {{- $known := .root.stack.models -}}
  {{- range $known.sizes -}}
    {{- if regexMatch .name $name -}}
      {{- $billions = float64 .billions -}}
    {{- end -}}
  {{- end -}}
  {{- $seconds := 0 -}}
  {{- range $known.load -}}
    {{- if ge $billions (float64 .billions) -}}
      {{- $seconds = int64 .seconds -}}
    {{- end -}}
  {{- end -}}
  {{- $seconds -}}
{{- end -}}

{{- /*
Probes or hooks that name the http port by another of its names, as the container has it. Input: dict group (computed), handlers (map of probes or hooks).
Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.portsAsNamed" -}}
  {{- $names := include "inference-stack.modelGroup.httpNames" . | fromJson -}}
  {{- $handlers := deepCopy .handlers -}}
  {{- range $handlers -}}
    {{- range $action := list .httpGet .tcpSocket -}}
      {{- if hasKey $names (toString ($action | default dict).port) -}}
        {{- $_ := set $action "port" "http" -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $handlers -}}
{{- end -}}

{{- /* Readiness is asked of the container that answers the gateway. Input: dict group (computed). Output: JSON map of the probes that are on. */ -}}
{{- define "inference-stack.modelGroup.probes" -}}
  {{- $probes := dict -}}
  {{- range $kind, $defaults := .group.computed.preset.probes -}}
    {{- if eq $kind "startup" -}}
      {{- $defaults = include "inference-stack.modelGroup.startupDefaults" $ | fromJson -}}
    {{- end -}}
    {{- $name := printf "%sProbe" $kind -}}
    {{- $probe := dict "defaults" $defaults "own" (index $.group $name) -}}
    {{- if and (eq $kind "readiness") (ne (int64 $.group.computed.target) (int64 $.group.computed.port)) -}}
      {{- $_ := set $probe "port" (int64 $.group.computed.target) -}}
    {{- else if $.group.computed.loopback -}}
      {{- $_ := set $probe "port" (int64 $.group.computed.target) -}}
      {{- $_ := set $probe "defaults" (omit $defaults "path") -}}
    {{- end -}}
    {{- with include "inference-stack.probe" $probe | fromJson -}}
      {{- $_ := set $probes $name . -}}
    {{- end -}}
  {{- end -}}
  {{- include "inference-stack.modelGroup.portsAsNamed" (dict "group" .group "handlers" $probes) -}}
{{- end -}}

{{- /*
The time a group may take to start: what its startup probe allows, with Kubernetes' own numbers where it has none; 0 without a probe.
Input: dict group (computed). Output: seconds.
*/ -}}
{{- define "inference-stack.modelGroup.startupSeconds" -}}
  {{- $defaults := include "inference-stack.modelGroup.startupDefaults" . | fromJson -}}
  {{- $probe := include "inference-stack.probe" (dict "own" .group.startupProbe "defaults" $defaults) | fromJson -}}
  {{- $allowed := mul (int64 ($probe.periodSeconds | default 10)) (int64 ($probe.failureThreshold | default 3)) -}}
  {{- ternary (add (int64 ($probe.initialDelaySeconds | default 0)) $allowed) 0 (not (empty $probe)) -}}
{{- end -}}

{{- /*
What a rollout needs until its first new pod is ready: a start, as long again for a model that is fetched before, ten minutes for scheduling and pulling,
and where a pod is replaced in place the time in which the old one terminates. Input: dict group (computed). Output: seconds.
*/ -}}
{{- define "inference-stack.modelGroup.rolloutSeconds" -}}
  {{- $strategy := .group.computed.strategy -}}
  {{- $inPlace := or (eq (toString $strategy.type) "Recreate") (has (dig "rollingUpdate" "maxSurge" "" $strategy | toString) (list "0" "0%")) -}}
  {{- $old := ternary (include "inference-stack.modelGroup.graceSeconds" .) "0" $inPlace | int64 -}}
  {{- $fetch := ternary .group.computed.startupSeconds 0 (eq true .group.prefetch.enabled) -}}
  {{- add 600 .group.computed.startupSeconds $old $fetch (int64 .group.minReadySeconds) -}}
{{- end -}}

{{- /* When Kubernetes reports a rollout as failed; it takes 31 bits. Input: dict group (computed). Output: seconds. */ -}}
{{- define "inference-stack.modelGroup.progressDeadlineSeconds" -}}
  {{- min 2147483647 (int64 .group.progressDeadlineSeconds | default .group.computed.rolloutSeconds | int64) -}}
{{- end -}}

{{- /* How long Helm has to wait for the slowest group. Input: root. Output: minutes. */ -}}
{{- define "inference-stack.modelGroups.startupMinutes" -}}
  {{- $seconds := 0 -}}
  {{- range .stack.modelGroups -}}
    {{- $seconds = max $seconds .computed.rolloutSeconds -}}
  {{- end -}}
  {{- div (add $seconds 59) 60 -}}
{{- end -}}

{{- /*
How pods are replaced; with nodes, how sets of them are. Where the user does not configure a rolling update: in place with a claim that only one node can
mount, else with a surge. A StatefulSet (perReplica) always replaces them in place.
Input: dict group (computed). Output: JSON map, {} if it is left to Kubernetes.
*/ -}}
{{- define "inference-stack.modelGroup.strategy" -}}
  {{- $given := .group.strategy | default dict | include "inference-stack.withoutNulls" | fromJson -}}
  {{- $strategy := dict "type" "RollingUpdate" "rollingUpdate" (dict "maxSurge" 1 "maxUnavailable" 0) -}}
  {{- $inPlace := dict "type" "RollingUpdate" "rollingUpdate" (dict "maxSurge" 0 "maxUnavailable" 1) -}}
  {{- if gt .group.computed.nodes 1 -}}
    {{- $strategy = include "inference-stack.modelGroup.setStrategy" . | fromJson -}}
  {{- else if eq .group.balancing "perReplica" -}}
    {{- $strategy = $inPlace -}}
  {{- else if eq (toString $given.type) "Recreate" -}}
    {{- $strategy = omit $given "rollingUpdate" -}}
  {{- else if $given.rollingUpdate -}}
    {{- $strategy = $given -}}
  {{- else if kindIs "invalid" .group.strategy -}}
    {{- $strategy = dict -}}
  {{- else if include "inference-stack.modelGroup.singleNode" . -}}
    {{- $strategy = $inPlace -}}
  {{- end -}}
  {{- toJson $strategy -}}
{{- end -}}

{{- /* Pods that an update starts before it ends others. Input: dict group (computed). Output: number. */ -}}
{{- define "inference-stack.modelGroup.surgePods" -}}
  {{- $strategy := .group.computed.strategy -}}
  {{- $surge := "0" -}}
  {{- if and (gt (int64 .group.computed.replicas.most) 0) (ne (toString $strategy.type) "Recreate") -}}
    {{- $maxSurge := dig "rollingUpdate" "maxSurge" "25%" $strategy -}}
    {{- $surge = include "inference-stack.podCount" (dict "given" $maxSurge "pods" .group.computed.replicas.most) -}}
  {{- end -}}
  {{- $surge -}}
{{- end -}}

{{- /*
GPUs that an update needs in addition to those of the group: those of pods that start before others terminate. Input: dict group (computed). Output:
number.
*/ -}}
{{- define "inference-stack.modelGroup.surgeGPUs" -}}
  {{- mul (include "inference-stack.modelGroup.worldSize" . | int64) (include "inference-stack.modelGroup.surgePods" . | int64) -}}
{{- end -}}

{{- /*
The gauges by which the preStop hook sees that no request is in flight: the engine's, unless its command turns them off, or is a script that does not
turn them on. Input: dict group (computed). Output: JSON list, empty if there are none.
*/ -}}
{{- define "inference-stack.modelGroup.gauges" -}}
  {{- $gauges := list -}}
  {{- $computed := .group.computed -}}
  {{- with $computed.preset.inFlight -}}
    {{- $words := $computed.read -}}
    {{- $text := join " " $words -}}
    {{- $off := (include "inference-stack.flag" (dict "words" $words "names" .disabledBy) | fromJson).given -}}
    {{- range .disabledBy -}}
      {{- $off = or $off (contains . $text) -}}
    {{- end -}}
    {{- if $computed.script -}}
      {{- range (dig "flags" "metrics" "names" list $computed.preset) -}}
        {{- $off = or $off (not (contains . $text)) -}}
      {{- end -}}
    {{- end -}}
    {{- $gauges = ternary list .gauges $off -}}
  {{- end -}}
  {{- toJson $gauges -}}
{{- end -}}

{{- /*
The longest that a pod may take to terminate: its preStop hook, then what the engine takes to finish by itself, then to unload. Behind the chart's own
wait for requests in flight nothing is left to finish, unless an option tells the engine to wait. Input: dict group (computed). Output: number.
*/ -}}
{{- define "inference-stack.modelGroup.graceSeconds" -}}
  {{- $seconds := include "inference-stack.drain.seconds" . | fromJson -}}
  {{- $drain := int64 .group.drainSeconds -}}
  {{- $hook := int64 $seconds.deregister -}}
  {{- $after := $drain -}}
  {{- if include "inference-stack.ownPreStop" .group.lifecycle -}}
    {{- $hook = include "inference-stack.hookSeconds" ((.group.lifecycle | default dict).preStop | default dict) | int64 -}}
  {{- else if .group.computed.gauges -}}
    {{- $hook = add $hook $drain -}}
    {{- $after = 0 -}}
  {{- end -}}
  {{- with .group.computed.preset.flags.drain -}}
    {{- $own := include "inference-stack.modelGroup.flagValue" (dict "group" $.group "names" .names) -}}
    {{- $after = ternary $own (toString $after) (regexMatch "^[0-9]+$" $own) | int64 -}}
  {{- end -}}
  {{- add $hook $after $seconds.unload -}}
{{- end -}}

{{- /*
The environment variable whose value the engine's metrics require as a key: the one that its command names, else the engine's own.
Input: dict group (computed). Output: name, empty if there is none.
*/ -}}
{{- define "inference-stack.modelGroup.metricsKey" -}}
  {{- $key := .group.computed.preset.apiKey -}}
  {{- $words := .group.computed.read -}}
  {{- $given := first (include "inference-stack.flag" (dict "words" $words "names" $key.flags) | fromJson).values | default "" -}}
  {{- ternary ($given | trimPrefix "$(" | trimSuffix ")") $key.env (regexMatch "^\\$\\([A-Za-z_][A-Za-z0-9_]*\\)$" $given) -}}
{{- end -}}

{{- /*
The preStop hook that waits until an engine has no request in flight, by its own gauges. Input: dict root, group (computed), first (seconds to wait before),
host (the variable that holds the engine's host, or absent for this pod). Output: JSON map, a LifecycleHandler.
*/ -}}
{{- define "inference-stack.modelGroup.drainHook" -}}
  {{- $alone := not (or (.group.podSpec | default dict).hostPID (.group.podSpec | default dict).shareProcessNamespace) -}}
  {{- include "inference-stack.drain.hook" (dict
        "root" .root
        "scripts" (ternary (list "files/end-loading.sh") list (and (gt .group.computed.nodes 1) $alone))
        "port" (int64 .group.computed.port)
        "path" (.group.metricsPath | default .group.computed.preset.metricsPath)
        "first" .first
        "most" (int64 .group.drainSeconds)
        "key" (include "inference-stack.modelGroup.metricsKey" .)
        "host" .host
        "gauges" .group.computed.gauges) -}}
{{- end -}}

{{- /*
The container's hooks. The pod is out of its Service first, then no request is in flight by the engine's own gauges, then the engine gets SIGTERM; so no
engine has to know how to finish requests by itself. Without gauges only the first is waited for: from 1.30 on Kubernetes itself can wait, before
that the image must have a sleep. Input: dict root, group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.lifecycle" -}}
  {{- $wait := (include "inference-stack.drain.seconds" . | fromJson).deregister -}}
  {{- $hook := dict "exec" (dict "command" (list "sleep" (toString $wait))) -}}
  {{- if .group.computed.gauges -}}
    {{- $hook = include "inference-stack.modelGroup.drainHook" (dict "root" .root "group" .group "first" $wait) | fromJson -}}
  {{- else if include "inference-stack.kubernetesAtLeast" (dict "root" .root "version" "1.30") -}}
    {{- $hook = dict "sleep" (dict "seconds" $wait) -}}
  {{- end -}}
  {{- $hooks := include "inference-stack.lifecycle" (dict "own" .group.lifecycle "preStop" $hook) | fromJson -}}
  {{- include "inference-stack.modelGroup.portsAsNamed" (dict "group" .group "handlers" $hooks) -}}
{{- end -}}

{{- /*
The hooks of a worker: the model cannot answer without it, so it stays until its leader has no request in flight. The leader is told to end when one of
its workers is; it leaves its Service then, for which the worker waits a little longer than the leader itself. /dev/shm is the pod's, so that a file there
shows that the container was started before.
Input: dict root, group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.workerLifecycle" -}}
  {{- $wait := mul 2 (include "inference-stack.drain.seconds" . | fromJson).deregister -}}
  {{- $hooks := dict "preStop" (dict "exec" (dict "command" (list "sleep" (toString (add $wait .group.drainSeconds))))) -}}
  {{- if .group.computed.gauges -}}
    {{- $again := "[[ ! -e /dev/shm/.started ]] || : > /dev/shm/.started-again; : > /dev/shm/.started" -}}
    {{- $hook := dict "root" .root "group" .group "first" $wait "host" "LWS_LEADER_ADDRESS" -}}
    {{- $hooks = dict
          "postStart" (dict "exec" (dict "command" (list "bash" "-c" $again)))
          "preStop" (include "inference-stack.modelGroup.drainHook" $hook | fromJson) -}}
  {{- end -}}
  {{- toJson $hooks -}}
{{- end -}}

{{- /* The longest that a worker may take to terminate: at least as long as its leader. Input: dict group (computed). Output: number. */ -}}
{{- define "inference-stack.modelGroup.workerGraceSeconds" -}}
  {{- $seconds := include "inference-stack.drain.seconds" . | fromJson -}}
  {{- $own := add (mul 2 $seconds.deregister) .group.drainSeconds $seconds.unload -}}
  {{- max $own (include "inference-stack.modelGroup.graceSeconds" . | int64) -}}
{{- end -}}
