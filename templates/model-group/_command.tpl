{{- /* The command line of an engine: the user's words are used as written; missing options are appended. How words are read is in _words.tpl. */ -}}

{{- /*
An option in a command line: "--a b c", "--a=b", with _ for -, or abbreviated where argparse allows it; of several the last is used, or every one where
each adds a value. The word "\n" stands between two commands of a script. Most options are not in a command line, which one look at all of it shows: six
letters are the shortest abbreviation.
Input: dict words (list of strings), names (list, spelled with -), every (bool, or absent). Output: JSON {given: bool, values: [string]}.
*/ -}}
{{- define "inference-stack.flag" -}}
  {{- $names := list -}}
  {{- $line := join " " .words | replace "_" "-" -}}
  {{- range .names -}}
    {{- if contains (trunc 6 .) $line -}}
      {{- $names = append $names . -}}
    {{- end -}}
  {{- end -}}
  {{- $given := false -}}
  {{- $values := list -}}
  {{- $open := false -}}
  {{- range $word := ternary .words list (not (empty $names)) -}}
    {{- $letter := $word | trimPrefix "-" | trimPrefix "-" | trunc 1 -}}
    {{- if eq $word "\n" -}}
      {{- $open = false -}}
    {{- else if and (hasPrefix "-" $word) (ne (lower $letter) (upper $letter)) -}}
      {{- $open = false -}}
      {{- $parts := splitn "=" 2 $word -}}
      {{- $spelled := $parts._0 | replace "_" "-" -}}
      {{- range $name := $names -}}
        {{- if or (eq $spelled $name) (and (ge (len $spelled) 6) (hasPrefix $spelled $name)) -}}
          {{- $given = true -}}
          {{- $open = not (contains "=" $word) -}}
          {{- $before := ternary $values list (eq (toString $.every) "true") -}}
          {{- $values = ternary $before (append $before $parts._1) $open -}}
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
  {{- first (include "inference-stack.flag" (dict "words" .group.computed.words "names" .names) | fromJson).values | default "" -}}
{{- end -}}

{{- /*
The words of a preset's command line behind which its model may stand: the subcommand that serves, and the last word of its launcher.
Input: preset. Output: JSON list.
*/ -}}
{{- define "inference-stack.servingWords" -}}
  {{- $words := dig "subcommands" "serve" list . -}}
  {{- with last .launcher -}}
    {{- $words = append $words (base .) -}}
  {{- end -}}
  {{- toJson $words -}}
{{- end -}}

{{- /*
Where the options of an engine begin: behind its program, a Python module or a subcommand that serves.
Input: dict preset, words, at (index of the program). Output: JSON {index: number, positional: bool (a model may stand there without an option)}.
*/ -}}
{{- define "inference-stack.optionsAt" -}}
  {{- $serving := include "inference-stack.servingWords" .preset | fromJsonArray -}}
  {{- $index := min (add1 .at) (len .words) | int -}}
  {{- $positional := false -}}
  {{- $python := regexMatch "^python[0-9.]*$" (base (index (append .words "") (int .at))) -}}
  {{- range $place, $word := .words -}}
    {{- if has (base $word) $serving -}}
      {{- if or (eq $place $index) (not $positional) -}}
        {{- $index = add1 $place | int -}}
        {{- $positional = true -}}
      {{- end -}}
    {{- else if and $python (not $positional) (eq $place $index) -}}
      {{- $index = add1 $place | int -}}
      {{- $python = hasPrefix "-" $word -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "index" $index "positional" (and $positional .preset.model.positional)) -}}
{{- end -}}

{{- /*
The model as a positional argument: right after the engine's program or its "serve". Input: dict preset, words. Output: string, empty if there
is none.
*/ -}}
{{- define "inference-stack.positionalModel" -}}
  {{- $programs := include "inference-stack.servingWords" .preset | fromJsonArray -}}
  {{- $none := concat $programs (dig "subcommands" "other" list .preset) (list "\n") -}}
  {{- $before := "" -}}
  {{- $model := "" -}}
  {{- range .words -}}
    {{- if and (has $before $programs) (not (hasPrefix "-" .)) (not (has . $none)) -}}
      {{- $model = . -}}
    {{- end -}}
    {{- $before = base . -}}
  {{- end -}}
  {{- $model -}}
{{- end -}}

