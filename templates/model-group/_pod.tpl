{{- /* The pod of a model group, for a Deployment or a StatefulSet. */ -}}

{{- /* Prints a PodTemplateSpec. Input: dict root, name, group (computed). */ -}}
{{- define "inference-stack.modelGroup.podTemplate" -}}
  {{- $group := .group -}}
  {{- $computed := .group.computed -}}
metadata:
  labels:
    {{- include "inference-stack.podLabels" (dict "root" .root "selector" $computed.selectorLabels "own" $group.podLabels) | fromJson | toYaml | nindent 4 }}
  {{- with include "inference-stack.modelGroup.podAnnotations" . | fromJson }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "inference-stack.modelGroup.serviceAccountName" . | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "inference-stack.modelGroup.graceSeconds" . }}
  {{- with include "inference-stack.imagePullSecrets" (dict "root" .root "own" $group.imagePullSecrets) | fromJsonArray }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- include "inference-stack.modelGroup.podSecurityContext" . | fromJson | toYaml | nindent 4 }}
  {{- $affinity := include "inference-stack.modelGroup.affinity" . | fromJson }}
  {{- with include "inference-stack.scheduling" (set (omit $group "affinity") "affinity" $affinity) | fromJson }}
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
      {{- with $computed.args }}
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
      ports:
        {{- range $computed.ports }}
        - name: {{ .name | quote }}
          containerPort: {{ int64 .containerPort }}
          protocol: {{ .protocol | quote }}
        {{- end }}
      {{- with include "inference-stack.modelGroup.probes" . | fromJson }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- with include "inference-stack.modelGroup.lifecycle" . | fromJson }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- $securityContext := dict "group" $group "own" $group.securityContext }}
        {{- include "inference-stack.modelGroup.securityContext" $securityContext | fromJson | toYaml | nindent 8 }}
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
  {{- with $computed.storage.volumes }}
  volumes:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /* Input: dict group (computed). Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.podSecurityContext" -}}
  {{- $defaults := dict "seccompProfile" (dict "type" "RuntimeDefault") -}}
  {{- if .group.computed.nonRoot -}}
    {{- $defaults = merge $defaults (dict
          "runAsNonRoot" true
          "runAsUser" 10001
          "runAsGroup" 10001
          "fsGroup" 10001
          "fsGroupChangePolicy" "OnRootMismatch") -}}
  {{- end -}}
  {{- include "inference-stack.overlay" (dict "defaults" $defaults "own" .group.podSecurityContext) -}}
{{- end -}}

{{- /*
Security context of a container in a group's pod. If the pod's user is not root, the root file system is read-only, and /tmp is a volume. A container that
sets its own user must set this itself, too. Input: dict group (computed), own (map or nothing). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.securityContext" -}}
  {{- $own := .own | default dict -}}
  {{- $defaults := dict -}}
  {{- if and .group.computed.nonRoot (not (or (hasKey $own "runAsUser") (hasKey $own "runAsNonRoot") $own.privileged)) -}}
    {{- $defaults = dict "readOnlyRootFilesystem" true -}}
  {{- end -}}
  {{- include "inference-stack.overlay" (dict "defaults" $defaults "own" $own) | fromJson | include "inference-stack.containerSecurityContext" -}}
{{- end -}}

{{- /*
Annotations of the pods. A key set by value is stored in the chart's Secret; changing a Secret restarts nothing, so the key is hashed here.
Input: dict root, name, group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.podAnnotations" -}}
  {{- $checksum := dict -}}
  {{- $key := .group.apiKey -}}
  {{- if and $key (not (kindIs "map" $key)) (include "inference-stack.modelGroup.keyEnv" . | fromJsonArray) -}}
    {{- $_ := set $checksum "checksum/key" (printf "%s %s" .name (include "inference-stack.hashedKey" $key) | sha256sum) -}}
  {{- end -}}
  {{- $own := include "inference-stack.overlay" (dict "defaults" $checksum "own" .group.podAnnotations) | fromJson -}}
  {{- include "inference-stack.annotations" (dict "root" .root "own" $own) -}}
{{- end -}}

{{- /*
The environment variable that sets the engine's own API key; none if the engine has no such variable, or the user sets the key.
Input: dict root, name, group (computed). Output: JSON list of one EnvVar, or none.
*/ -}}
{{- define "inference-stack.modelGroup.keyEnv" -}}
  {{- $env := list -}}
  {{- $key := .group.computed.preset.apiKey -}}
  {{- $words := concat .group.computed.command .group.computed.args -}}
  {{- $flag := include "inference-stack.flag" (dict "words" $words "names" $key.flags) | fromJson -}}
  {{- $set := and $flag.given (ne (first $flag.values | default "") (printf "$(%s)" $key.env)) -}}
  {{- if and .group.apiKey $key.env (not $set) -}}
    {{- $secret := index .root.stack.keys (printf "modelGroups.%s" .name) -}}
    {{- $env = list (dict "name" $key.env "valueFrom" (dict "secretKeyRef" $secret)) -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}

{{- /* Variables that the chart sets, unless the user does. Input: dict group (computed). Output: JSON map name -> value. */ -}}
{{- define "inference-stack.modelGroup.chartEnv" -}}
  {{- $env := deepCopy (.group.computed.preset.env | default dict) -}}
  {{- if .group.computed.nonRoot -}}
    {{- $home := include "inference-stack.modelGroup.home" . -}}
    {{- $env = merge (dict "HOME" $home "USER" "engine" "XDG_CACHE_HOME" (printf "%s/.cache" $home)) $env -}}
  {{- end -}}
  {{- with .group.computed.cachePath -}}
    {{- range $name, $suffix := $.group.computed.preset.cache -}}
      {{- $_ := set $env $name (printf "%s%s" $.group.computed.cachePath $suffix) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}

{{- /*
Environment of the engine: the chart's variables, then the user's. Input: dict root, name, group (computed). Output: JSON list of EnvVar.
*/ -}}
{{- define "inference-stack.modelGroup.env" -}}
  {{- $given := .group.computed.givenEnv -}}
  {{- $chart := list -}}
  {{- range $name, $value := include "inference-stack.modelGroup.chartEnv" . | fromJson -}}
    {{- $chart = append $chart (dict "name" $name "value" $value) -}}
  {{- end -}}
  {{- $env := list -}}
  {{- range concat $chart (include "inference-stack.modelGroup.keyEnv" . | fromJsonArray) -}}
    {{- if not (hasKey $given .name) -}}
      {{- $env = append $env . -}}
    {{- end -}}
  {{- end -}}
  {{- include "inference-stack.env" (concat $env (.group.env | default list)) -}}
{{- end -}}

{{- /*
The group's init containers, each with the security context of the engine's container unless it overrides it, and with /tmp and the directory of models
that they fill. Input: dict group (computed). Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.initContainers" -}}
  {{- $group := .group -}}
  {{- $containers := list -}}
  {{- range .group.initContainers -}}
    {{- $container := deepCopy . -}}
    {{- $mounts := .volumeMounts | default list -}}
    {{- $paths := list -}}
    {{- range $mounts -}}
      {{- $paths = append $paths (trimSuffix "/" .mountPath) -}}
    {{- end -}}
    {{- range $group.computed.addedVolumes -}}
      {{- if and (has .name (list "engine-tmp" "model-directory")) (not (has .path $paths)) -}}
        {{- $mounts = append $mounts (dict "name" .name "mountPath" .path) -}}
      {{- end -}}
    {{- end -}}
    {{- with $mounts -}}
      {{- $_ := set $container "volumeMounts" . -}}
    {{- end -}}
    {{- with .resources -}}
      {{- $_ := set $container "resources" (include "inference-stack.resources" . | fromJson) -}}
    {{- end -}}
    {{- $securityContext := dict "group" $group "own" .securityContext -}}
    {{- $_ := set $container "securityContext" (include "inference-stack.modelGroup.securityContext" $securityContext | fromJson) -}}
    {{- $containers = append $containers $container -}}
  {{- end -}}
  {{- toJson $containers -}}
{{- end -}}
