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
Resources with the number of each device in both requests and limits: the limit, else the request. An empty quantity is none.
Input: resources or null. Output: JSON map.
*/ -}}
{{- define "inference-stack.resources" -}}
  {{- $resources := . | default dict | include "inference-stack.withoutNulls" | fromJson -}}
  {{- range $kind, $quantities := pick $resources "limits" "requests" -}}
    {{- range $name, $quantity := $quantities -}}
      {{- if eq (toString $quantity) "" -}}
        {{- $quantities = omit $quantities $name -}}
      {{- end -}}
    {{- end -}}
    {{- $_ := set $resources $kind $quantities -}}
  {{- end -}}
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

{{- /* A quantity (250m, 1.5, 2Gi, 1e3) as a number. Input: scalar. Output: number, to be read with float64. */ -}}
{{- define "inference-stack.quantity" -}}
  {{- $text := include "inference-stack.text" . -}}
  {{- $suffix := regexFind "[A-DF-Za-df-zE]i?$" $text -}}
  {{- $powers := dict "n" -3 "u" -2 "m" -1 "k" 1 "M" 2 "G" 3 "T" 4 "P" 5 "E" 6 -}}
  {{- $factor := 1.0 -}}
  {{- $power := index $powers (trimSuffix "i" $suffix) | default 0 | int -}}
  {{- range until (max $power (sub 0 $power) | int) -}}
    {{- $factor = mulf $factor (ternary 1024.0 1000.0 (hasSuffix "i" $suffix)) -}}
  {{- end -}}
  {{- $number := trimSuffix $suffix $text | float64 -}}
  {{- ternary (divf $number $factor) (mulf $number $factor) (lt $power 0) | printf "%f" -}}
{{- end -}}

{{- /* Resources of which more is requested than the limit allows. Input: resources or nothing. Output: JSON list of their names. */ -}}
{{- define "inference-stack.overRequested" -}}
  {{- $names := list -}}
  {{- $limits := (. | default dict).limits | default dict -}}
  {{- range $name, $request := (. | default dict).requests -}}
    {{- if hasKey $limits $name -}}
      {{- if gt (include "inference-stack.quantity" $request | float64) (include "inference-stack.quantity" (index $limits $name) | float64) -}}
        {{- $names = append $names $name -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* Devices that are not a whole number in limits. Input: resources or nothing. Output: JSON map name -> the next whole number. */ -}}
{{- define "inference-stack.partsOfDevices" -}}
  {{- $whole := dict -}}
  {{- range $name, $limit := (. | default dict).limits -}}
    {{- $count := include "inference-stack.quantity" $limit | float64 -}}
    {{- if and (include "inference-stack.isDevice" $name) (or (lt $count 0.0) (ne $count (floor $count))) -}}
      {{- $_ := set $whole $name (max 1 (ceil $count | int64)) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $whole -}}
{{- end -}}

{{- /*
Rule: no container of the user's requests more of a resource than its limit, a part of a device, or a device without a limit. The limit of an init
container's device is its request. Input: dict keys (path to the values of the gateway or a group), values.
*/ -}}
{{- define "inference-stack.containerResources.rule" -}}
  {{- $spec := .values.podSpec | default dict }}
  {{- range list
        (dict "keys" (list "initContainers") "list" .values.initContainers "completed" true)
        (dict "keys" (list "containers") "list" .values.containers)
        (dict "keys" (list "podSpec" "containers") "list" $spec.containers)
        (dict "keys" (list "podSpec" "initContainers") "list" $spec.initContainers) }}
    {{- $of := . }}
    {{- range $index, $container := .list }}
      {{- $resources := include "inference-stack.resources" $container.resources | fromJson }}
      {{- $limits := include "inference-stack.partsOfDevices" $resources | fromJson }}
      {{- range $name := include "inference-stack.overRequested" $resources | fromJsonArray }}
        {{- $_ := set $limits $name (index $resources.requests $name) }}
      {{- end }}
      {{- range $name, $request := ternary dict (($container.resources | default dict).requests | default dict) (hasKey $of "completed") }}
        {{- if include "inference-stack.isDevice" $name }}
          {{- $limit := index (($container.resources | default dict).limits | default dict) $name | include "inference-stack.text" }}
          {{- if ne $limit (include "inference-stack.text" $request) }}
            {{- $_ := set $limits $name $request }}
          {{- end }}
        {{- end }}
      {{- end }}
      {{- if $limits }}
        {{- $keys := concat $.keys $of.keys }}
        {{- $fix := dict "keys" $keys "list" $of.list "index" $index "fields" (dict "resources" (dict "limits" $limits)) }}

{{ join "." $keys }}[{{ $index }}].resources: Kubernetes takes no request above its limit, no part of a device and no device
without a limit ({{ keys $limits | sortAlpha | join ", " }}).
Please set:
{{ include "inference-stack.listFix" $fix | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
Rule: devices are whole, no more of a resource is requested than its limit, and each resource is one of Kubernetes' or a vendor's; Kubernetes refuses others.
Input: dict keys (path to the resources), resources (as they are rendered).
*/ -}}
{{- define "inference-stack.resources.rule" -}}
  {{- $path := join "." .keys }}
  {{- range $name, $whole := include "inference-stack.partsOfDevices" .resources | fromJson }}
    {{- $limits := dict "limits" (dict $name $whole) }}

{{ $path }}.limits: {{ index $.resources.limits $name | include "inference-stack.text" }} of {{ $name }} is not a whole number, and Kubernetes counts devices as
whole; a slice of one is a resource with a name of its own, such as nvidia.com/mig-1g.10gb.
Please set:
{{ include "inference-stack.nested" (dict "keys" $.keys "yaml" (toYaml $limits)) | indent 2 }}
  {{- end }}
  {{- range $kind, $of := pick (.resources | default dict) "limits" "requests" }}
    {{- range $name, $amount := $of }}
      {{- $device := regexMatch "^[a-z0-9][-a-z0-9.]*/[A-Za-z0-9][-A-Za-z0-9_.]*$" $name }}
      {{- if not (or $device (has $name (list "cpu" "memory" "ephemeral-storage")) (hasPrefix "hugepages-" $name)) }}
        {{- $fix := dict $name nil }}
        {{- if regexMatch "(?i)gpu" $name }}
          {{- $_ := set $fix "nvidia.com/gpu" $amount }}
        {{- end }}

{{ $path }}.{{ $kind }}: {{ quote $name }} is no resource of a container: cpu, memory, ephemeral-storage, hugepages-<size>, or a device with its vendor's
domain, such as nvidia.com/gpu.
Please set:
{{ include "inference-stack.nested" (dict "keys" (append $.keys $kind) "yaml" (toYaml $fix)) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
  {{- range $name := include "inference-stack.overRequested" .resources | fromJsonArray }}
    {{- $request := index $.resources.requests $name | include "inference-stack.text" }}
    {{- $limits := dict "limits" (dict $name $request) }}

{{ $path }}: the request of {{ $name }}, {{ $request }}, is above its limit, {{ index $.resources.limits $name | include "inference-stack.text" }}, which
Kubernetes refuses.
Please set:
{{ include "inference-stack.nested" (dict "keys" $.keys "yaml" (toYaml $limits)) | indent 2 }}
  {{- end }}
{{- end -}}