{{- /*
The model as a positional argument that stands behind options: the second word behind an option that takes one value, the first behind one that takes
none, or modelName where that is no option's value. Input: dict words (those behind the program), name (modelName). Output: string, empty if there is none.
*/ -}}
{{- define "inference-stack.modelBehindOptions" -}}
  {{- $name := .name -}}
  {{- $model := "" -}}
  {{- $most := 1 -}}
  {{- $takesName := false -}}
  {{- range $word := .words -}}
    {{- if hasPrefix "-" $word -}}
      {{- $most = 1 -}}
      {{- $takesName = regexMatch "token|config|model|path|alias|name" $word -}}
      {{- if or (contains "=" $word) (regexMatch "^-[A-Z][0-9]$|^--(no|enable|disable|trust|enforce|skip|use|async|headless)\\b" $word) -}}
        {{- $most = 0 -}}
      {{- else if regexMatch "^--(served|lora|allowed|middleware|cuda|compile|collect|limit)" $word -}}
        {{- $most = 99 -}}
      {{- end -}}
    {{- else -}}
      {{- $isName := and (le (int $most) 0) (regexMatch "[A-Za-z]" $word) (not (regexMatch "(?i)^(true|false)$" $word)) -}}
      {{- if and (not $model) (or $isName (and (eq $word $name) (not $takesName))) -}}
        {{- $model = $word -}}
      {{- end -}}
      {{- $most = sub $most 1 -}}
    {{- end -}}
  {{- end -}}
  {{- $model -}}
{{- end -}}

{{- /*
The program and its arguments: what the user wrote, and where that are arguments only, the program before them if the image is known to have it, or if
modelName asks for one. Another image's entrypoint is kept, and so is that of an image whose arguments begin with a program, unless it is the engine. A
subcommand that the arguments begin with stands once.
Input: dict root, group (computed). Output: JSON {
  command, args: [string],
  launched: bool (the chart put the program there),
  modelGiven: bool (an option or a variable sets the model), byOption: bool (an option does),
  kept: script or entrypoint, if one of them is why nothing may be added; else empty,
  behind: the model that an entrypoint gets as an argument}.
*/ -}}
{{- define "inference-stack.modelGroup.launch" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $model := $preset.model -}}
  {{- $line := .group.computed.line -}}
  {{- $command := $line.command -}}
  {{- $args := $line.args -}}
  {{- $name := include "inference-stack.text" .group.modelName -}}
  {{- $own := include "inference-stack.modelGroup.isOwnImage" . -}}
  {{- $first := first $args | default "" -}}
  {{- $option := hasPrefix "-" (default "-" $first) -}}
  {{- $modelOptions := concat $model.flags ($preset.router | default list) -}}
  {{- $byOption := (include "inference-stack.flag" (dict "words" (concat $command $args) "names" $modelOptions) | fromJson).given -}}
  {{- $given := $byOption -}}
  {{- range $model.env -}}
    {{- $given = or $given (hasKey $.group.computed.givenEnv .) -}}
  {{- end -}}
  {{- $program := or $line.shell (and $option (has $first (dig "subcommands" "serve" list $preset))) -}}
  {{- with $preset.recognise.command -}}
    {{- $program = or $program (and (not $option) (regexMatch . (join " " $args))) -}}
  {{- end -}}
  {{- $kept := ternary "script" "" $line.shell -}}
  {{- $launched := false -}}
  {{- $behind := "" -}}
  {{- if and (not $command) (regexMatch "\\s" $first) (not $option) -}}
    {{- $kept = "entrypoint" -}}
  {{- else if and (not $command) $program $own $preset.entrypoint (not $option) -}}
    {{- $command = list $first -}}
    {{- $args = rest $args -}}
  {{- else if and (not $command) (or $preset.launcher $preset.entrypoint) (not $program) -}}
    {{- if $model.positional -}}
      {{- $behind = ternary (include "inference-stack.modelBehindOptions" (dict "words" $args "name" $name)) $first $option -}}
    {{- end -}}
    {{- $launched = and $preset.launcher (or (not (empty $own)) (and (not (empty $name)) (not (or $given $behind)))) -}}
    {{- if and $own (not $preset.launcher) -}}
      {{- $command = list -}}
    {{- else if $launched -}}
      {{- $named := or $byOption (not (empty $name)) -}}
      {{- $command = include "inference-stack.modelGroup.launcher" (dict "group" .group "named" $named) | fromJsonArray -}}
      {{- if eq $first (last $preset.launcher) -}}
        {{- $command = initial $preset.launcher -}}
      {{- end -}}
    {{- else if not .group.engine -}}
      {{- $kept = "entrypoint" -}}
    {{- end -}}
    {{- $behind = ternary $behind "" (and (eq $kept "entrypoint") (or (contains "/" $behind) (eq $behind $name))) -}}
  {{- end -}}
  {{- toJson (dict
        "command" $command
        "args" $args
        "launched" (not (empty $launched))
        "modelGiven" $given
        "byOption" $byOption
        "kept" $kept
        "behind" $behind) -}}
{{- end -}}

