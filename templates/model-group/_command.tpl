{{- /* The command line of an engine: the user's words are used as written; missing options are appended. */ -}}

{{- /*
An option in a command line: "--a b c", "--a=b", with _ for -, or abbreviated where argparse allows it; of several the last is used.
Input: dict words (list of strings), names (list, spelled with -). Output: JSON {given: bool, values: [string]}.
*/ -}}
{{- define "inference-stack.flag" -}}
  {{- $names := .names -}}
  {{- $given := false -}}
  {{- $values := list -}}
  {{- $open := false -}}
  {{- range $word := .words -}}
    {{- $letter := $word | trimPrefix "-" | trimPrefix "-" | trunc 1 -}}
    {{- if and (hasPrefix "-" $word) (ne (lower $letter) (upper $letter)) -}}
      {{- $open = false -}}
      {{- $parts := splitn "=" 2 $word -}}
      {{- $spelled := $parts._0 | replace "_" "-" -}}
      {{- range $name := $names -}}
        {{- if or (eq $spelled $name) (and (ge (len $spelled) 6) (hasPrefix $spelled $name)) -}}
          {{- $given = true -}}
          {{- $open = not (contains "=" $word) -}}
          {{- $values = ternary list (list $parts._1) $open -}}
        {{- end -}}
      {{- end -}}
    {{- else if $open -}}
      {{- $values = append $values $word -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "given" $given "values" $values) -}}
{{- end -}}

{{- /* The first value of an option in a group's command line. Input: dict group (computed), names. Output: string, empty if it is not given. */ -}}
{{- define "inference-stack.modelGroup.flagValue" -}}
  {{- $words := concat .group.computed.command .group.computed.args -}}
  {{- first (include "inference-stack.flag" (dict "words" $words "names" .names) | fromJson).values | default "" -}}
{{- end -}}

{{- /*
The program, its arguments and its model as the user wrote them; a missing program or model is inserted before the arguments. A command that begins with
a flag is taken as arguments, and arguments that begin with the program as a command.
Input: dict group. Output: JSON {command: [string], args: [string], script: bool}.
*/ -}}
{{- define "inference-stack.modelGroup.program" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $model := $preset.model -}}
  {{- $command := include "inference-stack.texts" .group.command | fromJsonArray -}}
  {{- $args := include "inference-stack.texts" .group.args | fromJsonArray -}}
  {{- if hasPrefix "-" (first $command | default "") -}}
    {{- $args = concat $command $args -}}
    {{- $command = list -}}
  {{- end -}}
  {{- if and (not $command) $preset.recognise.command (regexMatch $preset.recognise.command (join " " $args)) -}}
    {{- $command = list (first $args) -}}
    {{- $args = rest $args -}}
  {{- end -}}
  {{- $script := regexMatch "(^|/)(ba|da|a|z)?sh$" (first $command | default "") -}}
  {{- $command = $command | default $preset.launcher | default list -}}
  {{- $words := concat $command $args -}}
  {{- $given := or
        (include "inference-stack.flag" (dict "words" $words "names" (concat $model.flags ($preset.router | default list))) | fromJson).given
        (include "inference-stack.positionalModel" (dict "preset" $preset "words" $words)) -}}
  {{- range $model.env -}}
    {{- if hasKey $.group.computed.givenEnv . -}}
      {{- $given = true -}}
    {{- end -}}
  {{- end -}}
  {{- $name := include "inference-stack.text" .group.modelName -}}
  {{- if and $name (not (or $given $script)) -}}
    {{- if and $model.positional (has (last $command | default "") (list "serve" (last $preset.launcher))) -}}
      {{- $args = prepend $args $name -}}
    {{- else if $model.flags -}}
      {{- $flag := first $model.flags -}}
      {{- with $model.path -}}
        {{- if regexMatch .pattern $name -}}
          {{- $flag = .flag -}}
        {{- end -}}
      {{- end -}}
      {{- $args = concat (list $flag $name) $args -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "command" $command "args" $args "script" $script) -}}
{{- end -}}

{{- /*
The model as a positional argument: right after the engine's program or its "serve". Input: dict preset, words. Output: string, empty if there
is none.
*/ -}}
{{- define "inference-stack.positionalModel" -}}
  {{- $programs := list "serve" (last .preset.launcher | default "serve") -}}
  {{- $before := "" -}}
  {{- $model := "" -}}
  {{- range .words -}}
    {{- if and (has $before $programs) (not (hasPrefix "-" .)) (ne . "serve") -}}
      {{- $model = . -}}
    {{- end -}}
    {{- $before = base . -}}
  {{- end -}}
  {{- $model -}}
{{- end -}}

