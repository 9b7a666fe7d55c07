{{- /* What the pods of the gateway and of the groups share, and what a group's pod is made of. */ -}}

{{- /* Security context of every container: no escalation, no capabilities; a privileged one has both, and Kubernetes refuses to hear otherwise. Input: own (map or nothing). Output: YAML map. */ -}}
{{- define "inference-stack.containerSecurityContext" -}}
{{- $defaults := dict "allowPrivilegeEscalation" false "capabilities" (dict "drop" (list "ALL")) -}}
{{- include "inference-stack.overlay" (dict "defaults" (ternary dict $defaults (eq (toString (. | default dict).privileged) "true")) "own" .) | fromJson | toYaml -}}
{{- end -}}

{{- /* Environment variables, each once: of two with one name the last counts, as in Kubernetes, but server-side apply refuses them. Input: list of EnvVar. Output: YAML list, empty if there are none. */ -}}
{{- define "inference-stack.env" -}}
{{- $all := . -}}
{{- $env := list -}}
{{- range $index, $variable := $all -}}
{{- $again := false -}}
{{- range slice $all (add1 $index) }}{{ if eq .name $variable.name }}{{ $again = true }}{{ end }}{{ end -}}
{{- if not $again -}}
{{- $once := deepCopy $variable -}}
{{- if hasKey $once "value" }}{{ $_ := set $once "value" (include "inference-stack.word" $once.value) }}{{ end -}}
{{- $env = append $env $once -}}
{{- end -}}
{{- end -}}
{{- with $env }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /*
Security context of a container in a group's pod. Where the pod's user is not root, its image is read-only: that user could write
only to /tmp there, which gets a volume. A container that says itself which user it has says this itself, too.
Input: dict group (completed), own (map or nothing). Output: YAML map.
*/ -}}
{{- define "inference-stack.modelGroup.securityContext" -}}
{{- $own := .own | default dict -}}
{{- $defaults := dict -}}
{{- if and (include "inference-stack.modelGroup.nonRoot" .) (not (or (hasKey $own "runAsUser") (hasKey $own "runAsNonRoot") $own.privileged)) -}}
{{- $_ := set $defaults "readOnlyRootFilesystem" true -}}
{{- end -}}
{{- include "inference-stack.overlay" (dict "defaults" $defaults "own" $own) | fromJson | include "inference-stack.containerSecurityContext" -}}
{{- end -}}

