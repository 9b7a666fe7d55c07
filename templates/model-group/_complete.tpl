{{- /* The model groups: their values, and values derived from them. */ -}}

{{- /*
Sets .stack.modelGroups: the enabled groups, each with the chart's defaults under modelGroupDefaults under its own values (maps merge, lists and scalars
replace, null restores the chart's default), and with .computed. Input: root.
*/ -}}
{{- define "inference-stack.modelGroups.resolve" -}}
  {{- $groups := dict -}}
  {{- range $name, $own := .Values.modelGroups -}}
    {{- if kindIs "map" $own -}}
      {{- $values := include "inference-stack.overlay" (dict "defaults" $.Values.modelGroupDefaults "own" $own) | fromJson -}}
      {{- $group := include "inference-stack.overlay" (dict "defaults" $.stack.defaults.modelGroupDefaults "own" $values) | fromJson -}}
      {{- if $group.enabled -}}
        {{- include "inference-stack.modelGroup.compute" (dict "root" $ "name" $name "group" $group) -}}
        {{- $_ := set $groups $name $group -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "modelGroups" $groups -}}
{{- end -}}

{{- /*
Sets group.computed, in this order; each helper may read what earlier ones have set. The group's values stay as written.

  fullname selectorLabels labels    of the group's objects
  engine preset                     the engine's name, and its preset
  image imageReference              as a map, and as a name
  aliases                           modelAlias as a list without repeats
  resources resourceChanges gpus    valid ones, the changes made to them, and the number of full GPUs of a pod
  givenEnv                          name -> value of the group's own variables, "" for one set by reference
  command args script               the command line with missing options appended; a shell script is unchanged
  port servedNames parallel         where the engine listens, the names it serves, and whether one model spans several GPUs
  ports                             {name, containerPort, servicePort, protocol} of each
  rootMounts cachePath nonRoot      mounts that only root can access, the engine's download cache, and whether it runs without root
  addedVolumes storage              volumes that the chart adds, and the pod's volumes with its mounts
  claims strategy pods              claims of the volumes, how pods are replaced, and how many there may be at one time
  gauges                            of the requests in flight, that the preStop hook reads
  startupSeconds rolloutSeconds progressDeadlineSeconds
  gpusUsed surgeGPUs                GPUs that the command uses, and that an update needs besides

Input: dict root, name, group (merged).
*/ -}}
{{- define "inference-stack.modelGroup.compute" -}}
  {{- $group := .group -}}
  {{- $computed := dict -}}
  {{- $_ := set $group "computed" $computed -}}
  {{- $selector := include "inference-stack.selectorLabels" (dict "root" .root "component" "model-group" "group" .name) | fromJson -}}
  {{- $_ := set $computed "fullname" (include "inference-stack.objectName" (dict "root" .root "part" .name)) -}}
  {{- $_ := set $computed "selectorLabels" $selector -}}
  {{- $_ := set $computed "labels" (include "inference-stack.labels" (dict "root" .root "selector" $selector) | fromJson) -}}
  {{- $_ := set $computed "engine" (include "inference-stack.modelGroup.engine" .) -}}
  {{- $_ := set $computed "preset" (index .root.stack.engines $computed.engine) -}}
  {{- $_ := set $computed "image" (include "inference-stack.modelGroup.image" . | fromJson) -}}
  {{- $_ := set $computed "imageReference" (include "inference-stack.image" (dict "root" .root "image" $computed.image "defaultTag" "latest")) -}}
  {{- $_ := set $computed "aliases" (include "inference-stack.texts" $group.modelAlias | fromJsonArray | uniq) -}}
  {{- $_ := set $computed "resources" (include "inference-stack.resources" $group.resources | fromJson) -}}
  {{- $_ := set $computed "resourceChanges" (include "inference-stack.modelGroup.resourceChanges" . | fromJsonArray) -}}
  {{- $_ := set $computed "gpus" (include "inference-stack.modelGroup.gpuCount" . | int) -}}
  {{- $_ := set $computed "givenEnv" (include "inference-stack.modelGroup.givenEnv" . | fromJson) -}}
  {{- range $key, $value := include "inference-stack.modelGroup.invocation" . | fromJson -}}
    {{- $_ := set $computed $key $value -}}
  {{- end -}}
  {{- $_ := set $computed "ports" (include "inference-stack.modelGroup.ports" . | fromJsonArray) -}}
  {{- $_ := set $computed "rootMounts" (include "inference-stack.modelGroup.rootMounts" . | fromJsonArray) -}}
  {{- $_ := set $computed "cachePath" (include "inference-stack.modelGroup.cachePath" .) -}}
  {{- $_ := set $computed "nonRoot" (eq (include "inference-stack.modelGroup.nonRoot" .) "true") -}}
  {{- $_ := set $computed "addedVolumes" (include "inference-stack.modelGroup.addedVolumes" . | fromJsonArray) -}}
  {{- $_ := set $computed "storage" (include "inference-stack.modelGroup.storage" . | fromJson) -}}
  {{- $_ := set $computed "claims" (include "inference-stack.modelGroup.claims" . | fromJsonArray) -}}
  {{- $_ := set $computed "strategy" (include "inference-stack.modelGroup.strategy" . | fromJson) -}}
  {{- $_ := set $computed "pods" (add (int64 $group.replicaCount) (include "inference-stack.modelGroup.surgePods" . | int64)) -}}
  {{- $_ := set $computed "gauges" (include "inference-stack.modelGroup.gauges" . | fromJsonArray) -}}
  {{- $_ := set $computed "startupSeconds" (include "inference-stack.modelGroup.startupSeconds" . | int64) -}}
  {{- $_ := set $computed "rolloutSeconds" (include "inference-stack.modelGroup.rolloutSeconds" . | int64) -}}
  {{- $_ := set $computed "progressDeadlineSeconds" (include "inference-stack.modelGroup.progressDeadlineSeconds" . | int64) -}}
  {{- $_ := set $computed "gpusUsed" (include "inference-stack.modelGroup.gpusUsed" . | int64) -}}
  {{- $_ := set $computed "surgeGPUs" (include "inference-stack.modelGroup.surgeGPUs" . | int64) -}}
{{- end -}}

{{- /* The image as a map; without a repository, its fields override those of the engine's pinned image. Input: dict group. Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.image" -}}
  {{- $given := .group.image -}}
  {{- if not (kindIs "map" $given) -}}
    {{- $given = dict "repository" $given -}}
  {{- end -}}
  {{- $image := deepCopy $given -}}
  {{- if not $given.tag -}}
    {{- $_ := set $image "tag" .group.tag -}}
  {{- end -}}
  {{- if not $given.repository -}}
    {{- range $key, $value := .group.computed.preset.image -}}
      {{- if not (index $image $key) -}}
        {{- $_ := set $image $key $value -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $image -}}
{{- end -}}

{{- /* Variables that a group sets itself. Input: dict group. Output: JSON map name -> value, "" for one set by reference. */ -}}
{{- define "inference-stack.modelGroup.givenEnv" -}}
  {{- $given := dict -}}
  {{- range .group.env -}}
    {{- $_ := set $given .name (include "inference-stack.text" (.value | default "")) -}}
  {{- end -}}
  {{- toJson $given -}}
{{- end -}}
