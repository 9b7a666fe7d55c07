{{- /* The only merges of the chart. */ -}}

{{- /*
Values merged over defaults, key by key; null removes a key. Input: dict defaults (map or nothing), own (map or nothing). Output: JSON map.
*/ -}}
{{- define "inference-stack.overlay" -}}
  {{- mergeOverwrite (deepCopy (.defaults | default dict)) (.own | default dict) | include "inference-stack.withoutNulls" -}}
{{- end -}}

{{- /* A map without the keys that are null, at any depth; most maps have none, which their JSON shows at once. Input: map. Output: JSON map. */ -}}
{{- define "inference-stack.withoutNulls" -}}
  {{- $json := toJson . -}}
  {{- if contains ":null" $json -}}
    {{- $cleaned := dict -}}
    {{- range $key, $value := . -}}
      {{- if kindIs "map" $value -}}
        {{- $_ := set $cleaned $key (include "inference-stack.withoutNulls" $value | fromJson) -}}
      {{- else if not (kindIs "invalid" $value) -}}
        {{- $_ := set $cleaned $key $value -}}
      {{- end -}}
    {{- end -}}
    {{- $json = toJson $cleaned -}}
  {{- end -}}
  {{- $json -}}
{{- end -}}

{{- /*
A Kubernetes object: the chart's fields under the user's. A null leaves a field out, or with null instead of a map all of them.
Input: dict defaults (map), own (map or null). Output: JSON map.
*/ -}}
{{- define "inference-stack.object" -}}
  {{- if kindIs "invalid" .own -}}
    {{- dict | toJson -}}
  {{- else -}}
    {{- include "inference-stack.overlay" . -}}
  {{- end -}}
{{- end -}}

{{- /*
The values that are Kubernetes objects to which the chart adds fields of its own: only helpers lay those under the user's, with inference-stack.object,
as a null in them is to leave a field out. Output: JSON map, top-level key -> key -> true, or map of keys below it.
*/ -}}
{{- define "inference-stack.objects" -}}
  {{- $pod := dict "podSecurityContext" true "securityContext" true "resources" true "lifecycle" true "podSpec" true -}}
  {{- $probes := dict "startup" true "liveness" true "readiness" true -}}
  {{- $group := dict "startupProbe" true "livenessProbe" true "readinessProbe" true "strategy" true -}}
  {{- toJson (dict
        "onwards" (merge (dict "probes" $probes) $pod)
        "modelGroupDefaults" (merge $group $pod)
        "ingress" (dict "annotations" true)
        "httpRoute" (dict "timeouts" true)) -}}
{{- end -}}

{{- /* Kubernetes' lists of a pod whose items have a name, and the field that holds it; others are replaced. Output: JSON map. */ -}}
{{- define "inference-stack.kubectlLists" -}}
  {{- toJson (dict
        "containers" "name"
        "env" "name"
        "hostAliases" "ip"
        "imagePullSecrets" "name"
        "initContainers" "name"
        "ports" "name"
        "resourceClaims" "name"
        "volumeDevices" "devicePath"
        "volumeMounts" "mountPath"
        "volumes" "name") -}}
{{- end -}}

{{- /* Lists of a group's values whose items have a name: Kubernetes' and the chart's own; a toleration is its own name. Output: JSON map. */ -}}
{{- define "inference-stack.namedLists" -}}
  {{- $own := dict "additionalPorts" "name" "persistentVolumes" "name" "tolerations" "" -}}
  {{- merge $own (include "inference-stack.kubectlLists" . | fromJson) | toJson -}}
{{- end -}}

