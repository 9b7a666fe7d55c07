{{- /* Rules of a group's command and args: what could not start is refused, with the form to paste. Input of each rule: as in _validate.tpl. */ -}}

{{- /* YAML of a command without the keys and tokens in it; references stay. Input: YAML. Output: YAML. */ -}}
{{- define "inference-stack.withoutKeys" -}}
  {{- regexReplaceAll "(?i)((api[-_]?key|(hf|auth|access|hub)[-_]token|password|secret)['\"]?(=|\\s+(-\\s+)?))[^\\s$-]\\S*" . "${1}..." -}}
{{- end -}}

{{- /* Rule: no word is a boolean, which Kubernetes refuses in a command, and which on and off become. */ -}}
{{- define "inference-stack.modelGroup.rule.commandBooleans" -}}
  {{- range $key := list "command" "args" }}
    {{- $found := false }}
    {{- $given := index $.group $key }}
    {{- range ternary $given list (kindIs "slice" $given) }}
      {{- $found = or $found (kindIs "bool" .) }}
    {{- end }}
    {{- if $found }}
      {{- $list := dict $key (include "inference-stack.texts" $given | fromJsonArray) }}

modelGroups.{{ $.name }}.{{ $key }}: YAML reads an unquoted on, off, yes, no, true or false as a boolean, so the word is lost; quote it.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name) "yaml" (toYaml $list | include "inference-stack.withoutKeys")) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
A `docker run` line in a group's command. Input: the rules'. Output: JSON {image, tag: string, command, args: [string]}, empty if it is none.
*/ -}}
{{- define "inference-stack.modelGroup.dockerRun" -}}
  {{- $line := .group.computed.line -}}
  {{- $words := concat $line.command $line.args -}}
  {{- $program := base (index (append $words "") (int $line.at)) -}}
  {{- $run := dict -}}
  {{- if and (has $program (list "docker" "podman" "nerdctl")) (has "run" $words) -}}
    {{- $image := "" -}}
    {{- $args := list -}}
    {{- $started := false -}}
    {{- $value := false -}}
    {{- $entrypoint := (include "inference-stack.flag" (dict "words" $words "names" (list "--entrypoint")) | fromJson).values | first | default "" -}}
    {{- range $words -}}
      {{- if $image -}}
        {{- $args = append $args . -}}
      {{- else if not $started -}}
        {{- $started = eq . "run" -}}
      {{- else if $value -}}
        {{- $value = false -}}
      {{- else if not (hasPrefix "-" .) -}}
        {{- $image = . -}}
      {{- else -}}
        {{- $alone := "^(-[ditP]+|--(rm|detach|interactive|tty|privileged|init|publish-all|read-only|no-healthcheck|oom-kill-disable))$" -}}
        {{- $value = not (or (contains "=" .) (regexMatch $alone .)) -}}
      {{- end -}}
    {{- end -}}
    {{- $tag := regexFind ":[^:/@]+$" $image -}}
    {{- $run = dict
          "image" (trimSuffix $tag $image | default "my-registry/my-image")
          "tag" (trimPrefix ":" $tag | default "latest")
          "command" (compact (list $entrypoint))
          "args" $args -}}
  {{- end -}}
  {{- toJson $run -}}
{{- end -}}

{{- /* Rule: the command is what runs in the container, not what starts a container. */ -}}
{{- define "inference-stack.modelGroup.rule.commandDocker" -}}
  {{- with include "inference-stack.modelGroup.dockerRun" . | fromJson }}

modelGroups.{{ $.name }}.command: it starts a container, but it is what runs in one: the image and its arguments are set apart, and -e, -p, -v and --gpus are
env, containerPort, volumes and resources.
Please set:
  modelGroups:
    {{ $.key }}:
      image: {{ include "inference-stack.yamlString" .image }}
      tag: {{ toJson .tag }}
{{ toYaml (pick . "command" "args") | include "inference-stack.withoutKeys" | indent 6 }}
  {{- end }}
{{- end -}}

