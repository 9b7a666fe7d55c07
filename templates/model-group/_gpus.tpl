{{- /* The devices of a group. */ -}}

{{- /* Devices whose request was changed to their limit. Input: dict group. Output: JSON list of "name: request changed from 1 to 2". */ -}}
{{- define "inference-stack.modelGroup.resourceChanges" -}}
  {{- $changes := list -}}
  {{- $limits := (.group.resources | default dict).limits | default dict -}}
  {{- range $name, $request := (.group.resources | default dict).requests | default dict -}}
    {{- if and (include "inference-stack.isDevice" $name) (hasKey $limits $name) -}}
      {{- $limit := index $limits $name -}}
      {{- if ne (include "inference-stack.quantity" $request) (include "inference-stack.quantity" $limit) -}}
        {{- $request = include "inference-stack.text" $request -}}
        {{- $limit = include "inference-stack.text" $limit -}}
        {{- $changes = append $changes (printf "%s: request changed from %s to %s" $name $request $limit) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $changes -}}
{{- end -}}

{{- /* Sets .stack.devices: what is known of each kind of device, in the format of files/devices.schema.json. Input: root. */ -}}
{{- define "inference-stack.devices.resolve" -}}
  {{- $_ := set .stack "devices" (.Files.Get "files/devices.yaml" | fromYaml).devices -}}
{{- end -}}

{{- /*
The devices of a pod, each with what is known of its kind. Input: dict root, group (resources computed). Output: JSON list of {name, count (number), is
("" if it is unknown) and the other fields of files/devices.schema.json}.
*/ -}}
{{- define "inference-stack.modelGroup.devices" -}}
  {{- $root := .root -}}
  {{- $devices := list -}}
  {{- range $name, $amount := .group.computed.resources.limits -}}
    {{- $count := 0 -}}
    {{- if include "inference-stack.isDevice" $name -}}
      {{- $count = include "inference-stack.quantity" $amount | float64 | int64 -}}
    {{- end -}}
    {{- if gt $count 0 -}}
      {{- $device := dict "is" "" -}}
      {{- range $known := $root.stack.devices -}}
        {{- if regexMatch $known.pattern $name -}}
          {{- $device = deepCopy $known -}}
        {{- end -}}
      {{- end -}}
      {{- $devices = append $devices (set (set $device "name" $name) "count" $count) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $devices -}}
{{- end -}}

{{- /*
The number of devices of a pod that an engine can spread its model over: whole ones (deviceCount), or only those of which it counts each as one (gpus).
Input: dict group (devices computed), parallel (bool: only the latter). Output: number.
*/ -}}
{{- define "inference-stack.modelGroup.deviceCount" -}}
  {{- $count := 0 -}}
  {{- $parallel := .parallel -}}
  {{- range .group.computed.devices -}}
    {{- if and (eq .is "device") (or .tensorParallel (not $parallel)) -}}
      {{- $count = add $count (int64 .count) -}}
    {{- end -}}
  {{- end -}}
  {{- $count -}}
{{- end -}}

{{- /* Options of parallelism that a command sets. Input: dict group (computed). Output: "true" or nothing. */ -}}
{{- define "inference-stack.modelGroup.setsParallelism" -}}
  {{- with .group.computed.preset.parallelism -}}
    {{- if (include "inference-stack.modelGroup.option" (dict "group" $.group "names" (concat .tensor .pipeline .data .other)) | fromJson).given -}}
true
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
The number of GPUs that a command's sizes ask for: tensor times pipeline parallelism times copies (data parallelism). Input: dict group (computed).
Output: number, 0 if it has none.
*/ -}}
{{- define "inference-stack.modelGroup.gpusOfSizes" -}}
  {{- $used := 0 -}}
  {{- with .group.computed.preset.parallelism -}}
    {{- range list .tensor .pipeline .data -}}
      {{- $size := include "inference-stack.modelGroup.flagValue" (dict "group" $.group "names" .) -}}
      {{- if regexMatch "^[0-9]+$" $size -}}
        {{- $used = mul (max 1 $used) (int64 $size) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $used -}}
{{- end -}}

{{- /*
The number of GPUs that the command uses. Input: dict group (computed). Output: number, 0 if the command does not set it, or sets what the chart cannot
count.
*/ -}}
{{- define "inference-stack.modelGroup.gpusUsed" -}}
  {{- $used := include "inference-stack.modelGroup.gpusOfSizes" . | int64 -}}
  {{- with .group.computed.preset.parallelism -}}
    {{- $words := $.group.computed.words -}}
    {{- $nodes := (include "inference-stack.modelGroup.option" (dict "group" $.group "names" .nodes) | fromJson).given -}}
    {{- $elsewhere := and $nodes (le $.group.computed.nodes 1) -}}
    {{- $unknown := (include "inference-stack.flag" (dict "words" $words "names" (concat .other .files)) | fromJson).given -}}
    {{- if or (has "\n" $words) $elsewhere $unknown -}}
      {{- $used = 0 -}}
    {{- end -}}
  {{- end -}}
  {{- $used -}}
{{- end -}}
