{{- /* Warnings about model groups. */ -}}

{{- /* Warnings of each group, one after the other. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.each" -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- $names := list "latest" "tagAsNumber" "resourceChanges" "noOpenAI" "modelDirectory" "rootSigns" "script" "assumedProgram" -}}
    {{- $names = concat $names (list "severalServers" "modelBehindOptions" "unknownServedName" "unknownPort" "shellVariables") -}}
    {{- $names = concat $names (list "idleGPUs" "noDevice" "devices" "visibleDevices" "sharedMemory") -}}
    {{- $names = concat $names (list "notTold" "hints" "optionsInFile" "otherRoutes" "preStop" "progressDeadline") -}}
    {{- $names = concat $names (list "metadataServer" "imageVolume" "scalingHold" "scalingLimit") -}}
    {{- range concat $names (list "sidecars" "podSpec" "affinity" "shortKey" "oneNode" "claimAccess") }}
{{ include (printf "inference-stack.modelGroup.warning.%s" .) (dict "root" $ "path" (printf "modelGroups.%s" $name) "group" $group) }}
    {{- end }}
  {{- end -}}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.latest" -}}
  {{- if hasSuffix ":latest" .group.computed.imageReference }}

{{ .path }}: the tag of {{ .group.computed.imageReference }} is latest, so the version that runs depends on when its node pulls it; set {{ .path }}.tag.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.tagAsNumber" -}}
  {{- $tag := .group.computed.image.tag }}
  {{- if kindIs "float64" $tag }}
    {{- if ne (floor $tag) $tag }}

{{ .path }}: YAML reads its tag as the number {{ include "inference-stack.text" $tag }}, and a number loses trailing zeros (1.10 becomes 1.1);
quote the tag.
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.resourceChanges" -}}
  {{- range .group.computed.resourceChanges }}

{{ $.path }}.resources: {{ . }}; Kubernetes accepts devices only with requests equal to limits.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.noOpenAI" -}}
  {{- $aliases := .group.computed.aliases }}
  {{- with .group.computed.preset.noOpenAI }}
    {{- if $aliases }}

{{ $.path }}: {{ .why }}, so requests for {{ join ", " $aliases }} get 404 from it; {{ .instead }}.
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.modelDirectory" -}}
  {{- with include "inference-stack.modelGroup.modelDirectory" . }}

{{ $.path }}: nothing is mounted at its model repository {{ . }}, so it is an empty directory shared with the init containers; mount your models there
with {{ $.path }}.persistentVolumes.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.rootSigns" -}}
  {{- if and .group.computed.preset.nonRoot (not .group.computed.user) }}
    {{- range .group.computed.rootSigns }}

{{ $.path }}: {{ .sign }}, so this engine runs as its image's user; to run it restricted, {{ .instead }}.
    {{- end }}
  {{- end }}
  {{- range $container := ternary .group.initContainers list .group.computed.nonRoot }}
    {{- $signs := include "inference-stack.modelGroup.initSigns" (dict "group" $.group "container" .) | fromJsonArray }}
    {{- range ternary list $signs (hasKey (.securityContext | default dict) "runAsUser") }}

{{ $.path }}.initContainers: {{ .sign }}, so {{ $container.name }} runs as root; to run it restricted, {{ .instead }}.
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.script" -}}
  {{- $computed := .group.computed }}
  {{- $why := dict
        "script" "its command is a shell script"
        "entrypoint" "its image is not one of the engine's own, and its entrypoint may take other options"
        "subcommand" "its command does not start the engine's own server" }}
  {{- with index $why $computed.kept }}

{{ $.path }}: {{ . }}, so the chart adds no options; it must listen on 0.0.0.0:{{ int64 $computed.port }} and serve
{{ $computed.servedNames | default $computed.aliases | join ", " }}.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.assumedProgram" -}}
  {{- with .group.computed.assumed }}

{{ $.path }}: its image is not one of the engine's own, and must have {{ . }}, which the chart starts; set {{ $.path }}.command if it has another program.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.severalServers" -}}
  {{- if .group.computed.several }}

{{ .path }}: its script starts servers on several ports, and requests are sent to {{ int64 .group.computed.port }}; if another one answers them, set
{{ .path }}.containerPort.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.modelBehindOptions" -}}
  {{- $computed := .group.computed }}
  {{- if and $computed.behind $computed.preset.flags.servedNames.add (not $computed.script) }}

{{ .path }}: its model stands behind options, where {{ $computed.engine }} accepts no served names, so requests are sent for {{ $computed.behind }};
put the model in front of the options.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.unknownServedName" -}}
  {{- $computed := .group.computed }}
  {{- $flag := include "inference-stack.flag" (dict "words" $computed.words "names" $computed.preset.flags.servedNames.names) | fromJson }}
  {{- $name := first $flag.values | default "" }}
  {{- if contains "$" $name }}

{{ .path }}: its served name is {{ $name }}, whose value is not in the values file, so requests are sent for {{ join ", " $computed.aliases }}; it must be
the same.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.unknownPort" -}}
  {{- with .group.computed.unknownPort }}

{{ $.path }}: its command sets the port to {{ . }}, whose value is not in the values file; it must be {{ int64 $.group.computed.port }}, the containerPort.
  {{- end }}
{{- end -}}

{{- /* What is refused of a known engine may be meant for another program; inside a longer text it may be meant for both. */ -}}
{{- define "inference-stack.modelGroup.warning.shellVariables" -}}
  {{- $line := .group.computed.line }}
  {{- $pattern := ternary "\\$\\{[A-Z][A-Z0-9_]*\\}" "\\$\\{?[A-Za-z_]\\w*\\}?" (not (empty .group.computed.preset.launcher)) }}
  {{- $found := list }}
  {{- if not (or $line.shell $line.text) }}
    {{- range concat $line.command $line.args }}
      {{- with regexFind $pattern . }}
        {{- $found = append $found . }}
      {{- end }}
    {{- end }}
  {{- end }}
  {{- with uniq $found }}

