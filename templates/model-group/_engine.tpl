{{- /*
The engine that a group runs. Facts about an engine are in its preset, files/engines/<engine>.yaml, in the format of files/engines/preset.schema.json.
*/ -}}

{{- /* Sets .stack.engines: engine -> preset. Input: root. */ -}}
{{- define "inference-stack.engines.resolve" -}}
  {{- $engines := dict -}}
  {{- range $path, $_ := .Files.Glob "files/engines/*.yaml" -}}
    {{- $_ := set $engines (base $path | trimSuffix ".yaml") ($.Files.Get $path | fromYaml) -}}
  {{- end -}}
  {{- $_ := set .stack "engines" $engines -}}
{{- end -}}

{{- /* The engines, in the order that their presets set. Input: root. Output: JSON list of names. */ -}}
{{- define "inference-stack.engineNames" -}}
  {{- $ordered := dict -}}
  {{- range $name, $preset := .stack.engines -}}
    {{- $_ := set $ordered (printf "%04d" (int64 $preset.order)) $name -}}
  {{- end -}}
  {{- $names := list -}}
  {{- range keys $ordered | sortAlpha -}}
    {{- $names = append $names (index $ordered .) -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* The engine of a group if none is set or detected: the one with the default preset. Input: root. Output: name. */ -}}
{{- define "inference-stack.defaultEngine" -}}
  {{- range $name, $preset := .stack.engines -}}
    {{- if $preset.default -}}
      {{- $name -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
The engine of a group: the one it sets, else the one its command starts, else (without a program) the one in its image, else, without an image, the
default one if modelName or nothing at all is set, else custom. An unknown name is refused in validation, and ignored here.
Input: dict root, group. Output: string.
*/ -}}
{{- define "inference-stack.modelGroup.engine" -}}
  {{- $group := .group -}}
  {{- $engines := .root.stack.engines -}}
  {{- $command := include "inference-stack.texts" $group.command | fromJsonArray -}}
  {{- $args := include "inference-stack.texts" $group.args | fromJsonArray -}}
  {{- $line := concat $command $args | join " " -}}
  {{- $program := and $command (not (hasPrefix "-" (first $command))) -}}
  {{- $repository := $group.image -}}
  {{- if kindIs "map" $repository -}}
    {{- $repository = $repository.repository -}}
  {{- end -}}
  {{- $repository = $repository | default "" | toString -}}
  {{- $byCommand := "" -}}
  {{- $byImage := "" -}}
  {{- range $name := include "inference-stack.engineNames" .root | fromJsonArray -}}
    {{- $recognise := (index $engines $name).recognise -}}
    {{- if and (not $byCommand) $recognise.command (regexMatch $recognise.command $line) -}}
      {{- $byCommand = $name -}}
    {{- end -}}
    {{- if and $recognise.image (regexMatch $recognise.image $repository) -}}
      {{- $byImage = $name -}}
    {{- end -}}
  {{- end -}}
  {{- if hasKey $engines (toString $group.engine) -}}
    {{- $group.engine -}}
  {{- else if $byCommand -}}
    {{- $byCommand -}}
  {{- else if $program -}}
custom
  {{- else if $byImage -}}
    {{- $byImage -}}
  {{- else if or $repository (and $args (not $group.modelName)) -}}
custom
  {{- else -}}
    {{- include "inference-stack.defaultEngine" .root -}}
  {{- end -}}
{{- end -}}