{{- /*
The program, its arguments and its model: a missing model is put behind the program.
Input: dict root, group (computed). Output: JSON {
  command, args: [string],
  kept: why the chart may add no options: script, entrypoint (of an unknown image), subcommand (another than the one that serves); else empty,
  assumed: the program that the chart starts in an image that may not have it, else empty,
  behind: the model, if it stands behind options}.
*/ -}}
{{- define "inference-stack.modelGroup.program" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $launch := include "inference-stack.modelGroup.launch" . | fromJson -}}
  {{- $name := include "inference-stack.text" .group.modelName -}}
  {{- $at := int .group.computed.line.at -}}
  {{- $words := concat $launch.command $launch.args -}}
  {{- $options := include "inference-stack.optionsAt" (dict "preset" $preset "words" $words "at" $at) | fromJson -}}
  {{- $index := int $options.index -}}
  {{- $next := index (append $words "-") $index -}}
  {{- $kept := $launch.kept -}}
  {{- $serve := dig "subcommands" "serve" list $preset -}}
  {{- range list (add1 $at | int) $index -}}
    {{- $behindServe := and (gt . 0) (has (index (append $words "") (sub . 1 | int)) $serve) -}}
    {{- if not (or $kept $behindServe) -}}
      {{- $kept = ternary "subcommand" "" (has (index (concat $words (list "-" "-")) .) (dig "subcommands" "other" list $preset)) -}}
    {{- end -}}
  {{- end -}}
  {{- $behind := $launch.behind -}}
  {{- $given := $launch.modelGiven -}}
  {{- if and $options.positional (not (or $kept $given)) -}}
    {{- if hasPrefix "-" $next -}}
      {{- $behind = include "inference-stack.modelBehindOptions" (dict "words" (slice $words $index | default list) "name" $name) -}}
    {{- end -}}
    {{- $given = or (not (empty $behind)) (not (hasPrefix "-" $next)) -}}
  {{- end -}}
  {{- $before := len $launch.command -}}
  {{- $old := include "inference-stack.modelGroup.optionIsUnknown" (dict "group" .group "launched" $launch.launched) -}}
  {{- if and $options.positional $launch.byOption $old (not $kept) -}}
    {{- $words = include "inference-stack.modelInFront" (dict "words" $words "flags" $preset.model.flags "index" $index) | fromJsonArray -}}
    {{- $before = min $before (len $words) | int -}}
  {{- else if and $name (not (or $given $kept)) -}}
    {{- $added := list -}}
    {{- if $options.positional -}}
      {{- $added = list $name -}}
    {{- else if $preset.model.flags -}}
      {{- $flag := first $preset.model.flags -}}
      {{- with $preset.model.path -}}
        {{- if regexMatch .pattern $name -}}
          {{- $flag = .flag -}}
        {{- end -}}
      {{- end -}}
      {{- $added = list $flag $name -}}
      {{- with $preset.model.subcommand -}}
        {{- if not (has (first $launch.args | default "") $serve) -}}
          {{- $added = prepend $added . -}}
        {{- end -}}
      {{- end -}}
      {{- $index = max $index $before | int -}}
    {{- end -}}
    {{- $words = concat (slice $words 0 $index | default list) $added (slice $words $index | default list) -}}
    {{- $before = ternary (add $before (len $added)) $before (lt $index $before) | int -}}
  {{- end -}}
  {{- toJson (dict
        "command" (slice $words 0 $before | default list)
        "args" (slice $words $before | default list)
        "kept" $kept
        "assumed" (ternary (join " " $launch.command) "" (and $launch.launched (not (include "inference-stack.modelGroup.isOwnImage" .))))
        "behind" $behind) -}}
{{- end -}}