{{ $.path }}: its program gets {{ join ", " . }} as it is written; Kubernetes replaces only $(NAME), a shell also $NAME: command: [sh, -c].
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.idleGPUs" -}}
  {{- $used := .group.computed.gpusUsed }}
  {{- $gpus := int64 .group.computed.gpus }}
  {{- if and $used (lt $used $gpus) }}

{{ .path }}: its command splits the model across {{ $used }} GPUs, but each pod gets {{ $gpus }}; the others are idle.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.noDevice" -}}
  {{- $device := or .group.computed.devices (.group.resources | default dict).claims }}
  {{- $other := regexMatch "(^|[-_./:])(cpu|tpu|xpu)([-_./:0-9]|$)" .group.computed.imageReference }}
  {{- if and .group.computed.preset.needsGPU (not (or $device $other)) }}

{{ .path }}: it requests no GPU; set {{ .path }}.resources.limits (nvidia.com/gpu: 1) unless its image runs on CPU.
  {{- end }}
{{- end -}}

{{- /* A model that the chart cannot pass on, because it knows no option for it. */ -}}
{{- define "inference-stack.modelGroup.warning.notTold" -}}
  {{- $computed := .group.computed }}
  {{- $model := include "inference-stack.text" .group.modelName }}
  {{- $knows := or $computed.preset.model.positional $computed.preset.model.flags }}
  {{- $said := concat $computed.read (values $computed.givenEnv) | join " " }}
  {{- if and $model (not $knows) (not (contains $model $said)) }}

{{ .path }}.modelName: how its image is told a model and a port is not known, so nothing is added; its args, env or image have to make it serve
{{ $model }} on 0.0.0.0:{{ int64 $computed.port }}.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.hints" -}}
  {{- $computed := .group.computed }}
  {{- $said := printf "%s %s %s basePath=%s containerPort=%d"
        (join " " $computed.read)
        (keys $computed.givenEnv | sortAlpha | join " ")
        (keys (.group.podSecurityContext | default dict) | sortAlpha | join " ")
        .group.basePath (int64 .group.containerPort) }}
  {{- range $computed.preset.hints }}
    {{- if and (regexMatch .image $computed.imageReference) (not (regexMatch .unless $said)) }}

