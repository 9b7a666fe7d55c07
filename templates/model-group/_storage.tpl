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
  {{- if $model.directory -}}
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
Those that it adds, unless the user mounts their path or uses their name. Input: dict group (computed). Output: JSON list of {name, path, emptyDir}.
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
    {{- if not (or (has .name $names) (has .path $paths)) -}}
      {{- $added = append $added . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $added -}}
{{- end -}}

{{- /*
Volumes of a group's pod and where its engine mounts them.
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
  {{- toJson (dict "volumes" $volumes "volumeMounts" $mounts "volumeDevices" $devices) -}}
{{- end -}}

{{- /*
Who can mount a claim with these access modes: many nodes, one node (ReadWriteOnce) or one pod (ReadWriteOncePod). Input: list of modes. Output: many,
node or pod; nothing if no mode is given.
*/ -}}
{{- define "inference-stack.claimAccess" -}}
  {{- if or (has "ReadWriteMany" .) (has "ReadOnlyMany" .) -}}
many
  {{- else if has "ReadWriteOnce" . -}}
node
  {{- else if . -}}
pod
  {{- end -}}
{{- end -}}

{{- /*
The claims of a group's volumes. The chart's own are ReadWriteOnce unless accessModes says otherwise; of others no more is known than their accessModes
in the values. Input: dict root, name, group. Output: JSON list of {key, index (of the volume in the values), volume, claim, own (the chart creates it),
modes, keep}.
*/ -}}
{{- define "inference-stack.modelGroup.claims" -}}
  {{- $context := . -}}
  {{- $claims := list -}}
  {{- range $index, $volume := .group.persistentVolumes -}}
    {{- $own := empty .existingClaim -}}
    {{- $claims = append $claims (dict
          "key" "persistentVolumes"
          "index" $index
          "volume" (.name | default "")
          "claim" (include "inference-stack.modelGroup.claimName" (dict "root" $context.root "name" $context.name "volume" .))
          "own" $own
          "modes" (.accessModes | default (ternary (list "ReadWriteOnce") list $own))
          "keep" (.keep | default false)) -}}
  {{- end -}}
  {{- range $index, $volume := .group.volumes -}}
    {{- with (.persistentVolumeClaim | default dict).claimName -}}
      {{- $claims = append $claims (dict
            "key" "volumes" "index" $index "volume" $volume.name "claim" . "own" false "modes" list "keep" false) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $claims -}}
{{- end -}}

{{- /* Whether a group has a volume that it knows only one node or one pod to mount. Input: dict group (computed). Output: "true" or nothing. */ -}}
{{- define "inference-stack.modelGroup.singleNode" -}}
  {{- $single := false -}}
  {{- range .group.computed.claims -}}
    {{- $single = or $single (has (include "inference-stack.claimAccess" .modes) (list "node" "pod")) -}}
  {{- end -}}
  {{- ternary "true" "" $single -}}
{{- end -}}

{{- /*
Sets .stack.claims: claim -> {own, modes, groups (that mount it), pods (that may do so at one time, those of a surge included)}. Input: root.
*/ -}}
{{- define "inference-stack.claims.resolve" -}}
  {{- $claims := dict -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- range $group.computed.claims -}}
      {{- $known := index $claims .claim | default (dict "own" false "modes" list "groups" list "pods" 0) -}}
      {{- $pods := $known.pods -}}
      {{- if not (has $name $known.groups) -}}
        {{- $pods = add $pods $group.computed.pods -}}
      {{- end -}}
      {{- $_ := set $claims .claim (dict
            "own" (or .own $known.own)
            "modes" (ternary .modes $known.modes (or .own (and (not $known.own) (not (empty .modes)))))
            "groups" (append $known.groups $name | uniq)
            "pods" $pods) -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "claims" $claims -}}
{{- end -}}

{{- /*
Claims of a group that several pods may mount at one time. Input: dict root, group (computed), access (of inference-stack.claimAccess). Output: JSON
list of {volume, claim, groups, pods}.
*/ -}}
{{- define "inference-stack.modelGroup.sharedClaims" -}}
  {{- $context := . -}}
  {{- $shared := list -}}
  {{- range .group.computed.claims -}}
    {{- $claim := index $context.root.stack.claims .claim -}}
    {{- if and (gt (int64 $claim.pods) 1) (eq (include "inference-stack.claimAccess" $claim.modes) $context.access) -}}
      {{- $shared = append $shared (dict "volume" .volume "claim" .claim "groups" $claim.groups "pods" $claim.pods) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $shared -}}
{{- end -}}

{{- /*
Groups whose pods must be on one node with those of a group, itself included: they share a volume that only one node can mount.
Input: dict root, group (computed). Output: JSON list of names.
*/ -}}
{{- define "inference-stack.modelGroup.neighbours" -}}
  {{- $names := list -}}
  {{- if .group.podsShareNode -}}
    {{- range include "inference-stack.modelGroup.sharedClaims" (dict "root" .root "group" .group "access" "node") | fromJsonArray -}}
      {{- $names = concat $names .groups -}}
    {{- end -}}
  {{- end -}}
  {{- $names | uniq | sortAlpha | toJson -}}
{{- end -}}

{{- /*
Pods that a disruption budget by default keeps some of. Pods on one node go with it: the first one evicted could start nowhere else, so a budget would
never allow the second, and the node could not be drained. Input: dict root, group (computed). Output: number.
*/ -}}
{{- define "inference-stack.modelGroup.budgetedPods" -}}
  {{- ternary 1 (int64 .group.replicaCount) (gt (include "inference-stack.modelGroup.neighbours" . | fromJsonArray | len) 0) -}}
{{- end -}}

{{- /*
The user's affinity, and with neighbours a required one to them. The first of the pods goes anywhere: a pod that matches its own term needs no other.
Input: dict root, group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.affinity" -}}
  {{- $affinity := deepCopy (.group.affinity | default dict) -}}
  {{- with include "inference-stack.modelGroup.neighbours" . | fromJsonArray -}}
    {{- $term := dict
          "topologyKey" "kubernetes.io/hostname"
          "labelSelector" (dict
            "matchLabels" (omit $.group.computed.selectorLabels "app.kubernetes.io/model-group")
            "matchExpressions" (list (dict "key" "app.kubernetes.io/model-group" "operator" "In" "values" .))) -}}
    {{- $own := $affinity.podAffinity | default dict -}}
    {{- $terms := append ($own.requiredDuringSchedulingIgnoredDuringExecution | default list) $term -}}
    {{- $_ := set $affinity "podAffinity" (set $own "requiredDuringSchedulingIgnoredDuringExecution" $terms) -}}
  {{- end -}}
  {{- toJson $affinity -}}
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
