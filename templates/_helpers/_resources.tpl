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

{{- /* Resources the API server accepts: of a vendor's device the limit counts, else the request, and stands in both. Input: resources or nothing. Output: YAML map. */ -}}
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
{{- toYaml $resources -}}
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

{{- /* How many whole GPUs a pod gets; slices (nvidia.com/mig-*) and other devices do not count. Input: resources or nothing. Output: number. */ -}}
{{- define "inference-stack.gpuCount" -}}
{{- $count := 0 -}}
{{- range $name, $amount := (include "inference-stack.resources" . | fromYaml).limits -}}
{{- if regexMatch "^(nvidia\\.com/gpu(\\.shared)?|amd\\.com/gpu|gpu\\.intel\\.com/(i915|xe)|habana\\.ai/gaudi)$" $name -}}
{{- $count = add $count (atoi (toString $amount)) -}}
{{- end -}}
{{- end -}}
{{- $count -}}
{{- end -}}
