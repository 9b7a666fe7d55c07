{{- /* Outside providers: OpenAI endpoints that the cluster does not run. */ -}}

{{- /*
A provider's preset, from its documentation: the base URL of its OpenAI API, and the header for the key if it is not Authorization.
Input: name of the preset or nothing. Output: JSON map.
*/ -}}
{{- define "inference-stack.externalProvider.preset" -}}
  {{- $presets := dict
        "openai" (dict "url" "https://api.openai.com/v1")
        "anthropic" (dict "url" "https://api.anthropic.com/v1")
        "azure-openai" (dict "apiKeyHeader" "api-key")
        "deepseek" (dict "url" "https://api.deepseek.com/v1")
        "fireworks" (dict "url" "https://api.fireworks.ai/inference/v1")
        "gemini" (dict "url" "https://generativelanguage.googleapis.com/v1beta/openai")
        "groq" (dict "url" "https://api.groq.com/openai/v1")
        "mistral" (dict "url" "https://api.mistral.ai/v1")
        "openrouter" (dict "url" "https://openrouter.ai/api/v1")
        "together" (dict "url" "https://api.together.xyz/v1") -}}
  {{- index $presets (. | default "") | default dict | toJson -}}
{{- end -}}

{{- /* Sets .stack.externalProviders: the enabled ones, with defaults from the preset, and a group's default weight. Input: root. */ -}}
{{- define "inference-stack.externalProviders.resolve" -}}
  {{- $providers := dict -}}
  {{- $defaults := dict "enabled" true "preset" "" "weight" .stack.defaults.modelGroupDefaults.weight -}}
  {{- range $name, $given := .stack.given.externalProviders -}}
    {{- if kindIs "map" $given -}}
      {{- $provider := include "inference-stack.overlay" (dict "defaults" $defaults "own" $given) | fromJson -}}
      {{- range $field, $known := include "inference-stack.externalProvider.preset" $provider.preset | fromJson -}}
        {{- if not (index $provider $field) -}}
          {{- $_ := set $provider $field $known -}}
        {{- end -}}
      {{- end -}}
      {{- $_ := set $provider "modelAlias" (include "inference-stack.texts" $provider.modelAlias | fromJsonArray | uniq) -}}
      {{- if $provider.enabled -}}
        {{- $_ := set $providers $name $provider -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "externalProviders" $providers -}}
{{- end -}}