{{- /*
What a group's command asks of a shell where there is none: variables, ~, and operators.
Input: dict group (computed). Output: JSON list of strings, empty if there is nothing.
*/ -}}
{{- define "inference-stack.modelGroup.shellWords" -}}
  {{- $line := .group.computed.line -}}
  {{- $found := list -}}
  {{- if $line.text -}}
    {{- $read := include "inference-stack.shell" $line.text | fromJson -}}
    {{- $found = concat $read.operators $read.shell -}}
    {{- if not $line.shell -}}
      {{- $found = concat $found $read.quotedShell -}}
      {{- $lines := regexReplaceAll "\\\\[ \\t]*\\r?\\n" $line.text " " -}}
      {{- if regexMatch "\\n\\s*(\\w+=|(export|exec|set|cd|source|if|for|while|pip|python[0-9.]*|vllm|sglang)\\s)" $lines -}}
        {{- $found = append $found "a second line" -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $items := list -}}
  {{- range $key := list "command" "args" -}}
    {{- if not (or $line.shell (and $line.text (eq $line.textKey $key))) -}}
      {{- $items = concat $items (include "inference-stack.texts" (index $.group $key) | fromJsonArray) -}}
    {{- end -}}
  {{- end -}}
  {{- if $items -}}
    {{- $custom := not .group.computed.preset.launcher -}}
    {{- range $items -}}
      {{- $variable := regexMatch "^[\\w./:@,~+=-]*\\$(\\{[A-Za-z_]\\w*(:?-[^}]*)?\\}|[A-Za-z_]\\w*)[\\w./:@,~${}+-]*$" . -}}
      {{- if or (regexMatch "^(&&?|\\|\\|?|[0-9]?>>?(&[0-9])?|\\\\|2>&1)$" .) (regexMatch "^(--?[\\w-]+=)?(`.*`|\\$\\([^()]*[^\\w()][^()]*\\))$" .) -}}
        {{- $found = append $found . -}}
      {{- else if and (not $custom) (or $variable (regexMatch "^(--?[\\w-]+=)?~(/|$)|^[;<]$|^[\\w./:=-]+;$" .)) -}}
        {{- $found = append $found . -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $found -}}
{{- end -}}

{{- /* A word as it is written in a shell; what a shell is to expand stays. Input: string. Output: string. */ -}}
{{- define "inference-stack.shellQuoted" -}}
  {{- if regexMatch "^([\\w@%+=:,./~-]+;?|&&?|\\|\\|?|;|[0-9]?[<>]+(&[0-9])?)$" . -}}
    {{- . -}}
  {{- else if regexMatch "^([\\w@%+=:,./~${}()-]+|(--?[\\w-]+=)?(\\$\\([^\"]*\\)|`[^\"`]*`))$" . -}}
    {{- $variable := regexFind "^[A-Za-z_]\\w*=" . -}}
    {{- printf "%s\"%s\"" $variable (trimPrefix $variable .) -}}
  {{- else -}}
    {{- printf "'%s'" (replace "'" "'\\''" .) -}}
  {{- end -}}
{{- end -}}