{{- /*
The program that a preset puts before arguments, as the engine's version has it. Input: dict group (computed), named (bool, an option will name the
model). Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.launcher" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $launcher := $preset.launcher -}}
  {{- with $preset.launcherBefore -}}
    {{- $version := $.group.computed.engineVersion -}}
    {{- if or (not $version) (not $.named) (semverCompare (printf "<%s" .version) $version) -}}
      {{- $launcher = .words -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $launcher -}}
{{- end -}}

{{- /*
Whether the program would refuse its model as an option: it is older than the option, or may be and was put there by the chart.
Input: dict group (computed), launched (bool). Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.optionIsUnknown" -}}
  {{- $version := .group.computed.engineVersion -}}
  {{- with .group.computed.preset.model.flagSince -}}
    {{- if $version -}}
      {{- ternary "true" "" (semverCompare (printf "<%s" .) $version) -}}
    {{- else if $.launched -}}
true
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /* Words with a model that an option gives moved to the front of the options. Input: dict words, flags, index (of the front). Output: JSON list. */ -}}
{{- define "inference-stack.modelInFront" -}}
  {{- $flags := .flags -}}
  {{- $model := list -}}
  {{- $others := list -}}
  {{- $open := false -}}
  {{- range .words -}}
    {{- $parts := splitn "=" 2 . -}}
    {{- if $open -}}
      {{- $model = list . -}}
      {{- $open = false -}}
    {{- else if has . $flags -}}
      {{- $open = true -}}
    {{- else if and (contains "=" .) (has $parts._0 $flags) -}}
      {{- $model = list $parts._1 -}}
    {{- else -}}
      {{- $others = append $others . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (concat (slice $others 0 (int .index) | default list) $model (slice $others (int .index) | default list)) -}}
{{- end -}}

{{- /*
The words of a script's servers, variables replaced: of the commands that start the engine or set a port. The one that answers requests comes last: the one
that listens on the group's containerPort, else the last one that sets a port. The script is what a shell runs, or the text that an unknown entrypoint gets.
Input: dict root, name, group (computed). Output: JSON {words: [string], several: bool (they listen on several ports)}.
*/ -}}
{{- define "inference-stack.modelGroup.scriptWords" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $line := .group.computed.line -}}
  {{- $script := ternary $line.script (first $line.args | default "") $line.shell -}}
  {{- $text := (include "inference-stack.script" (dict "text" $script "env" .group.computed.givenEnv) | fromJson).text -}}
  {{- $all := include "inference-stack.commands" (dict "text" $text "pattern" $preset.recognise.command) | fromJsonArray -}}
  {{- $wanted := include "inference-stack.modelGroup.givenPort" . -}}
  {{- $names := dig "flags" "port" "names" list $preset -}}
  {{- $others := list -}}
  {{- $last := list -}}
  {{- $lastPort := "" -}}
  {{- $ports := list -}}
  {{- $words := list -}}
  {{- range append $all "\n" -}}
    {{- if ne . "\n" -}}
      {{- $words = append $words . -}}
    {{- else -}}
      {{- $port := first (include "inference-stack.flag" (dict "words" $words "names" $names) | fromJson).values | default "" -}}
      {{- if regexMatch "^(until |while |if |! )*(echo|printf|log|logger|grep|pgrep|pkill|killall)( |$)" (join " " $words) -}}
        {{- $words = list -}}
        {{- $port = "" -}}
      {{- end -}}
      {{- $starts := and $preset.recognise.command (regexMatch $preset.recognise.command (join " " $words)) -}}
      {{- $ports = ternary (append $ports $port) $ports (not (empty $port)) -}}
      {{- if or $port $starts -}}
        {{- $better := ternary (or (eq $port $wanted) (ne $lastPort $wanted) (not $wanted)) (not $lastPort) (not (empty $port)) -}}
        {{- if or (not $last) $better -}}
          {{- $others = ternary list (concat $others $last (list "\n")) (empty $last) -}}
          {{- $last = $words -}}
          {{- $lastPort = $port -}}
        {{- else -}}
          {{- $others = concat $others $words (list "\n") -}}
        {{- end -}}
      {{- end -}}
      {{- $words = list -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "words" (ternary (concat $others $last) $all (not (empty $last))) "several" (gt (len (uniq $ports)) 1)) -}}
{{- end -}}

