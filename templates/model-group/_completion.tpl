{{- /* What the user left out of a model group is completed here; what they wrote stays. */ -}}

{{- /* The engines the chart knows. Output: JSON list. */ -}}
{{- define "inference-stack.engines" -}}
{{- toJson (list "vllm" "sglang" "tensorrt-llm" "triton" "llama-cpp" "custom") -}}
{{- end -}}

{{- /* What is known of each engine. Input: root. Kept: map engine -> its preset. */ -}}
{{- define "inference-stack.presets" -}}
{{- if not (hasKey . "presets") -}}
{{- $presets := dict -}}
{{- range include "inference-stack.engines" . | fromJsonArray -}}
{{- $_ := set $presets . (include (printf "inference-stack.engine.%s" .) $ | fromYaml) -}}
{{- end -}}
{{- $_ := set . "presets" $presets -}}
{{- end -}}
presets
{{- end -}}

{{- /*
The engine of a group: the one it names, else the one its command starts, else (with no program given) the one its image holds,
else, without an image, vllm if there is a modelName or nothing at all, else custom. An unknown name counts as custom here; it is refused in validation.
Input: dict root, group. Output: string.
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
{{- $presets := include "inference-stack.presets" .root | get .root -}}
{{- range $name := $known -}}
{{- $recognise := (index $presets $name).recognise -}}
{{- if and (not $found) $recognise.command (regexMatch $recognise.command (join " " (concat $command $args))) }}{{ $found = $name }}{{ end -}}
{{- end -}}
{{- if not (or $found $program) -}}
{{- range $name := reverse $known -}}
{{- $recognise := (index $presets $name).recognise -}}
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
The program of a group and its model: the user's words in their order, and before them what they left out of the two. Flags where a
program should be are arguments; arguments that begin with the program are a command.
Input: dict group (merged), preset, env (map of given variables). Output: JSON {command: [string], args: [string], script: bool}.
*/ -}}
{{- define "inference-stack.modelGroup.program" -}}
{{- $command := include "inference-stack.words" .group.command | fromJsonArray -}}
{{- $args := include "inference-stack.words" .group.args | fromJsonArray -}}
{{- $model := .preset.model -}}
{{- if hasPrefix "-" (first $command | default "") -}}
{{- $args = concat $command $args -}}
{{- $command = list -}}
{{- end -}}
{{- if and (not $command) .preset.recognise.command (regexMatch (.preset.recognise.command | default "^$") (join " " $args)) -}}
{{- $command = list (first $args) -}}
{{- $args = rest $args -}}
{{- end -}}
{{- $script := regexMatch "(^|/)(ba|da|a|z)?sh$" (first $command | default "") -}}
{{- if not $command }}{{ $command = .preset.launcher | default list }}{{ end -}}
{{- $given := or (include "inference-stack.flag" (dict "words" (concat $command $args) "names" $model.flags) | fromJson).given
      (include "inference-stack.modelGroup.positionalModel" (dict "preset" .preset "words" (concat $command $args))) -}}
{{- range $name, $_ := .env }}{{ if has $name ($model.env | default list) }}{{ $given = true }}{{ end }}{{ end -}}
{{- $name := include "inference-stack.word" .group.modelName -}}
{{- if and $name (not (or $given $script)) -}}
{{- if and $model.positional (has (last $command | default "") (list "serve" (last .preset.launcher))) -}}
{{- $args = prepend $args $name -}}
{{- else if $model.flags -}}
{{- $flag := ternary $model.pathFlag (first $model.flags) (and (hasKey $model "pathFlag") (or (hasPrefix "/" $name) (hasSuffix ".gguf" $name))) -}}
{{- $args = concat (list $flag $name) $args -}}
{{- end -}}
{{- end -}}
{{- toJson (dict "command" $command "args" $args "script" $script) -}}
{{- end -}}

{{- /* The model where it stands without a flag: right behind the engine's program or its "serve". Input: dict preset, words. Output: string, empty if there is none. */ -}}
{{- define "inference-stack.modelGroup.positionalModel" -}}
{{- $programs := list "serve" (last .preset.launcher | default "serve") -}}
{{- $before := "" -}}
{{- $model := "" -}}
{{- range .words -}}
{{- if and (has $before $programs) (not (hasPrefix "-" .)) (ne . "serve") }}{{ $model = . }}{{ end -}}
{{- $before = base . -}}
{{- end -}}
{{- $model -}}
{{- end -}}