{{- /*
A group's command and args as Kubernetes runs them without a shell: variables with a default have it, those of the container are $(NAME), and what only
continued a line is gone. Input: dict group (computed), key. Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.withoutShell" -}}
  {{- $env := .group.computed.givenEnv -}}
  {{- $words := list -}}
  {{- range without (include "inference-stack.texts" (index .group .key) | fromJsonArray) "\\" -}}
    {{- $word := . -}}
    {{- range $reference := regexFindAll "\\$(\\{[A-Za-z_]\\w*(:?-[^{}]*)?\\}|[A-Za-z_]\\w*)" $word -1 -}}
      {{- $name := regexFind "[A-Za-z_]\\w*" $reference -}}
      {{- if hasKey $env $name -}}
        {{- $word = replace $reference (printf "$(%s)" $name) $word -}}
      {{- else if contains "-" $reference -}}
        {{- $word = replace $reference (regexReplaceAll "^[^-]*-|\\}$" $reference "") $word -}}
      {{- end -}}
    {{- end -}}
    {{- $words = append $words $word -}}
  {{- end -}}
  {{- toJson $words -}}
{{- end -}}

{{- /* Rule: what needs a shell has one. */ -}}
{{- define "inference-stack.modelGroup.rule.commandShell" -}}
  {{- $line := .group.computed.line }}
  {{- $found := include "inference-stack.modelGroup.shellWords" . | fromJsonArray }}
  {{- if and $found (not (include "inference-stack.modelGroup.dockerRun" . | fromJson)) }}
    {{- $plain := dict }}
    {{- range $key := list "command" "args" }}
      {{- if index $.group $key }}
        {{- $_ := set $plain $key (include "inference-stack.modelGroup.withoutShell" (dict "group" $.group "key" $key) | fromJsonArray) }}
      {{- end }}
    {{- end }}
    {{- $needless := not (or $line.text (regexMatch "\\$[A-Za-z_{]" (toJson $plain))) }}
    {{- range $found }}
      {{- $needless = and $needless (or (eq . "\\") (regexMatch "^[^$`~]*(\\$[A-Za-z_{][^$`~]*)+$" .)) }}
    {{- end }}
    {{- $words := list }}
    {{- $launch := include "inference-stack.modelGroup.launch" (dict "root" .root "group" .group) | fromJson }}
    {{- range ternary $launch.command list (eq true $launch.launched) }}
      {{- $words = append $words (include "inference-stack.shellQuoted" .) }}
    {{- end }}
    {{- range $key := list "command" "args" }}
      {{- if and $line.text (eq $line.textKey $key) }}
        {{- $words = append $words (trim $line.text) }}
      {{- else }}
        {{- range include "inference-stack.texts" (index $.group $key) | fromJsonArray }}
          {{- $words = append $words (include "inference-stack.shellQuoted" .) }}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- $script := regexReplaceAll "\\s*&\\s*$" (join " " (without $words "\\" "'\\'")) "" }}
    {{- $script = regexReplaceAll "\\n\\s*\\n" $script "\n" }}
    {{- if not (regexMatch "^(\\w+=|exec )|[;&|]|\\n\\s*\\w" (regexReplaceAll "\\\\[ \\t]*\\r?\\n|>&[0-9]" $script " ")) }}
      {{- $script = printf "exec %s" $script }}
    {{- end }}

modelGroups.{{ .name }}.{{ ternary $line.textKey "command" (not (empty $line.text)) }}: it has {{ $found | uniq | join ", " }}, but Kubernetes runs a
command without a shell and replaces only $(NAME), so the program would get it as it is written.
Please set:
  modelGroups:
    {{ .key }}:
    {{- if $needless }}
{{ toYaml $plain | include "inference-stack.withoutKeys" | indent 6 }}
    {{- else }}
      command: [sh, -c]
{{ toYaml (dict "args" (list $script)) | include "inference-stack.withoutKeys" | indent 6 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: no item is in quotes, which only a shell removes. An unknown entrypoint may do so. */ -}}
{{- define "inference-stack.modelGroup.rule.commandQuotedItems" -}}
  {{- $line := .group.computed.line }}
  {{- $read := and .group.computed.preset.launcher (not $line.shell) (or $line.command (include "inference-stack.modelGroup.isOwnImage" .)) }}
  {{- range $key := ternary (list "command" "args") list (not (empty $read)) }}
    {{- $words := ternary (index $.group $key) list (kindIs "slice" (index $.group $key)) | include "inference-stack.texts" | fromJsonArray }}
    {{- $fixed := list }}
    {{- range $words }}
      {{- $fixed = append $fixed (regexReplaceAll "(?s)^(--?[\\w-]+=)?(?:'([^']*)'|\"([\\[{].*[\\]}])\")$" . "${1}${2}${3}") }}
    {{- end }}
    {{- if and (ne (toJson $fixed) (toJson $words)) (not (and $line.text (eq $line.textKey $key))) }}

modelGroups.{{ $.name }}.{{ $key }}: an item of it is in quotes, which only a shell would remove, so they would be part of its value.
Please set:
  modelGroups:
    {{ $.key }}:
{{ toYaml (dict $key $fixed) | include "inference-stack.withoutKeys" | indent 6 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: quotes in a command that is written as one text are closed. */ -}}
{{- define "inference-stack.modelGroup.rule.commandQuotes" -}}
  {{- $line := .group.computed.line }}
  {{- if and $line.text (include "inference-stack.shell" $line.text | fromJson).open }}

