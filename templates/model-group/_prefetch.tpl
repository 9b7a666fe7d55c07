{{- /* The model that is fetched before the engine starts, by files/prefetch.py from the hub or files/prefetch-s3.py from an object store. */ -}}

{{- /*
The model that prefetch fetches: what the engine is told to load. Input: dict group (computed). Output: JSON {repository ("" if it is none of the hub),
revision, model (as it is written)}.
*/ -}}
{{- define "inference-stack.modelGroup.hubModel" -}}
  {{- $model := include "inference-stack.modelGroup.loadedModel" . -}}
  {{- $flag := .group.computed.preset.flags.revision | default (dict "names" list) -}}
  {{- $revision := include "inference-stack.modelGroup.flagValue" (dict "group" .group "names" $flag.names) -}}
  {{- $is := and (not .group.computed.script) (regexMatch "^[\\w.-]+/[\\w.-]+$" $model) (not (regexMatch "^\\.|[.]gguf$" $model)) -}}
  {{- toJson (dict "repository" (ternary $model "" $is) "revision" $revision "model" $model) -}}
{{- end -}}

{{- /*
The init container that fetches a group's model: the engine's image, variables and volumes, so that it puts the files where the engine looks for them.
Devices are left to the engine. Input: dict root, group (computed). Output: JSON list of none or one, without a security context.
*/ -}}
{{- define "inference-stack.modelGroup.prefetch" -}}
  {{- $containers := list -}}
  {{- if .group.prefetch.enabled -}}
    {{- $model := include "inference-stack.modelGroup.hubModel" . | fromJson -}}
    {{- $program := list (.root.Files.Get "files/prefetch.py") $model.repository $model.revision -}}
    {{- if eq (toString .group.computed.source.kind) "s3" -}}
      {{- $program = list (.root.Files.Get "files/prefetch-s3.py") .group.computed.source.address .group.computed.source.directory -}}
    {{- end -}}
    {{- $resources := dict -}}
    {{- range $kind, $amounts := .group.prefetch.resources | default .group.computed.resources -}}
      {{- $left := dict -}}
      {{- range $name, $amount := $amounts -}}
        {{- if not (include "inference-stack.isDevice" $name) -}}
          {{- $_ := set $left $name $amount -}}
        {{- end -}}
      {{- end -}}
      {{- if and $left (has $kind (list "limits" "requests")) -}}
        {{- $_ := set $resources $kind $left -}}
      {{- end -}}
    {{- end -}}
    {{- $container := dict
          "name" "prefetch-model"
          "image" .group.computed.imageReference
          "imagePullPolicy" (include "inference-stack.imagePullPolicy" (dict "image" .group.computed.image "reference" .group.computed.imageReference))
          "command" (concat (list "python3" "-c") $program)
          "env" (include "inference-stack.modelGroup.env" . | fromJsonArray)
          "volumeMounts" .group.computed.storage.volumeMounts -}}
    {{- with .group.envFrom -}}
      {{- $_ := set $container "envFrom" . -}}
    {{- end -}}
    {{- with $resources -}}
      {{- $_ := set $container "resources" . -}}
    {{- end -}}
    {{- $containers = list $container -}}
  {{- end -}}
  {{- toJson $containers -}}
{{- end -}}

{{- /* Rule: prefetch has a downloader, a model of the hub or an object store and a volume that keeps it. Input: as in _validate.tpl. */ -}}
{{- define "inference-stack.modelGroup.rule.prefetch" -}}
  {{- $computed := .group.computed }}
  {{- $model := include "inference-stack.modelGroup.hubModel" . | fromJson }}
  {{- $why := "" }}
  {{- $stored := or (eq (toString $computed.source.kind) "s3") (hasPrefix "s3://" $model.model) }}
  {{- if and $stored (not $computed.preset.flags.objectStore) (ne $computed.engine "custom") }}
    {{- $why = printf "images of %s have no boto3, as far as the chart knows" $computed.engine }}
  {{- else if and $stored (not $computed.cache.path) }}
    {{- $why = "no volume keeps what it fetches from an object store (mount one at /cache, with cache in its name)" }}
  {{- else if and (not $stored) (ne (toString $computed.preset.hubToken) "file") }}
    {{- $why = printf "images of %s have no huggingface_hub, as far as the chart knows" $computed.engine }}
  {{- else if not (or $stored $model.repository) }}
    {{- $why = printf "%s is no name of a model on the hub" ($model.model | default "its model, in a script or a file," | quote) }}
  {{- else if $computed.cache.readOnly }}
    {{- $why = printf "the cache at %s is read-only" $computed.cache.path }}
  {{- else if not (or $computed.cache.path $computed.nonRoot) }}
    {{- $why = "no volume keeps what it fetches (mount one at /cache, with cache in its name)" }}
  {{- end }}
  {{- if $why }}

modelGroups.{{ .name }}.prefetch: {{ $why }}, so nothing could be fetched before the engine starts.
Please set:
  modelGroups:
    {{ .key }}:
      prefetch:
        enabled: false
  {{- end }}
{{- end -}}