{{- /* The port an engine listens on: the one its command or environment names, else containerPort, unless that is another of its ports. Input: dict group, preset, env, words, script. Output: number. */ -}}
{{- define "inference-stack.modelGroup.httpPort" -}}
{{- $port := .group.containerPort | int64 -}}
{{- range .preset.ports }}{{ if eq (int64 .containerPort) $port }}{{ $port = 8000 }}{{ end }}{{ end -}}
{{- $told := "" -}}
{{- with .preset.flags.port -}}
{{- $flag := include "inference-stack.flag" (dict "words" $.words "names" .names) | fromJson -}}
{{- $told = first $flag.values | default (index $.env (.env | default "")) | default "" -}}
{{- if $.script }}{{ $told = regexFind "[0-9]+$" (regexFind (printf "%s[= ][0-9]+" (first .names)) (join " " $.words)) }}{{ end -}}
{{- end -}}
{{- ternary $told $port (regexMatch "^[0-9]+$" (toString $told)) -}}
{{- end -}}

{{- /*
The names under which an engine knows its model: those it is told, else those it will be told, else the model's own.
Input: dict group, preset, env, words, script, aliases. Output: JSON list, empty if none is known.
*/ -}}
{{- define "inference-stack.modelGroup.servedNames" -}}
{{- $served := .preset.flags.servedNames -}}
{{- $names := (include "inference-stack.flag" (dict "words" .words "names" $served.names) | fromJson).values -}}
{{- with index .env ($served.env | default "") }}{{ if not $names }}{{ $names = list . }}{{ end }}{{ end -}}
{{- if and $names (eq $served.style "comma") -}}
{{- $names = splitList "," (first $names) -}}
{{- else if and (not $names) (or .script (eq $served.style "model")) -}}
{{- $positional := include "inference-stack.modelGroup.positionalModel" . -}}
{{- $model := ternary $positional (include "inference-stack.word" .group.modelName) (and .preset.model.positional (not .script) (ne $positional "")) -}}
{{- with $model }}{{ $names = list (ternary (base .) . (hasPrefix "/" .)) }}{{ end -}}
{{- else if not $names -}}
{{- $names = ternary (list (first .aliases | default "")) .aliases (eq $served.style "first") -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{- /*
What a command line leaves out: bind address, port, served names, metrics, tensor parallelism, key, time to finish. Nothing is added to a shell script.
Input: dict group, preset, env, words, script, port, servedNames, gpus, reference (the image's name). Output: JSON {args: [string], parallel: bool (one model spans several GPUs)}.
*/ -}}
{{- define "inference-stack.modelGroup.leftOut" -}}
{{- $context := . -}}
{{- $args := list -}}
{{- $parallel := false -}}
{{- range $kind := list "host" "port" "servedNames" "metrics" "tensorParallel" "apiKey" "drain" -}}
{{- with index $context.preset.flags $kind -}}
{{- $names := .names -}}
{{- if eq $kind "tensorParallel" -}}
{{- $parallelism := $context.preset.parallelism -}}
{{- $names = concat $parallelism.tensor $parallelism.pipeline $parallelism.other -}}
{{- end -}}
{{- $flag := include "inference-stack.flag" (dict "words" $context.words "names" $names) | fromJson -}}
{{- $needed := not (or $flag.given (hasKey $context.env (.env | default ""))) -}}
{{- if eq $kind "tensorParallel" -}}
{{- $needed = and $needed (gt (int $context.gpus) 1) -}}
{{- $parallel = or $needed (and $flag.given (ne (first $flag.values | default "1") "1")) -}}
{{- end -}}
{{- if eq $kind "apiKey" }}{{ $needed = and $needed (not (empty $context.group.apiKey)) }}{{ end -}}
{{- if include "inference-stack.olderImage" (dict "reference" $context.reference "since" .since) }}{{ $needed = false }}{{ end -}}
{{- if and $needed .add (not $context.script) -}}
{{- range .add -}}
{{- $args = append $args (. | replace "PORT" (toString $context.port) | replace "GPUS" (toString $context.gpus) | replace "DRAIN" ($context.group.drainSeconds | int64 | toString)) -}}
{{- end -}}
{{- if eq $kind "servedNames" -}}
{{- $args = concat $args (ternary (list (join "," $context.servedNames)) $context.servedNames (eq .style "comma")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson (dict "args" $args "parallel" $parallel) -}}
{{- end -}}

{{- /*
The command line of a group, complete.
Input: dict group (merged), preset, gpus (number), aliases (list), reference (the image's name).
Output: JSON {command: [string], args: [string], port: number, servedNames: [string] (empty: not known), script: bool, parallel: bool}.
*/ -}}
{{- define "inference-stack.modelGroup.invocation" -}}
{{- $env := include "inference-stack.modelGroup.givenEnv" . | fromJson -}}
{{- $program := include "inference-stack.modelGroup.program" (dict "group" .group "preset" .preset "env" $env) | fromJson -}}
{{- $context := dict "group" .group "preset" .preset "gpus" .gpus "aliases" .aliases "reference" .reference "env" $env
      "words" (concat $program.command $program.args) "script" $program.script -}}
{{- $_ := set $context "port" (include "inference-stack.modelGroup.httpPort" $context | int64) -}}
{{- $_ := set $context "servedNames" (include "inference-stack.modelGroup.servedNames" $context | fromJsonArray) -}}
{{- $leftOut := include "inference-stack.modelGroup.leftOut" $context | fromJson -}}
{{- toJson (dict "command" $program.command "args" (concat $program.args $leftOut.args | default list) "port" $context.port
      "servedNames" $context.servedNames "script" $program.script "parallel" $leftOut.parallel) -}}
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
Input: dict root, group (merged). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.complete" -}}
{{- $group := .group -}}
{{- $engine := include "inference-stack.modelGroup.engine" . -}}
{{- $preset := index (include "inference-stack.presets" .root | get .root) $engine -}}
{{- $aliases := include "inference-stack.words" $group.modelAlias | fromJsonArray | uniq -}}
{{- $gpus := include "inference-stack.gpuCount" $group.resources | int -}}
{{- $image := include "inference-stack.modelGroup.image" (dict "group" $group "preset" $preset) | fromJson -}}
{{- $reference := include "inference-stack.image" (dict "root" .root "image" $image "defaultTag" "latest") -}}
{{- $invocation := include "inference-stack.modelGroup.invocation" (dict "group" $group "preset" $preset "gpus" $gpus "aliases" $aliases "reference" $reference) | fromJson -}}
{{- $added := dict
      "engine" $engine
      "preset" $preset
      "image" $image
      "imageReference" $reference
      "command" $invocation.command
      "args" $invocation.args
      "containerPort" $invocation.port
      "servedNames" $invocation.servedNames
      "script" $invocation.script
      "parallel" $invocation.parallel
      "modelAlias" $aliases
      "gpus" $gpus
      "normalised" (include "inference-stack.normalisedResources" $group.resources | fromJsonArray)
      "resources" (include "inference-stack.resources" $group.resources | fromJson)
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

{{- /* The mount that is the engine's download cache: the first at a Hugging Face or .cache path, else the first whose name says cache; files out of Secrets, ConfigMaps and the like, which nobody can write to, are none. Input: dict group. Output: path for HF_HOME, or nothing. */ -}}
{{- define "inference-stack.modelGroup.cachePath" -}}
{{- $files := list -}}
{{- range .group.volumes }}{{ if or .secret .configMap .projected .downwardAPI }}{{ $files = append $files .name }}{{ end }}{{ end -}}
{{- $mounts := list -}}
{{- range include "inference-stack.modelGroup.mounts" . | fromJsonArray }}{{ if not (has .name $files) }}{{ $mounts = append $mounts . }}{{ end }}{{ end -}}
{{- $path := "" -}}
{{- range $mounts }}{{ if and (not $path) (regexMatch "huggingface|/\\.cache" .path) }}{{ $path = .path }}{{ end }}{{ end -}}
{{- range $mounts }}{{ if and (not $path) (contains "cache" .name) }}{{ $path = .path }}{{ end }}{{ end -}}
{{- if hasSuffix "/.cache" $path }}{{ $path = printf "%s/huggingface" $path }}{{ end -}}
{{- $path | trimSuffix "/hub" -}}
{{- end -}}