{{- /*
A containerPort that the user sets, for the group or for all groups. Input: dict root, name, group. Output: number, empty if it is the chart's default.
*/ -}}
{{- define "inference-stack.modelGroup.givenPort" -}}
  {{- $own := (index .root.Values.modelGroups .name).containerPort -}}
  {{- $default := int64 .root.stack.defaults.modelGroupDefaults.containerPort -}}
  {{- if or $own (ne (int64 .group.containerPort) $default) -}}
    {{- int64 .group.containerPort -}}
  {{- end -}}
{{- end -}}

{{- /* What the first of several regular expressions that matches has in its group. Input: dict text, patterns (list or nothing). Output: string. */ -}}
{{- define "inference-stack.firstMatch" -}}
  {{- $found := "" -}}
  {{- range .patterns -}}
    {{- $match := regexFind . $.text -}}
    {{- if and $match (not $found) -}}
      {{- $found = regexReplaceAll . $match "${1}" -}}
    {{- end -}}
  {{- end -}}
  {{- $found -}}
{{- end -}}

{{- /*
The port an engine listens on: the one that its command or environment sets, else containerPort, unless that is another of its ports. A script may start
several servers, and an engine that is not known may mean another port, so containerPort overrides theirs; and a variable whose value is unknown.
Input: dict root, name, group, words, script. Output: JSON {port: number, unknown: string (what the command sets, if its value is unknown)}.
*/ -}}
{{- define "inference-stack.modelGroup.httpPort" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $known := or $preset.launcher $preset.entrypoint -}}
  {{- $own := include "inference-stack.modelGroup.givenPort" . -}}
  {{- $untold := ternary ($preset.untoldPort | default $preset.port) $preset.port (eq true .script) -}}
  {{- $port := ternary .group.containerPort ($untold | default .group.containerPort) (not (empty $own)) | int64 -}}
  {{- range $preset.ports -}}
    {{- if eq (int64 .containerPort) $port -}}
      {{- $port = $.root.stack.defaults.modelGroupDefaults.containerPort | int64 -}}
      {{- $own = "" -}}
    {{- end -}}
  {{- end -}}
  {{- $given := "" -}}
  {{- with $preset.flags.port -}}
    {{- $flag := include "inference-stack.flag" (dict "words" $.words "names" .names) | fromJson -}}
    {{- $given = include "inference-stack.firstMatch" (dict "text" (join " " $.words) "patterns" .patterns) | default (first $flag.values) -}}
    {{- range prepend (.variables | default list) (.env | default "") -}}
      {{- $given = $given | default (index $.group.computed.givenEnv .) -}}
    {{- end -}}
    {{- $given = $given | default "" | toString -}}
  {{- end -}}
  {{- $given = regexReplaceAll "^.*:([0-9]+)/?$" $given "${1}" -}}
  {{- $number := regexMatch "^[0-9]+$" $given -}}
  {{- $unknown := ternary $given "" (and (contains "$" $given) (not (empty $known))) -}}
  {{- $port = ternary (int64 $given) $port (and $number (not (and $own (or .script (not $known))))) -}}
  {{- toJson (dict "port" $port "unknown" $unknown) -}}
{{- end -}}

