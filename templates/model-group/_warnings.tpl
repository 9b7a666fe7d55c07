{{- /* Warnings about model groups. */ -}}

{{- /* Warnings of each group, one after the other. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.each" -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- $names := list "latest" "tagAsNumber" "resourceChanges" "noOpenAI" "modelDirectory" "rootMounts" "script" "idleGPUs" "noDevice" -}}
    {{- range concat $names (list "preStop" "progressDeadline") }}
{{ include (printf "inference-stack.modelGroup.warning.%s" .) (dict "path" (printf "modelGroups.%s" $name) "group" $group) }}
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

{{- define "inference-stack.modelGroup.warning.rootMounts" -}}
  {{- with .group.computed.rootMounts }}

{{ $.path }}: only root can access {{ join ", " . }}, so this engine runs as its image's user; mount the volume elsewhere, for example at /cache,
to run it restricted (its cache settings follow the path).
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.script" -}}
  {{- $computed := .group.computed }}
  {{- if $computed.script }}

{{ .path }}: its command is a shell script, so the chart adds no options; it must listen on 0.0.0.0:{{ int64 $computed.port }} and serve
{{ $computed.servedNames | default $computed.aliases | join ", " }}.
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
  {{- if and .group.computed.preset.needsGPU (not (include "inference-stack.modelGroup.hasDevice" .)) }}

{{ .path }}: it requests no GPU; set {{ .path }}.resources.limits (nvidia.com/gpu: 1) unless its image runs on CPU.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.preStop" -}}
  {{- $preset := .group.computed.preset }}
  {{- if include "inference-stack.ownPreStop" .group.lifecycle }}

{{ .path }}.lifecycle: its preStop hook replaces the chart's, which waits until the pod is out of its Service and no request is running; the engine gets
SIGTERM as soon as yours ends.
  {{- else if and (not .group.computed.gauges) (or $preset.inFlight (not $preset.launcher)) }}

{{ .path }}: no metric shows its running requests, so a terminating pod waits {{ (include "inference-stack.drain.seconds" . | fromJson).deregister }} seconds
and then gets SIGTERM; answers that take longer end there, unless the engine finishes them by itself.
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
    {{- if gt (int64 $group.requestTimeoutSeconds) $gateway }}

modelGroups.{{ $name }}.requestTimeoutSeconds: a response may begin after {{ int64 $group.requestTimeoutSeconds }} seconds, but a terminating gateway pod waits
for only {{ $gateway }} seconds; raise onwards.drainSeconds.
    {{- end }}
  {{- end }}
  {{- with $long }}

{{ join ", " . }}: drainSeconds is above 600, after which the cluster autoscaler ends a pod whatever its grace period is (EKS managed node groups after
900 seconds, spot nodes after 30 to 120); see docs/updates.md.
  {{- end }}
{{- end -}}
