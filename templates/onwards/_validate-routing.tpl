{{- /* Rules of clients and routes. */ -}}

{{- /* Rules of onwards.clientKeys. Input: root. */ -}}
{{- define "inference-stack.clients.problems" -}}
  {{- $paths := dict -}}
  {{- $served := include "inference-stack.servedAliases" . | fromJsonArray -}}
  {{- range $id, $client := .stack.clients -}}
    {{- $context := dict "id" $id "client" $client "key" (include "inference-stack.yamlString" $id) "served" $served -}}
    {{- $text := include "inference-stack.text" $client.apiKey -}}
    {{- $_ := set $context "sameKey" (index $paths $text | default "") -}}
    {{- include "inference-stack.name.rule" (dict "keys" (list "onwards" "clientKeys") "name" $id) -}}
    {{- include "inference-stack.secretReference.rule" (dict
          "keys" (list "onwards" "clientKeys" $id "apiKey") "given" $client.apiKey "name" "client-keys" "key" $id) -}}
    {{- include "inference-stack.placeholder.rule" (dict
          "keys" (list "onwards" "clientKeys" $id) "field" "labels" "texts" $client.labels) -}}
    {{- include "inference-stack.rules" (dict "component" "clients" "rules" (list "key" "allowedAliases") "context" $context) -}}
    {{- if $client.apiKey -}}
      {{- $_ := set $paths $text (printf "onwards.clientKeys.%s" $id) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
Rule: each client has its own key. Input: dict id, client, key (the id in YAML), sameKey (path of an earlier client with that key, or nothing).
*/ -}}
{{- define "inference-stack.clients.rule.key" -}}
  {{- $why := "" -}}
  {{- if not .client.apiKey -}}
    {{- $why = "a client needs a key, because the gateway identifies it by that key." -}}
  {{- else if .sameKey -}}
    {{- $why = printf "it is also the key of %s, and the gateway identifies a client only by its key." .sameKey -}}
  {{- end -}}
  {{- if $why }}

onwards.clientKeys.{{ .id }}.apiKey: {{ $why }}
Please set:
  onwards:
    clientKeys:
      {{ .key }}:
        apiKey:
          name: client-keys
          key: {{ .key }}
  {{- end }}
{{- end -}}

{{- /* Rule: the aliases that a client may use are served. Input: dict id, client, key, served (list of aliases). */ -}}
{{- define "inference-stack.clients.rule.allowedAliases" -}}
  {{- range .client.allowedAliases -}}
    {{- if not (has . $.served) }}

onwards.clientKeys.{{ $.id }}.allowedAliases: no model group or provider serves the alias {{ quote . }}.
Please set:
  onwards:
    clientKeys:
      {{ $.key }}:
        allowedAliases:
          - {{ first $.served | default "an-alias" | include "inference-stack.yamlString" }}
    {{- end }}
  {{- end -}}
{{- end -}}

{{- /* Warnings: a gateway without clients, and aliases that no client may use. Input: root. */ -}}
{{- define "inference-stack.clients.warnings.access" -}}
  {{- if not .stack.clients }}

clients need no key: anyone who reaches the gateway can use every model.
  {{- else }}
    {{- range $alias := include "inference-stack.servedAliases" . | fromJsonArray }}
      {{- if not (include "inference-stack.allowedClients" (dict "root" $ "alias" $alias) | fromJsonArray) }}

no client may use the alias {{ $alias }}; allow it for one in onwards.clientKeys or routes.
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rules of routes. Input: root. */ -}}
{{- define "inference-stack.routes.problems" -}}
  {{- $served := include "inference-stack.servedAliases" . | fromJsonArray -}}
  {{- range $alias, $route := omit .stack.routes "" -}}
    {{- $context := dict "root" $ "alias" $alias "route" $route "served" $served -}}
    {{- include "inference-stack.rules" (dict "component" "routes" "rules" (list "served" "allowedKeys") "context" $context) -}}
  {{- end -}}
{{- end -}}

{{- /* Rule: a model group or provider serves the alias. Input: dict alias, served (list of aliases). */ -}}
{{- define "inference-stack.routes.rule.served" -}}
  {{- if not (has .alias .served) }}

routes.{{ .alias }}: no model group or provider serves this alias, so the route would have no effect.
Please set:
  routes:
    {{ include "inference-stack.yamlString" .alias }}: null
  {{- end }}
{{- end -}}

{{- /* Rule: the clients that may use the alias are defined. Input: dict root, alias, route. */ -}}
{{- define "inference-stack.routes.rule.allowedKeys" -}}
  {{- range .route.allowedKeys -}}
    {{- if not (hasKey $.root.stack.clients .) }}
      {{- $key := include "inference-stack.yamlString" . }}

routes.{{ $.alias }}.allowedKeys: there is no client {{ quote . }} in onwards.clientKeys.
Please set:
  onwards:
    clientKeys:
      {{ $key }}:
        apiKey:
          name: client-keys
          key: {{ $key }}
    {{- end }}
  {{- end -}}
{{- end -}}