modelGroups.{{ .name }}.{{ $line.textKey }}: a quote in it is not closed; a list of words needs none.
Please set:
  modelGroups:
    {{ .key }}:
{{ toYaml (dict $line.textKey (regexReplaceAll "['\"\\\\`]" $line.text "" | splitList " " | compact)) | include "inference-stack.withoutKeys" | indent 6 }}
  {{- end }}
{{- end -}}

{{- /*
A group's command or args with the items split that are several words: a flag with its value, and a program with its arguments.
Input: dict root, group (computed), key. Output: JSON list, empty if no item is.
*/ -}}
{{- define "inference-stack.modelGroup.splitItems" -}}
  {{- $line := .group.computed.line -}}
  {{- $given := index .group .key -}}
  {{- $split := list -}}
  {{- $changed := false -}}
  {{- if and (kindIs "slice" $given) (not $line.shell) (not (and $line.text (eq $line.textKey .key))) -}}
    {{- $first := eq .key "command" -}}
    {{- if and (not $line.command) .group.computed.preset.launcher (include "inference-stack.modelGroup.isOwnImage" .) -}}
      {{- $first = true -}}
    {{- end -}}
    {{- $before := "" -}}
    {{- range $index, $item := include "inference-stack.texts" $given | fromJsonArray -}}
      {{- $flag := regexMatch "^--?[A-Za-z][\\w.-]*([ \\t]+\\S|=[^\\s{\\['\"]+[ \\t]+--?[A-Za-z])" $item -}}
      {{- $value := regexMatch "^(-[A-Za-z]|--[\\w-]*(arg|opt|flag|cmd|command|prompt|template)[\\w-]*)$" $before -}}
      {{- $program := and $first (eq $index 0) (regexMatch "\\S\\s+\\S" $item) (not (include "inference-stack.isPath" $item)) -}}
      {{- if or (and $flag (not $value)) (and $program (not (regexMatch "^(\\{|--?[\\w-]+=['\"{\\[])" $item))) -}}
        {{- $changed = true -}}
        {{- if regexMatch "^--?[\\w.-]+\\s+[{\\[]" $item -}}
          {{- $split = append $split (regexFind "^\\S+" $item) -}}
          {{- $split = append $split (regexReplaceAll "^\\S+\\s+" $item "") -}}
        {{- else -}}
          {{- $split = concat $split (without (include "inference-stack.shell" $item | fromJson).words "\n") -}}
        {{- end -}}
      {{- else -}}
        {{- $split = append $split $item -}}
      {{- end -}}
      {{- $before = $item -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (ternary $split list $changed) -}}
{{- end -}}

{{- /* Rule: each item of command and args is one word. */ -}}
{{- define "inference-stack.modelGroup.rule.commandItems" -}}
  {{- range $key := list "command" "args" }}
    {{- with include "inference-stack.modelGroup.splitItems" (dict "root" $.root "group" $.group "key" $key) | fromJsonArray }}

modelGroups.{{ $.name }}.{{ $key }}: an item of it is several words, which would reach the program as one; each word is an item of its own.
Please set:
  modelGroups:
    {{ $.key }}:
{{ toYaml (dict $key .) | include "inference-stack.withoutKeys" | indent 6 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: the script of `sh -c` is one item; further items are no part of it. */ -}}
{{- define "inference-stack.modelGroup.rule.commandScript" -}}
  {{- $line := .group.computed.line }}
  {{- $words := concat $line.command $line.args }}
  {{- $script := list }}
  {{- range ternary (slice $words (int $line.scriptAt)) list (gt (int $line.scriptAt) 0) }}
    {{- $script = append $script (include "inference-stack.shellQuoted" .) }}
  {{- end }}
  {{- if and $line.shell (regexMatch "^[\\w./-]+ (serve|-\\S+|\\S+ -\\S+)" (join " " $script)) (regexMatch "^\\S+$" (first $script)) }}

modelGroups.{{ .name }}.{{ ternary "args" "command" (not (empty .group.args)) }}: a shell takes its script from the one item behind -c, so the items behind it
would be lost; the script is one text.
Please set:
  modelGroups:
    {{ .key }}:
      command: [sh, -c]
{{ toYaml (dict "args" (list (join " " $script | printf "exec %s"))) | include "inference-stack.withoutKeys" | indent 6 }}
  {{- end }}
{{- end -}}

