{{- /* Command lines as people write them: texts are split as a shell does, and the program behind its launchers is found. */ -}}

{{- /*
A text split as a POSIX shell does: quotes and backslashes are removed, comments and a pasted prompt left out. Nothing is expanded.
Input: string. Output: JSON {words: [string] ("\n" between two commands), operators: [string] (; & | < >), shell: [string] (what a shell would expand),
quotedShell: [string] (the same, inside double quotes), open: bool (a quote is not closed)}.
*/ -}}
{{- define "inference-stack.shell" -}}
  {{- $text := regexReplaceAll "\\\\[ \\t]*\\r?\\n|(^|\\s)\\\\\\s" (toString .) " " -}}
  {{- $text = regexReplaceAll "^\\s*\\$\\s|\\\\\\s*$" $text "" -}}
  {{- $nested := "\\$\\((?:[^()]|\\([^()]*\\))*\\)|\\$\\{(?:[^{}]|\\$\\{[^{}]*\\})*\\}" -}}
  {{- $word := printf "(?s)(?:%s|`[^`]*`|\\\\.|'[^']*'|\"(?:[^\"\\\\]|\\\\.)*\"|[^\\s'\"\\\\;&|<>`])+" $nested -}}
  {{- $operator := "[;&|<>]+|\\n" -}}
  {{- $redirection := "[0-9]*>&[0-9-]+|[0-9]+[<>]+" -}}
  {{- $tokens := printf "#[^\\n]*|%s|%s|%s" $redirection $word $operator -}}
  {{- $expanded := "`|\\$[A-Za-z0-9_{@*#?]|\\$\\([^()]*[^A-Za-z0-9_.()-][^()]*\\)|\\$\\(\\(" -}}
  {{- $words := list -}}
  {{- $operators := list -}}
  {{- $shell := list -}}
  {{- $quotedShell := list -}}
  {{- range $token := regexFindAll $tokens $text -1 -}}
    {{- if hasPrefix "#" $token -}}
    {{- else if regexMatch "^([;&|\\n]|[0-9]*[<>])" $token -}}
      {{- $words = append $words "\n" -}}
      {{- if ne $token "\n" -}}
        {{- $operators = append $operators $token -}}
      {{- end -}}
    {{- else -}}
      {{- $plain := "" -}}
      {{- range $index, $piece := regexFindAll "(?s)'[^']*'|\"(?:[^\"\\\\]|\\\\.)*\"|\\\\.|[^'\"\\\\]+" $token -1 -}}
        {{- if hasPrefix "'" $piece -}}
          {{- $plain = printf "%s%s" $plain ($piece | trimPrefix "'" | trimSuffix "'") -}}
        {{- else if hasPrefix "\"" $piece -}}
          {{- $inside := $piece | trimPrefix "\"" | trimSuffix "\"" -}}
          {{- if regexMatch $expanded (regexReplaceAll "(?s)\\\\." $inside "") -}}
            {{- $quotedShell = append $quotedShell $token -}}
          {{- end -}}
          {{- $plain = printf "%s%s" $plain (regexReplaceAll "(?s)\\\\([\\\\\"$`])" $inside "$1") -}}
        {{- else if hasPrefix "\\" $piece -}}
          {{- $plain = printf "%s%s" $plain (trimPrefix "\\" $piece) -}}
        {{- else -}}
          {{- if or (regexMatch $expanded $piece) (and (eq $index 0) (regexMatch "^([A-Za-z0-9_-]+=)?~(/|$)" $piece)) -}}
            {{- $shell = append $shell $token -}}
          {{- end -}}
          {{- $plain = printf "%s%s" $plain $piece -}}
        {{- end -}}
      {{- end -}}
      {{- $words = append $words $plain -}}
    {{- end -}}
  {{- end -}}
  {{- $rest := regexReplaceAll $tokens $text "" -}}
  {{- $open := regexMatch "['\"\\\\`]" $rest -}}
  {{- toJson (dict "words" $words "operators" $operators "shell" $shell "quotedShell" $quotedShell "open" $open) -}}
{{- end -}}

