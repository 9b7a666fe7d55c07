{{- /*
Everyday mistakes in a group's values: refused where nothing could work, else a warning. The input of a rule and of a warning is that of the others, see
_validate.tpl and _warnings.tpl.
*/ -}}

{{- /* The model that a page of Hugging Face shows. Input: string. Output: organisation/model, or nothing if it is no such address. */ -}}
{{- define "inference-stack.huggingFaceModel" -}}
  {{- if regexMatch "^(hf://|(https?://)?(www\\.)?(huggingface\\.co|hf\\.co)/)[^/?#]+/[^/?#]+" . -}}
    {{- $path := regexReplaceAll "^(hf://|(https?://)?[^/]+/)" . "" -}}
    {{- regexFind "^[^/?#]+/[^/?#]+" $path -}}
  {{- end -}}
{{- end -}}

{{- /* Rules of each group. Input: root. */ -}}
{{- define "inference-stack.mistakes.problems" -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- $context := dict "root" $ "name" $name "key" (include "inference-stack.yamlString" $name) "group" $group -}}
    {{- $rules := list "modelAddress" "deviceNames" "units" "scratchUnits" "otherEnginesOption" -}}
    {{- include "inference-stack.rules" (dict "component" "modelGroup" "rules" $rules "context" $context) -}}
  {{- end -}}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.modelAddress" -}}
  {{- $name := include "inference-stack.text" .group.modelName }}
  {{- $model := include "inference-stack.huggingFaceModel" $name }}
  {{- if and $model .group.computed.preset.launcher }}

modelGroups.{{ .name }}.modelName: an engine takes the name of a model on Hugging Face, not the address of its page.
Please set:
  modelGroups:
    {{ .key }}:
      modelName: {{ include "inference-stack.yamlString" $model }}
  {{- end }}
  {{- range $field := list "command" "args" }}
    {{- $words := list }}
    {{- $found := false }}
    {{- range include "inference-stack.texts" (index $.group $field) | fromJsonArray }}
      {{- $page := and (regexMatch "^https?://" .) (regexMatch "^[^/]+//[^/]+/[^/]+/[^/]+(/tree/[^/]+)?/?$" .) }}
      {{- $model := ternary (include "inference-stack.huggingFaceModel" .) "" (not (empty $page)) }}
      {{- $found = or $found (ne $model "") }}
      {{- $words = append $words ($model | default .) }}
    {{- end }}
    {{- if and $found $.group.computed.preset.launcher (not $.group.computed.script) }}

modelGroups.{{ $.name }}.{{ $field }}: an engine takes the name of a model on Hugging Face, not the address of its page.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name $field) "yaml" (toYaml $words)) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.units" -}}
  {{- include "inference-stack.units.rule" (dict "keys" (list "modelGroups" .name "resources") "resources" .group.resources) }}
  {{- with include "inference-stack.withUnit" .group.sharedMemory }}

modelGroups.{{ $.name }}.sharedMemory: without a unit it is a number of bytes, fewer than anything needs; a quantity has one, such as 16Gi.
Please set:
  modelGroups:
    {{ $.key }}:
      sharedMemory: {{ . }}
  {{- end }}
  {{- range $index, $volume := .group.persistentVolumes }}
    {{- with include "inference-stack.withUnit" $volume.size }}
      {{- $fix := dict "context" $ "key" "persistentVolumes" "index" $index "fields" (dict "size" .) }}

modelGroups.{{ $.name }}.persistentVolumes[{{ $index }}].size: without a unit it is a number of bytes, fewer than any volume has; a quantity has one, such
as 100Gi.
Please set:
{{ include "inference-stack.modelGroup.listFix" $fix | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Size limits of memory volumes and scratch volumes, likewise. */ -}}
{{- define "inference-stack.modelGroup.rule.scratchUnits" -}}
  {{- range $index, $scratch := .group.volumes }}
    {{- with include "inference-stack.withUnit" ($scratch.emptyDir | default dict).sizeLimit }}
      {{- $fix := dict "context" $ "key" "volumes" "index" $index "fields" (dict "emptyDir" (dict "sizeLimit" .)) }}

