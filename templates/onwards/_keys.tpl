{{- /*
Keys of engines, of external providers and of clients. They are stored in Secrets only; the gateway's configuration has placeholders for them.
An owner is a path in the values: modelGroups.a, externalProviders.b, onwards.clientKeys.c.
*/ -}}

{{- /* Sets .stack.keys and .stack.literalKeys. A key set by value is stored in the chart's own Secret, under its owner. Input: root. */ -}}
{{- define "inference-stack.keys.resolve" -}}
  {{- $keys := dict -}}
  {{- $literal := dict -}}
  {{- range $path, $owners := dict "modelGroups" .stack.modelGroups "externalProviders" .stack.externalProviders "onwards.clientKeys" .stack.clients -}}
    {{- range $name, $values := $owners -}}
      {{- $owner := printf "%s.%s" $path $name -}}
      {{- with $values.apiKey | default (dig "computed" "engineKey" "secret" "" $values) -}}
        {{- if kindIs "map" . -}}
          {{- $_ := set $keys $owner (pick . "name" "key") -}}
        {{- else -}}
          {{- $_ := set $keys $owner (dict "name" $.stack.onwards.computed.fullname "key" $owner) -}}
          {{- $_ := set $literal $owner (include "inference-stack.text" .) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "keys" $keys -}}
  {{- $_ := set .stack "literalKeys" $literal -}}
{{- end -}}

{{- /*
What of a key set by value goes into the checksums that restart pods: all of a long one. A short one could be guessed from its hash by anyone who may
read pods, so its change restarts nothing. Input: key. Output: string, empty for a short one.
*/ -}}
{{- define "inference-stack.hashedKey" -}}
  {{- $key := include "inference-stack.text" . -}}
  {{- ternary $key "" (ge (len $key) 16) -}}
{{- end -}}

{{- /* The placeholder of a key in the configuration. Input: the key's owner. Output: string. */ -}}
{{- define "inference-stack.keyPlaceholder" -}}
@key:{{ . }}@
{{- end -}}

{{- /*
The sources of a volume of keys, each a file that is named after its owner, without the prefix.
Input: dict root, owners (list), prefix, optional (true if a pod starts without them). Output: JSON list of VolumeProjection.
*/ -}}
{{- define "inference-stack.keySources" -}}
  {{- $context := . -}}
  {{- $sources := list -}}
  {{- range .owners -}}
    {{- $secret := index $context.root.stack.keys . -}}
    {{- $item := dict "key" $secret.key "path" (trimPrefix $context.prefix .) -}}
    {{- $source := dict "name" $secret.name "items" (list $item) -}}
    {{- if $context.optional -}}
      {{- $_ := set $source "optional" true -}}
    {{- end -}}
    {{- $sources = append $sources (dict "secret" $source) -}}
  {{- end -}}
  {{- toJson $sources -}}
{{- end -}}

{{- /*
The sources of all keys. They are optional, so that the kubelet takes a file away whose Secret is gone, and the script that misses it says whose it is.
Input: root. Output: JSON list of VolumeProjection.
*/ -}}
{{- define "inference-stack.onwards.keySources" -}}
  {{- include "inference-stack.keySources" (dict "root" . "owners" (keys .stack.keys | sortAlpha) "prefix" "" "optional" true) -}}
{{- end -}}
