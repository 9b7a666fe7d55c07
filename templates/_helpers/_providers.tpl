{{- /* Outside providers: OpenAI endpoints that the cluster does not run. */ -}}

{{- /* What is known of a provider by its name, from its documentation: where its OpenAI API begins, and the header it takes the key in if that is not Authorization. Input: string. Output: JSON map. */ -}}
{{- define "inference-stack.providerPreset" -}}
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
{{- toJson (index $presets . | default dict) -}}
{{- end -}}

{{- /* The providers that are enabled, complete: what one leaves out is its preset's, else empty; its weight is a group's. Input: root. Kept: map name -> provider. */ -}}
{{- define "inference-stack.externalProviders" -}}
{{- if not (hasKey . "externalProviders") -}}
{{- $providers := dict -}}
{{- $group := (include "inference-stack.chartDefaults" . | get .).modelGroupDefaults -}}
{{- $defaults := dict "enabled" true "preset" "" "weight" $group.weight -}}
{{- range $name, $given := .Values.externalProviders -}}
{{- if kindIs "map" $given -}}
{{- $provider := include "inference-stack.overlay" (dict "defaults" $defaults "own" $given) | fromJson -}}
{{- range $field, $known := include "inference-stack.providerPreset" $provider.preset | fromJson -}}
{{- if not (index $provider $field) }}{{ $_ := set $provider $field $known }}{{ end -}}
{{- end -}}
{{- $_ := set $provider "modelAlias" (include "inference-stack.words" $provider.modelAlias | fromJsonArray | uniq) -}}
{{- if $provider.enabled }}{{ $_ := set $providers $name $provider }}{{ end -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "externalProviders" $providers -}}
{{- end -}}
externalProviders
{{- end -}}

{{- /* The clients; what one leaves out is empty. Input: root. Kept: map id -> client. */ -}}
{{- define "inference-stack.clientKeys" -}}
{{- if not (hasKey . "clientKeys") -}}
{{- $clients := dict -}}
{{- range $id, $given := (include "inference-stack.onwards" . | get .).clientKeys -}}
{{- if kindIs "map" $given -}}
{{- $client := include "inference-stack.withoutNulls" $given | fromJson -}}
{{- $_ := set $client "allowedAliases" (include "inference-stack.words" $client.allowedAliases | fromJsonArray) -}}
{{- $_ := set $clients $id $client -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "clientKeys" $clients -}}
{{- end -}}
clientKeys
{{- end -}}

{{- /* What is particular to each alias, complete; fallback is laid over the gateway's. Input: root. Kept: map alias -> route. */ -}}
{{- define "inference-stack.routes" -}}
{{- if not (hasKey . "routes") -}}
{{- $routes := dict -}}
{{- $fallback := (include "inference-stack.onwards" . | get .).fallback -}}
{{- $defaults := dict "strategy" "" "fallback" $fallback -}}
{{- range $alias, $given := .Values.routes -}}
{{- if kindIs "map" $given -}}
{{- $route := include "inference-stack.overlay" (dict "defaults" $defaults "own" $given) | fromJson -}}
{{- $_ := set $route "allowedKeys" (include "inference-stack.words" $route.allowedKeys | fromJsonArray) -}}
{{- $_ := set $routes $alias $route -}}
{{- end -}}
{{- end -}}
{{- $_ := set $routes "" $defaults -}}
{{- $_ := set . "routes" $routes -}}
{{- end -}}
routes
{{- end -}}