{{- /*
The port an engine listens on: the one that its command or environment sets, else containerPort, unless that is another of its ports.
Input: dict root, group, words, script. Output: number.
*/ -}}
{{- define "inference-stack.modelGroup.httpPort" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $port := .group.containerPort | int64 -}}
  {{- range $preset.ports -}}
    {{- if eq (int64 .containerPort) $port -}}
      {{- $port = $.root.stack.defaults.modelGroupDefaults.containerPort | int64 -}}
    {{- end -}}
  {{- end -}}
  {{- $given := "" -}}
  {{- with $preset.flags.port -}}
    {{- if $.script -}}
      {{- $given = regexFind "[0-9]+$" (regexFind (printf "%s[= ][0-9]+" (first .names)) (join " " $.words)) -}}
    {{- else -}}
      {{- $flag := include "inference-stack.flag" (dict "words" $.words "names" .names) | fromJson -}}
      {{- $given = first $flag.values | default (index $.group.computed.givenEnv (.env | default "")) | default "" -}}
    {{- end -}}
  {{- end -}}
  {{- ternary $given $port (regexMatch "^[0-9]+$" (toString $given)) -}}
{{- end -}}

{{- /*
The names under which an engine serves its model: those that its command sets, else those that will be appended, else the model's own.
Input: dict group, words, script. Output: JSON list, empty if none is known: a router has names of its own.
*/ -}}
{{- define "inference-stack.modelGroup.servedNames" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $aliases := include "inference-stack.modelGroup.toldNames" . | fromJsonArray -}}
  {{- $served := $preset.flags.servedNames -}}
  {{- $names := (include "inference-stack.flag" (dict "words" .words "names" $served.names) | fromJson).values -}}
  {{- if not $names -}}
    {{- with index .group.computed.givenEnv ($served.env | default "") -}}
      {{- $names = list . -}}
    {{- end -}}
  {{- end -}}
  {{- if and $names (eq $served.style "comma") -}}
    {{- $names = splitList "," (first $names) -}}
  {{- else if and (not $names) (or .script (eq $served.style "model") (not $aliases)) -}}
    {{- $model := include "inference-stack.text" .group.modelName -}}
    {{- if and $preset.model.positional (not .script) -}}
      {{- $model = include "inference-stack.positionalModel" (dict "preset" $preset "words" .words) | default $model -}}
    {{- end -}}
    {{- if and (not $model) (ne $served.style "model") -}}
      {{- $model = first (include "inference-stack.flag" (dict "words" .words "names" $preset.model.flags) | fromJson).values -}}
    {{- end -}}
    {{- with and (not $preset.router) $model -}}
      {{- $names = list (ternary (base .) . (and (hasPrefix "/" .) (eq $served.style "model"))) -}}
    {{- end -}}
  {{- else if not $names -}}
    {{- $names = ternary (list (first $aliases | default "")) $aliases (eq $served.style "first") -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /*
Arguments that a command line lacks: bind address, port, served names, metrics, tensor parallelism, key, shutdown timeout.
Input: dict group, words, script, port, servedNames. Output: JSON {args: [string], parallel: bool (one model spans several GPUs)}.
*/ -}}
{{- define "inference-stack.modelGroup.missingArgs" -}}
  {{- $context := . -}}
  {{- $computed := .group.computed -}}
  {{- $args := list -}}
  {{- $parallel := false -}}
  {{- range $kind := list "host" "port" "servedNames" "metrics" "tensorParallel" "apiKey" "drain" -}}
    {{- with index $computed.preset.flags $kind -}}
      {{- $names := .names -}}
      {{- if eq $kind "tensorParallel" -}}
        {{- $parallelism := $computed.preset.parallelism -}}
        {{- $names = concat $parallelism.tensor $parallelism.pipeline $parallelism.data $parallelism.other -}}
      {{- end -}}
      {{- $flag := include "inference-stack.flag" (dict "words" $context.words "names" $names) | fromJson -}}
      {{- $needed := not (or $flag.given (hasKey $computed.givenEnv (.env | default ""))) -}}
      {{- if eq $kind "tensorParallel" -}}
        {{- $needed = and $needed (gt (int $computed.gpus) 1) -}}
        {{- $parallel = or $needed (and $flag.given (ne (first $flag.values | default "1") "1")) -}}
        {{- $inFile := (include "inference-stack.flag" (dict "words" $context.words "names" $computed.preset.parallelism.files) | fromJson).given -}}
        {{- $needed = and $needed (not $inFile) -}}
      {{- else if eq $kind "servedNames" -}}
        {{- $needed = and $needed (include "inference-stack.modelGroup.toldNames" $context | fromJsonArray) -}}
      {{- else if eq $kind "apiKey" -}}
        {{- $needed = and $needed (not (empty $context.group.apiKey)) -}}
      {{- end -}}
      {{- if and $needed .add (not $context.script) -}}
        {{- range .add -}}
          {{- $args = append $args (include "inference-stack.modelGroup.filled" (dict "context" $context "text" .)) -}}
        {{- end -}}
        {{- if eq $kind "servedNames" -}}
          {{- $told := include "inference-stack.modelGroup.literals" $context.servedNames | fromJsonArray -}}
          {{- $args = concat $args (ternary (list (join "," $told)) $told (eq .style "comma")) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "args" $args "parallel" $parallel) -}}
{{- end -}}

