{{- /*
Refusals. A rule is a helper that prints its problems: each after an empty line, a sentence that begins with the value's path, then "Please set:" and
YAML to paste, indented by two. It prints nothing if there is no problem. Line breaks inside the sentence are joined, and it is wrapped at 100 columns; the
YAML ends with a comment that names a page of docs/ and the key's place in docs/messages.md.
*/ -}}

{{- /* The page of docs/ for a problem, by its component and path. Input: dict component, path. Output: name of the page. */ -}}
{{- define "inference-stack.page" -}}
  {{- $pages := dict
        "onwards" "values"
        "clients" "client-keys"
        "routes" "routing"
        "externalProviders" "routing"
        "modelGroups" "engines"
        "mistakes" "engines"
        "images" "air-gap"
        "access" "exposing"
        "observability" "monitoring" -}}
  {{- $parts := dict
        "olume|ountPath" "caching"
        "resources|GPUs|sharedMemory" "gpus"
        "strategy|startupProbe|Budget|rain|progress" "updates"
        "apiKey" "engine-keys"
        "autoscaling" "autoscaling"
        "networkPolicy" "network-policy" -}}
  {{- $page := index $pages .component | default "values" -}}
  {{- range $words, $of := $parts -}}
    {{- if and (contains "modelGroups." $.path) (ne $.component "unknownKeys") (regexMatch $words $.path) -}}
      {{- $page = $of -}}
    {{- end -}}
  {{- end -}}
  {{- $page -}}
{{- end -}}

{{- /*
Where docs/messages.md has the problems of a key: its path without the user's names, as harness/docs/messages.py has it. Input: dict component, path.
Output: an anchor.
*/ -}}
{{- define "inference-stack.entry" -}}
  {{- if eq .component "unknownKeys" -}}
    unknown-keys
  {{- else -}}
    {{- $key := regexReplaceAll "^(modelGroups|externalProviders|routes|configMaps|extraObjects)\\.[^.\\[]+" .path "${1}" -}}
    {{- regexReplaceAll "^([^.\\[]+(\\.[^.\\[]+)?).*$" $key "${1}" | lower | replace "." "-" -}}
  {{- end -}}
{{- end -}}

{{- /*
Every problem of some components as it is printed, sorted by path. Input: dict root, components (list of names before .problems). Output: string, or nothing.
*/ -}}
{{- define "inference-stack.problems" -}}
  {{- $problems := list -}}
  {{- range $component := .components -}}
    {{- range include (printf "inference-stack.%s.problems" .) $.root | splitList "\n\n" -}}
      {{- with trimAll "\n" . -}}
        {{- $parts := splitn "\nPlease set:\n" 2 . -}}
        {{- $of := dict "component" $component "path" (splitList ":" . | first) -}}
        {{- $pages := printf "docs/%s.md, docs/messages.md#%s" (include "inference-stack.page" $of) (include "inference-stack.entry" $of) -}}
        {{- $sentence := replace "\n" " " $parts._0 | wrap 100 -}}
        {{- $problems = append $problems (printf "%s\nPlease set:\n%s\n  # See %s" $sentence $parts._1 $pages) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- with $problems | sortAlpha | uniq -}}
    {{- printf "\n\n%s\n" (join "\n\n" .) -}}
  {{- end -}}
{{- end -}}

{{- /* A text in YAML: plain if YAML parses it to the same text, else quoted. Input: string. Output: string. */ -}}
{{- define "inference-stack.yamlString" -}}
  {{- $bare := and (regexMatch "^[A-Za-z][-A-Za-z0-9_./]*$" .) (not (regexMatch "(?i)^(y|n|yes|no|on|off|true|false|null)$" .)) -}}
  {{- if $bare -}}
    {{- . -}}
  {{- else -}}
    {{- toJson . -}}
  {{- end -}}
{{- end -}}

{{- /* YAML nested below keys; a key like [0] is an item of a list. Input: dict keys (list of strings), yaml. Output: YAML. */ -}}
{{- define "inference-stack.nested" -}}
  {{- $yaml := .yaml -}}
  {{- range reverse .keys -}}
    {{- if regexMatch "^\\[[0-9]+\\]$" . -}}
      {{- $yaml = indent 2 $yaml | trimPrefix "  " | printf "- %s" -}}
    {{- else if hasPrefix "{}" $yaml -}}
      {{- $yaml = printf "%s: %s" (include "inference-stack.yamlString" .) $yaml -}}
    {{- else -}}
      {{- $yaml = printf "%s:\n%s" (include "inference-stack.yamlString" .) (indent 2 $yaml) -}}
    {{- end -}}
  {{- end -}}
  {{- $yaml -}}
{{- end -}}

{{- /*
YAML that sets a list again with one item changed; as Helm replaces lists, the complete list is printed.
Input: dict keys (path to the list), list, index, fields (merged over the item). Output: YAML.
*/ -}}
{{- define "inference-stack.listFix" -}}
  {{- $context := . -}}
  {{- $items := list -}}
  {{- range $index, $item := .list -}}
    {{- $changes := ternary $context.fields dict (eq $index (int $context.index)) -}}
    {{- $items = append $items (include "inference-stack.overlay" (dict "defaults" $item "own" $changes) | fromJson) -}}
  {{- end -}}
  {{- include "inference-stack.nested" (dict "keys" .keys "yaml" (toYaml $items)) -}}
{{- end -}}

{{- /*
Prints the problems of all rules of a component. Input: dict component, rules (list of names after <component>.rule), context (the rules' input).
*/ -}}
{{- define "inference-stack.rules" -}}
  {{- range .rules }}
{{ include (printf "inference-stack.%s.rule.%s" $.component .) $.context }}
  {{- end }}
{{- end -}}

{{- /*
Rule: a reference to a Secret's key has both a name and a key, and a key itself is text. Neither is printed: someone may take `key` for the key itself.
Input: dict keys (path to it), given (the value: a reference, a key itself, or nothing), name, key (of the example).
*/ -}}
{{- define "inference-stack.secretReference.rule" -}}
  {{- $why := "" }}
  {{- if and .given (kindIs "map" .given) (not (and .given.name .given.key)) }}
    {{- $why = "a reference needs both the name of a Secret and the key in it." }}
  {{- else if and .given (not (kindIs "map" .given)) (not (kindIs "string" .given)) }}
    {{- $why = "a key is text, so quote it (with --set-string); YAML has read a number, whose digits may be others." }}
  {{- end }}
  {{- if $why }}

{{ join "." .keys }}: {{ $why }}
Please set:
{{ include "inference-stack.nested" (dict "keys" .keys "yaml" (printf "name: %s\nkey: %s" .name (include "inference-stack.yamlString" .key))) | indent 2 }}
  {{- end }}
{{- end -}}

{{- /*
Rule: no text of the user contains the placeholder of a key, which would be replaced by that key. Input: dict keys (path to the map), field,
texts.
*/ -}}
{{- define "inference-stack.placeholder.rule" -}}
  {{- if contains "@key:" (toJson .texts) }}

{{ join "." .keys }}.{{ .field }}: a value in it contains @key:, the chart's placeholder for an API key, and could be replaced by a key.
Please set:
{{ include "inference-stack.nested" (dict "keys" .keys "yaml" (printf "%s: null" .field)) | indent 2 }}
  {{- end }}
{{- end -}}
