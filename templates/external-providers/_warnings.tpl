{{- /* Warnings about external providers, each alone and beside the groups that serve the same alias. */ -}}

{{- /* Warnings of each provider. Input: root. */ -}}
{{- define "inference-stack.externalProviders.warnings.each" -}}
  {{- range $name, $provider := .stack.externalProviders -}}
    {{- $context := dict "root" $ "path" (printf "externalProviders.%s" $name) "url" (toString $provider.url) "provider" $provider }}
{{ include "inference-stack.externalProvider.warning.plainHttp" $context }}
{{ include "inference-stack.externalProvider.warning.noPath" $context }}
  {{- end -}}
{{- end -}}

{{- /* A key is sent over the internet without encryption; a host without a dot, with a cluster's or a private name, or a private address is none. */ -}}
{{- define "inference-stack.externalProvider.warning.plainHttp" -}}
  {{- $host := regexReplaceAll "^https?://([^/?#@]*@)?|[/?#].*$|:[0-9]+([/?#].*)?$" .url "" }}
  {{- $private := or
        (not (contains "." $host))
        (regexMatch "\\.(svc|local|internal|lan|home|corp|cluster|test|localhost)$|\\.svc\\." $host)
        (regexMatch "^(127|10|192\\.168|169\\.254|172\\.(1[6-9]|2[0-9]|3[01])|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\\." $host) }}
  {{- if and (hasPrefix "http://" .url) .provider.apiKey (not $private) }}

{{ .path }}.url: http sends the key unencrypted over the network; use https.
  {{- end }}
{{- end -}}

{{- /* In strict mode the gateway appends /chat/completions to the URL, without /v1. */ -}}
{{- define "inference-stack.externalProvider.warning.noPath" -}}
  {{- if and .root.stack.onwards.strictMode (regexMatch "^https?://[^/]+/?$" .url) }}

{{ .path }}.url: without a path requests go to /chat/completions; most APIs are at /v1.
  {{- end }}
{{- end -}}

{{- /*
Own engines that share an alias with outside providers though nobody said how, or come after them. Input: root.
*/ -}}
{{- define "inference-stack.externalProviders.warnings.share" -}}
  {{- range $alias := include "inference-stack.servedAliases" . | fromJsonArray }}
    {{- $weights := list }}
    {{- $outside := list }}
    {{- $shares := dict "own" 0 "outside" 0 }}
    {{- $first := "" }}
    {{- range $.stack.members }}
      {{- if has $alias .aliases }}
        {{- $kind := ternary "outside" "own" (not (empty .external)) }}
        {{- $weight := mul (int64 .member.weight) (len .urls) }}
        {{- $_ := set $shares $kind (add $weight (index $shares $kind)) }}
        {{- $weights = append $weights (int64 .member.weight) | uniq }}
        {{- $first = $first | default $kind }}
        {{- if .external }}
          {{- $outside = append $outside .owner }}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- if and $outside $shares.own }}
      {{- if eq (index $.stack.targets $alias).strategy "priority" }}
        {{- if eq $first "outside" }}

{{ first $outside }}: it is asked for {{ $alias }} before your own engines; set its priority above theirs.
        {{- end }}
      {{- else if eq (len $weights) 1 }}
        {{- $percent := div (mul 100 $shares.outside) (add $shares.own $shares.outside) }}

{{ join ", " $outside }}: {{ $percent }}% of the requests for {{ $alias }} go outside; priority: 1 makes it a fallback.
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}
