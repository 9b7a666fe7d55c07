{{- /* Everyday mistakes that several components look for. */ -}}

{{- /*
A quantity of bytes that lacks its unit, with the one that is probably meant: Gi, or Mi for 512m, which is half a byte.
Input: scalar or nothing. Output: string, empty if the quantity is at least 1 MiB or 0.
*/ -}}
{{- define "inference-stack.withUnit" -}}
  {{- $text := include "inference-stack.text" . -}}
  {{- if regexMatch "^[0-9.]+m?$" $text -}}
    {{- $bytes := include "inference-stack.quantity" $text | float64 -}}
    {{- if and (gt $bytes 0.0) (lt $bytes 1048576.0) -}}
      {{- printf "%s%s" (trimSuffix "m" $text) (ternary "Mi" "Gi" (or (hasSuffix "m" $text) (ge $bytes 1024.0))) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /* Rule: memory and storage have a unit. Input: dict keys (path to the resources), resources (or nothing). */ -}}
{{- define "inference-stack.units.rule" -}}
  {{- range $kind := list "limits" "requests" }}
    {{- $of := index ($.resources | default dict) $kind | default dict }}
    {{- range $name := list "memory" "ephemeral-storage" }}
      {{- with include "inference-stack.withUnit" (index $of $name) }}
        {{- $keys := concat $.keys (list $kind) }}

{{ join "." $keys }}.{{ $name }}: without a unit it is a number of bytes, fewer than any container needs; a quantity has one, such as 16Gi.
Please set:
{{ include "inference-stack.nested" (dict "keys" $keys "yaml" (printf "%s: %s" $name .)) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* An expression for well-known tokens: of Hugging Face, OpenAI and its like, NVIDIA, GitHub, AWS, Slack, Google, Groq. Output: string. */ -}}
{{- define "inference-stack.tokenPattern" -}}
(hf_|sk-|nvapi-|gh[pousr]_|github_pat_|AKIA|xox[bap]-|AIza|gsk_)[A-Za-z0-9_-]{8,}
{{- end -}}

{{- /*
Variables that hold a token or a password in plain text, by their names or by how well-known tokens begin.
Input: list of EnvVar. Output: JSON list of names.
*/ -}}
{{- define "inference-stack.literalTokens" -}}
  {{- $names := list -}}
  {{- range . | default list | compact -}}
    {{- $value := include "inference-stack.text" .value -}}
    {{- $named := and (regexMatch "(?i)(^|_)(token|secret|password|passwd|api_?key|access_key|secret_key)$" .name) (ge (len $value) 8) -}}
    {{- $token := regexMatch (printf "^%s" (include "inference-stack.tokenPattern" .)) $value -}}
    {{- if and (or $named $token) (not (contains "$(" $value)) -}}
      {{- $names = append $names .name -}}
    {{- end -}}
  {{- end -}}
  {{- uniq $names | toJson -}}
{{- end -}}

{{- /*
Whether a key given by value looks like the name of a Secret: lower-case words, one of which says so. Input: the value of apiKey. Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.looksLikeSecretName" -}}
  {{- $text := ternary (include "inference-stack.text" .) "" (not (kindIs "map" .)) -}}
  {{- $named := regexMatch "(^|[-.])(secrets?|keys?|apikeys?|tokens?|credentials?|creds|auth)([-.]|$)" $text -}}
  {{- if and $named (regexMatch "^[a-z][a-z0-9]*([-.][a-z0-9]+)*$" $text) (not (regexMatch "^(sk|hf|gsk|nvapi|pk)-" $text)) -}}
true
  {{- end -}}
{{- end -}}

{{- /*
Whether a text is a template that somebody should have rendered: a Helm template anywhere, and any braces where they can mean nothing else. Chat templates
and the annotations of other tools have braces, too. Input: dict path, text. Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.isTemplate" -}}
  {{- $helm := regexMatch "\\{\\{-? *(\\.(Values|Release|Chart|Capabilities)\\b|include |tpl |printf |\\$\\.)" .text -}}
  {{- $plain := "(^|\\.)(modelName|modelAlias|image|registry|repository|tag|url|size|mountPath|storageClass|existingClaim|nameOverride|fullnameOverride)" -}}
  {{- if or $helm (and (contains "{{" .text) (regexMatch (printf "%s(\\[[0-9]+\\])?$" $plain) .path)) -}}
true
  {{- end -}}
{{- end -}}

{{- /* Rules that hold for every value but files of ConfigMaps, which may be templates. Input: root. */ -}}
{{- define "inference-stack.templated.problems" -}}
  {{- $values := omit .Values "configMaps" "extraObjects" "global" -}}
  {{- if contains "{{" (toJson $values) -}}
    {{- include "inference-stack.templated.rule.value" (dict "path" "" "value" $values) -}}
  {{- end -}}
{{- end -}}

{{- /* Rule: no text in a value is a template, as Helm renders none there. Input: dict path, value. */ -}}
{{- define "inference-stack.templated.rule.value" -}}
  {{- if kindIs "map" .value }}
    {{- range $key, $value := omit .value "files" }}
      {{- include "inference-stack.templated.rule.value" (dict "path" (printf "%s.%s" $.path $key | trimPrefix ".") "value" $value) }}
    {{- end }}
  {{- else if kindIs "slice" .value }}
    {{- range $index, $value := .value }}
      {{- include "inference-stack.templated.rule.value" (dict "path" (printf "%s[%d]" $.path $index) "value" $value) }}
    {{- end }}
  {{- else if and (kindIs "string" .value) (include "inference-stack.isTemplate" (dict "path" .path "text" (toString .value))) }}
    {{- $keys := .path | replace "[" ".[" | splitList "." }}
    {{- $item := hasPrefix "[" (last $keys) }}

{{ .path }}: Helm does not render templates in values, so its braces would stay as they are; write the text itself.
Please set:
    {{- if $item }}
{{ include "inference-stack.nested" (dict "keys" (initial $keys) "yaml" "- the-text-itself") | indent 2 }}
    {{- else }}
{{ include "inference-stack.nested" (dict "keys" (initial $keys) "yaml" (printf "%s: the-text-itself" (last $keys))) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}