{{- /* Rule: the engine does not listen inside of its pod only, unless requests are sent to a container beside it. */ -}}
{{- define "inference-stack.modelGroup.rule.loopback" -}}
  {{- $computed := .group.computed }}
  {{- $names := dig "flags" "host" "names" list $computed.preset }}
  {{- $address := $computed.loopback }}
  {{- $inside := include "inference-stack.loopback" . }}
  {{- if and $address (not .group.service.targetPort) }}
    {{- $fixed := dict }}
    {{- range $key := list "command" "args" }}
      {{- $words := list }}
      {{- $before := "" }}
      {{- $given := (include "inference-stack.modelGroup.words" (dict "given" (index $.group $key) "only" false) | fromJson).words }}
      {{- range $given }}
        {{- $word := regexReplaceAll (printf "(%s[= ]+['\"]?)%s" (join "|" $names | printf "(?:%s)") $inside) . "${1}0.0.0.0" }}
        {{- $words = append $words (ternary "0.0.0.0" $word (and (eq . $address) (has (replace "_" "-" $before) $names))) }}
        {{- $before = . }}
      {{- end }}
      {{- if ne (toJson $words) (toJson $given) }}
        {{- $_ := set $fixed $key $words }}
      {{- end }}
    {{- end }}

modelGroups.{{ .name }}.{{ keys $fixed | sortAlpha | first | default "args" }}: {{ first $names }} {{ $address }} would make the engine listen inside of its pod
only, where neither the gateway nor the probes reach it.
Please set:
  modelGroups:
    {{ .key }}:
{{ toYaml ($fixed | default (dict "args" (list (first $names) "0.0.0.0"))) | include "inference-stack.withoutKeys" | indent 6 }}
  {{- end }}
{{- end -}}

{{- /* Rule: a variable in front of the command is not set otherwise in env. */ -}}
{{- define "inference-stack.modelGroup.rule.commandEnv" -}}
  {{- $line := .group.computed.line }}
  {{- $key := ternary "command" "args" (not (empty $line.command)) }}
  {{- range .group.env }}
    {{- if and (hasKey $line.env .name) (ne (include "inference-stack.text" .value) (index $line.env .name)) }}

