{{- /* Rules of external providers. Input of each rule: dict root, name, key (the name in YAML), provider. */ -}}

{{- /* Input: root. */ -}}
{{- define "inference-stack.externalProviders.problems" -}}
  {{- range $name, $provider := .stack.externalProviders -}}
    {{- $keys := list "externalProviders" $name -}}
    {{- $context := dict "root" $ "name" $name "key" (include "inference-stack.yamlString" $name) "provider" $provider -}}
    {{- include "inference-stack.secretReference.rule" (dict
          "keys" (append $keys "apiKey") "given" $provider.apiKey "name" "provider-keys" "key" $name) -}}
    {{- include "inference-stack.placeholder.rule" (dict "keys" $keys "field" "responseHeaders" "texts" $provider.responseHeaders) -}}
    {{- include "inference-stack.reasoningTranslation.rule" (dict "keys" $keys "translation" $provider.reasoningTranslation) -}}
    {{- $rules := list "url" "userinfo" "route" "pathOutsideStrictMode" "aliases" -}}
    {{- include "inference-stack.rules" (dict "component" "externalProvider" "rules" $rules "context" $context) -}}
  {{- end -}}
{{- end -}}

{{- define "inference-stack.externalProvider.rule.url" -}}
  {{- $why := "" }}
  {{- if not .provider.url }}
    {{- $why = "no URL is set, and no preset supplies one." }}
  {{- else if not (regexMatch "^https?://[^/]" (toString .provider.url)) }}
    {{- $why = printf "%q does not begin with http:// or https://, so every request would fail." (toString .provider.url) }}
  {{- end }}
  {{- if $why }}

externalProviders.{{ .name }}.url: {{ $why }}
Please set:
  externalProviders:
    {{ .key }}:
      url: https://api.example.com/v1
  {{- end }}
{{- end -}}

{{- define "inference-stack.externalProvider.rule.userinfo" -}}
  {{- $url := toString .provider.url }}
  {{- if regexMatch "^https?://[^/?#]*@" $url }}

externalProviders.{{ .name }}.url: it contains a user name or password, which would be readable in a ConfigMap, and which the gateway never sends.
Please set:
  externalProviders:
    {{ .key }}:
      url: {{ regexReplaceAll "//[^/?#]*@" $url "//" }}
      apiKey:
        name: provider-keys
        key: {{ .key }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.externalProvider.rule.route" -}}
  {{- $url := toString .provider.url }}
  {{- $route := "/(chat/completions|completions|embeddings|responses|messages|models|chat)/?$" }}
  {{- if and (regexMatch $route $url) (not (regexMatch "^https?://[^/?#]*@" $url)) }}

externalProviders.{{ .name }}.url: the gateway appends the request's path, such as /chat/completions, so the URL ends before it.
Please set:
  externalProviders:
    {{ .key }}:
      url: {{ regexReplaceAll $route $url "" }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.externalProvider.rule.pathOutsideStrictMode" -}}
  {{- $url := toString .provider.url }}
  {{- $hasPath := and (regexMatch "^https?://[^/]" $url) (not (regexMatch "^https?://[^/]+(/v1)?/?$" $url)) }}
  {{- if and $hasPath (not .root.stack.onwards.strictMode) }}

externalProviders.{{ .name }}.url: outside strict mode the gateway appends the complete request path, /v1 included, to {{ $url }}, and the
provider has no such path.
Please set:
  onwards:
    strictMode: true
  {{- end }}
{{- end -}}

{{- define "inference-stack.externalProvider.rule.aliases" -}}
  {{- $aliases := .provider.modelAlias }}
  {{- if or (not $aliases) (has "" $aliases) }}
    {{- $example := without $aliases "" | first | default (toString .provider.modelName) | default .name }}

externalProviders.{{ .name }}.modelAlias: no alias is set, or one is empty, so no request could name it.
Please set:
  externalProviders:
    {{ .key }}:
      modelAlias:
        - {{ include "inference-stack.yamlString" $example }}
  {{- end }}
  {{- if regexMatch "[[:cntrl:]]" (join "" $aliases) }}

externalProviders.{{ .name }}.modelAlias: an alias contains a control character, such as a line break or a tab.
Please set:
  externalProviders:
    {{ .key }}:
      modelAlias:
        - {{ regexReplaceAll "[[:cntrl:]]+" (join " " $aliases) "" | trim | include "inference-stack.yamlString" }}
  {{- end }}
{{- end -}}