{{- /* A script without its comments. Input: string. Output: string. */ -}}
{{- define "inference-stack.withoutComments" -}}
  {{- regexReplaceAll "(?s)#[^\\n]*|((?:\\\\.|'[^']*'|\"(?:[^\"\\\\]|\\\\.)*\"|[^\\s'\"\\\\;&|<>()])+)" . "${1}" -}}
{{- end -}}

{{- /* Whether a word starts a shell. Input: string. Output: "true" or nothing. */ -}}
{{- define "inference-stack.isShell" -}}
  {{- if regexMatch "^(ba|da|a|k|z)?sh$" (base .) -}}
true
  {{- end -}}
{{- end -}}

{{- /*
Where the program stands in a command line, behind programs that only start another one (env, tini, numactl, nvidia_entrypoint.sh, ...).
Input: words (list of strings). Output: JSON {at: index, env: map of the variables that `env` sets}.
*/ -}}
{{- define "inference-stack.programAt" -}}
  {{- $launchers := dict
        "env" (dict "valued" "-u|-C|-S" "operands" 0)
        "tini" (dict "valued" "-p|-e" "operands" 0)
        "dumb-init" (dict "valued" "-r|--rewrite" "operands" 0)
        "nice" (dict "valued" "-n|--adjustment" "operands" 0)
        "ionice" (dict "valued" "-c|-n|--class|--classdata" "operands" 0)
        "numactl" (dict "valued" "-[NmCipPw]|--(cpunodebind|membind|physcpubind|interleave|preferred)" "operands" 0)
        "taskset" (dict "valued" "none" "operands" 1)
        "chrt" (dict "valued" "none" "operands" 1)
        "timeout" (dict "valued" "-k|-s|--kill-after|--signal" "operands" 1)
        "stdbuf" (dict "valued" "-[ioe]" "operands" 0)
        "gosu" (dict "valued" "none" "operands" 1)
        "sudo" (dict "valued" "-[ug]" "operands" 0) -}}
  {{- $same := dict "tini-static" "tini" "docker-init" "tini" "catatonit" "tini" "su-exec" "gosu" -}}
  {{- $at := 0 -}}
  {{- $env := dict -}}
  {{- $launcher := dict -}}
  {{- $operands := 0 -}}
  {{- $value := false -}}
  {{- $found := false -}}
  {{- range $index, $word := . -}}
    {{- $name := base $word -}}
    {{- $name = index $same $name | default $name -}}
    {{- $plain := or (has $name (list "nohup" "setsid" "time" "catchsegv")) (regexMatch "^(docker-|nvidia_)?entrypoint\\.sh$" $name) -}}
    {{- if or $found $value -}}
      {{- $value = false -}}
    {{- else if and $launcher (hasPrefix "-" $word) -}}
      {{- $value = regexMatch (printf "^(%s)$" $launcher.valued) $word -}}
    {{- else if and $launcher (regexMatch "^[A-Za-z_][A-Za-z0-9_]*=" $word) -}}
      {{- $_ := set $env (splitn "=" 2 $word)._0 (splitn "=" 2 $word)._1 -}}
    {{- else if gt (int $operands) 0 -}}
      {{- $operands = sub $operands 1 -}}
    {{- else if hasKey $launchers $name -}}
      {{- $launcher = index $launchers $name -}}
      {{- $operands = $launcher.operands -}}
    {{- else if $plain -}}
      {{- $launcher = dict "valued" "none" -}}
    {{- else -}}
      {{- $found = true -}}
      {{- $at = $index -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "at" $at "env" $env) -}}
{{- end -}}

{{- /*
A group's command or args as words. A text, or a text that is the only item, is split as a shell does, unless it is a script or the path of a file.
Input: dict given (list or scalar, or nothing), only (bool: an only item may be split). Output: JSON {words: [string], text: string (what was split)}.
*/ -}}
{{- define "inference-stack.modelGroup.words" -}}
  {{- $words := include "inference-stack.texts" .given | fromJsonArray -}}
  {{- $text := "" -}}
  {{- $first := first $words | default "" -}}
  {{- if and (eq (len $words) 1) (or (kindIs "string" .given) .only) (regexMatch "\\s" $first) -}}
    {{- if or (kindIs "string" .given) (not (include "inference-stack.isPath" $first)) -}}
      {{- $text = $first -}}
      {{- $words = without (include "inference-stack.shell" $first | fromJson).words "\n" -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "words" $words "text" $text) -}}
{{- end -}}