{{- /*
The user's values over those of a lower layer. A null for a key of the chart's own restores the chart's default. In Kubernetes objects nulls stay, for the
helper that lays the chart's fields under them.
Input: dict below (map), own (map or nothing), chart (map of the chart's defaults), objects (as above, of this map), lists (as above, or absent), whole
(true if Kubernetes objects are not merged: what lies below are the chart's defaults, which Helm has merged already). Output: JSON map.
*/ -}}
{{- define "inference-stack.layer" -}}
  {{- $layer := . -}}
  {{- $own := ternary .own dict (kindIs "map" .own) -}}
  {{- $objects := .objects | default dict -}}
  {{- $values := merge (dict) .below -}}
  {{- if .whole -}}
    {{- range $key, $is := $objects -}}
      {{- if eq (toString $is) "true" -}}
        {{- $_ := set $values $key nil -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- range $key, $value := $own -}}
    {{- $below := index $layer.below $key -}}
    {{- $default := index $layer.chart $key -}}
    {{- if eq (index $objects $key | toString) "true" -}}
      {{- if and $value $below (not $layer.whole) -}}
        {{- $value = mergeOverwrite (deepCopy $below) $value -}}
      {{- end -}}
    {{- else if kindIs "invalid" $value -}}
      {{- $value = $default -}}
    {{- else if and $default (kindIs "map" $default) (kindIs "map" $value) -}}
      {{- $value = include "inference-stack.layer" (dict
            "below" $below "own" $value "chart" $default "objects" (index $objects $key) "whole" $layer.whole) | fromJson -}}
    {{- else if kindIs "map" $value -}}
      {{- $value = include "inference-stack.overlay" (dict "defaults" (ternary $below dict (kindIs "map" $below)) "own" $value) | fromJson -}}
    {{- else if and (kindIs "slice" $value) (hasKey ($layer.lists | default dict) $key) -}}
      {{- $value = include "inference-stack.joined" (dict "below" $below "own" $value "field" (index $layer.lists $key)) | fromJsonArray -}}
    {{- end -}}
    {{- $_ := set $values $key $value -}}
  {{- end -}}
  {{- toJson $values -}}
{{- end -}}

{{- /*
The items of the lower list, then those of the user's. One of the user's replaces the lower one of its name, where that stands; those before it come
before that, so that a variable stays behind those it refers to. An item with $patch: delete only takes the lower one out; an
empty list takes out all.
Input: dict below (list or nothing), own (list), field (with the name of an item; empty if the item is its own). Output: JSON list.
*/ -}}
{{- define "inference-stack.joined" -}}
  {{- $field := .field -}}
  {{- $own := .own -}}
  {{- $names := list -}}
  {{- range $own -}}
    {{- $names = append $names (include "inference-stack.itemName" (dict "item" . "field" $field)) -}}
  {{- end -}}
  {{- $joined := list -}}
  {{- $next := 0 -}}
  {{- range $item := ternary .below list (not (empty $own)) -}}
    {{- $name := include "inference-stack.itemName" (dict "item" $item "field" $field) -}}
    {{- if has $name $names -}}
      {{- range $index, $each := $names -}}
        {{- if and (eq $each $name) (ge $index $next) -}}
          {{- $joined = concat $joined (slice $own $next (add1 $index | int)) -}}
          {{- $next = add1 $index | int -}}
        {{- end -}}
      {{- end -}}
    {{- else -}}
      {{- $joined = append $joined $item -}}
    {{- end -}}
  {{- end -}}
  {{- $items := list -}}
  {{- range concat $joined (slice $own $next | default list) -}}
    {{- $patch := and (kindIs "map" .) (hasKey . "$patch") -}}
    {{- if not (or $patch (kindIs "invalid" .)) -}}
      {{- $items = append $items . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $items -}}
{{- end -}}

{{- /* What names an item of a list. Input: dict item (map or string), field (or empty). Output: string. */ -}}
{{- define "inference-stack.itemName" -}}
  {{- if not (kindIs "map" .item) -}}
    {{- .item -}}
  {{- else if .field -}}
    {{- index .item .field | default "" | toString | trimSuffix "/" -}}
  {{- else -}}
    {{- omit .item "$patch" | toJson -}}
  {{- end -}}
{{- end -}}

{{- /* Whether a list in a value may have null as an item, at any depth. Input: any value. Output: "true" or nothing. */ -}}
{{- define "inference-stack.hasNullItems" -}}
  {{- if regexMatch "[\\[,]null[,\\]]" (toJson .) -}}
true
  {{- end -}}
{{- end -}}

{{- /* Keys of the values below which are texts of the user's, or what becomes one: null is a part of it. Output: JSON list. */ -}}
{{- define "inference-stack.fileKeys" -}}
  {{- list "configMaps" "files" | toJson -}}
{{- end -}}

{{- /* A value whose lists have no null as an item, at any depth. Input: any value. Output: JSON {value}. */ -}}
{{- define "inference-stack.withoutNullItems" -}}
  {{- $value := . -}}
  {{- if kindIs "map" . -}}
    {{- $value = dict -}}
    {{- $files := include "inference-stack.fileKeys" . | fromJsonArray -}}
    {{- range $key, $each := . -}}
      {{- $_ := set $value $key (ternary $each (include "inference-stack.withoutNullItems" $each | fromJson).value (has $key $files)) -}}
    {{- end -}}
  {{- else if kindIs "slice" . -}}
    {{- $value = list -}}
    {{- range . -}}
      {{- if not (kindIs "invalid" .) -}}
        {{- $value = append $value (include "inference-stack.withoutNullItems" . | fromJson).value -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "value" $value) -}}
{{- end -}}
