{{- /* Volumes of a group. */ -}}

{{- /* The user's mounts in a group's containers. Input: dict group. Output: JSON list of {name, path}. */ -}}
{{- define "inference-stack.modelGroup.mounts" -}}
  {{- $mounts := list -}}
  {{- range concat (.group.persistentVolumes | default list) (.group.volumeMounts | default list) -}}
    {{- $mounts = append $mounts (dict "name" (.name | default "") "path" (.mountPath | default "" | trimSuffix "/")) -}}
  {{- end -}}
  {{- toJson $mounts -}}
{{- end -}}

{{- /* Mounts that only root can access. Input: dict group. Output: JSON list of paths. */ -}}
{{- define "inference-stack.modelGroup.rootMounts" -}}
  {{- $paths := list -}}
  {{- range include "inference-stack.modelGroup.mounts" . | fromJsonArray -}}
    {{- if or (eq .path "/root") (hasPrefix "/root/" .path) -}}
      {{- $paths = append $paths .path -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $paths -}}
{{- end -}}

{{- /*
The mount that is used as the engine's download cache: the first at a Hugging Face or .cache path, else the first with cache in its name. Volumes from
Secrets, ConfigMaps and the like are read-only, so they are ignored. Input: dict group. Output: path for HF_HOME, or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.cachePath" -}}
  {{- $files := list -}}
  {{- range .group.volumes -}}
    {{- if or .secret .configMap .projected .downwardAPI -}}
      {{- $files = append $files .name -}}
    {{- end -}}
  {{- end -}}
  {{- $byPath := "" -}}
  {{- $byName := "" -}}
  {{- range include "inference-stack.modelGroup.mounts" . | fromJsonArray -}}
    {{- if not (has .name $files) -}}
      {{- if regexMatch "huggingface|/\\.cache" .path -}}
        {{- $byPath = $byPath | default .path -}}
      {{- else if contains "cache" .name -}}
        {{- $byName = $byName | default .path -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $path := $byPath | default $byName -}}
  {{- if hasSuffix "/.cache" $path -}}
    {{- $path = printf "%s/huggingface" $path -}}
  {{- end -}}
  {{- $path | trimSuffix "/hub" -}}
{{- end -}}

{{- /*
Size of /dev/shm, empty if the runtime's 64 MiB are enough. NCCL and the engines' own buffers need more if one model spans several GPUs.
Input: dict group (computed). Output: quantity or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.sharedMemory" -}}
  {{- if .group.sharedMemory -}}
    {{- .group.sharedMemory -}}
  {{- else if .group.computed.parallel -}}
    {{- ternary "16Gi" "8Gi" (gt (int .group.computed.gpus) 4) -}}
  {{- end -}}
{{- end -}}

{{- /*
The directory of models that an engine requires, if nothing is mounted there: init containers fill it, or it stays empty.
Input: dict group (computed). Output: path or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.modelDirectory" -}}
  {{- $model := .group.computed.preset.model -}}
  {{- if and $model.directory (not .group.computed.script) -}}
    {{- $path := include "inference-stack.modelGroup.flagValue" (dict "group" .group "names" $model.flags) | trimSuffix "/" -}}
    {{- $mounted := not (hasPrefix "/" $path) -}}
    {{- range include "inference-stack.modelGroup.mounts" . | fromJsonArray -}}
      {{- if hasPrefix (printf "%s/" .path) (printf "%s/" $path) -}}
        {{- $mounted = true -}}
      {{- end -}}
    {{- end -}}
    {{- if not $mounted -}}
      {{- $path -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /* Volumes that the chart could add. Input: dict group (computed). Output: JSON list of {name, path, emptyDir}. */ -}}
{{- define "inference-stack.modelGroup.possibleVolumes" -}}
  {{- $volumes := list -}}
  {{- if .group.computed.nonRoot -}}
    {{- $volumes = append $volumes (dict "name" "engine-home" "path" (include "inference-stack.modelGroup.home" .) "emptyDir" dict) -}}
    {{- $volumes = append $volumes (dict "name" "engine-tmp" "path" "/tmp" "emptyDir" dict) -}}
  {{- end -}}
  {{- with include "inference-stack.modelGroup.sharedMemory" . -}}
    {{- $volumes = append $volumes (dict "name" "shm" "path" "/dev/shm" "emptyDir" (dict "medium" "Memory" "sizeLimit" .)) -}}
  {{- end -}}
  {{- with include "inference-stack.modelGroup.modelDirectory" . -}}
    {{- $volumes = append $volumes (dict "name" "model-directory" "path" . "emptyDir" dict) -}}
  {{- end -}}
  {{- toJson $volumes -}}
{{- end -}}

{{- /*
Those that it adds, unless the user mounts something at their path; one whose name is taken gets another. Input: dict group (computed). Output: JSON list of
{name, path, emptyDir}.
*/ -}}
{{- define "inference-stack.modelGroup.addedVolumes" -}}
  {{- $names := list -}}
  {{- range concat .group.persistentVolumes (.group.volumes | default list) -}}
    {{- $names = append $names .name -}}
  {{- end -}}
  {{- $paths := list -}}
  {{- range concat .group.persistentVolumes (.group.volumeMounts | default list) -}}
    {{- if ne (toString .volumeMode) "Block" -}}
      {{- $paths = append $paths (.mountPath | default "" | trimSuffix "/") -}}
    {{- end -}}
  {{- end -}}
  {{- $added := list -}}
  {{- range include "inference-stack.modelGroup.possibleVolumes" . | fromJsonArray -}}
    {{- if not (has .path $paths) -}}
      {{- $name := ternary (printf "chart-%s" .name) .name (has .name $names) -}}
      {{- $added = append $added (set . "name" $name) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $added -}}
{{- end -}}

