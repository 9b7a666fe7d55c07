{{- /* What can work with a model group but is risky. */ -}}

{{- /* Warnings of each group, one after the other. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.each" -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- range list "latest" "tagAsNumber" "resourceChanges" "noOpenAI" "modelDirectory" "rootMounts" "script" "idleGPUs" "noDevice" }}
{{ include (printf "inference-stack.modelGroup.warning.%s" .) (dict "path" (printf "modelGroups.%s" $name) "group" $group) }}
    {{- end }}
  {{- end -}}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.latest" -}}
  {{- if hasSuffix ":latest" .group.computed.imageReference }}

{{ .path }}: the tag of {{ .group.computed.imageReference }} is latest, so which version runs depends on the day its node pulls it; set {{ .path }}.tag.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.tagAsNumber" -}}
  {{- $tag := .group.computed.image.tag }}
  {{- if kindIs "float64" $tag }}
    {{- if ne (floor $tag) $tag }}

{{ .path }}: its tag was read as the number {{ include "inference-stack.text" $tag }}, and a number loses the zeros at its end (1.10 becomes 1.1);
put the tag in quotes.
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

{{ $.path }}: nothing is mounted at its model repository {{ . }}, so that is an empty directory which the init containers share; mount your models there
with {{ $.path }}.persistentVolumes.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.rootMounts" -}}
  {{- with .group.computed.rootMounts }}

{{ $.path }}: only root can enter {{ join ", " . }}, so this engine runs as the user of its image; mount the volume elsewhere, for example at /cache,
to run it restricted (its cache settings follow the path).
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.script" -}}
  {{- $computed := .group.computed }}
  {{- if $computed.script }}

{{ .path }}: its command is a shell script, to which nothing is added; it must listen on 0.0.0.0:{{ int64 $computed.port }} and serve
{{ $computed.servedNames | default $computed.aliases | join ", " }}.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.idleGPUs" -}}
  {{- $used := .group.computed.gpusUsed }}
  {{- $gpus := int64 .group.computed.gpus }}
  {{- if and $used (lt $used $gpus) }}

{{ .path }}: its command spreads the model over {{ $used }} GPUs, but each pod gets {{ $gpus }}; the others are idle.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.noDevice" -}}
  {{- if and .group.computed.preset.needsGPU (not (include "inference-stack.modelGroup.hasDevice" .)) }}

{{ .path }}: it asks for no GPU; set {{ .path }}.resources.limits (nvidia.com/gpu: 1) unless its image runs on CPU.
  {{- end }}
{{- end -}}

{{- /* GPUs that updates need, where nobody has said that there are some. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.surge" -}}
  {{- $surging := list }}
  {{- $most := 0 }}
  {{- range $name, $group := .stack.modelGroups }}
    {{- if and $group.computed.surgeGPUs (not (int64 $group.spareGPUs)) }}
      {{- $surging = append $surging (printf "modelGroups.%s" $name) }}
      {{- $most = max $most $group.computed.surgeGPUs }}
    {{- end }}
  {{- end }}
  {{- with $surging }}

{{ join ", " . }}: an update starts new pods before old ones end, which takes up to {{ $most }} more GPUs; where the cluster has none to spare it waits for
ever. Say spareGPUs, or replace in place with strategy.rollingUpdate: {maxSurge: 0, maxUnavailable: 1}.
  {{- end }}
{{- end -}}

{{- /* Answers that take longer than a gateway pod lives once it terminates. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.drain" -}}
  {{- $gateway := int64 .stack.onwards.drainSeconds }}
  {{- range $name, $group := .stack.modelGroups }}
    {{- if gt (int64 $group.drainSeconds) $gateway }}

modelGroups.{{ $name }}.drainSeconds: its answers may take {{ int64 $group.drainSeconds }} seconds, but a gateway pod that goes finishes only what takes
{{ $gateway }}; raise onwards.drainSeconds.
    {{- end }}
    {{- if gt (int64 $group.requestTimeoutSeconds) $gateway }}

modelGroups.{{ $name }}.requestTimeoutSeconds: an answer may begin after {{ int64 $group.requestTimeoutSeconds }} seconds, but a gateway pod that goes
finishes only what takes {{ $gateway }}; raise onwards.drainSeconds.
    {{- end }}
  {{- end }}
{{- end -}}