{{ $.path }}: {{ .note | replace "PORT" (toString $computed.port) }}.
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Devices over which the chart does not spread the model, where the command does not either. */ -}}
{{- define "inference-stack.modelGroup.warning.devices" -}}
  {{- $names := list }}
  {{- range .group.computed.devices }}
    {{- if and (ne .is "other") (not .tensorParallel) (or (gt (int64 .count) 1) .cores) }}
      {{- $names = append $names (printf "%d %s" (int64 .count) .name) }}
    {{- end }}
  {{- end }}
  {{- if (.group.resources | default dict).claims }}
    {{- $names = append $names "the devices of resources.claims" }}
  {{- end }}
  {{- if and $names .group.computed.preset.parallelism (not (include "inference-stack.modelGroup.setsParallelism" .)) }}

{{ .path }}.resources: the chart does not spread a model over {{ join ", " $names }}; add the engine's option of tensor parallelism to args, and
sharedMemory, if it can use more than one.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.visibleDevices" -}}
  {{- range $name, $_ := .group.computed.givenEnv }}
    {{- if regexMatch "_VISIBLE_(DEVICES|CHIPS|CORES)$|^(ZE_AFFINITY_MASK|GPU_DEVICE_ORDINAL)$" $name }}

{{ $.path }}.env: {{ $name }} chooses devices past Kubernetes, and the chart counts those of resources.limits; omit it unless you know the node.
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Parallelism that a file of options may set. */ -}}
{{- define "inference-stack.modelGroup.warning.optionsInFile" -}}
  {{- $computed := .group.computed }}
  {{- with $computed.preset.parallelism }}
    {{- $file := include "inference-stack.modelGroup.option" (dict "group" $.group "names" .files) | fromJson }}
    {{- $said := include "inference-stack.modelGroup.option" (dict "group" $.group "names" (concat .tensor .pipeline .data .other)) | fromJson }}
    {{- if and $file.given (not $said.given) (not $computed.script) (gt (int64 $computed.gpus) 1) }}

{{ $.path }}: the file of {{ first .files }} may say how its {{ $computed.gpus }} GPUs are used, so the chart does not; unless it does, add
{{ first .tensor }} {{ $computed.gpus }} to its args.
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.imageVolume" -}}
  {{- if eq (toString .group.computed.source.kind) "oci" }}
    {{- if not (include "inference-stack.kubernetesAtLeast" (dict "root" .root "version" "1.36")) }}

{{ .path }}.modelName: volumes from images need the feature gate ImageVolume on Kubernetes {{ include "inference-stack.kubernetesVersion" .root }};
they are part of 1.36.
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Models that are asked at paths which the gateway does not have. */ -}}
{{- define "inference-stack.modelGroup.warning.otherRoutes" -}}
  {{- with .group.computed.otherRoutes }}
    {{- if $.root.stack.onwards.strictMode }}

{{ $.path }}: its model is asked at {{ . }}, where the gateway answers 404 (it forwards chat, completions, responses, messages and embeddings); let its clients
ask http://{{ $.group.computed.fullname }}:{{ int64 $.group.service.port }} directly, with networkPolicy.enginesFrom. helm test leaves it out.
    {{- else if contains "audio" . }}

{{ $.path }}: its model is asked at {{ . }} by forms, in which the gateway cannot read the model; clients have to send the header model-override.
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.sharedMemory" -}}
  {{- $memory := include "inference-stack.modelGroup.sharedMemory" . | fromJson }}
  {{- range .group.computed.addedVolumes }}
    {{- if and (eq (trimPrefix "chart-" .name) "shm") (not $memory.full) }}

{{ $.path }}.sharedMemory: /dev/shm gets only {{ $memory.size }}, half of the memory limit, against which it counts; raise resources.limits.memory or set
sharedMemory.
    {{- end }}
  {{- end }}
  {{- $limit := (.group.computed.resources.limits | default dict).memory }}
  {{- range .group.volumes }}
    {{- $size := (.emptyDir | default dict).sizeLimit }}
    {{- $inMemory := and $limit $size (eq (toString (.emptyDir | default dict).medium) "Memory") }}
    {{- if and $inMemory (ge (include "inference-stack.quantity" $size | float64) (include "inference-stack.quantity" $limit | float64)) }}