{{- /*
The names under which an engine serves its model: those that its command sets, else those that will be appended, else the model's own.
Input: dict group, words, script, behind. Output: JSON list, empty if none is known: a router has names of its own, a directory of models theirs.
*/ -}}
{{- define "inference-stack.modelGroup.servedNames" -}}
  {{- $preset := .group.computed.preset -}}
  {{- $aliases := include "inference-stack.modelGroup.toldNames" . | fromJsonArray -}}
  {{- $served := $preset.flags.servedNames -}}
  {{- $names := (include "inference-stack.flag" (dict "words" .words "names" $served.names "every" $served.repeated) | fromJson).values -}}
  {{- if not $names -}}
    {{- with index .group.computed.givenEnv ($served.env | default "") -}}
      {{- $names = ternary (without (splitList ";" .) "") (list .) (eq (toString $served.repeated) "true") -}}
    {{- end -}}
  {{- end -}}
  {{- if not (or $names (include "inference-stack.text" .group.modelName)) -}}
    {{- $text := printf "%s %s" (join " " .words) .group.computed.line.script -}}
    {{- range $pattern := $served.patterns -}}
      {{- range ternary list (regexFindAll $pattern $text -1) (not (empty $names)) -}}
        {{- $names = append $names (regexReplaceAll $pattern . "${1}") -}}
      {{- end -}}
    {{- end -}}
    {{- $names = uniq $names -}}
  {{- end -}}
  {{- if and $names .script (ne $served.style "comma") -}}
    {{- $names = concat $names (include "inference-stack.flag" (dict "words" .words "names" $served.names "every" true) | fromJson).values | uniq -}}
  {{- end -}}
  {{- $unknown := contains "$" (first $names | default "") -}}
  {{- if and $names (eq $served.style "comma") -}}
    {{- $names = splitList "," (first $names) -}}
  {{- else if and (not $names) (or .script .behind (eq $served.style "model") (not $aliases)) -}}
    {{- $model := .behind -}}
    {{- if and (or .script (not $aliases)) (has $served.style (list "list" "first")) -}}
      {{- $model = $model | default (first (include "inference-stack.flag" (dict "words" .words "names" $preset.model.flags) | fromJson).values) -}}
    {{- end -}}
    {{- if $preset.model.positional -}}
      {{- $model = $model | default (include "inference-stack.positionalModel" (dict "preset" $preset "words" .words)) -}}
    {{- end -}}
    {{- if or (not $model) (contains "$" $model) -}}
      {{- $model = include "inference-stack.text" .group.modelName -}}
    {{- end -}}
    {{- $several := and $preset.model.directory (hasPrefix "/" $model) -}}
    {{- with and (not $preset.router) (not $several) $model -}}
      {{- $names = list (ternary (base .) . (and (hasPrefix "/" .) (eq $served.style "model"))) -}}
    {{- end -}}
  {{- else if not $names -}}
    {{- $names = ternary (list (first $aliases | default "")) $aliases (eq $served.style "first") -}}
  {{- end -}}
  {{- $known := list -}}
  {{- range $names -}}
    {{- if not (or $unknown (and $.script (contains "$" .))) -}}
      {{- $known = append $known . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $known -}}
{{- end -}}

{{- /*
Arguments that a command line lacks: bind address, port, base path, served names, metrics, tensor parallelism, key, shutdown timeout,
revision, adapters, how weights are read from an object store, where spans go.
Input: dict root, group, words, script, behind, port, servedNames. Output: JSON list of strings.
*/ -}}
{{- define "inference-stack.modelGroup.missingArgs" -}}
  {{- $context := . -}}
  {{- $computed := .group.computed -}}
  {{- $args := list -}}
  {{- range $kind := list "host" "port" "basePath" "servedNames" "metrics" "tensorParallel" "apiKey" "drain" "revision" "adapters" "objectStore" "tracing" -}}
    {{- $adapters := and (eq $kind "adapters") $context.group.dynamicAdapters -}}
    {{- with ternary (dig "adapters" "dynamic" dict $computed.preset) (index $computed.preset.flags $kind) (eq (toString $adapters) "true") -}}
      {{- $names := .names -}}
      {{- if eq $kind "tensorParallel" -}}
        {{- $parallelism := $computed.preset.parallelism -}}
        {{- $names = concat $parallelism.tensor $parallelism.pipeline $parallelism.data $parallelism.other -}}
      {{- end -}}
      {{- $flag := include "inference-stack.flag" (dict "words" $context.words "names" $names) | fromJson -}}
      {{- $needed := not (or $flag.given (hasKey $computed.givenEnv (.env | default ""))) -}}
      {{- if eq $kind "tensorParallel" -}}
        {{- $needed = and $needed (gt (int $computed.gpus) 1) (le $context.group.computed.nodes 1) -}}
        {{- $inFile := (include "inference-stack.flag" (dict "words" $context.words "names" $computed.preset.parallelism.files) | fromJson).given -}}
        {{- $needed = and $needed (not $inFile) -}}
      {{- else if eq $kind "servedNames" -}}
        {{- $needed = and $needed (not $context.behind) (include "inference-stack.modelGroup.toldNames" $context | fromJsonArray) -}}
      {{- else if eq $kind "apiKey" -}}
        {{- $needed = and $needed (not (empty $context.group.apiKey)) -}}
      {{- else if eq $kind "revision" -}}
        {{- $needed = and $needed (not (empty $context.group.computed.source.revision)) -}}
      {{- else if eq $kind "adapters" -}}
        {{- $needed = and $needed (or $context.group.dynamicAdapters (not (empty $context.group.adapters))) -}}
      {{- else if eq $kind "basePath" -}}
        {{- $needed = and $needed (ne $context.group.basePath "/") -}}
      {{- else if eq $kind "objectStore" -}}
        {{- $needed = and $needed (regexMatch "(^|\n)(--model(-path)?=)?(s3|gs|az)://" (join "\n" $context.words)) -}}
      {{- else if eq $kind "tracing" -}}
        {{- $needed = and $needed (include "inference-stack.modelGroup.collector" $context) -}}
      {{- end -}}
      {{- if and $needed .add (not $context.script) -}}
        {{- range .add -}}
          {{- $args = append $args (include "inference-stack.modelGroup.filled" (dict "context" $context "text" .)) -}}
        {{- end -}}
        {{- if and (eq $kind "adapters") (not $context.group.dynamicAdapters) -}}
          {{- $loaded := include "inference-stack.modelGroup.loadedAdapters" $context | fromJsonArray -}}
          {{- $args = concat $args (ternary (list (join "," $loaded)) $loaded (eq (toString .style) "comma")) -}}
        {{- end -}}
        {{- if eq $kind "servedNames" -}}
          {{- $told := include "inference-stack.modelGroup.literals" $context.servedNames | fromJsonArray -}}
          {{- $args = concat $args (ternary (list (join "," $told)) $told (eq .style "comma")) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- concat $args (include "inference-stack.modelGroup.nodeArgs" . | fromJsonArray) | toJson -}}
{{- end -}}

