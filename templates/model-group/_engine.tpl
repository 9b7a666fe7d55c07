{{- /*
The engine that a group runs. Facts about an engine are in its preset, files/engines/<engine>.yaml, in the format of files/engines/preset.schema.json.
*/ -}}

{{- /* Sets .stack.engines: engine -> preset; and .stack.engineNames, in the order that their presets set. Input: root. */ -}}
{{- define "inference-stack.engines.resolve" -}}
  {{- $engines := dict -}}
  {{- range $path, $_ := .Files.Glob "files/engines/*.yaml" -}}
    {{- $_ := set $engines (base $path | trimSuffix ".yaml") ($.Files.Get $path | fromYaml) -}}
  {{- end -}}
  {{- $_ := set .stack "engines" $engines -}}
  {{- $ordered := dict -}}
  {{- range $name, $preset := $engines -}}
    {{- $_ := set $ordered (printf "%04d" (int64 $preset.order)) $name -}}
  {{- end -}}
  {{- $names := list -}}
  {{- range keys $ordered | sortAlpha -}}
    {{- $names = append $names (index $ordered .) -}}
  {{- end -}}
  {{- $_ := set .stack "engineNames" $names -}}
{{- end -}}

{{- /* The engine of a group if none is set or detected: the one with the default preset. Input: root. Output: name. */ -}}
{{- define "inference-stack.defaultEngine" -}}
  {{- range $name, $preset := .stack.engines -}}
    {{- if $preset.default -}}
      {{- $name -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /* The engine that a command line starts. Input: dict root, words. Output: name, empty if none is recognised. */ -}}
{{- define "inference-stack.engineOfWords" -}}
  {{- $line := join " " .words -}}
  {{- $engine := "" -}}
  {{- range $name := .root.stack.engineNames -}}
    {{- $pattern := (index $.root.stack.engines $name).recognise.command -}}
    {{- if and (not $engine) $pattern (regexMatch $pattern $line) -}}
      {{- $engine = $name -}}
    {{- end -}}
  {{- end -}}
  {{- $engine -}}
{{- end -}}

{{- /* The repository of a group's image as the user wrote it, without a tag, empty if none is set. Input: dict group. Output: string. */ -}}
{{- define "inference-stack.modelGroup.repository" -}}
  {{- $repository := .group.image -}}
  {{- if kindIs "map" $repository -}}
    {{- $repository = $repository.repository -}}
  {{- end -}}
  {{- regexReplaceAll "(:[^/:@]+)?(@[^/]+)?$" ($repository | default "" | toString) "" -}}
{{- end -}}

{{- /*
Whether the image of a group is its engine's own, whose programs, entrypoint and tags are known: a pinned one, or one of the repositories in which the
engine's project publishes. Input: dict root, group. Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.isOwnImage" -}}
  {{- $repository := include "inference-stack.modelGroup.repository" . -}}
  {{- $own := not $repository -}}
  {{- range .root.stack.engines -}}
    {{- with .recognise.ownImage -}}
      {{- $own = or $own (regexMatch . $repository) -}}
    {{- end -}}
  {{- end -}}
  {{- if $own -}}
true
  {{- end -}}
{{- end -}}

{{- /*
The version of a group's engine: the one it sets, else the one in the tag of the engine's own image; other images' tags are other products' versions.
Input: dict root, group (computed). Output: string such as 0.30.0, empty if it is unknown.
*/ -}}
{{- define "inference-stack.modelGroup.engineVersion" -}}
  {{- $text := include "inference-stack.text" .group.engineVersion -}}
  {{- if and (not $text) (include "inference-stack.modelGroup.isOwnImage" .) -}}
    {{- $text = regexFind ":[^/:@]+(@|$)" .group.computed.imageReference | trimPrefix ":" -}}
    {{- $text = $text | default (include "inference-stack.text" .group.computed.image.tag) -}}
  {{- end -}}
  {{- regexFind "^v?[0-9]+\\.[0-9]+(\\.[0-9]+)?" $text | trimPrefix "v" -}}
{{- end -}}

{{- /*
The engine of a group: the one it sets, else the one its command starts, else (without a program) the one in its image, else, without an image, the
default one if modelName or nothing at all is set, else custom. An image that only resembles an engine's by its name runs that engine if the group gives
it something to run. An unknown name is refused in validation, and ignored here. Input: dict root, group (computed). Output: string.
*/ -}}
{{- define "inference-stack.modelGroup.engine" -}}
  {{- $group := .group -}}
  {{- $engines := .root.stack.engines -}}
  {{- $line := $group.computed.line -}}
  {{- $repository := include "inference-stack.modelGroup.repository" . -}}
  {{- $byCommand := include "inference-stack.engineOfWords" (dict "root" .root "words" (concat $line.command $line.args)) -}}
  {{- $byImage := "" -}}
  {{- range $name := .root.stack.engineNames -}}
    {{- $recognise := (index $engines $name).recognise -}}
    {{- $other := and $recognise.notImage (regexMatch ($recognise.notImage | default "^$") $repository) -}}
    {{- if and $recognise.image (regexMatch $recognise.image $repository) (not $other) -}}
      {{- $byImage = $name -}}
    {{- end -}}
  {{- end -}}
  {{- if and $byImage (not (or $line.args $group.modelName (include "inference-stack.modelGroup.isOwnImage" .))) -}}
    {{- $model := index (index $engines $byImage).model "env" | default list -}}
    {{- $set := and $model $group.envFrom -}}
    {{- range $group.env -}}
      {{- $set = or $set (has .name $model) -}}
    {{- end -}}
    {{- $byImage = ternary $byImage "custom" (not (empty $set)) -}}
  {{- end -}}
  {{- if hasKey $engines (toString $group.engine) -}}
    {{- $group.engine -}}
  {{- else if $byCommand -}}
    {{- $byCommand -}}
  {{- else if $line.command -}}
custom
  {{- else if $byImage -}}
    {{- $byImage -}}
  {{- else if or $repository (and $line.args (not $group.modelName)) -}}
custom
  {{- else -}}
    {{- include "inference-stack.defaultEngine" .root -}}
  {{- end -}}
{{- end -}}