{{ $.path }}.volumes: {{ .name }} may grow to {{ include "inference-stack.text" $size }} in memory, which counts against the memory limit of
{{ include "inference-stack.text" $limit }}; raise resources.limits.memory, or the engine is killed before the volume is full.
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Accounts of Google's Workload Identity, whose tokens come from the metadata server; and buckets that are read with such tokens. */ -}}
{{- define "inference-stack.modelGroup.warning.metadataServer" -}}
  {{- $closed := and .root.stack.networkPolicy.enabled (not .group.metadataServer) }}
  {{- $bucket := contains "gcsfuse.csi.storage.gke.io" (toJson .group.volumes) }}
  {{- range $name, $value := .group.podAnnotations }}
    {{- $bucket = or $bucket (and (eq $name "gke-gcsfuse/volumes") (eq (toString $value) "true")) }}
  {{- end }}
  {{- if not (or .group.envFrom (hasKey .group.computed.givenEnv "GOOGLE_APPLICATION_CREDENTIALS")) }}
    {{- $bucket = or $bucket (regexMatch "(^|[\\s='\"])gs://" (join " " .group.computed.read)) }}
  {{- end }}
  {{- if and $closed (hasKey (.group.serviceAccount.annotations | default dict) "iam.gke.io/gcp-service-account") }}

{{ .path }}.serviceAccount: its tokens come from the cloud's metadata server, which the network policy closes; set {{ .path }}.metadataServer: true.
  {{- else if and $closed $bucket }}

{{ .path }}: its bucket is read with a token of the cloud's metadata server, which the network policy closes; set {{ .path }}.metadataServer: true.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.preStop" -}}
  {{- $preset := .group.computed.preset }}
  {{- if include "inference-stack.ownPreStop" .group.lifecycle }}

{{ .path }}.lifecycle: its preStop hook replaces the chart's, which waits until the pod is out of its Service and no request is running; the engine gets
SIGTERM as soon as yours ends.
  {{- else if and (not .group.computed.gauges) (or $preset.inFlight $preset.cutsRequests) }}

{{ .path }}: no metric shows its running requests, so a terminating pod waits {{ (include "inference-stack.drain.seconds" . | fromJson).deregister }} seconds
and then gets SIGTERM; answers that take longer end there, unless the engine finishes them by itself.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.shortKey" -}}
  {{- $key := .group.apiKey }}
  {{- if and $key (not (kindIs "map" $key)) (not (include "inference-stack.hashedKey" $key)) }}

{{ .path }}.apiKey: it is shorter than 16 characters, so it is in no checksum, from which it could be guessed; after changing it, restart the group and the
gateway.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.progressDeadline" -}}
  {{- $needed := sub .group.computed.rolloutSeconds 600 }}
  {{- $deadline := int64 .group.progressDeadlineSeconds }}
  {{- if and $deadline (le $deadline $needed) }}

{{ .path }}.progressDeadlineSeconds: Kubernetes reports a rollout as failed after {{ $deadline }} seconds, but it may take {{ $needed }} and more; omit
it to derive it from the startup probe.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.sidecars" -}}
  {{- include "inference-stack.sidecars.warning" (dict "path" .path "sidecars" .group.computed.sidecars) }}
{{- end -}}

{{- /* What podSpec lays over values from which the chart derives others, which do not follow. */ -}}
{{- define "inference-stack.modelGroup.warning.podSpec" -}}
  {{- $spec := .group.podSpec | default dict }}
  {{- include "inference-stack.podSpec.warning" (dict "path" .path "podSpec" $spec) }}
  {{- if $spec.hostNetwork }}

{{ .path }}.podSpec.hostNetwork: the engine listens on its node's addresses, where no network policy holds, and a new pod needs a node on which its port
is free.
  {{- end }}
  {{- range $container := concat ($spec.containers | default list) (.group.containers | default list) }}
    {{- range $field, $key := dict "args" "args" "command" "command" "image" "image" "ports" "additionalPorts" "resources" "resources" }}
      {{- if and (hasKey $container $field) (eq $container.name (trimPrefix "modelGroups." $.path)) }}