modelGroups.{{ $.name }}.{{ $key }}: it sets {{ .name }} in front of the program, and env sets it to something else; set it once.
Please set:
  modelGroups:
    {{ $.key }}:
{{ toYaml (dict $key (index $line $key)) | include "inference-stack.withoutKeys" | indent 6 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: a program that the engine's own image has outside of PATH is given by its path. */ -}}
{{- define "inference-stack.modelGroup.rule.programPath" -}}
  {{- $line := .group.computed.line }}
  {{- $path := first .group.computed.preset.launcher | default "" }}
  {{- $words := concat $line.command $line.args }}
  {{- $program := index (append $words "") (int $line.at) }}
  {{- if and (hasPrefix "/" $path) (eq $program (base $path)) (include "inference-stack.modelGroup.isOwnImage" .) }}
    {{- $key := ternary "command" "args" (not (empty $line.command)) }}
    {{- $fixed := list }}
    {{- range index $line $key }}
      {{- $fixed = append $fixed (ternary $path . (eq . $program)) }}
    {{- end }}

modelGroups.{{ .name }}.{{ $key }}: {{ $program }} is not in the image's PATH, so it would not be found; its path is {{ $path }}.
Please set:
  modelGroups:
    {{ .key }}:
{{ toYaml (dict $key $fixed) | include "inference-stack.withoutKeys" | indent 6 }}
  {{- end }}
{{- end -}}

{{- /*
Variables that the command contains, and that nothing sets, so that Kubernetes leaves them as they are written. A text with spaces may be a script.
Input: the rules'. Output: JSON list of names.
*/ -}}
{{- define "inference-stack.modelGroup.unsetVariables" -}}
  {{- $computed := .group.computed -}}
  {{- $unset := list -}}
  {{- $words := concat $computed.command $computed.args -}}
  {{- if and $computed.preset.launcher (not (or $computed.script .group.envFrom)) (contains "$(" (join " " $words)) -}}
    {{- $set := list -}}
    {{- range include "inference-stack.modelGroup.env" . | fromJsonArray -}}
      {{- $set = append $set .name -}}
    {{- end -}}
    {{- if or $computed.preset.nodes (gt .group.computed.nodes 1) -}}
      {{- $set = concat $set (list "LWS_LEADER_ADDRESS" "LWS_GROUP_SIZE" "LWS_WORKER_INDEX") -}}
    {{- end -}}
    {{- range $words -}}
      {{- range ternary list (regexFindAll "\\$\\([A-Za-z_][A-Za-z0-9_]*\\)" (replace "$$" "" .) -1) (regexMatch "\\s" .) -}}
        {{- $name := . | trimPrefix "$(" | trimSuffix ")" -}}
        {{- if not (or (has $name $set) (hasPrefix "KUBERNETES_" $name)) -}}
          {{- $unset = append $unset $name -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (uniq $unset) -}}
{{- end -}}

{{- /* Rule: the variables of the command are set; containerPort says what one that only sets the port has. */ -}}
{{- define "inference-stack.modelGroup.rule.unsetVariables" -}}
  {{- $port := .group.computed.unknownPort }}
  {{- $env := list }}
  {{- range include "inference-stack.modelGroup.unsetVariables" . | fromJsonArray }}
    {{- $isPort := contains (printf "$(%s)" .) $port }}
    {{- if not (and $isPort (include "inference-stack.modelGroup.givenPort" $)) }}
      {{- $env = append $env (dict "name" . "value" (ternary "8000" "..." $isPort)) }}
    {{- end }}
  {{- end }}
  {{- if $env }}

modelGroups.{{ .name }}.env: the command contains $({{ (first $env).name }}), which nothing sets, so the engine would get it as it is written.
Please set:
  modelGroups:
    {{ .key }}:
{{ toYaml (dict "env" $env) | include "inference-stack.withoutKeys" | indent 6 }}
  {{- end }}
{{- end -}}

{{- /* Rule: the port that a variable sets is known. */ -}}
{{- define "inference-stack.modelGroup.rule.unknownPort" -}}
  {{- $unset := include "inference-stack.modelGroup.unsetVariables" . | fromJsonArray }}
  {{- with .group.computed.unknownPort }}
    {{- if not (or (include "inference-stack.modelGroup.givenPort" $) (has (. | trimPrefix "$(" | trimSuffix ")") $unset)) }}

modelGroups.{{ $.name }}.containerPort: the command sets the port to {{ . }}, whose value is not in the values file, so probes, Service and route
would not know it; set the port that it has.
Please set:
  modelGroups:
    {{ $.key }}:
      containerPort: {{ int64 $.root.stack.defaults.modelGroupDefaults.containerPort }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: options of engineArgs can be appended, and stand once. */ -}}
{{- define "inference-stack.modelGroup.rule.engineArgs" -}}
  {{- $line := .group.computed.line }}
  {{- $options := .group.engineArgs }}
  {{- if and $options $line.shell }}

modelGroups.{{ .name }}.engineArgs: a shell runs its command, so an option behind it would not reach the engine; write them into the script.
Please set:
  modelGroups:
    {{ .key }}:
      engineArgs: null  # in the script: {{ include "inference-stack.optionWords" $options | fromJsonArray | join " " }}
  {{- else }}
    {{- $own := concat (include "inference-stack.texts" .group.command | fromJsonArray) (include "inference-stack.texts" .group.args | fromJsonArray) }}
    {{- $twice := dict }}
    {{- range $name, $value := $options }}
      {{- $option := include "inference-stack.optionName" $name | replace "_" "-" }}
      {{- range $own }}
        {{- if eq ((splitn "=" 2 .)._0 | replace "_" "-") $option }}
          {{- $_ := set $twice $name true }}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- if $twice }}

