{{- /* Volumes of a group. */ -}}

{{- /* The user's mounts in a group's containers. Input: dict group. Output: JSON list of {name, path}. */ -}}
{{- define "inference-stack.modelGroup.mounts" -}}
  {{- $mounts := list -}}
  {{- range concat (.group.persistentVolumes | default list) (.group.volumeMounts | default list) -}}
    {{- $mounts = append $mounts (dict "name" (.name | default "") "path" (.mountPath | default "" | trimSuffix "/")) -}}
  {{- end -}}
  {{- toJson $mounts -}}
{{- end -}}

{{- /*
Volumes that nothing can be written to, whatever their mounts say. Input: dict group. Output: JSON map name -> "files" (of a Secret and the like) or
"readOnly".
*/ -}}
{{- define "inference-stack.modelGroup.readOnlyVolumes" -}}
  {{- $volumes := dict -}}
  {{- range $volume := .group.volumes -}}
    {{- range list .csi .nfs .persistentVolumeClaim .iscsi .cephfs .rbd .fc -}}
      {{- if (. | default dict).readOnly -}}
        {{- $_ := set $volumes ($volume.name | default "") "readOnly" -}}
      {{- end -}}
    {{- end -}}
    {{- if .image -}}
      {{- $_ := set $volumes (.name | default "") "readOnly" -}}
    {{- else if or .secret .configMap .projected .downwardAPI -}}
      {{- $_ := set $volumes (.name | default "") "files" -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $volumes -}}
{{- end -}}

{{- /*
The mount that is the engine's download cache: the first at a Hugging Face or .cache path, else the first with cache in its name; one that a name or path
keeps for something else, such as compiled kernels, is not. A read-only mount can only be one by its path, and only holds what is downloaded already.
Input: dict group. Output: JSON map {path (of HF_HOME), readOnly}, {} if there is none.
*/ -}}
{{- define "inference-stack.modelGroup.cache" -}}
  {{- $readOnly := include "inference-stack.modelGroup.readOnlyVolumes" . | fromJson -}}
  {{- $other := "compile|triton|kernel|jit|inductor|lmcache|torch|flashinfer|deep.?gemm|(^|[-_. ])(kv|cuda|nv|pip|uv|apt|prefix)([-_. ]|$)" -}}
  {{- $found := dict -}}
  {{- range concat (.group.persistentVolumes | default list) (.group.volumeMounts | default list) -}}
    {{- $name := .name | default "" -}}
    {{- $path := .mountPath | default "" | trimSuffix "/" -}}
    {{- $closed := or .readOnly (hasKey $readOnly $name) (eq (join "," .accessModes) "ReadOnlyMany") -}}
    {{- $huggingFace := regexMatch "huggingface|/\\.cache(/hub)?$" $path -}}
    {{- $kept := or
          (regexMatch "^/(dev|tmp)(/|$)|/\\.(cache/(vllm|sglang|llama\\.cpp)|nv|tilelang)(/|$)" $path)
          (regexMatch $other (printf "%s %s" $name (base $path)))
          (eq (index $readOnly $name | default "") "files") -}}
    {{- $kind := "" -}}
    {{- if and $huggingFace (ne (index $readOnly $name | default "") "files") -}}
      {{- $kind = ternary "readOnly" "path" $closed -}}
    {{- else if not (or $kept $closed) -}}
      {{- if contains "/.cache" $path -}}
        {{- $kind = "path" -}}
      {{- else if contains "cache" $name -}}
        {{- $kind = "name" -}}
      {{- end -}}
    {{- end -}}
    {{- if not (hasKey $found $kind) -}}
      {{- $_ := set $found $kind $path -}}
    {{- end -}}
  {{- end -}}
  {{- $cache := dict -}}
  {{- with $found.path | default $found.name | default $found.readOnly -}}
    {{- $path := ternary (printf "%s/huggingface" .) . (hasSuffix "/.cache" .) | trimSuffix "/hub" -}}
    {{- $cache = dict "path" $path "readOnly" (not (or $found.path $found.name)) -}}
  {{- end -}}
  {{- toJson $cache -}}
{{- end -}}