{{- /*
The words of a group's command line; those of a shell script as far as blanks separate them. Input: dict words, script. Output: JSON list of strings.
*/ -}}
{{- define "inference-stack.words" -}}
  {{- $words := list -}}
  {{- range $word := .words -}}
    {{- if and $.script (not (hasPrefix "{" $word)) -}}
      {{- range regexSplit "\\s+" $word -1 -}}
        {{- $words = append $words (trimAll "\"'" .) -}}
      {{- end -}}
    {{- else -}}
      {{- $words = append $words $word -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $words -}}
{{- end -}}

{{- /*
Adapters that a group's command line or environment loads: each as name=path, as JSON, or as a path; several with commas. Input: dict group, words, script.
Output: JSON list of names.
*/ -}}
{{- define "inference-stack.modelGroup.adapterNames" -}}
  {{- $names := list -}}
  {{- with .group.computed.preset.adapters -}}
    {{- $words := include "inference-stack.words" $ | fromJsonArray -}}
    {{- $given := (include "inference-stack.flag" (dict "words" $words "names" .flags) | fromJson).values -}}
    {{- range append $given (index $.group.computed.givenEnv (.env | default "") | default "") -}}
      {{- if hasPrefix "{" . -}}
        {{- $parsed := fromJson . -}}
        {{- $names = append $names ($parsed.name | default $parsed.lora_name | default "") -}}
      {{- else -}}
        {{- range splitList "," . -}}
          {{- $names = append $names (splitn "=" 2 .)._0 -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- without $names "" | toJson -}}
{{- end -}}

{{- /*
The aliases that are appended to a command line as served names: not those of adapters, which the engine knows already, nor those that it refuses; none
to a router, which has names of its own. Input: dict group, words, script. Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.toldNames" -}}
  {{- $computed := .group.computed -}}
  {{- $preset := $computed.preset -}}
  {{- $served := $preset.flags.servedNames -}}
  {{- $adapters := include "inference-stack.modelGroup.adapterNames" . | fromJsonArray -}}
  {{- $told := list -}}
  {{- range $computed.aliases -}}
    {{- if not (or (has . $adapters) (and $served.never (regexMatch $served.never .))) -}}
      {{- $told = append $told . -}}
    {{- end -}}
  {{- end -}}
  {{- if and $told (eq $served.style "first") -}}
    {{- $told = list (first $told) -}}
  {{- end -}}
  {{- with $preset.router -}}
    {{- $router := false -}}
    {{- range include "inference-stack.words" $ | fromJsonArray -}}
      {{- $router = or $router (has (splitn "=" 2 .)._0 $preset.router) -}}
    {{- end -}}
    {{- $model := (include "inference-stack.flag" (dict "words" $.words "names" $preset.model.flags) | fromJson).given -}}
    {{- range $preset.model.env -}}
      {{- $model = or $model (hasKey $computed.givenEnv .) -}}
    {{- end -}}
    {{- if or $router (not $model) -}}
      {{- $told = list -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $told -}}
{{- end -}}

{{- /* Words in which the kubelet expands nothing: it reads $(NAME) as a variable, and $$ as one $. Input: list. Output: JSON list. */ -}}
{{- define "inference-stack.modelGroup.literals" -}}
  {{- $words := list -}}
  {{- range . -}}
    {{- $words = append $words (replace "$" "$$" .) -}}
  {{- end -}}
  {{- toJson $words -}}
{{- end -}}

{{- /* An argument of a preset with its placeholders filled in. Input: dict context (dict group, port), text. Output: string. */ -}}
{{- define "inference-stack.modelGroup.filled" -}}
  {{- .text
        | replace "PORT" (toString .context.port)
        | replace "GPUS" (toString .context.group.computed.gpus)
        | replace "DRAIN" (.context.group.drainSeconds | int64 | toString) -}}
{{- end -}}

{{- /*
The complete command line of a group.
Input: dict root, group. Output: JSON {command: [string], args: [string], port: number, servedNames: [string] (empty if unknown), script: bool, parallel: bool}.
*/ -}}
{{- define "inference-stack.modelGroup.invocation" -}}
  {{- $program := include "inference-stack.modelGroup.program" . | fromJson -}}
  {{- $context := dict "root" .root "group" .group "words" (concat $program.command $program.args) "script" $program.script -}}
  {{- $_ := set $context "port" (include "inference-stack.modelGroup.httpPort" $context | int64) -}}
  {{- $_ := set $context "servedNames" (include "inference-stack.modelGroup.servedNames" $context | fromJsonArray) -}}
  {{- $missing := include "inference-stack.modelGroup.missingArgs" $context | fromJson -}}
  {{- toJson (dict
        "command" $program.command
        "args" (concat $program.args $missing.args | default list)
        "port" $context.port
        "servedNames" $context.servedNames
        "script" $program.script
        "parallel" $missing.parallel) -}}
{{- end -}}