modelGroups.{{ .name }}.engineArgs: its command has {{ keys $twice | sortAlpha | join ", " }} too, and an option counts once; leave it to one of both.
Please set:
  modelGroups:
    {{ .key }}:
      engineArgs:
      {{- range keys $twice | sortAlpha }}
        {{ include "inference-stack.yamlString" . }}: null
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: no option that the engine's version does not have any more, with which it would stop. */ -}}
{{- define "inference-stack.modelGroup.rule.lostOptions" -}}
  {{- $computed := .group.computed }}
  {{- range $lost := $computed.preset.lost }}
    {{- if and $computed.engineVersion (not $computed.script) (semverCompare (printf ">=%s" .version) $computed.engineVersion) }}
      {{- $given := dict }}
      {{- $fix := dict }}
      {{- range $key := list "command" "args" }}
        {{- range include "inference-stack.texts" (index $.group $key) | fromJsonArray }}
          {{- range splitList " " . }}
            {{- $option := (splitn "=" 2 .)._0 | replace "_" "-" }}
            {{- if has $option $lost.flags }}
              {{- $_ := set $given $option $key }}
              {{- $_ := set $fix $key list }}
            {{- end }}
          {{- end }}
        {{- end }}
      {{- end }}
      {{- range $name, $_ := $.group.engineArgs }}
        {{- $option := include "inference-stack.optionName" $name | replace "_" "-" }}
        {{- if has $option $lost.flags }}
          {{- $_ := set $given $option "engineArgs" }}
          {{- $_ := set $fix "engineArgs" (merge (dict $name nil) (index $fix "engineArgs" | default dict)) }}
        {{- end }}
      {{- end }}
      {{- if $given }}
        {{- $names := keys $given | sortAlpha | join " and " }}

modelGroups.{{ $.name }}.{{ values $given | sortAlpha | first }}: {{ $computed.engine }} {{ $computed.engineVersion }} does not know {{ $names }} any more,
and would stop; {{ $lost.instead }}.
Please set:
  # without {{ $names }}:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name) "yaml" (toYaml $fix)) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
Options of a group that the parser of its engine's version does not know, if that version's are known (files/options): one that the parser would take for a
longer one is none, nor is one that another rule is of, one for another parser, or one of a model that makes pictures, whose parts have options by their
names. Input: the rules'. Output: JSON map option (without dashes) -> the key that has it.
*/ -}}
{{- define "inference-stack.modelGroup.unknownOptionsOf" -}}
  {{- $unknown := dict -}}
  {{- $given := dict -}}
  {{- $line := .group.computed.line -}}
  {{- $key := ternary "args" "command" (not (empty .group.args)) -}}
  {{- $words := append (concat $line.command $line.args) "" -}}
  {{- $start := int $line.at -}}
  {{- range $index, $word := $words -}}
    {{- if has (base $word) (include "inference-stack.servingWords" $.group.computed.preset | fromJsonArray) -}}
      {{- $start = ternary $index $start (eq $start (int $line.at)) | max $start | int -}}
    {{- end -}}
  {{- end -}}
  {{- range slice $words $start -}}
    {{- $option := (splitn "=" 2 .)._0 | replace "_" "-" -}}
    {{- if regexMatch "^--[a-z][a-z0-9-]*(\\.[A-Za-z0-9_.-]+)?$" $option -}}
      {{- $_ := set $given ((splitn "." 2 $option)._0 | trimPrefix "--") $key -}}
    {{- end -}}
  {{- end -}}
  {{- range $name, $value := .group.engineArgs -}}
    {{- if and (not (hasPrefix "-" $name)) (gt (len $name) 1) -}}
      {{- $_ := set $given ((splitn "." 2 (replace "_" "-" $name))._0) "engineArgs" -}}
    {{- end -}}
  {{- end -}}
  {{- $known := list -}}
  {{- if and $given (not .group.computed.script) (ne .group.computed.kind "images") -}}
    {{- $other := include "inference-stack.modelGroup.option" (dict "group" .group "names" (.group.computed.preset.otherParser | default list)) -}}
    {{- if not ($other | fromJson).given -}}
      {{- $known = include "inference-stack.modelGroup.knownOptions" . | fromJsonArray -}}
    {{- end -}}
  {{- end -}}
  {{- range $option, $key := ternary $given dict (not (empty $known)) -}}
    {{- $found := has $option $known -}}
    {{- range ternary list $known $found -}}
      {{- $found = or $found (hasPrefix $option .) -}}
    {{- end -}}
    {{- range $.group.computed.preset.lost -}}
      {{- $found = or $found (has (printf "--%s" $option) .flags) -}}
    {{- end -}}
    {{- range $.root.stack.engines -}}
      {{- $found = or $found (has (printf "--%s" $option) (.tellTales | default list)) -}}
    {{- end -}}
    {{- if not $found -}}
      {{- $_ := set $unknown $option $key -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $unknown -}}
{{- end -}}