{{- /*
Paths that an engine writes and that are in its image: caches that its variables or options name, and files of its script. Nothing is mounted there, and
what is in the image already is only read where the hub is not asked. Paths below /root are a sign of their own.
Input: dict name, group (computed). Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.writtenInImage" -}}
  {{- $computed := .group.computed -}}
  {{- $env := $computed.givenEnv -}}
  {{- $paths := (include "inference-stack.flag" (dict "words" $computed.words "names" (list "--download-dir")) | fromJson).values -}}
  {{- $directory := "" -}}
  {{- range (.group.podSpec | default dict).containers -}}
    {{- if and (eq .name $.name) .workingDir -}}
      {{- $directory = printf "%s/" (trimSuffix "/" .workingDir) -}}
    {{- end -}}
  {{- end -}}
  {{- with $computed.line.script -}}
    {{- $script := include "inference-stack.script" (dict "text" . "env" $env) | fromJson -}}
    {{- $env = $script.env -}}
    {{- $text := regexReplaceAll "'[^'\\n]*'" $script.text "''" -}}
    {{- $by := "(?:[^-=0-9&]>{1,2}|\\b(?:mkdir|tee|touch)(?:\\s+-\\w+)*\\s|(?:\\s-[oO]|--local-dir|--output)[= ])" -}}
    {{- $written := printf "%s\\s*\"?([-\\w./]*[\\w-][./][-\\w./]+|/[-\\w./]+)" $by -}}
    {{- range regexFindAll $written $text -1 -}}
      {{- $path := regexFind "[-\\w./]+$" . -}}
      {{- if hasPrefix "/" $path -}}
        {{- $paths = append $paths $path -}}
      {{- else if not (regexMatch "(^|[\\s;&|])(cd|pushd)\\s" $text) -}}
        {{- $paths = append $paths (printf "%s%s" $directory $path) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $homes := "HOME|TMPDIR|MPLCONFIGDIR|(HF|TORCH|XDG_[A-Z]+)_HOME|VLLM_CONFIG_ROOT|LMCACHE_LOCAL_DISK|FLASHINFER_WORKSPACE_BASE" -}}
  {{- $caches := printf "^(%s|\\w*CACHE(_(DIR|ROOT|PATH|HOME|BASE))?)$" $homes -}}
  {{- $offline := regexMatch "(?i)^(1|on|yes|true)$" (index $env "HF_HUB_OFFLINE" | default (toString .group.hub.offline)) -}}
  {{- range $name, $value := ternary dict $env (eq $offline true) -}}
    {{- $path := trimPrefix "file://" $value -}}
    {{- if and (regexMatch $caches $name) (hasPrefix "/" $path) -}}
      {{- $paths = append $paths $path -}}
    {{- end -}}
  {{- end -}}
  {{- $mounted := list "/tmp" "/dev" "/proc" "/sys" "/root" (include "inference-stack.modelGroup.home" .) -}}
  {{- range include "inference-stack.modelGroup.mounts" . | fromJsonArray -}}
    {{- $mounted = append $mounted .path -}}
  {{- end -}}
  {{- range (.group.podSpec | default dict).containers -}}
    {{- range .volumeMounts -}}
      {{- $mounted = append $mounted (trimSuffix "/" .mountPath) -}}
    {{- end -}}
  {{- end -}}
  {{- $inImage := list -}}
  {{- range $path := ternary list $paths (eq (toString (.group.securityContext | default dict).readOnlyRootFilesystem) "true") -}}
    {{- $in := not (contains "$" $path) -}}
    {{- range $mounted -}}
      {{- $in = and $in (not (hasPrefix (printf "%s/" .) (printf "%s/" $path))) -}}
    {{- end -}}
    {{- $inImage = ternary (append $inImage $path) $inImage $in -}}
  {{- end -}}
  {{- $inImage | uniq | toJson -}}
{{- end -}}

{{- /*
The directory of a group's compiled kernels, which fit one image and kind of device: no other group's, and another one after a change of either. Input: dict
group (computed). Output: string.
*/ -}}
{{- define "inference-stack.modelGroup.kernelsKey" -}}
  {{- $devices := list -}}
  {{- range .group.computed.devices -}}
    {{- $devices = append $devices .name -}}
  {{- end -}}
  {{- printf "%s-%s" .group.computed.fullname (list .group.computed.imageReference (sortAlpha $devices) | toJson | sha256sum | trunc 8) -}}
{{- end -}}

