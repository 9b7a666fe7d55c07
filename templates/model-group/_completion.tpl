{{- /* What the user left out of a model group is completed here; what they wrote stays. */ -}}

{{- /* The engines the chart knows. Output: JSON list. */ -}}
{{- define "inference-stack.engines" -}}
{{- toJson (list "vllm" "sglang" "tensorrt-llm" "triton" "llama-cpp" "custom") -}}
{{- end -}}

{{- /* What is known of each engine, read once for all groups. Output: JSON map engine -> preset. */ -}}
{{- define "inference-stack.presets" -}}
{{- $presets := dict -}}
{{- range include "inference-stack.engines" . | fromJsonArray -}}
{{- $_ := set $presets . (include (printf "inference-stack.engine.%s" .) $ | fromYaml) -}}
{{- end -}}
{{- toJson $presets -}}
{{- end -}}

{{- /*
The engine of a group: the one it names, else the one its command starts, else (with no program given) the one its image holds,
else, without an image, vllm if there is a modelName or nothing at all, else custom. An unknown name counts as custom here; it is refused in validation.
Input: dict group, presets. Output: string.
*/ -}}
{{- define "inference-stack.modelGroup.engine" -}}
{{- $known := include "inference-stack.engines" . | fromJsonArray -}}
{{- $group := .group -}}
{{- $command := include "inference-stack.words" $group.command | fromJsonArray -}}
{{- $args := include "inference-stack.words" $group.args | fromJsonArray -}}
{{- $repository := ternary (dig "repository" "" (ternary $group.image dict (kindIs "map" $group.image))) $group.image (kindIs "map" $group.image) | default "" | toString -}}
{{- $program := and $command (not (hasPrefix "-" (first $command))) -}}
{{- $found := "" -}}
{{- if has $group.engine $known -}}
{{- $found = $group.engine -}}
{{- else -}}
{{- range $name := $known -}}
{{- $recognise := (index $.presets $name).recognise -}}
{{- if and (not $found) $recognise.command (regexMatch $recognise.command (join " " (concat $command $args))) }}{{ $found = $name }}{{ end -}}
{{- end -}}
{{- if not (or $found $program) -}}
{{- range $name := reverse $known -}}
{{- $recognise := (index $.presets $name).recognise -}}
{{- if and (not $found) $recognise.image (regexMatch $recognise.image $repository) }}{{ $found = $name }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if not (or $found $program $repository (and $args (not $group.modelName))) }}{{ $found = "vllm" }}{{ end -}}
{{- end -}}
{{- default "custom" $found -}}
{{- end -}}

{{- /* Names of the environment variables a group gives itself. Input: dict group. Output: JSON map name -> value ("" for one from elsewhere). */ -}}
{{- define "inference-stack.modelGroup.givenEnv" -}}
{{- $given := dict -}}
{{- range .group.env }}{{ $_ := set $given .name (include "inference-stack.word" (.value | default "")) }}{{ end -}}
{{- toJson $given -}}
{{- end -}}