{{- /* The options of a group's engine, if those of its version are known. Input: the rules'. Output: JSON list, without dashes. */ -}}
{{- define "inference-stack.modelGroup.knownOptions" -}}
  {{- $computed := .group.computed -}}
  {{- $file := printf "files/options/%s-%s.txt" $computed.engine $computed.engineVersion -}}
  {{- .root.Files.Get $file | splitList "\n" | compact | toJson -}}
{{- end -}}

{{- /* Rule: the parser of the engine's version knows every option. */ -}}
{{- define "inference-stack.modelGroup.rule.unknownOptions" -}}
  {{- $computed := .group.computed }}
  {{- $unknown := include "inference-stack.modelGroup.unknownOptionsOf" . | fromJson }}
  {{- range $option, $key := ternary $unknown dict (empty (include "inference-stack.modelGroup.dockerRun" . | fromJson)) }}
    {{- $context := dict "key" $option "known" (include "inference-stack.modelGroup.knownOptions" $ | fromJsonArray) }}
    {{- $near := include "inference-stack.unknownKeys.near" $context }}
    {{- $like := printf "its options include %s" (include "inference-stack.unknownKeys.choice" $context) }}
    {{- $fix := ternary list (dict $option nil $near "VALUE") (ne $key "engineArgs") }}
    {{- if and (eq $key "engineArgs") (not $near) }}
      {{- $fix = dict $option nil }}
    {{- end }}

modelGroups.{{ $.name }}.{{ $key }}: {{ $computed.engine }} {{ $computed.engineVersion }} has no option --{{ $option }}, so it would stop;
{{ ternary (printf "did you mean --%s?" $near) (printf "%s." $like) (ne $near "") }}
Please set:
  # without --{{ $option }}:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name) "yaml" (toYaml (dict $key $fix))) | indent 2 }}
  {{- end }}
{{- end -}}

{{- /* Rule: adapters are told an engine that is known to load them, once, and under names of their own. */ -}}
{{- define "inference-stack.modelGroup.rule.adapters" -}}
  {{- $computed := .group.computed }}
  {{- $flag := $computed.preset.flags.adapters }}
  {{- $names := keys (.group.adapters | default dict) | sortAlpha }}
  {{- $base := include "inference-stack.texts" .group.modelAlias | fromJsonArray }}
  {{- $both := list }}
  {{- range $names }}
    {{- if has . $base }}
      {{- $both = append $both . }}
    {{- end }}
  {{- end }}
  {{- $own := concat (include "inference-stack.texts" .group.command | fromJsonArray) (include "inference-stack.texts" .group.args | fromJsonArray) }}
  {{- $given := and $flag (include "inference-stack.flag" (dict "words" $own "names" $flag.names) | fromJson).given }}
  {{- $why := "nothing can be added to its command" }}
  {{- if $given }}
    {{- $why = printf "its command has %s already" (first $flag.names) }}
  {{- end }}
  {{- if and $names (not $flag) }}

modelGroups.{{ .name }}.adapters: how {{ $computed.engine }} loads adapters is not known, so nothing would load them; its own options do.
Please set:
  modelGroups:
    {{ .key }}:
      adapters: { {{- range $index, $name := $names }}{{ if $index }}, {{ end }}{{ $name }}: null{{ end -}} }
      modelAlias: [{{ concat $base $names | uniq | join ", " }}]
      args: []  # with the engine's options for them
  {{- else if and $names (or $given $computed.script) }}

modelGroups.{{ .name }}.adapters: {{ $why }}, so say all adapters there.
Please set:
  modelGroups:
    {{ .key }}:
      adapters: { {{- range $index, $name := $names }}{{ if $index }}, {{ end }}{{ $name }}: null{{ end -}} }
      modelAlias: [{{ concat $base $names | uniq | join ", " }}]
  {{- else if $both }}

modelGroups.{{ .name }}.adapters: {{ join ", " $both }} is an alias of the model itself, so no request could ask for the adapter of that name.
Please set:
  modelGroups:
    {{ .key }}:
      modelAlias: [{{ without $base (first $both) | join ", " | default "base" }}]
  {{- end }}
{{- end -}}