modelGroups.{{ $.name }}.volumes[{{ $index }}].emptyDir.sizeLimit: without a unit it is a number of bytes, fewer than any file needs; a quantity has
one, such as 16Gi.
Please set:
{{ include "inference-stack.modelGroup.listFix" $fix | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
The device that is meant by a misspelt one: another case, a plural, a letter wrong in the vendor's domain, or that without .com.
Input: string. Output: string, empty if it is not misspelt.
*/ -}}
{{- define "inference-stack.deviceMeant" -}}
  {{- $squeezed := regexReplaceAll "[^a-z0-9]" (lower .) "" | trimSuffix "s" -}}
  {{- $meant := dict "nvidiagpu" "nvidia.com/gpu" "amdgpu" "amd.com/gpu" -}}
  {{- range list "nvidia.com/gpu" "amd.com/gpu" "habana.ai/gaudi" "google.com/tpu" "aws.amazon.com/neuron" -}}
    {{- $_ := set $meant (regexReplaceAll "[^a-z0-9]" . "") . -}}
  {{- end -}}
  {{- $known := keys $meant | sortAlpha -}}
  {{- $near := ternary $squeezed (include "inference-stack.unknownKeys.near" (dict "key" $squeezed "known" $known)) (has $squeezed $known) -}}
  {{- $name := index $meant $near | default "" -}}
  {{- if and (contains "/" .) (ne $name .) (hasSuffix (splitList "/" $name | last) $squeezed) -}}
    {{- $name -}}
  {{- end -}}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.deviceNames" -}}
  {{- $resources := .group.resources | default dict }}
  {{- range $kind := list "limits" "requests" }}
    {{- range $name, $amount := index $resources $kind | default dict | include "inference-stack.withoutNulls" | fromJson }}
      {{- with include "inference-stack.deviceMeant" $name }}
        {{- $yaml := dict $name nil . $amount | toYaml }}

modelGroups.{{ $.name }}.resources.{{ $kind }}: no node has the resource {{ $name }}, so the pods would stay Pending; did you mean {{ . }}?
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name "resources" $kind) "yaml" $yaml) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: no option of another engine is given, by those that each preset lists (tellTales). */ -}}
{{- define "inference-stack.modelGroup.rule.otherEnginesOption" -}}
  {{- $computed := .group.computed }}
  {{- $own := $computed.preset.tellTales | default list }}
  {{- $owners := dict }}
  {{- range $engine := reverse .root.stack.engineNames }}
    {{- range (index $.root.stack.engines $engine).tellTales }}
      {{- $_ := set $owners . $engine }}
    {{- end }}
  {{- end }}
  {{- $field := ternary "args" "command" (not (empty .group.args)) }}
  {{- range uniq $computed.read }}
    {{- $option := regexReplaceAll "(?s)=.*$" . "" | replace "_" "-" }}
    {{- if and $own (hasKey $owners $option) (not (has $option $own)) (not $computed.script) }}
      {{- $name := trimPrefix "--" $option }}
      {{- $inMap := hasKey ($.group.engineArgs | default dict) $name }}
      {{- $key := ternary "engineArgs" $field $inMap }}

modelGroups.{{ $.name }}.{{ $key }}: {{ $option }} is an option of the engine {{ index $owners $option }}, and {{ $computed.engine }} ends at once with an
option that it does not know.
Please set:
  modelGroups:
    {{ $.key }}:
      {{ $key }}: {{ ternary (printf "{%s: null}" $name) "[]" $inMap }}  # without {{ $option }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Warnings of each group. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.mistakes" -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- range list "oddParallel" "noGGUF" "commaInAlias" "noCache" "literalToken" "tokenInCommand" }}
{{ include (printf "inference-stack.modelGroup.warning.%s" .) (dict "path" (printf "modelGroups.%s" $name) "group" $group) }}
    {{- end }}
  {{- end -}}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.oddParallel" -}}
  {{- with .group.computed.preset.parallelism }}
    {{- $size := include "inference-stack.modelGroup.flagValue" (dict "group" $.group "names" .tensor) }}
    {{- if and (regexMatch "^[0-9]+$" $size) (not (has $size (list "0" "1" "2" "4" "8" "16" "32" "64"))) }}

