{{- /* Clients of the gateway. */ -}}

{{- /* Sets .stack.clients. Input: root. */ -}}
{{- define "inference-stack.clients.resolve" -}}
  {{- $clients := dict -}}
  {{- range $id, $given := ternary .stack.onwards.clientKeys dict (kindIs "map" .stack.onwards.clientKeys) -}}
    {{- if kindIs "map" $given -}}
      {{- $client := include "inference-stack.withoutNulls" $given | fromJson -}}
      {{- $_ := set $client "allowedAliases" (include "inference-stack.texts" $client.allowedAliases | fromJsonArray) -}}
      {{- $_ := set $clients $id $client -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "clients" $clients -}}
{{- end -}}

{{- /*
Clients that may use an alias: those allowed to use every alias, or this one, and not excluded by its route.
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

{{- /* Clients that no alias excludes; the gateway's configuration lists them once for all aliases. Input: root. Output: JSON list of ids. */ -}}
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
The gateway's configuration of clients. A key definition only sets limits; a key grants access to the pools that list it.
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

{{- /* Limits of a client or a pool. Input: map with requestsPerSecond, burst and concurrencyLimit. Output: JSON map, {} if there are none. */ -}}
{{- define "inference-stack.limits" -}}
  {{- $limits := dict -}}
  {{- with int64 .requestsPerSecond -}}
    {{- $_ := set $limits "rate_limit" (dict "requests_per_second" . "burst_size" (int64 $.burst | default .)) -}}
  {{- end -}}
  {{- with int64 .concurrencyLimit -}}
    {{- $_ := set $limits "concurrency_limit" (dict "max_concurrent_requests" .) -}}
  {{- end -}}
  {{- toJson $limits -}}
{{- end -}}