{{- /*
Arguments that make the pods of a set one engine, as far as the command line lacks them. Input: as of missingArgs. Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.nodeArgs" -}}
  {{- $context := . -}}
  {{- $preset := .group.computed.preset -}}
  {{- $args := list -}}
  {{- with ternary $preset.nodes dict (and (gt .group.computed.nodes 1) (not .script)) -}}
    {{- $parallelism := $preset.parallelism -}}
    {{- $sizes := concat $parallelism.tensor $parallelism.pipeline $parallelism.data $parallelism.other -}}
    {{- $spread := dict "names" (concat $sizes $parallelism.files) "add" .spread -}}
    {{- range prepend .flags $spread -}}
      {{- if not (include "inference-stack.flag" (dict "words" $context.words "names" .names) | fromJson).given -}}
        {{- range .add -}}
          {{- $args = append $args (include "inference-stack.modelGroup.filled" (dict "context" $context "text" .)) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $args -}}
{{- end -}}

{{- /* A regular expression of addresses that only the pod itself reaches. Output: string. */ -}}
{{- define "inference-stack.loopback" -}}
(127\.[0-9.]+|localhost|\[?::1\]?)
{{- end -}}

{{- /*
The address at which an engine listens inside of its pod only; of a script the server that answers requests counts. Input: dict group (computed).
Output: string, or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.loopback" -}}
  {{- $names := dig "flags" "host" "names" list .group.computed.preset -}}
  {{- $server := list -}}
  {{- range .group.computed.words -}}
    {{- $server = ternary list (append $server .) (eq . "\n") -}}
  {{- end -}}
  {{- $address := last (include "inference-stack.flag" (dict "words" $server "names" $names) | fromJson).values | default "" -}}
  {{- regexFind (include "inference-stack.loopback" . | printf "^%s$") $address -}}
{{- end -}}

{{- /* The command line of a group as rules read it: a script without its comments. Input: dict group (computed). Output: JSON list of strings. */ -}}
{{- define "inference-stack.modelGroup.read" -}}
  {{- $line := .group.computed.line -}}
  {{- $words := list -}}
  {{- range $index, $word := concat .group.computed.command .group.computed.args -}}
    {{- $words = append $words (ternary $line.script $word (and (gt (int $line.scriptAt) 0) (eq $index (int $line.scriptAt)))) -}}
  {{- end -}}
  {{- toJson $words -}}
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
Adapters that a group, its command line or environment loads: each as name=path, as JSON, or as a path; several with commas. Input: dict group, words, script.
Output: JSON list of names.
*/ -}}
{{- define "inference-stack.modelGroup.adapterNames" -}}
  {{- $names := keys (.group.adapters | default dict) | sortAlpha -}}
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
  {{- without $names "" | uniq | toJson -}}
{{- end -}}

{{- /* The adapters of a group, by the names that engines know their sources by. Input: dict group. Output: JSON map name -> source. */ -}}
{{- define "inference-stack.modelGroup.adapterSources" -}}
  {{- $sources := dict -}}
  {{- range $name, $source := .group.adapters -}}
    {{- $_ := set $sources $name (include "inference-stack.text" $source | trimPrefix "hf://") -}}
  {{- end -}}
  {{- toJson $sources -}}
{{- end -}}

