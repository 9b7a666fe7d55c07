{{- /* The pod of a model group, for a Deployment, a StatefulSet or a LeaderWorkerSet. */ -}}

{{- /*
Prints a PodTemplateSpec. serviceAccount is the older name of a field that the API server copies, both ways: only what is written here goes with a roll
back to a release without an account. Else the pods would keep the name of one that Helm deletes, and the next could not be created.
Input: dict root, name, group (computed), worker (bool: a pod of a set that does not serve, or absent).
*/ -}}
{{- define "inference-stack.modelGroup.podTemplate" -}}
  {{- $group := .group -}}
  {{- $computed := .group.computed -}}
  {{- $worker := eq (toString .worker) "true" -}}
metadata:
  labels:
    {{- include "inference-stack.podLabels" (dict "root" .root "selector" $computed.selectorLabels "own" $group.podLabels) | fromJson | toYaml | nindent 4 }}
  {{- with include "inference-stack.modelGroup.podAnnotations" . | fromJson }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "inference-stack.modelGroup.serviceAccountName" . | quote }}
  serviceAccount: {{ include "inference-stack.modelGroup.serviceAccountName" . | quote }}
  {{- with include "inference-stack.modelGroup.mountsToken" . }}
  automountServiceAccountToken: {{ . }}
  {{- end }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include (printf "inference-stack.modelGroup.%s" (ternary "workerGraceSeconds" "graceSeconds" $worker)) . }}
  {{- with include "inference-stack.imagePullSecrets" (dict "root" .root "own" $group.imagePullSecrets) | fromJsonArray }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "inference-stack.modelGroup.podSecurityContext" . | fromJson }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "inference-stack.modelGroup.scheduling" . | fromJson }}
    {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with include "inference-stack.modelGroup.initContainers" . | fromJsonArray }}
  initContainers:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .name | quote }}
      image: {{ $computed.imageReference | quote }}
      imagePullPolicy: {{ include "inference-stack.imagePullPolicy" (dict "image" $computed.image "reference" $computed.imageReference) | quote }}
      {{- with $computed.command }}
      command:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with concat $computed.args (ternary (dig "nodes" "worker" list $computed.preset) list (and $worker (not $computed.script))) }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with include "inference-stack.modelGroup.env" . | fromJsonArray }}
      env:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $group.envFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if not $worker }}
      ports:
        {{- range $computed.ports }}
        - name: {{ .name | quote }}
          containerPort: {{ int64 .containerPort }}
          protocol: {{ .protocol | quote }}
        {{- end }}
        {{- with include "inference-stack.modelGroup.probes" . | fromJson }}
      {{- toYaml . | nindent 6 }}
        {{- end }}
      {{- end }}
      {{- with include (printf "inference-stack.modelGroup.%s" (ternary "workerLifecycle" "lifecycle" $worker)) . | fromJson }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- $context := dict "group" $group "own" $group.securityContext "signs" $computed.rootSigns "image" $computed.imageReference }}
      {{- $_ := set $context "writes" $computed.writtenInImage }}
      {{- with include "inference-stack.modelGroup.securityContext" $context | fromJson }}
      securityContext:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $computed.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $computed.storage.volumeMounts }}
      volumeMounts:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $computed.storage.volumeDevices }}
      volumeDevices:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- if and $group.dynamicAdapters (not $worker) }}
      {{- $loader := include "inference-stack.modelGroup.adapterLoader" . | fromJson }}
      {{- $context := dict "group" $group "own" dict "image" $computed.imageReference }}
      {{- $_ := set $loader "securityContext" (include "inference-stack.modelGroup.securityContext" $context | fromJson) }}
      {{- list $loader | toYaml | nindent 4 }}
    {{- end }}
  {{- with $computed.storage.volumes }}
  volumes:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /*
Where a group's pods run: as configured; several single ones prefer different nodes and zones, unless the values say anything of where they are to be beside
others, or a volume keeps them together. Input: dict root, group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.scheduling" -}}
  {{- $group := .group -}}
  {{- $affinity := include "inference-stack.modelGroup.affinity" . | fromJson -}}
  {{- $spread := $group.topologySpreadConstraints | default list -}}
  {{- $several := and (gt (int64 $group.computed.replicas.most) 1) (eq (int64 $group.computed.nodes) 1) -}}
  {{- if and $several (not (or $spread $affinity.podAffinity $affinity.podAntiAffinity)) -}}
    {{- $spread = include "inference-stack.spread" $group.computed.selectorLabels | fromJsonArray -}}
  {{- end -}}
  {{- include "inference-stack.scheduling" (merge (dict "affinity" $affinity "topologySpreadConstraints" $spread) $group) -}}
{{- end -}}

{{- /*
The security context of a group's pod. With runAsNonRoot: true as the only choice of a user, the uid is left to the image, or to the cluster.
Input: dict root, group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.podSecurityContext" -}}
  {{- $computed := .group.computed -}}
  {{- $defaults := dict "seccompProfile" (dict "type" "RuntimeDefault") -}}
  {{- if $computed.nonRoot -}}
    {{- $uid := ne $computed.user "nonRoot" -}}
    {{- $user := dict "sidecars" $computed.sidecars "of" "pod" "own" .group.podSecurityContext "uid" $uid -}}
    {{- $fsGroup := dict "fsGroup" 10001 "fsGroupChangePolicy" "OnRootMismatch" -}}
    {{- $defaults = merge $defaults (include "inference-stack.user" $user | fromJson) $fsGroup -}}
  {{- end -}}
  {{- $ports := list -}}
  {{- range $computed.ports -}}
    {{- $ports = append $ports .containerPort -}}
  {{- end -}}
  {{- include "inference-stack.podSecurityContext" (dict "root" .root "defaults" $defaults "own" .group.podSecurityContext "ports" $ports) -}}
{{- end -}}

{{- /*
Security context of a container in a group's pod. Where the chart chooses a user that is not root, the root file system of the engine's image is read-only.
Root that writes files of others keeps the capabilities that the runtime gives it.
Input: dict group (computed), own (map or null), signs (that it needs root), writes (paths in its image), image (of the container). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.securityContext" -}}
  {{- $computed := .group.computed -}}
  {{- $own := .own -}}
  {{- range .signs -}}
    {{- if and .files (kindIs "map" $own) (not (hasKey $own "capabilities")) -}}
      {{- $own = set (deepCopy $own) "capabilities" nil -}}
    {{- end -}}
  {{- end -}}
  {{- $chosen := or (hasKey ($own | default dict) "runAsUser") (hasKey ($own | default dict) "runAsNonRoot") ($own | default dict).privileged -}}
  {{- $user := dict -}}
  {{- if and $computed.nonRoot (not .signs) (not $chosen) -}}
    {{- $user = include "inference-stack.user" (dict
          "sidecars" $computed.sidecars "of" "container" "own" .group.podSecurityContext "uid" (ne $computed.user "nonRoot")) | fromJson -}}
  {{- end -}}
  {{- $readOnly := and $computed.nonRoot (not (or .signs .writes)) (eq (.image | default "") $computed.imageReference) -}}
  {{- include "inference-stack.containerSecurityContext" (dict "own" $own "readOnly" $readOnly "user" $user) -}}
{{- end -}}

{{- /*
Annotations of the pods. A key set by value is stored in the chart's Secret; changing a Secret or a ConfigMap restarts nothing, so the key, the group's
files and the release's own ConfigMaps that it uses are hashed here.
Input: dict root, name, group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.podAnnotations" -}}
  {{- $checksum := dict -}}
  {{- $key := .group.apiKey -}}
  {{- if and $key (not (kindIs "map" $key)) (include "inference-stack.modelGroup.keyEnv" . | fromJsonArray) -}}
    {{- $_ := set $checksum "checksum/key" (printf "%s %s" .name (include "inference-stack.hashedKey" $key) | sha256sum) -}}
  {{- end -}}
  {{- $used := include "inference-stack.configMaps.used" (dict "own" .root.stack.configMaps "value" .group) | fromJson -}}
  {{- if or $used .group.files -}}
    {{- $_ := set $checksum "checksum/files" (list $used .group.files | toJson | sha256sum) -}}
  {{- end -}}
  {{- $defaults := merge $checksum (include "inference-stack.serviceMonitor.groupAnnotations" . | fromJson) -}}
  {{- $own := include "inference-stack.overlay" (dict "defaults" $defaults "own" .group.podAnnotations) | fromJson -}}
  {{- include "inference-stack.annotations" (dict "root" .root "own" $own) -}}
{{- end -}}

{{- /*
Signs that an init container needs root; none where the values choose another user for it. Input: dict group (computed), container. Output: JSON list as
of containerSigns.
*/ -}}
{{- define "inference-stack.modelGroup.initSigns" -}}
  {{- $signs := list -}}
  {{- $own := .container.securityContext | default dict -}}
  {{- $chosen := or (hasKey $own "runAsUser") (has .group.computed.user (list "number" "nonRoot")) -}}
  {{- if or (not $chosen) (eq (include "inference-stack.text" $own.runAsUser) "0") -}}
    {{- $command := include "inference-stack.texts" .container.command | fromJsonArray -}}
    {{- $words := concat $command (include "inference-stack.texts" .container.args | fromJsonArray) -}}
    {{- $signs = include "inference-stack.modelGroup.containerSigns" (dict "group" .group "container" .container "words" $words) | fromJsonArray -}}
    {{- if eq (toString $own.runAsNonRoot) "false" -}}
      {{- $signs = append $signs (dict "sign" "its runAsNonRoot is false" "instead" "omit it") -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $signs -}}
{{- end -}}