{{ $.path }}: {{ $field }} of the container {{ $container.name }} replaces what the chart renders, and nothing that it derives follows; set
{{ $.path }}.{{ $key }} instead.
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Pods on one node, for the sake of a volume, and what room they need there. */ -}}
{{- define "inference-stack.modelGroup.warning.oneNode" -}}
  {{- $pods := int64 .group.computed.pods }}
  {{- $gpus := mul $pods (int64 .group.computed.gpus) }}
  {{- range include "inference-stack.modelGroup.sharedClaims" (dict "root" .root "group" .group "access" "node") | fromJsonArray }}
    {{- if $.group.podsShareNode }}

{{ $.path }}: only one node can mount {{ .volume }} (ReadWriteOnce), so all pods that mount it are kept on one node, which needs room for
{{ $pods }} {{ ternary "pod" "pods" (eq $pods 1) }} of this group at a time{{ with $gpus }}, with {{ . }} GPUs in all{{ end }}; accessModes: [ReadWriteMany], or
podsShareNode: false, if more nodes can mount it.
    {{- else }}

{{ $.path }}.podsShareNode: it is false, so a pod may come to a node that cannot mount {{ .volume }} (ReadWriteOnce) while another one has it, and not start.
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.affinity" -}}
  {{- if and (eq (toString .group.service.sessionAffinity) "ClientIP") (ne (int64 .group.computed.replicas.most) 1) }}

{{ .path }}.service.sessionAffinity: the client of this Service is the gateway, so each of its pods sends all its requests to one replica.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.claimAccess" -}}
  {{- range include "inference-stack.modelGroup.sharedClaims" (dict "root" .root "group" .group "access" "") | fromJsonArray }}

{{ $.path }}: several pods may mount the claim {{ .claim }} at a time, those of an update included; if it is ReadWriteOnce, one on another node does not start.
Set accessModes beside existingClaim: with [ReadWriteOnce] the pods are kept on one node.
  {{- end }}
{{- end -}}

{{- /* Claims that Helm deletes, said while there is time. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.claims" -}}
  {{- $claims := list }}
  {{- range .stack.modelGroups }}
    {{- range .computed.claims }}
      {{- if and .own (not .keep) }}
        {{- $claims = append $claims .claim }}
      {{- end }}
    {{- end }}
  {{- end }}
  {{- with $claims }}

{{ join ", " . }}: Helm deletes a claim, with what is on it, on uninstall, when its group or volume is renamed, removed or disabled, and when nameOverride or
fullnameOverride changes. To keep it, set keep: true in persistentVolumes before.
  {{- end }}
{{- end -}}

{{- /* Spare GPUs that updates need, where spareGPUs is not set. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.surge" -}}
  {{- $surging := list }}
  {{- $most := 0 }}
  {{- range $name, $group := .stack.modelGroups }}
    {{- if and $group.computed.surgeGPUs (not (int64 $group.spareGPUs)) }}
      {{- $surging = append $surging (printf "modelGroups.%s" $name) }}
      {{- $most = max $most $group.computed.surgeGPUs }}
    {{- end }}
  {{- end }}
  {{- if and $surging .Release.IsUpgrade }}

{{ join ", " $surging }}: an update needs {{ $most }} spare {{ ternary "GPU" "GPUs" (eq (int64 $most) 1) }}, as new pods start first; set
spareGPUs or maxSurge: 0.
  {{- end }}
{{- end -}}

{{- /*
Answers that take longer than a gateway pod lives once it terminates, or than what replaces nodes leaves a pod. Input: root.
*/ -}}
{{- define "inference-stack.modelGroups.warnings.drain" -}}
  {{- $gateway := int64 .stack.onwards.drainSeconds }}
  {{- $long := ternary (list "onwards") list (gt $gateway 600) }}
  {{- range $name, $group := .stack.modelGroups }}
    {{- if gt (int64 $group.drainSeconds) 600 }}
      {{- $long = append $long (printf "modelGroups.%s" $name) }}
    {{- end }}
    {{- if gt (int64 $group.drainSeconds) $gateway }}

modelGroups.{{ $name }}.drainSeconds: its responses may take {{ int64 $group.drainSeconds }} seconds, but a terminating gateway pod waits for
only {{ $gateway }} seconds; raise onwards.drainSeconds.
    {{- end }}
    {{- if and (gt (int64 $group.requestTimeoutSeconds) (int64 $group.drainSeconds)) (le (int64 $group.requestTimeoutSeconds) $gateway) }}