{{- /* The adapters of a group as its engine is told them: name=source. Input: dict group. Output: JSON list. */ -}}
{{- define "inference-stack.modelGroup.loadedAdapters" -}}
  {{- $loaded := list -}}
  {{- range $name, $source := include "inference-stack.modelGroup.adapterSources" . | fromJson -}}
    {{- $loaded = append $loaded (printf "%s=%s" $name $source) -}}
  {{- end -}}
  {{- include "inference-stack.modelGroup.literals" $loaded -}}
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

{{- /* An argument of a preset with its placeholders filled in. Input: dict context (dict root, group, port), text. Output: string. */ -}}
{{- define "inference-stack.modelGroup.filled" -}}
  {{- .text
        | replace "PORT" (toString .context.port)
        | replace "BASE" (trimSuffix "/" .context.group.basePath)
        | replace "REVISION" (.context.group.computed.source.revision | default "")
        | replace "GPUS" (max 1 .context.group.computed.gpus | toString)
        | replace "NODES" (.context.group.computed.nodes | toString)
        | replace "WORLD" (include "inference-stack.modelGroup.worldSize" .context | int64 | max .context.group.computed.nodes | toString)
        | replace "DRAIN" (.context.group.drainSeconds | int64 | toString)
        | replace "TRACES" (include "inference-stack.modelGroup.collector" .context) -}}
{{- end -}}

{{- /*
Where an engine's spans go: to the collector of all, if its version, and the image where that matters, is known to have all that it needs.
Input: dict root, group (computed). Output: URL, or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.collector" -}}
  {{- $tracing := .root.stack.tracing -}}
  {{- $version := .group.computed.engineVersion -}}
  {{- with .group.computed.preset.tracing -}}
    {{- $image := regexMatch (.image | default "") $.group.computed.imageReference -}}
    {{- if and $tracing.endpoint $tracing.engines $version $image -}}
      {{- ternary (printf "%s/v1/traces" (trimSuffix "/" $tracing.endpoint)) "" (semverCompare (printf ">=%s" .since) $version) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
The complete command line of a group.
Input: dict root, name, group (computed). Output: JSON {
  command, args: [string], words: [string] (the same with known variables replaced; of a script, the words of its servers),
  port: number, unknownPort: what sets it, if its value is unknown,
  servedNames: [string] (empty if unknown),
  script: bool (it is used as it is), kept: why, assumed: a program that the image may lack,
  several: bool (a script starts servers on several ports, and the user sets none of them),
  behind: the model, if it stands behind options}.
*/ -}}
{{- define "inference-stack.modelGroup.invocation" -}}
  {{- $program := include "inference-stack.modelGroup.program" . | fromJson -}}
  {{- $known := list -}}
  {{- range concat $program.command $program.args -}}
    {{- $known = append $known (include "inference-stack.expanded" (dict "text" . "env" $.group.computed.givenEnv)) -}}
  {{- end -}}
  {{- $several := false -}}
  {{- $text := and (eq $program.kept "entrypoint") (regexMatch "\\s" (first $program.args | default "")) -}}
  {{- if or (eq $program.kept "script") $text -}}
    {{- $script := include "inference-stack.modelGroup.scriptWords" . | fromJson -}}
    {{- $known = $script.words -}}
    {{- $several = $script.several -}}
  {{- end -}}
  {{- $context := dict "root" .root "name" .name "group" .group "words" $known "script" (ne $program.kept "") "behind" $program.behind -}}
  {{- $port := include "inference-stack.modelGroup.httpPort" $context | fromJson -}}
  {{- $_ := set $context "port" (int64 $port.port) -}}
  {{- $_ := set $context "servedNames" (include "inference-stack.modelGroup.servedNames" $context | fromJsonArray) -}}
  {{- $missing := include "inference-stack.modelGroup.missingArgs" $context | fromJsonArray -}}
  {{- toJson (dict
        "command" $program.command
        "args" (concat $program.args $missing | default list)
        "words" (concat $known $missing)
        "port" $context.port
        "unknownPort" $port.unknown
        "servedNames" $context.servedNames
        "script" $context.script
        "kept" $program.kept
        "assumed" $program.assumed
        "several" (and $several (not (include "inference-stack.modelGroup.givenPort" .)))
        "behind" $program.behind) -}}
{{- end -}}
