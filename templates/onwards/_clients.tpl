{{- /* Clients of the gateway. */ -}}

{{- /* Sets .stack.clients. Input: root. */ -}}
{{- define "inference-stack.clients.resolve" -}}
  {{- $clients := dict -}}
  {{- range $id, $given := .stack.onwards.clientKeys -}}
    {{- if kindIs "map" $given -}}
      {{- $client := include "inference-stack.withoutNulls" $given | fromJson -}}
      {{- $_ := set $client "allowedAliases" (include "inference-stack.texts" $client.allowedAliases | fromJsonArray) -}}
      {{- $_ := set $clients $id $client -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "clients" $clients -}}
{{- end -}}

{{- /*
Clients that may use an alias: those that may use every alias, or this one, and that its route does not exclude.
Input: dict root, alias. Output: JSON list of ids.
*/ -}}
{{- define "inference-stack.allowedClients" -}}
  {{- $alias := .alias -}}
  {{- $listed := (include "inference-stack.routeOf" . | fromJson).allowedKeys -}}
  {{- $allowed := list -}}
  {{- range $id, $client := .root.stack.clients -}}
    {{- if and (or (not $client.allowedAliases) (has $alias $client.allowedAliases)) (or (not $listed) (has $id $listed)) -}}
      {{- $allowed = append $allowed $id -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $allowed -}}
{{- end -}}

{{- /* Clients that no alias excludes: the gateway lists them once, for all. Input: root. Output: JSON list of ids. */ -}}
{{- define "inference-stack.globalClients" -}}
  {{- $global := list -}}
  {{- range $id, $client := .stack.clients -}}
    {{- $everywhere := not $client.allowedAliases -}}
    {{- range $.stack.routes -}}
      {{- if and .allowedKeys (not (has $id .allowedKeys)) -}}
        {{- $everywhere = false -}}
      {{- end -}}
    {{- end -}}
    {{- if $everywhere -}}
      {{- $global = append $global $id -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $global -}}
{{- end -}}

{{- /* Input: id of a client. Output: the placeholder of its key. */ -}}
{{- define "inference-stack.clientPlaceholder" -}}
  {{- include "inference-stack.keyPlaceholder" (printf "onwards.clientKeys.%s" .) -}}
{{- end -}}

{{- /* Input: list of ids. Output: JSON list of the placeholders of their keys. */ -}}
{{- define "inference-stack.clientPlaceholders" -}}
  {{- $placeholders := list -}}
  {{- range . -}}
    {{- $placeholders = append $placeholders (include "inference-stack.clientPlaceholder" .) -}}
  {{- end -}}
  {{- toJson $placeholders -}}
{{- end -}}

{{- /*
The gateway's section on clients. A definition grants nothing, it only limits; a key opens the pools that list it.
Input: root. Output: JSON map, {} without clients.
*/ -}}
{{- define "inference-stack.onwards.auth" -}}
  {{- $definitions := dict -}}
  {{- range $id, $client := .stack.clients -}}
    {{- $definition := dict
          "key" (include "inference-stack.clientPlaceholder" $id)
          "labels" (include "inference-stack.strings" (list $client.labels) | fromJson) -}}
    {{- $_ := set $definitions $id (merge $definition (include "inference-stack.limits" $client | fromJson)) -}}
  {{- end -}}
  {{- $auth := dict -}}
  {{- if $definitions -}}
    {{- $global := include "inference-stack.globalClients" . | fromJsonArray -}}
    {{- $auth = dict "global_keys" (include "inference-stack.clientPlaceholders" $global | fromJsonArray) "key_definitions" $definitions -}}
  {{- end -}}
  {{- toJson $auth -}}
{{- end -}}

{{- /* Rules of onwards.clientKeys. Input: root. */ -}}
{{- define "inference-stack.clients.problems" -}}
  {{- $paths := dict -}}
  {{- range $id, $client := .stack.clients -}}
    {{- $context := dict "root" $ "id" $id "client" $client "key" (include "inference-stack.yamlString" $id) -}}
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
Rule: each client has a key of its own. Input: dict id, client, key (the id in YAML), sameKey (path of an earlier client with that key, or nothing).
*/ -}}
{{- define "inference-stack.clients.rule.key" -}}
  {{- $why := "" -}}
  {{- if not .client.apiKey -}}
    {{- $why = "a client without a key could never be told from others." -}}
  {{- else if .sameKey -}}
    {{- $why = printf "it is also the key of %s, and the gateway knows a client by its key alone." .sameKey -}}
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

{{- /* Rule: what a client may use is served. Input: dict root, id, client, key. */ -}}
{{- define "inference-stack.clients.rule.allowedAliases" -}}
  {{- $served := include "inference-stack.servedAliases" .root | fromJsonArray -}}
  {{- range .client.allowedAliases -}}
    {{- if not (has . $served) }}

onwards.clientKeys.{{ $.id }}.allowedAliases: nobody serves the alias {{ quote . }}.
Please set:
  onwards:
    clientKeys:
      {{ $.key }}:
        allowedAliases:
          - {{ first $served | default "an-alias" | include "inference-stack.yamlString" }}
    {{- end }}
  {{- end -}}
{{- end -}}

{{- /* Who may use what. Input: root. */ -}}
{{- define "inference-stack.clients.warnings.access" -}}
  {{- if not .stack.clients }}

clients need no key: whoever reaches the gateway can use every model.
  {{- else }}
    {{- range $alias := include "inference-stack.servedAliases" . | fromJsonArray }}
      {{- if not (include "inference-stack.allowedClients" (dict "root" $ "alias" $alias) | fromJsonArray) }}

no client may use the alias {{ $alias }}; allow it to one in onwards.clientKeys or routes.
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}
