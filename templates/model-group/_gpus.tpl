{{- /* The devices of a group. */ -}}

{{- /* Devices whose request was changed to their limit. Input: dict group. Output: JSON list of "name: request changed from 1 to 2". */ -}}
{{- define "inference-stack.modelGroup.resourceChanges" -}}
  {{- $changes := list -}}
  {{- $limits := (.group.resources | default dict).limits | default dict -}}
  {{- range $name, $request := (.group.resources | default dict).requests | default dict -}}
    {{- if and (include "inference-stack.isDevice" $name) (hasKey $limits $name) -}}
      {{- $request := include "inference-stack.text" $request -}}
      {{- $limit := include "inference-stack.text" (index $limits $name) -}}
      {{- if ne $request $limit -}}
        {{- $changes = append $changes (printf "%s: request changed from %s to %s" $name $request $limit) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $changes -}}
{{- end -}}

{{- /* Whether a pod of a group requests any device. Input: dict group (computed). Output: "true" or nothing. */ -}}
{{- define "inference-stack.modelGroup.hasDevice" -}}
  {{- range $name, $_ := .group.computed.resources.limits -}}
    {{- if include "inference-stack.isDevice" $name -}}
true
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
The full GPUs of a pod; slices (nvidia.com/mig-*) and other devices are not counted. Input: dict group (computed). Output: JSON map name of the resource ->
number.
*/ -}}
{{- define "inference-stack.modelGroup.gpus" -}}
  {{- $gpus := dict -}}
  {{- range $name, $amount := .group.computed.resources.limits -}}
    {{- if regexMatch "^(nvidia\\.com/gpu(\\.shared)?|amd\\.com/gpu|gpu\\.intel\\.com/(i915|xe)|habana\\.ai/gaudi)$" $name -}}
      {{- $_ := set $gpus $name (atoi (toString $amount)) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $gpus -}}
{{- end -}}

{{- /* The number of full GPUs of a pod. Input: dict group (computed). Output: number. */ -}}
{{- define "inference-stack.modelGroup.gpuCount" -}}
  {{- $count := 0 -}}
  {{- range include "inference-stack.modelGroup.gpus" . | fromJson -}}
    {{- $count = add $count (int64 .) -}}
  {{- end -}}
  {{- $count -}}
{{- end -}}

{{- /*
The number of GPUs over which the command distributes one copy of the model: tensor times pipeline parallelism.
Input: dict group (computed). Output: number, 0 if the command does not set it, or sets numbers of copies or nodes too.
*/ -}}
{{- define "inference-stack.modelGroup.gpusUsed" -}}
  {{- $used := 0 -}}
  {{- with .group.computed.preset.parallelism -}}
    {{- range list .tensor .pipeline -}}
      {{- $size := include "inference-stack.modelGroup.flagValue" (dict "group" $.group "names" .) -}}
      {{- if regexMatch "^[0-9]+$" $size -}}
        {{- $used = mul (max 1 $used) (int64 $size) -}}
      {{- end -}}
    {{- end -}}
    {{- $words := concat $.group.computed.command $.group.computed.args -}}
    {{- if (include "inference-stack.flag" (dict "words" $words "names" (concat .other .nodes)) | fromJson).given -}}
      {{- $used = 0 -}}
    {{- end -}}
  {{- end -}}
  {{- $used -}}
{{- end -}}

{{- /*
GPUs that an update needs in addition to those of the group: those of pods that start before others terminate. Input: dict group (computed). Output:
number.
*/ -}}
{{- define "inference-stack.modelGroup.surgeGPUs" -}}
  {{- mul (int64 .group.computed.gpus) (include "inference-stack.modelGroup.surgePods" . | int64) -}}
{{- end -}}