{{- /*
Variables of the engine's caches, which follow the download cache. What is mounted at an engine's own place (~/.cache/vllm) stays there: its variable is
not set, or to that place, where the chart moves the home; and where other kernels are kept (~/.triton), none that would move them is set.
Input: dict group (computed). Output: JSON map name -> value.
*/ -}}
{{- define "inference-stack.modelGroup.cacheEnv" -}}
  {{- $computed := .group.computed -}}
  {{- $mounts := include "inference-stack.modelGroup.mounts" . | fromJsonArray -}}
  {{- $env := dict -}}
  {{- $kernels := $computed.preset.kernels | default dict -}}
  {{- range $name, $suffix := merge (deepCopy $kernels) $computed.preset.cache -}}
    {{- $own := ternary "/huggingface" $suffix (empty $suffix) -}}
    {{- $place := "" -}}
    {{- $others := false -}}
    {{- range $mounts -}}
      {{- $place = $place | default (regexFind (printf "^.*/\\.cache%s(/|$)" (regexQuoteMeta $own)) .path | trimSuffix "/") -}}
      {{- if hasSuffix "/.cache" .path -}}
        {{- $place = $place | default (printf "%s%s" .path $own) -}}
      {{- end -}}
      {{- if regexMatch "/\\.(triton|nv|deep_gemm|tilelang|cache/(flashinfer|torch|triton|sglang|vllm))(/|$)" .path -}}
        {{- $others = true -}}
      {{- end -}}
    {{- end -}}
    {{- if not $suffix -}}
      {{- with $computed.cache.path -}}
        {{- $_ := set $env $name . -}}
      {{- end -}}
    {{- else if and $place $computed.nonRoot -}}
      {{- $_ := set $env $name $place -}}
    {{- else if and $computed.cache.path (not (or $place $others $computed.cache.readOnly)) -}}
      {{- $key := ternary (printf "/%s" (include "inference-stack.modelGroup.kernelsKey" $)) "" (hasKey $kernels $name) -}}
      {{- $_ := set $env $name (printf "%s%s%s" $computed.cache.path $suffix $key) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}

{{- /*
Size of /dev/shm by the number of devices, which NCCL and the engines' own buffers need: at most half of the memory limit, against which it counts; or as an
engine is known to need it in some images.
Input: dict group (computed). Output: JSON map {size, full (bool: as much as is good)}, {} if the runtime's 64 MiB are enough.
*/ -}}
{{- define "inference-stack.modelGroup.sharedMemory" -}}
  {{- $devices := include "inference-stack.modelGroup.deviceCount" (dict "group" .group "parallel" false) | int -}}
  {{- $memory := dict -}}
  {{- if .group.sharedMemory -}}
    {{- $memory = dict "size" .group.sharedMemory "full" true -}}
  {{- else if gt $devices 1 -}}
    {{- $size := ternary 16 8 (gt $devices 4) -}}
    {{- $half := include "inference-stack.modelGroup.halfOfMemory" . | int64 -}}
    {{- $memory = dict "size" (printf "%dGi" $size) "full" true -}}
    {{- if and $half (lt $half (mul 1024 $size)) -}}
      {{- $memory = dict "size" (printf "%dMi" $half) "full" false -}}
    {{- end -}}
  {{- else -}}
    {{- with .group.computed.preset.sharedMemory -}}
      {{- if regexMatch .image $.group.computed.imageReference -}}
        {{- $memory = dict "size" .size "full" true -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $memory -}}
{{- end -}}

{{- /* Half of the memory limit of an engine. Input: dict group (computed). Output: number of MiB, 0 without a limit. */ -}}
{{- define "inference-stack.modelGroup.halfOfMemory" -}}
  {{- $limit := include "inference-stack.quantity" (.group.computed.resources.limits | default dict).memory | float64 -}}
  {{- div (int64 $limit) 2097152 -}}
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

{{- /* Volumes that the chart could add. Input: dict group (computed). Output: JSON list of {name, path, source, readOnly (or absent)}. */ -}}
{{- define "inference-stack.modelGroup.possibleVolumes" -}}
  {{- $volumes := list -}}
  {{- if .group.computed.nonRoot -}}
    {{- $volumes = append $volumes (dict "name" "engine-home" "path" (include "inference-stack.modelGroup.home" .) "source" (dict "emptyDir" dict)) -}}
    {{- $volumes = append $volumes (dict "name" "engine-tmp" "path" "/tmp" "source" (dict "emptyDir" dict)) -}}
  {{- end -}}
  {{- with (include "inference-stack.modelGroup.sharedMemory" . | fromJson).size -}}
    {{- $volumes = append $volumes (dict "name" "shm" "path" "/dev/shm" "source" (dict "emptyDir" (dict "medium" "Memory" "sizeLimit" .))) -}}
  {{- end -}}
  {{- with include "inference-stack.modelGroup.modelDirectory" . -}}
    {{- $volumes = append $volumes (dict "name" "model-directory" "path" . "source" (dict "emptyDir" dict)) -}}
  {{- end -}}
  {{- if (include "inference-stack.modelGroup.hubToken" . | fromJson).file -}}
    {{- $volumes = append $volumes (include "inference-stack.modelGroup.hubTokenVolume" . | fromJson) -}}
  {{- end -}}
  {{- toJson $volumes -}}
{{- end -}}

{{- /*
Those that it adds, unless the user mounts something at their path; one whose name is taken gets another. Input: dict group (computed). Output: JSON list of
{name, path, source, readOnly}.
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
    {{- $volumes = append $volumes (merge (dict "name" .name) .source) -}}
    {{- $mounts = append $mounts (merge (dict "name" .name "mountPath" .path) (pick . "readOnly")) -}}
  {{- end -}}
  {{- if .group.dynamicAdapters -}}
    {{- $volumes = append $volumes (include "inference-stack.modelGroup.adaptersVolume" . | fromJson) -}}
  {{- end -}}
  {{- if .group.files -}}
    {{- $name := ternary "engine-files-of-chart" "engine-files" (contains "\"name\":\"engine-files\"" (toJson $volumes)) -}}
    {{- $volumes = append $volumes (dict "name" $name "configMap" (dict "name" (include "inference-stack.modelGroup.filesName" .))) -}}
    {{- range $path := keys .group.files | sortAlpha -}}
      {{- $mounts = append $mounts (dict "name" $name "mountPath" $path "subPath" (include "inference-stack.modelGroup.fileKey" $path)) -}}
    {{- end -}}
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
  {{- $all := mul (int64 .group.computed.replicas.most) .group.computed.nodes -}}
  {{- ternary 1 $all (gt (include "inference-stack.modelGroup.neighbours" . | fromJsonArray | len) 0) -}}
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