{{- /*
Whether an init container that is not root gets the engine's home: it has no other. Input: as of initSigns. Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.initNeedsHome" -}}
  {{- $has := false -}}
  {{- range .container.env -}}
    {{- if eq (toString .name) "HOME" -}}
      {{- $has = true -}}
    {{- end -}}
  {{- end -}}
  {{- if and .group.computed.nonRoot (not $has) -}}
true
  {{- end -}}
{{- end -}}

{{- /*
The group's init containers, each with the security context of the engine's container unless it overrides it or shows that it needs root, and with /tmp,
the engine's home and the directory of models that they fill. One that stays beside the engine (restartPolicy: Always) is as its author wrote it, and is
beside the one that serves only. Input: dict root, group (computed), worker (bool or absent). Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.initContainers" -}}
  {{- $group := .group -}}
  {{- $home := include "inference-stack.modelGroup.home" . -}}
  {{- $containers := list -}}
  {{- $check := include "inference-stack.modelSource.check" . | fromJsonArray -}}
  {{- $prefetch := include "inference-stack.modelGroup.prefetch" . | fromJsonArray -}}
  {{- range concat $check $prefetch (.group.initContainers | default list) -}}
    {{- $container := deepCopy . -}}
    {{- $signs := include "inference-stack.modelGroup.initSigns" (dict "group" $group "container" .) | fromJsonArray -}}
    {{- $own := ternary .securityContext dict (hasKey . "securityContext") -}}
    {{- $shared := list "engine-tmp" "model-directory" -}}
    {{- $root := eq (include "inference-stack.text" ($own | default dict).runAsUser) "0" -}}
    {{- if and $root $group.computed.nonRoot -}}
      {{- $own = merge (deepCopy $own) (dict "runAsNonRoot" false) -}}
    {{- else if and $signs $group.computed.nonRoot -}}
      {{- $own = merge (dict "runAsUser" 0 "runAsGroup" 0 "runAsNonRoot" false) ($own | default dict) -}}
    {{- else if include "inference-stack.modelGroup.initNeedsHome" (dict "group" $group "container" .) -}}
      {{- $shared = append $shared "engine-home" -}}
      {{- $_ := set $container "env" (prepend (.env | default list) (dict "name" "HOME" "value" $home)) -}}
    {{- end -}}
    {{- $mounts := .volumeMounts | default list -}}
    {{- $paths := list -}}
    {{- range $mounts -}}
      {{- $paths = append $paths (.mountPath | default "" | trimSuffix "/") -}}
    {{- end -}}
    {{- range $group.computed.addedVolumes -}}
      {{- if and (has (trimPrefix "chart-" .name) $shared) (not (has .path $paths)) -}}
        {{- $mounts = append $mounts (dict "name" .name "mountPath" .path) -}}
      {{- end -}}
    {{- end -}}
    {{- with $mounts -}}
      {{- $_ := set $container "volumeMounts" . -}}
    {{- end -}}
    {{- with .resources -}}
      {{- $_ := set $container "resources" (include "inference-stack.resources" . | fromJson) -}}
    {{- end -}}
    {{- $securityContext := dict "group" $group "own" $own "signs" $signs "image" (.image | default "") -}}
    {{- $_ := set $container "securityContext" (include "inference-stack.modelGroup.securityContext" $securityContext | fromJson) -}}
    {{- $stays := eq (toString .restartPolicy) "Always" -}}
    {{- if not (and $stays $.worker) -}}
      {{- $containers = append $containers (ternary . $container $stays) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $containers -}}
{{- end -}}