{{ $.path }}: few models split across {{ $size }} GPUs (it must divide their heads); use 2, 4 or 8.
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.noGGUF" -}}
  {{- $model := include "inference-stack.modelGroup.loadedModel" . }}
  {{- if and .group.computed.preset.model.gguf $model (not .group.computed.script) (not (contains "gguf" (lower $model))) }}

{{ .path }}: {{ .group.computed.engine }} loads GGUF files only; is {{ $model }} a repository of those?
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.commaInAlias" -}}
  {{- range .group.computed.aliases }}
    {{- if contains "," . }}

{{ $.path }}.modelAlias: {{ printf "%q" . }} is one name with a comma in it; for several names, write a list.
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Volumes of which none is the cache of a model that is downloaded. */ -}}
{{- define "inference-stack.modelGroup.warning.noCache" -}}
  {{- $computed := .group.computed }}
  {{- $elsewhere := false }}
  {{- range list "HF_HOME" "HF_HUB_CACHE" "LLAMA_CACHE" "LLAMA_ARG_MODEL" }}
    {{- $elsewhere = or $elsewhere (hasKey $computed.givenEnv .) }}
  {{- end }}
  {{- $words := $computed.read }}
  {{- $elsewhere = or $elsewhere (include "inference-stack.flag" (dict "words" $words "names" (list "--download-dir")) | fromJson).given }}
  {{- $model := include "inference-stack.modelGroup.loadedModel" . }}
  {{- $downloaded := and (regexMatch "^[^/]+/[^/]+$" $model) $computed.preset.launcher (not $computed.preset.model.directory) (not $computed.script) }}
  {{- $names := list }}
  {{- range .group.persistentVolumes }}
    {{- if and (not .readOnly) (ne (toString .volumeMode) "Block") }}
      {{- $names = append $names .name }}
    {{- end }}
  {{- end }}
  {{- range .group.volumes }}
    {{- $path := (.hostPath | default dict).path | default "" }}
    {{- if or .persistentVolumeClaim .nfs (and $path (not (regexMatch "^/(dev|sys|proc|run|var/run|etc|usr)(/|$)" $path))) }}
      {{- $names = append $names .name }}
    {{- end }}
  {{- end }}
  {{- if and $names $downloaded (not (or $computed.cache.path $elsewhere)) }}

{{ .path }}: the volume {{ first $names }} is no model cache, so each pod downloads again; name it model-cache.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.literalToken" -}}
  {{- $env := .group.env | default list }}
  {{- range .group.initContainers }}
    {{- $env = concat $env (.env | default list) }}
  {{- end }}
  {{- with include "inference-stack.literalTokens" $env | fromJsonArray }}

{{ $.path }}.env: {{ join ", " . }} can be read in the Deployment; use valueFrom.secretKeyRef.
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.warning.tokenInCommand" -}}
  {{- $field := ternary "args" "command" (not (empty .group.args)) }}
  {{- $line := join "\n" .group.computed.read }}
  {{- if regexMatch (printf "(^|[ =\"'\n])%s" (include "inference-stack.tokenPattern" .)) $line }}

{{ .path }}.{{ $field }}: a token in it can be read in the Deployment; use env and valueFrom.secretKeyRef.
  {{- end }}
{{- end -}}

{{- /* Groups that one alias stands for, in equal parts, and that run different models. Input: root. */ -}}
{{- define "inference-stack.modelGroups.warnings.differentModels" -}}
  {{- $served := dict }}
  {{- range $name, $group := .stack.modelGroups }}
    {{- $model := include "inference-stack.modelGroup.loadedModel" (dict "group" $group) }}
    {{- range $group.computed.aliases }}
      {{- $of := index $served . | default (dict "models" list "ways" list "groups" list) }}
      {{- $_ := set $served . (dict
            "models" (append $of.models $model | uniq)
            "ways" (append $of.ways (printf "%d %d" (int64 $group.weight) (int64 $group.priority)) | uniq)
            "groups" (append $of.groups $name)) }}
    {{- end }}
  {{- end }}
  {{- range $alias, $of := $served }}
    {{- if and (gt (len $of.models) 1) (eq (len $of.ways) 1) (not (has "" $of.models)) }}

modelGroups: the alias {{ $alias }} is answered by different models, at random: {{ join ", " $of.models }}.
    {{- end }}
  {{- end }}
{{- end -}}