{{- /* The ConfigMap of a group's files. Input: dict root, name. Output: string. */ -}}
{{- define "inference-stack.modelGroup.filesName" -}}
  {{- include "inference-stack.objectName" (dict "root" .root "part" (printf "%s-files" .name)) -}}
{{- end -}}

{{- /* The key of a file in it: the file's name, behind what keeps files of that name in two directories apart. Input: path. Output: string. */ -}}
{{- define "inference-stack.modelGroup.fileKey" -}}
  {{- printf "%s-%s" (sha256sum . | trunc 8) (regexReplaceAll "[^-._a-zA-Z0-9]" (base .) "_" | trunc 200) -}}
{{- end -}}

{{- /* Its data. Input: dict group. Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.filesData" -}}
  {{- $data := dict -}}
  {{- range $path, $content := include "inference-stack.configMaps.data" .group.files | fromJson -}}
    {{- $_ := set $data (include "inference-stack.modelGroup.fileKey" $path) $content -}}
  {{- end -}}
  {{- toJson $data -}}
{{- end -}}

{{- /*
Volumes of a group's pod and where its engine mounts them. Each file is mounted alone, as a directory would hide the image's files beside it; that such a
mount does not follow its ConfigMap is no loss, since a change restarts the pod.
Input: dict root, name, group (computed). Output: JSON map {volumes, volumeMounts, volumeDevices}, each a list.
*/ -}}
{{- define "inference-stack.modelGroup.storage" -}}
  {{- $volumes := list -}}
  {{- $mounts := list -}}
  {{- $devices := list -}}
  {{- range .group.persistentVolumes -}}
    {{- $claim := include "inference-stack.modelGroup.claimName" (dict "root" $.root "name" $.name "volume" .) -}}
    {{- $volumes = append $volumes (dict "name" .name "persistentVolumeClaim" (dict "claimName" $claim)) -}}
    {{- if eq (toString .volumeMode) "Block" -}}
      {{- $devices = append $devices (dict "name" .name "devicePath" .mountPath) -}}
    {{- else -}}
      {{- $mounts = append $mounts (pick . "name" "mountPath" "subPath" "readOnly") -}}
    {{- end -}}
  {{- end -}}
  {{- $volumes = concat $volumes (.group.volumes | default list) -}}
  {{- $mounts = concat $mounts (.group.volumeMounts | default list) -}}
  {{- range .group.computed.addedVolumes -}}
    {{- $volumes = append $volumes (dict "name" .name "emptyDir" .emptyDir) -}}
    {{- $mounts = append $mounts (dict "name" .name "mountPath" .path) -}}
  {{- end -}}
  {{- if .group.files -}}
    {{- $volumes = append $volumes (dict "name" "engine-files" "configMap" (dict "name" (include "inference-stack.modelGroup.filesName" .))) -}}
    {{- range $path := keys .group.files | sortAlpha -}}
      {{- $mounts = append $mounts (dict "name" "engine-files" "mountPath" $path "subPath" (include "inference-stack.modelGroup.fileKey" $path)) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "volumes" $volumes "volumeMounts" $mounts "volumeDevices" $devices) -}}
{{- end -}}

{{- /*
Volumes that only one node (ReadWriteOnce) or one pod (ReadWriteOncePod) can mount; for an existing claim, according to the accessModes in the values.
Input: dict group. Output: JSON list of names.
*/ -}}
{{- define "inference-stack.modelGroup.singleNodeVolumes" -}}
  {{- $names := list -}}
  {{- range .group.persistentVolumes -}}
    {{- $modes := .accessModes | default list -}}
    {{- $shared := or (has "ReadWriteMany" $modes) (has "ReadOnlyMany" $modes) -}}
    {{- if and (or $modes (not .existingClaim)) (not $shared) -}}
      {{- $names = append $names .name -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* The claim behind a persistent volume. Input: dict root, name, volume. Output: string. */ -}}
{{- define "inference-stack.modelGroup.claimName" -}}
  {{- default (include "inference-stack.objectName" (dict "root" .root "part" (printf "%s-%s" .name .volume.name))) .volume.existingClaim -}}
{{- end -}}

{{- /* Input: dict root, group (computed), volume. Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.claimLabels" -}}
  {{- include "inference-stack.strings" (list .group.computed.labels (dict "app.kubernetes.io/volume" .volume.name) .volume.labels) -}}
{{- end -}}

{{- /* A claim with keep outlives the release. Input: dict root, volume. Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.claimAnnotations" -}}
  {{- $own := deepCopy (.volume.annotations | default dict) -}}
  {{- if .volume.keep -}}
    {{- $_ := set $own "helm.sh/resource-policy" "keep" -}}
  {{- end -}}
  {{- include "inference-stack.annotations" (dict "root" .root "own" $own) -}}
{{- end -}}

{{- /*
Prints the spec of a claim. A storage class of "-" means no class (only pre-provisioned volumes), "" the cluster's default. Input: volume.
*/ -}}
{{- define "inference-stack.modelGroup.claimSpec" -}}
  {{- $class := .storageClass | default .storageClassName | default "" -}}
accessModes:
  {{- toYaml (.accessModes | default (list "ReadWriteOnce")) | nindent 2 }}
  {{- if $class }}
storageClassName: {{ ternary "" $class (eq $class "-") | quote }}
  {{- end }}
  {{- with .volumeMode }}
volumeMode: {{ . | quote }}
  {{- end }}
  {{- with .selector }}
selector:
    {{- toYaml . | nindent 2 }}
  {{- end }}
resources:
  requests:
    storage: {{ .size | quote }}
{{- end -}}