{{- /* Fields of a pod that Kubernetes takes as they are. Input: map with any of them. Output: YAML map, empty if none is set. */ -}}
{{- define "inference-stack.scheduling" -}}
{{- $fields := dict -}}
{{- $source := . -}}
{{- range list "affinity" "nodeSelector" "priorityClassName" "runtimeClassName" "schedulerName" "tolerations" "topologySpreadConstraints" -}}
{{- if index $source . }}{{ $_ := set $fields . (index $source .) }}{{ end -}}
{{- end -}}
{{- with $fields }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* Whether a group's engine runs as a user other than root: it can, nothing is mounted where only root gets, and the user did not choose otherwise. Input: dict group (completed). Output: "true" or nothing. */ -}}
{{- define "inference-stack.modelGroup.nonRoot" -}}
{{- $chosen := dict -}}
{{- range list .group.podSecurityContext .group.securityContext -}}
{{- range $key, $value := . }}{{ if has $key (list "runAsUser" "runAsNonRoot") }}{{ $_ := set $chosen $key $value }}{{ end }}{{ end -}}
{{- end -}}
{{- if and .group.preset.nonRoot (not .group.rootMounts) (not $chosen) }}true{{ end -}}
{{- end -}}

{{- /* Security context of a group's pod. Input: dict group (completed). Output: YAML map. */ -}}
{{- define "inference-stack.modelGroup.podSecurityContext" -}}
{{- $defaults := dict "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- if include "inference-stack.modelGroup.nonRoot" . -}}
{{- $_ := set $defaults "runAsNonRoot" true -}}
{{- range list "runAsUser" "runAsGroup" "fsGroup" }}{{ $_ := set $defaults . 10001 }}{{ end -}}
{{- $_ := set $defaults "fsGroupChangePolicy" "OnRootMismatch" -}}
{{- end -}}
{{- include "inference-stack.overlay" (dict "defaults" $defaults "own" .group.podSecurityContext) | fromJson | toYaml -}}
{{- end -}}

{{- /* Annotations of a group's pods. A key given by value lies in the chart's Secret, whose change alone would restart nothing. Input: dict root, name, group (completed). Output: YAML map, empty if there are none. */ -}}
{{- define "inference-stack.modelGroup.podAnnotations" -}}
{{- $own := dict -}}
{{- if and .group.apiKey (not (kindIs "map" .group.apiKey)) (include "inference-stack.modelGroup.keyEnv" . | fromJsonArray) -}}
{{- $_ := set $own "checksum/key" (sha256sum (printf "%s %s" .name (include "inference-stack.word" .group.apiKey))) -}}
{{- end -}}
{{- include "inference-stack.annotations" (dict "root" .root "own" (include "inference-stack.overlay" (dict "defaults" $own "own" .group.podAnnotations) | fromJson)) -}}
{{- end -}}

{{- /* The home directory of an engine that does not run as root. Output: path. */ -}}
{{- define "inference-stack.modelGroup.home" -}}
/home/engine
{{- end -}}

{{- /*
Environment of a group's engine: ours, where the user has no variable of that name, then the user's.
Input: dict root, name, group (completed). Output: YAML list, empty if there is none.
*/ -}}
{{- define "inference-stack.modelGroup.env" -}}
{{- $ours := deepCopy (.group.preset.env | default dict) -}}
{{- if include "inference-stack.modelGroup.nonRoot" . -}}
{{- $home := include "inference-stack.modelGroup.home" . -}}
{{- $_ := set $ours "HOME" $home -}}
{{- $_ := set $ours "USER" "engine" -}}
{{- $_ := set $ours "XDG_CACHE_HOME" (printf "%s/.cache" $home) -}}
{{- end -}}
{{- $cache := .group.cachePath -}}
{{- if $cache }}{{ range $name, $below := .group.preset.cache }}{{ $_ := set $ours $name (printf "%s%s" $cache $below) }}{{ end }}{{ end -}}
{{- $given := include "inference-stack.modelGroup.givenEnv" . | fromJson -}}
{{- $env := list -}}
{{- range $name, $value := $ours }}{{ if not (hasKey $given $name) }}{{ $env = append $env (dict "name" $name "value" $value) }}{{ end }}{{ end -}}
{{- range include "inference-stack.modelGroup.keyEnv" . | fromJsonArray }}{{ if not (hasKey $given .name) }}{{ $env = append $env . }}{{ end }}{{ end -}}
{{- include "inference-stack.env" (concat $env (.group.env | default list)) -}}
{{- end -}}

{{- /* Size of /dev/shm, empty if the engine does not need more than the runtime's 64 MiB. NCCL and the engines' own rings need it as soon as one model spans several GPUs. Input: dict group (completed). Output: quantity or nothing. */ -}}
{{- define "inference-stack.modelGroup.sharedMemory" -}}
{{- if .group.sharedMemory -}}
{{- .group.sharedMemory -}}
{{- else if .group.parallel -}}
{{- ternary "16Gi" "8Gi" (gt (int .group.gpus) 4) -}}
{{- end -}}
{{- end -}}

{{- /* The directory of models that a group's engine insists on and nothing is mounted at: init containers fill it, or it stays empty. Input: dict group (completed). Output: path or nothing. */ -}}
{{- define "inference-stack.modelGroup.modelDirectory" -}}
{{- if .group.preset.model.directory -}}
{{- $flag := include "inference-stack.flag" (dict "words" (concat .group.command .group.args) "names" .group.preset.model.flags) | fromJson -}}
{{- $path := first $flag.values | default "" | trimSuffix "/" -}}
{{- $mounted := not (hasPrefix "/" $path) -}}
{{- range include "inference-stack.modelGroup.mounts" . | fromJsonArray -}}
{{- if hasPrefix (printf "%s/" .path) (printf "%s/" $path) }}{{ $mounted = true }}{{ end -}}
{{- end -}}
{{- if not $mounted }}{{ $path }}{{ end -}}
{{- end -}}
{{- end -}}

{{- /*
Volumes that we add to a group's pod. What the user mounts at a path, or calls by a name, is theirs: ours gives way.
Input: dict group (completed). Output: JSON list of {name, path, emptyDir}.
*/ -}}
{{- define "inference-stack.modelGroup.ownVolumes" -}}
{{- $names := list -}}
{{- range concat .group.persistentVolumes (.group.volumes | default list) }}{{ $names = append $names .name }}{{ end -}}
{{- $paths := list -}}
{{- range concat .group.persistentVolumes (.group.volumeMounts | default list) -}}
{{- if ne (toString .volumeMode) "Block" }}{{ $paths = append $paths (.mountPath | default "" | trimSuffix "/") }}{{ end -}}
{{- end -}}
{{- $ours := list -}}
{{- if include "inference-stack.modelGroup.nonRoot" . -}}
{{- $ours = append $ours (dict "name" "engine-home" "path" (include "inference-stack.modelGroup.home" .) "emptyDir" dict) -}}
{{- $ours = append $ours (dict "name" "engine-tmp" "path" "/tmp" "emptyDir" dict) -}}
{{- end -}}
{{- with include "inference-stack.modelGroup.sharedMemory" . -}}
{{- $ours = append $ours (dict "name" "shm" "path" "/dev/shm" "emptyDir" (dict "medium" "Memory" "sizeLimit" .)) -}}
{{- end -}}
{{- with include "inference-stack.modelGroup.modelDirectory" . -}}
{{- $ours = append $ours (dict "name" "model-directory" "path" . "emptyDir" dict) -}}
{{- end -}}
{{- $added := list -}}
{{- range $ours }}{{ if not (or (has .name $names) (has .path $paths)) }}{{ $added = append $added . }}{{ end }}{{ end -}}
{{- toJson $added -}}
{{- end -}}

{{- /* Volumes of a group's pod and where its engine mounts them. Input: dict root, name, group (completed). Output: JSON map {volumes, volumeMounts, volumeDevices}, without the empty ones. */ -}}
{{- define "inference-stack.modelGroup.storage" -}}
{{- $context := . -}}
{{- $volumes := list -}}
{{- $mounts := list -}}
{{- $devices := list -}}
{{- range .group.persistentVolumes -}}
{{- $claim := include "inference-stack.modelGroup.claimName" (dict "root" $context.root "name" $context.name "volume" .) -}}
{{- $volumes = append $volumes (dict "name" .name "persistentVolumeClaim" (dict "claimName" $claim)) -}}
{{- if eq (toString .volumeMode) "Block" -}}
{{- $devices = append $devices (dict "name" .name "devicePath" .mountPath) -}}
{{- else -}}
{{- $mounts = append $mounts (pick . "name" "mountPath" "subPath" "readOnly") -}}
{{- end -}}
{{- end -}}
{{- $volumes = concat $volumes (.group.volumes | default list) -}}
{{- $mounts = concat $mounts (.group.volumeMounts | default list) -}}
{{- range include "inference-stack.modelGroup.ownVolumes" . | fromJsonArray -}}
{{- $volumes = append $volumes (dict "name" .name "emptyDir" .emptyDir) -}}
{{- $mounts = append $mounts (dict "name" .name "mountPath" .path) -}}
{{- end -}}
{{- $storage := dict -}}
{{- with $volumes }}{{ $_ := set $storage "volumes" . }}{{ end -}}
{{- with $mounts }}{{ $_ := set $storage "volumeMounts" . }}{{ end -}}
{{- with $devices }}{{ $_ := set $storage "volumeDevices" . }}{{ end -}}
{{- toJson $storage -}}
{{- end -}}

{{- /* Ports of a group: http, the engine's others, the user's; a name or number of the user's replaces the engine's. Input: dict group (completed). Output: JSON list of {name, containerPort, servicePort, protocol}. */ -}}
{{- define "inference-stack.modelGroup.ports" -}}
{{- $group := .group -}}
{{- $ports := list (dict "name" "http" "containerPort" (int64 $group.containerPort) "servicePort" (int64 $group.service.port) "protocol" "TCP") -}}
{{- $names := list -}}
{{- $numbers := list -}}
{{- range $group.additionalPorts -}}
{{- $names = append $names .name -}}
{{- $numbers = append $numbers (int64 .containerPort) -}}
{{- end -}}
{{- range $group.preset.ports -}}
{{- $flag := include "inference-stack.flag" (dict "words" (concat $group.command $group.args) "names" .flags) | fromJson -}}
{{- $number := int64 .containerPort -}}
{{- with first $flag.values }}{{ $number = atoi . | int64 }}{{ end -}}
{{- if not (or (has .name $names) (has $number $numbers)) -}}
{{- $ports = append $ports (dict "name" .name "containerPort" $number "servicePort" $number "protocol" "TCP") -}}
{{- end -}}
{{- end -}}
{{- range $group.additionalPorts -}}
{{- $ports = append $ports (dict "name" .name "containerPort" (int64 .containerPort) "servicePort" (int64 (.servicePort | default .containerPort)) "protocol" (.protocol | default "TCP")) -}}
{{- end -}}
{{- toJson $ports -}}
{{- end -}}

{{- /* The group's init containers, each secured as the engine's container is unless it says otherwise, and with /tmp and the directory of models that they are to fill. Input: dict group (completed). Output: YAML list, empty if there are none. */ -}}
{{- define "inference-stack.modelGroup.initContainers" -}}
{{- $context := . -}}
{{- $containers := list -}}
{{- range .group.initContainers -}}
{{- $container := deepCopy . -}}
{{- $mounts := .volumeMounts | default list -}}
{{- $paths := list -}}
{{- range $mounts }}{{ $paths = append $paths (trimSuffix "/" .mountPath) }}{{ end -}}
{{- range include "inference-stack.modelGroup.ownVolumes" $context | fromJsonArray -}}
{{- if and (has .name (list "engine-tmp" "model-directory")) (not (has .path $paths)) }}{{ $mounts = append $mounts (dict "name" .name "mountPath" .path) }}{{ end -}}
{{- end -}}
{{- with $mounts }}{{ $_ := set $container "volumeMounts" . }}{{ end -}}
{{- $_ := set $container "securityContext" (include "inference-stack.modelGroup.securityContext" (dict "group" $context.group "own" .securityContext) | fromYaml) -}}
{{- with .resources }}{{ $_ := set $container "resources" (include "inference-stack.resources" . | fromJson) }}{{ end -}}
{{- $containers = append $containers $container -}}
{{- end -}}
{{- with $containers }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* How a group's pods are replaced. Where the user does not say how a rolling update rolls: in place with a claim that only one node can mount, else with a surge. Input: dict group (completed). Output: YAML map. */ -}}
{{- define "inference-stack.modelGroup.strategy" -}}
{{- $given := .group.strategy | default dict -}}
{{- if eq (toString $given.type) "Recreate" -}}
{{- toYaml (omit $given "rollingUpdate") -}}
{{- else if $given.rollingUpdate -}}
{{- toYaml $given -}}
{{- else if include "inference-stack.modelGroup.singleNodeVolumes" . | fromJsonArray -}}
{{- toYaml (dict "type" "RollingUpdate" "rollingUpdate" (dict "maxSurge" 0 "maxUnavailable" 1)) -}}
{{- else -}}
{{- toYaml (dict "type" "RollingUpdate" "rollingUpdate" (dict "maxSurge" 1 "maxUnavailable" 0)) -}}
{{- end -}}
{{- end -}}

{{- /* Names of the group's volumes that only one node (ReadWriteOnce) or one pod (ReadWriteOncePod) can mount. Input: dict group. Output: JSON list. */ -}}
{{- define "inference-stack.modelGroup.singleNodeVolumes" -}}
{{- $names := list -}}
{{- range .group.persistentVolumes -}}
{{- $modes := .accessModes | default list -}}
{{- if and (or $modes (not .existingClaim)) (not (has "ReadWriteMany" $modes)) (not (has "ReadOnlyMany" $modes)) }}{{ $names = append $names .name }}{{ end -}}
{{- end -}}
{{- toJson $names -}}
{{- end -}}