modelGroups.{{ $name }}.requestTimeoutSeconds: a response may begin after {{ int64 $group.requestTimeoutSeconds }} seconds, but a terminating engine waits for
only {{ int64 $group.drainSeconds }} seconds; raise modelGroups.{{ $name }}.drainSeconds.
    {{- end }}
    {{- if gt (int64 $group.requestTimeoutSeconds) $gateway }}

modelGroups.{{ $name }}.requestTimeoutSeconds: a response may begin after {{ int64 $group.requestTimeoutSeconds }} seconds, but a terminating gateway pod waits
for only {{ $gateway }} seconds; raise onwards.drainSeconds.
    {{- end }}
  {{- end }}
  {{- range $name, $provider := .stack.externalProviders }}
    {{- if gt (int64 $provider.requestTimeoutSeconds) $gateway }}

externalProviders.{{ $name }}.requestTimeoutSeconds: a response may begin after {{ int64 $provider.requestTimeoutSeconds }} seconds, but a terminating gateway
pod waits for only {{ $gateway }} seconds; raise onwards.drainSeconds.
    {{- end }}
  {{- end }}
  {{- with $long }}

{{ join ", " . }}: drainSeconds is above 600, after which the cluster autoscaler ends a pod whatever its grace period is (EKS managed node groups after
900 seconds, spot nodes after 30 to 120); see docs/updates.md.
  {{- end }}
{{- end -}}

{{- /* A request for a sleeping group is not held longer than a terminating gateway pod waits. */ -}}
{{- define "inference-stack.modelGroup.warning.scalingHold" -}}
  {{- $needed := include "inference-stack.modelGroup.wakeSeconds" . | int64 }}
  {{- if include "inference-stack.modelGroup.sleeps" . }}
    {{- range $alias := .group.computed.aliases }}
      {{- $held := index $.root.stack.holdSeconds $alias | int64 }}
      {{- if and $held (lt $held $needed) }}

{{ $.path }}.autoscaling: a request for {{ $alias }} is held for {{ $held }} seconds and may get 502 then, as a start takes {{ $needed }}; raise
onwards.drainSeconds, or make it start faster.
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* A limit of a whole group does not grow with its pods, and may keep its autoscaler from ever adding one. */ -}}
{{- define "inference-stack.modelGroup.warning.scalingLimit" -}}
  {{- $autoscaling := .group.autoscaling }}
  {{- $limit := mul (int64 .group.concurrencyLimit) (int64 .root.stack.onwards.computed.pods) }}
  {{- $at := include "inference-stack.modelGroup.scaleAt" . | int64 }}
  {{- $byRequests := and .group.computed.scaler (eq $autoscaling.by "requests") (not (or $autoscaling.metrics $autoscaling.triggers)) }}
  {{- $pods := div (add $limit $at -1) $at }}
  {{- if and $byRequests $limit (eq .group.balancing "service") (lt (int64 $pods) (int64 .group.computed.replicas.most)) }}

{{ .path }}.concurrencyLimit: it is for all pods together, so at most {{ $limit }} requests are in flight, which is enough for {{ $pods }} of up to
{{ .group.computed.replicas.most }} pods; balancing: perReplica has a limit for each.
  {{- end }}
{{- end -}}

{{- /* What autoscalers ask for can be read. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.scaling" -}}
  {{- $asked := list }}
  {{- range $name, $group := .stack.modelGroups }}
    {{- $autoscaling := $group.autoscaling }}
    {{- if and $group.computed.scaler (ne $autoscaling.by "cpu") (not (or $autoscaling.metrics $autoscaling.triggers)) }}
      {{- $asked = append $asked $name }}
    {{- end }}
  {{- end }}
  {{- if and $asked .stack.networkPolicy.enabled (not .stack.networkPolicy.metricsFrom) }}
    {{- $who := ternary "Prometheus" "KEDA" (not (empty .stack.prometheus.serverAddress)) }}

networkPolicy.metricsFrom: it is empty, so {{ $who }} cannot read the metrics that the autoscaler of {{ join ", " $asked }} asks for; set where it runs.
  {{- end }}
{{- end -}}