{{- /* Whether a text with spaces is the path of one file, as /opt/my server/run. Input: string. Output: "true" or nothing. */ -}}
{{- define "inference-stack.isPath" -}}
  {{- $parts := splitn " " 2 . -}}
  {{- $rest := $parts._1 | default "" -}}
  {{- if and (hasPrefix "/" .) (not (regexMatch "\\.[a-z]+$" $parts._0)) (contains "/" $rest) (not (regexMatch "(^| )[-/]|\\n" $rest)) -}}
true
  {{- end -}}
{{- end -}}

{{- /*
Options of a map as words, in the order of their names: true is the option alone, false and null leave it out, a list is several values, a map is JSON.
Input: map. Output: JSON list of strings.
*/ -}}
{{- define "inference-stack.optionWords" -}}
  {{- $words := list -}}
  {{- range $name, $value := . -}}
    {{- if not (or (kindIs "invalid" $value) (eq (toString $value) "false")) -}}
      {{- $words = append $words (include "inference-stack.optionName" $name) -}}
      {{- if kindIs "slice" $value -}}
        {{- range $value -}}
          {{- $words = append $words (ternary (toJson .) (include "inference-stack.text" .) (kindIs "map" .)) -}}
        {{- end -}}
      {{- else if kindIs "map" $value -}}
        {{- $words = append $words (toJson $value) -}}
      {{- else if ne (toString $value) "true" -}}
        {{- $words = append $words (include "inference-stack.text" $value) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $words -}}
{{- end -}}

{{- /* An option as a command line has it: -x and -tp as they are, else with the dashes that it lacks. Input: string. Output: string. */ -}}
{{- define "inference-stack.optionName" -}}
  {{- if hasPrefix "-" . -}}
    {{- . -}}
  {{- else -}}
    {{- printf "%s%s" (ternary "-" "--" (eq (len .) 1)) . -}}
  {{- end -}}
{{- end -}}

