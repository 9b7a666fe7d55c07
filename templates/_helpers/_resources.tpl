{{- /* Resource requests and limits. */ -}}

{{- /*
Whether a resource is a device of a vendor (nvidia.com/gpu, amd.com/gpu, rdma/hca ...). Kubernetes takes those only with requests equal to limits.
Input: string. Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.isExtendedResource" -}}
{{- if and (contains "/" .) (not (regexMatch "(^|\\.)kubernetes\\.io/" .)) }}true{{ end -}}
{{- end -}}

{{- /* The devices that resources name. Input: resources or nothing. Output: names, empty if there are none. */ -}}
{{- define "inference-stack.devices" -}}
{{- range $name, $_ := (. | default dict).limits }}{{ if include "inference-stack.isExtendedResource" $name }}{{ $name }} {{ end }}{{ end -}}
{{- end -}}

{{- /* Resources the API server accepts: of a vendor's device the limit counts, else the request, and stands in both. Input: resources or nothing. Output: JSON map. */ -}}
{{- define "inference-stack.resources" -}}
{{- $resources := deepCopy (. | default dict) -}}
{{- $limits := $resources.limits | default dict -}}
{{- $requests := $resources.requests | default dict -}}
{{- range $name := concat (keys $requests) (keys $limits) | uniq | sortAlpha -}}
{{- if include "inference-stack.isExtendedResource" $name -}}
{{- $count := include "inference-stack.word" (ternary (index $limits $name) (index $requests $name) (hasKey $limits $name)) -}}
{{- $_ := set $limits $name $count -}}
{{- $_ := set $requests $name $count -}}
{{- end -}}
{{- end -}}
{{- with $limits }}{{ $_ := set $resources "limits" . }}{{ end -}}
{{- with $requests }}{{ $_ := set $resources "requests" . }}{{ end -}}
{{- toJson $resources -}}
{{- end -}}

{{- /* Names of devices whose request was changed to its limit. Input: resources or nothing. Output: JSON list of "name: request -> limit". */ -}}
{{- define "inference-stack.normalisedResources" -}}
{{- $changed := list -}}
{{- $limits := (. | default dict).limits | default dict -}}
{{- range $name, $request := (. | default dict).requests | default dict -}}
{{- if and (include "inference-stack.isExtendedResource" $name) (hasKey $limits $name) -}}
{{- $request := include "inference-stack.word" $request -}}
{{- $limit := include "inference-stack.word" (index $limits $name) -}}
{{- if ne $request $limit }}{{ $changed = append $changed (printf "%s: a request of %s became %s, its limit" $name $request $limit) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- toJson $changed -}}
{{- end -}}

{{- /* The GPUs a pod gets, by the name of their resource; slices (nvidia.com/mig-*) and other devices are none. Input: resources or nothing. Output: JSON map name -> number. */ -}}
{{- define "inference-stack.gpus" -}}
{{- $gpus := dict -}}
{{- range $name, $amount := (include "inference-stack.resources" . | fromJson).limits -}}
{{- if regexMatch "^(nvidia\\.com/gpu(\\.shared)?|amd\\.com/gpu|gpu\\.intel\\.com/(i915|xe)|habana\\.ai/gaudi)$" $name -}}
{{- $_ := set $gpus $name (atoi (toString $amount)) -}}
{{- end -}}
{{- end -}}
{{- toJson $gpus -}}
{{- end -}}

{{- /* How many whole GPUs a pod gets. Input: resources or nothing. Output: number. */ -}}
{{- define "inference-stack.gpuCount" -}}
{{- $count := 0 -}}
{{- range include "inference-stack.gpus" . | fromJson }}{{ $count = add $count (int64 .) }}{{ end -}}
{{- $count -}}
{{- end -}}

{{- /* Over how many GPUs the command of a group spreads one copy of its model, tensor times pipeline parallel. Input: dict group (completed). Output: number, 0 where the command does not say, or counts copies and nodes besides. */ -}}
{{- define "inference-stack.modelGroup.gpusUsed" -}}
{{- $used := 0 -}}
{{- $words := concat .group.command .group.args -}}
{{- with .group.preset.parallelism -}}
{{- range list .tensor .pipeline -}}
{{- $said := first (include "inference-stack.flag" (dict "words" $words "names" .) | fromJson).values | default "" -}}
{{- if regexMatch "^[0-9]+$" $said }}{{ $used = mul (max 1 $used) (int64 $said) }}{{ end -}}
{{- end -}}
{{- if (include "inference-stack.flag" (dict "words" $words "names" (concat .other .nodes)) | fromJson).given }}{{ $used = 0 }}{{ end -}}
{{- end -}}
{{- $used -}}
{{- end -}}

{{- /* How many GPUs an update of a group takes beyond those it has: those of the pods that its strategy starts before others end. Input: dict group (completed). Output: number. */ -}}
{{- define "inference-stack.modelGroup.surgeGPUs" -}}
{{- $strategy := include "inference-stack.modelGroup.strategy" . | fromYaml -}}
{{- $surge := 0 -}}
{{- if ne (toString $strategy.type) "Recreate" -}}
{{- $surge = include "inference-stack.podCount" (dict "given" (dig "rollingUpdate" "maxSurge" "25%" $strategy) "pods" .group.replicaCount) | int64 -}}
{{- end -}}
{{- ternary (mul $surge (int64 .group.gpus)) 0 (gt (int64 .group.replicaCount) 0) -}}
{{- end -}}