{{- /*
The command line of a group: the user's words in their order, the engine's program before them if they gave none, and behind them
what they left out: bind address, port, served names, metrics, tensor parallelism. A shell script is left as it is.
Input: dict group (merged), preset, gpus (number), aliases (list).
Output: JSON {command: [string], args: [string], port: number, servedNames: [string] (empty: not known), script: bool, parallel: bool}.
*/ -}}
{{- define "inference-stack.modelGroup.invocation" -}}
{{- $group := .group -}}
{{- $preset := .preset -}}
{{- $command := include "inference-stack.words" $group.command | fromJsonArray -}}
{{- $args := include "inference-stack.words" $group.args | fromJsonArray -}}
{{- $env := include "inference-stack.modelGroup.givenEnv" . | fromJson -}}
{{- if and $command (hasPrefix "-" (first $command)) -}}
{{- $args = concat $command $args -}}
{{- $command = list -}}
{{- end -}}
{{- if and (not $command) $args $preset.recognise.command -}}
{{- if regexMatch $preset.recognise.command (join " " $args) -}}
{{- $command = list (first $args) -}}
{{- $args = rest $args -}}
{{- end -}}
{{- end -}}
{{- $script := regexMatch "(^|/)(ba|da|a|z)?sh$" (first $command | default "") -}}
{{- if and (not $command) $preset.launcher -}}
{{- $command = $preset.launcher -}}
{{- $model := include "inference-stack.flag" (dict "words" $args "names" $preset.model.flags) | fromJson -}}
{{- $given := or $model.given (and $preset.model.positional $args (not (hasPrefix "-" (first $args | default "-")))) -}}
{{- range $preset.model.env }}{{ if hasKey $env . }}{{ $given = true }}{{ end }}{{ end -}}
{{- if and $group.modelName (not $given) -}}
{{- if $preset.model.positional -}}
{{- $args = prepend $args (toString $group.modelName) -}}
{{- else -}}
{{- $flag := first $preset.model.flags -}}
{{- if and (eq $flag "-hf") (or (hasPrefix "/" $group.modelName) (hasSuffix ".gguf" $group.modelName)) }}{{ $flag = "-m" }}{{ end -}}
{{- $args = concat (list $flag (toString $group.modelName)) $args -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $words := concat $command $args -}}
{{- $port := $group.containerPort | int64 -}}
{{- range $preset.ports }}{{ if eq (int64 .containerPort) $port }}{{ $port = 8000 }}{{ end }}{{ end -}}
{{- with $preset.flags.port -}}
{{- $flag := include "inference-stack.flag" (dict "words" $words "names" .names) | fromJson -}}
{{- $told := first $flag.values | default (dig (.env | default "") "" $env) -}}
{{- if $script }}{{ $told = regexFind "[0-9]+$" (regexFind (printf "%s[= ][0-9]+" (first .names)) (join " " $words)) }}{{ end -}}
{{- if regexMatch "^[0-9]+$" (toString $told) }}{{ $port = atoi $told | int64 }}{{ end -}}
{{- end -}}
{{- $served := list -}}
{{- $style := $preset.flags.servedNames.style -}}
{{- $flag := include "inference-stack.flag" (dict "words" $words "names" $preset.flags.servedNames.names) | fromJson -}}
{{- $names := $flag.values -}}
{{- with $preset.flags.servedNames.env }}{{ if and (not $names) (index $env .) }}{{ $names = list (index $env .) }}{{ end }}{{ end -}}
{{- if $names -}}
{{- $served = ternary (splitList "," (first $names)) $names (eq $style "comma") -}}
{{- else if or $script (eq $style "model") -}}
{{- $model := $group.modelName | default "" | toString -}}
{{- $before := "" -}}
{{- range $word := ternary $words list (and $preset.model.positional (not $script)) -}}
{{- if and (regexMatch $preset.recognise.command $before) (regexMatch "^[^-]" $word) (ne $word "serve") }}{{ $model = $word }}{{ end -}}
{{- if ne $word "serve" }}{{ $before = $word }}{{ end -}}
{{- end -}}
{{- with $model }}{{ $served = list (ternary (base .) . (hasPrefix "/" .)) }}{{ end -}}
{{- else -}}
{{- $served = ternary (list (first .aliases | default "")) .aliases (eq $style "first") -}}
{{- end -}}
{{- $added := list -}}
{{- $parallel := false -}}
{{- $gpus := .gpus -}}
{{- range $kind := list "host" "port" "servedNames" "metrics" "tensorParallel" -}}
{{- with index $preset.flags $kind -}}
{{- $flag := include "inference-stack.flag" (dict "words" $words "names" .names) | fromJson -}}
{{- $given := or $flag.given (hasKey $env (.env | default "")) -}}
{{- if eq $kind "tensorParallel" -}}
{{- $parallel = or (and $flag.given (ne (first $flag.values | default "1") "1")) (and (not $given) (gt (int $gpus) 1)) -}}
{{- $given = or $given (le (int $gpus) 1) -}}
{{- end -}}
{{- if not (or $given $script (not .add)) -}}
{{- range .add }}{{ $added = append $added (. | replace "PORT" (toString $port) | replace "GPUS" (toString $gpus)) }}{{ end -}}
{{- if eq $kind "servedNames" -}}
{{- $added = concat $added (ternary (list (join "," $served)) $served (eq $style "comma")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson (dict "command" $command "args" (concat $args $added | default list) "port" $port "servedNames" $served "script" $script "parallel" $parallel) -}}
{{- end -}}

{{- /* The image of a group as a map. One that names no repository changes the engine's own, pinned one. Input: dict group, preset. Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.image" -}}
{{- $given := ternary .group.image (dict "repository" .group.image) (kindIs "map" .group.image) -}}
{{- $image := deepCopy $given -}}
{{- if not $given.tag }}{{ $_ := set $image "tag" .group.tag }}{{ end -}}
{{- range $key, $value := .preset.image -}}
{{- if not (or $given.repository (index $image $key)) }}{{ $_ := set $image $key $value }}{{ end -}}
{{- end -}}
{{- toJson $image -}}
{{- end -}}

{{- /*
A group with nothing left out. Beside the user's keys it has: engine, preset, image (a map), imageReference, command, args, containerPort (where the
engine really listens), servedNames, modelAlias (a list without repeats), resources (valid ones), normalised (what was changed in them), gpus, parallel, script, rootMounts,
cachePath.
Input: dict root, name, group (merged), presets. Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.complete" -}}
{{- $group := .group -}}
{{- $engine := include "inference-stack.modelGroup.engine" . -}}
{{- $preset := index .presets $engine -}}
{{- $aliases := include "inference-stack.words" $group.modelAlias | fromJsonArray | uniq -}}
{{- $gpus := include "inference-stack.gpuCount" $group.resources | int -}}
{{- $invocation := include "inference-stack.modelGroup.invocation" (dict "group" $group "preset" $preset "gpus" $gpus "aliases" $aliases) | fromJson -}}
{{- $image := include "inference-stack.modelGroup.image" (dict "group" $group "preset" $preset) | fromJson -}}
{{- $added := dict
      "engine" $engine
      "preset" $preset
      "image" $image
      "imageReference" (include "inference-stack.image" (dict "root" .root "image" $image "defaultTag" "latest"))
      "command" $invocation.command
      "args" $invocation.args
      "containerPort" $invocation.port
      "servedNames" $invocation.servedNames
      "script" $invocation.script
      "parallel" $invocation.parallel
      "modelAlias" $aliases
      "gpus" $gpus
      "normalised" (include "inference-stack.normalisedResources" $group.resources | fromJsonArray)
      "resources" (include "inference-stack.resources" $group.resources | fromYaml)
      "rootMounts" (include "inference-stack.modelGroup.rootMounts" . | fromJsonArray)
      "cachePath" (include "inference-stack.modelGroup.cachePath" .)
-}}
{{- range $key, $value := $added }}{{ $_ := set $group $key $value }}{{ end -}}
{{- toJson $group -}}
{{- end -}}

{{- /* Where a group's containers mount something. Input: dict group. Output: JSON list of {name, path}. */ -}}
{{- define "inference-stack.modelGroup.mounts" -}}
{{- $mounts := list -}}
{{- range concat (.group.persistentVolumes | default list) (.group.volumeMounts | default list) -}}
{{- $mounts = append $mounts (dict "name" (.name | default "") "path" (.mountPath | default "" | trimSuffix "/")) -}}
{{- end -}}
{{- toJson $mounts -}}
{{- end -}}

{{- /* Mounts that only root can enter. Input: dict group. Output: JSON list of paths. */ -}}
{{- define "inference-stack.modelGroup.rootMounts" -}}
{{- $paths := list -}}
{{- range include "inference-stack.modelGroup.mounts" . | fromJsonArray -}}
{{- if or (eq .path "/root") (hasPrefix "/root/" .path) }}{{ $paths = append $paths .path }}{{ end -}}
{{- end -}}
{{- toJson $paths -}}
{{- end -}}

{{- /* The mount that is the engine's download cache: the first at a Hugging Face or .cache path, else the first whose name says cache. Input: dict group. Output: path for HF_HOME, or nothing. */ -}}
{{- define "inference-stack.modelGroup.cachePath" -}}
{{- $mounts := include "inference-stack.modelGroup.mounts" . | fromJsonArray -}}
{{- $path := "" -}}
{{- range $mounts }}{{ if and (not $path) (regexMatch "huggingface|/\\.cache" .path) }}{{ $path = .path }}{{ end }}{{ end -}}
{{- range $mounts }}{{ if and (not $path) (contains "cache" .name) }}{{ $path = .path }}{{ end }}{{ end -}}
{{- if hasSuffix "/.cache" $path }}{{ $path = printf "%s/huggingface" $path }}{{ end -}}
{{- $path | trimSuffix "/hub" -}}
{{- end -}}
