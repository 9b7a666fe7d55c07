{{- /*
Where a group's model comes from, where modelName says it as an address: hf://, pvc://, oci:// and hostPath://, and s3:// where prefetch fetches it. Other
texts are the engine's.
*/ -}}

{{- /*
The parts of such an address. Input: dict group (merged). Output: JSON {address, kind (hf, pvc, oci, hostPath or s3), from (repository, claim, image,
directory or bucket and path), revision, path (behind the claim), directory (where prefetch puts it)}, {} for other texts.
*/ -}}
{{- define "inference-stack.modelSource" -}}
  {{- $text := include "inference-stack.text" .group.modelName -}}
  {{- $source := dict -}}
  {{- if hasPrefix "hf://" $text -}}
    {{- $parts := splitn "@" 2 (trimPrefix "hf://" $text) -}}
    {{- $source = dict "kind" "hf" "from" $parts._0 "revision" ($parts._1 | default "") -}}
  {{- else if hasPrefix "pvc://" $text -}}
    {{- $parts := splitn "/" 2 (trimPrefix "pvc://" $text) -}}
    {{- $source = dict "kind" "pvc" "from" $parts._0 "path" ($parts._1 | default "" | trimSuffix "/") -}}
  {{- else if hasPrefix "oci://" $text -}}
    {{- $source = dict "kind" "oci" "from" (trimPrefix "oci://" $text) -}}
  {{- else if hasPrefix "hostPath://" $text -}}
    {{- $source = dict "kind" "hostPath" "from" (trimPrefix "hostPath://" $text | trimSuffix "/") -}}
  {{- else if and (hasPrefix "s3://" $text) .group.prefetch.enabled -}}
    {{- with (include "inference-stack.modelGroup.cache" . | fromJson).path -}}
      {{- $from := trimPrefix "s3://" $text | trimSuffix "/" -}}
      {{- $source = dict "kind" "s3" "from" $from "directory" (printf "%s/s3/%s" . $from) -}}
    {{- end -}}
  {{- end -}}
  {{- with $source -}}
    {{- $_ := set . "address" $text -}}
  {{- end -}}
  {{- toJson $source -}}
{{- end -}}

{{- /* Where the model of a volume is mounted. */ -}}
{{- define "inference-stack.modelSource.directory" -}}
/mnt/model
{{- end -}}

{{- /*
Sets in a group what its address stands for, as if the user had written it: the model's name or path, and the volume it is on. Adapters that a null takes out
are left out. Input: dict group (merged), source.
*/ -}}
{{- define "inference-stack.modelGroup.withSource" -}}
  {{- $group := .group -}}
  {{- $source := .source -}}
  {{- $directory := include "inference-stack.modelSource.directory" . -}}
  {{- $adapters := dict -}}
  {{- range $name, $from := $group.adapters -}}
    {{- if $from -}}
      {{- $_ := set $adapters $name $from -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set $group "adapters" $adapters -}}
  {{- $volume := dict -}}
  {{- $name := $directory -}}
  {{- if eq (toString $source.kind) "hf" -}}
    {{- $name = $source.from -}}
  {{- else if eq (toString $source.kind) "pvc" -}}
    {{- $volume = dict "persistentVolumeClaim" (dict "claimName" $source.from "readOnly" true) -}}
    {{- $name = list $directory $source.path | compact | join "/" -}}
  {{- else if eq (toString $source.kind) "oci" -}}
    {{- $volume = dict "image" (dict "reference" $source.from "pullPolicy" "IfNotPresent") -}}
  {{- else if eq (toString $source.kind) "hostPath" -}}
    {{- $volume = dict "hostPath" (dict "path" $source.from "type" "Directory") -}}
  {{- else if eq (toString $source.kind) "s3" -}}
    {{- $name = $source.directory -}}
  {{- end -}}
  {{- if and $source.kind $source.from -}}
    {{- $_ := set $group "modelName" $name -}}
  {{- end -}}
  {{- if and $volume $source.from -}}
    {{- $mount := dict "name" "model-source" "mountPath" $directory "readOnly" true -}}
    {{- $_ := set $group "volumes" (append ($group.volumes | default list) (set $volume "name" "model-source")) -}}
    {{- $_ := set $group "volumeMounts" (append ($group.volumeMounts | default list) $mount) -}}
  {{- end -}}
{{- end -}}

{{- /*
The init container that looks whether a model is in an image: one that was pushed as an artifact, without layers of files, mounts as an empty directory, and
the runtime reports no error (containerd/containerd#11907). Input: dict group (computed). Output: JSON list of none or one, without a security context.
*/ -}}
{{- define "inference-stack.modelSource.check" -}}
  {{- $containers := list -}}
  {{- if eq (toString .group.computed.source.kind) "oci" -}}
    {{- $directory := include "inference-stack.modelSource.directory" . -}}
    {{- $image := .group.computed.source.from -}}
    {{- $says := printf "%s holds no config.json and no .gguf file. If it was pushed by oras, push an image whose layers have files." $image -}}
    {{- $script := printf "for file in %s/config.json %s/*.gguf; do if [ -e \"$file\" ]; then exit 0; fi; done; echo '%s'; exit 1"
          $directory $directory $says -}}
    {{- $containers = list (dict
          "name" "check-model"
          "image" .group.computed.imageReference
          "command" (list "sh" "-c" $script)
          "volumeMounts" (list (dict "name" "model-source" "mountPath" $directory "readOnly" true))) -}}
  {{- end -}}
  {{- toJson $containers -}}
{{- end -}}

{{- /* Rule: an address is complete, and the engine and Kubernetes can read it. Input: as in _validate.tpl. */ -}}
{{- define "inference-stack.modelGroup.rule.modelSource" -}}
  {{- $source := .group.computed.source }}
  {{- $forms := dict
        "hf" "hf://org/model@revision" "pvc" "pvc://claim/path" "oci" "oci://registry.example.com/model:tag" "hostPath" "hostPath:///data/model"
        "s3" "s3://bucket/path" }}
  {{- $complete := dict
        "hf" "^[^/]+/[^/]+$" "pvc" "^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$" "oci" "^[a-z0-9][\\w.:/@-]*/[\\w.:/@-]+$" "hostPath" "^/." "s3" "^[a-z0-9]" }}
  {{- if $source.kind }}
    {{- $flag := .group.computed.preset.flags.revision }}
    {{- if not (regexMatch (index $complete $source.kind) $source.from) }}

modelGroups.{{ .name }}.modelName: {{ $source.address }} is no complete address of a model.
Please set:
  modelGroups:
    {{ .key }}:
      modelName: {{ index $forms $source.kind }}
    {{- else if and $source.revision (not $flag) }}

modelGroups.{{ .name }}.modelName: {{ .group.computed.engine }} has no option for the revision of a model, as far as the chart knows.
Please set:
  modelGroups:
    {{ .key }}:
      modelName: {{ include "inference-stack.yamlString" $source.from }}
    {{- else if and (eq $source.kind "oci") (not (include "inference-stack.kubernetesAtLeast" (dict "root" .root "version" "1.31"))) }}

modelGroups.{{ .name }}.modelName: Kubernetes {{ include "inference-stack.kubernetesVersion" .root }} has no volumes from images, which came with 1.31.
Please set:
  modelGroups:
    {{ .key }}:
      modelName: pvc://claim/path
    {{- end }}
  {{- end }}
{{- end -}}