{{- /*
A group's command and args as they are run. Options without a program are arguments, variables in front of the program are the container's, and a
shell's exec means nothing here. The options of engineArgs are the last of the args, but for a shell, whose args are no options.
Input: dict root, group. Output: JSON {
  command, args: [string],
  text: string (a text that was split), textKey: command or args,
  env: map of the variables taken from the front, launcherEnv: map of those that env sets,
  at: index of the program in command and args together, shell: bool,
  script: string (what a shell runs without its comments, empty if none does), scriptAt: its index,
  program: bool (command or args name a program)}.
*/ -}}
{{- define "inference-stack.modelGroup.line" -}}
  {{- $command := include "inference-stack.modelGroup.words" (dict "given" .group.command "only" true) | fromJson -}}
  {{- $start := include "inference-stack.programAt" $command.words | fromJson -}}
  {{- $runs := index (append $command.words "") (int $start.at) -}}
  {{- $args := dict "words" (include "inference-stack.texts" .group.args | fromJsonArray) "text" "" -}}
  {{- if not (or (include "inference-stack.isShell" $runs) (regexMatch "^-[a-z]*c$" (last $command.words | default ""))) -}}
    {{- $only := and (not $command.words) (include "inference-stack.engineOfWords" (dict "root" .root "words" $args.words)) -}}
    {{- $args = include "inference-stack.modelGroup.words" (dict
          "given" .group.args "only" (and $only (include "inference-stack.modelGroup.isOwnImage" .))) | fromJson -}}
  {{- end -}}
  {{- $text := $command.text | default $args.text -}}
  {{- $textKey := ternary "command" "args" (not (empty $command.text)) -}}
  {{- $command = $command.words -}}
  {{- $args = $args.words -}}
  {{- if hasPrefix "-" (first $command | default "") -}}
    {{- $args = concat $command $args -}}
    {{- $command = list -}}
  {{- end -}}
  {{- $front := or $command (ternary $args list (not (empty (include "inference-stack.engineOfWords" (dict "root" .root "words" $args))))) -}}
  {{- $env := dict -}}
  {{- $taken := 0 -}}
  {{- range $index, $word := $front -}}
    {{- if and (eq $index $taken) (regexMatch "^([A-Za-z_][A-Za-z0-9_]*=|exec$)" $word) -}}
      {{- if ne $word "exec" -}}
        {{- $_ := set $env (splitn "=" 2 $word)._0 (splitn "=" 2 $word)._1 -}}
      {{- end -}}
      {{- $taken = add1 $taken | int -}}
    {{- end -}}
  {{- end -}}
  {{- if $command -}}
    {{- $command = slice $command $taken | default list -}}
    {{- if and (not $command) $args -}}
      {{- $command = list (first $args) -}}
      {{- $args = rest $args -}}
    {{- end -}}
  {{- else -}}
    {{- $args = slice $args $taken | default list -}}
  {{- end -}}
  {{- $words := concat $command $args -}}
  {{- $start = include "inference-stack.programAt" $words | fromJson -}}
  {{- $behind := slice (append $words "") (int $start.at) -}}
  {{- $shell := not (empty (include "inference-stack.isShell" (first $behind))) -}}
  {{- $script := "" -}}
  {{- $scriptAt := 0 -}}
  {{- if $shell -}}
    {{- $script = join " " (rest $behind) -}}
    {{- $isNext := false -}}
    {{- range $index, $word := rest $behind -}}
      {{- if and $isNext (not $scriptAt) (not (hasPrefix "-" $word)) -}}
        {{- $script = include "inference-stack.withoutComments" $word -}}
        {{- $scriptAt = add $start.at $index 1 | int -}}
      {{- end -}}
      {{- $isNext = or $isNext (regexMatch "^-[a-z]*c$" $word) -}}
    {{- end -}}
  {{- end -}}
  {{- if not $shell -}}
    {{- $args = concat $args (include "inference-stack.optionWords" .group.engineArgs | fromJsonArray) | default list -}}
  {{- end -}}
  {{- toJson (dict
        "command" $command
        "args" $args
        "text" $text
        "textKey" $textKey
        "env" $env
        "launcherEnv" $start.env
        "at" $start.at
        "script" $script
        "scriptAt" $scriptAt
        "shell" $shell) -}}
{{- end -}}

{{- /*
A script with its arrays in the places where all of their words are used ("${NAME[@]}"), several assignments to one joined. Input: string. Output: string.
*/ -}}
{{- define "inference-stack.withArrays" -}}
  {{- $text := . -}}
  {{- $arrays := dict -}}
  {{- $array := "[A-Za-z_][A-Za-z0-9_]*\\+?=\\((?:\\$\\([^()]*\\)|'[^']*'|\"(?:[^\"\\\\]|\\\\.)*\"|\\\\.|[^()'\"\\\\])*\\)" -}}
  {{- range regexFindAll (printf "(?s)%s" $array) $text -1 -}}
    {{- $name := regexFind "^[A-Za-z_][A-Za-z0-9_]*" . -}}
    {{- $words := regexReplaceAll "(?s)^[^(]*\\(|\\)$" . "" -}}
    {{- $words = regexReplaceAll "(?m)(^|\\s)#.*$|\\\\?\\n" $words " " -}}
    {{- $_ := set $arrays $name (printf "%s %s" (index $arrays $name | default "") $words) -}}
    {{- $text = replace . ":" $text -}}
  {{- end -}}
  {{- range $name, $words := $arrays -}}
    {{- $text = $text | replace (printf "\"${%s[@]}\"" $name) $words | replace (printf "${%s[@]}" $name) $words -}}
  {{- end -}}
  {{- $text -}}
{{- end -}}

