{{- /* Resource requests and limits. */ -}}

{{- /*
Whether a resource is a vendor's device (nvidia.com/gpu, rdma/hca ...), which Kubernetes accepts only with its request equal to its limit.
Input: string. Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.isDevice" -}}
  {{- if and (contains "/" .) (not (regexMatch "(^|\\.)kubernetes\\.io/" .)) -}}
true
  {{- end -}}
{{- end -}}

{{- /*
Resources with the number of each device in both requests and limits: the limit, else the request. Input: resources or nothing. Output: JSON map.
*/ -}}
{{- define "inference-stack.resources" -}}
  {{- $resources := deepCopy (. | default dict) -}}
  {{- $limits := $resources.limits | default dict -}}
  {{- $requests := $resources.requests | default dict -}}
  {{- range $name := concat (keys $requests) (keys $limits) | uniq | sortAlpha -}}
    {{- if include "inference-stack.isDevice" $name -}}
      {{- $count := ternary (index $limits $name) (index $requests $name) (hasKey $limits $name) | include "inference-stack.text" -}}
      {{- $_ := set $limits $name $count -}}
      {{- $_ := set $requests $name $count -}}
    {{- end -}}
  {{- end -}}
  {{- with $limits -}}
    {{- $_ := set $resources "limits" . -}}
  {{- end -}}
  {{- with $requests -}}
    {{- $_ := set $resources "requests" . -}}
  {{- end -}}
  {{- toJson $resources -}}
{{- end -}}