{{- /*
Variables of a script: those of its container, and those that it assigns from texts and known variables. Input: dict text, env (name -> value, "" if it is
unknown). Output: JSON map name -> value.
*/ -}}
{{- define "inference-stack.scriptEnv" -}}
  {{- $env := deepCopy .env -}}
  {{- $value := "\"?\\$\\([^()]*\\)\"?|\"(?:[^\"\\\\`]|\\\\.)*\"|'[^']*'|[^\\s;&|\"'`]+" -}}
  {{- $assigned := printf "[A-Za-z_][A-Za-z0-9_]*=(?:%s)|\\$\\{[A-Za-z_][A-Za-z0-9_]*:?=[^{}]*\\}" $value -}}
  {{- range regexFindAll (printf "(?s)%s" $assigned) .text -1 -}}
    {{- $parts := splitn "=" 2 . -}}
    {{- $name := $parts._0 | trimPrefix "${" | trimSuffix ":" -}}
    {{- $value := ternary ($parts._1 | trimSuffix "}") $parts._1 (hasPrefix "${" .) -}}
    {{- if not (hasPrefix "'" $value) -}}
      {{- $value = include "inference-stack.expanded" (dict "text" ($value | trimAll "\"") "env" $env "script" true) -}}
    {{- end -}}
    {{- if and (not (contains "$" $value)) (not (and (hasPrefix "${" .) (index $env $name))) -}}
      {{- $_ := set $env $name ($value | trimAll "'") -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}

{{- /*
A script with its arrays and variables in place, as far as they are known. Input: dict text, env (name -> value, "" if it is unknown).
Output: JSON {text: string, env: map (its own variables included)}.
*/ -}}
{{- define "inference-stack.script" -}}
  {{- $text := include "inference-stack.withArrays" .text -}}
  {{- $env := include "inference-stack.scriptEnv" (dict "text" $text "env" .env) | fromJson -}}
  {{- $text = include "inference-stack.expanded" (dict "text" $text "env" $env "script" true) -}}
  {{- toJson (dict "text" $text "env" $env) -}}
{{- end -}}

{{- /*
The words of a script, those of a command inside of a text included (eval "...", bash -c "...", a variable's value).
Input: dict text, pattern (of an engine's command, or nothing). Output: JSON list, "\n" between two commands.
*/ -}}
{{- define "inference-stack.commands" -}}
  {{- $words := list -}}
  {{- range (include "inference-stack.shell" .text | fromJson).words -}}
    {{- if and $.pattern (contains " " .) (regexMatch ($.pattern | default "^$") .) -}}
      {{- $inside := regexReplaceAll "^[A-Za-z_][A-Za-z0-9_]*=" . "" -}}
      {{- $words = concat (append $words "\n") (include "inference-stack.shell" $inside | fromJson).words -}}
    {{- else -}}
      {{- $words = append $words . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $words -}}
{{- end -}}

{{- /*
A text with the variables replaced whose values are in the values file: $(NAME), and in scripts also $NAME, ${NAME} and ${NAME:-default};
and there the last part of a path, by basename or by the shell itself.
Input: dict text, env (name -> value, "" if it is unknown), script (bool). Output: string.
*/ -}}
{{- define "inference-stack.expanded" -}}
  {{- $text := .text -}}
  {{- $pattern := "\\$\\([A-Za-z_][A-Za-z0-9_]*\\)" -}}
  {{- if .script -}}
    {{- $pattern = "\\$\\([A-Za-z_][A-Za-z0-9_]*\\)|\\$\\{[A-Za-z_][A-Za-z0-9_]*(:?[-=][^{}]*)?\\}|\\$[A-Za-z_][A-Za-z0-9_]*" -}}
  {{- end -}}
  {{- range $reference := regexFindAll $pattern $text -1 | uniq | sortAlpha | reverse -}}
    {{- $name := regexFind "[A-Za-z_][A-Za-z0-9_]*" $reference -}}
    {{- $default := regexFind "[-=][^{}]*" $reference | trimPrefix "-" | trimPrefix "=" -}}
    {{- with index $.env $name | default $default -}}
      {{- $text = replace $reference . $text -}}
    {{- end -}}
  {{- end -}}
  {{- range $reference := ternary (regexFindAll "\\$\\{[A-Za-z_][A-Za-z0-9_]*##\\*/\\}|\\$\\(basename \"?[^\"()$]+\"?\\)" $text -1) list (eq true $.script) -}}
    {{- $of := regexFind "[A-Za-z_][A-Za-z0-9_]*" $reference -}}
    {{- with ternary (index $.env $of) (regexReplaceAll "^..basename \"?|\"?\\)$" $reference "") (contains "##" $reference) -}}
      {{- $text = replace $reference (base .) $text -}}
    {{- end -}}
  {{- end -}}
  {{- $text -}}
{{- end -}}
