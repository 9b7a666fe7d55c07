{{- /* The model groups: their values, and values derived from them. */ -}}

{{- /*
Sets .stack.modelGroups: the enabled groups, each with modelGroupDefaults under its own values, and with .computed. Lists of a group that the chart ships
lie under the user's, too: Helm has merged the rest of it. Input: root.
*/ -}}
{{- define "inference-stack.modelGroups.resolve" -}}
  {{- $groups := dict -}}
  {{- $lists := include "inference-stack.namedLists" . | fromJson -}}
  {{- $objects := (include "inference-stack.objects" . | fromJson).modelGroupDefaults -}}
  {{- range $name, $own := .stack.given.modelGroups -}}
    {{- if kindIs "map" $own -}}
      {{- range $list, $field := $lists -}}
        {{- $shipped := index (index $.stack.defaults.modelGroups $name | default dict) $list -}}
        {{- if and $shipped (kindIs "slice" (index $own $list)) -}}
          {{- $joined := include "inference-stack.joined" (dict "below" $shipped "own" (index $own $list) "field" $field) | fromJsonArray -}}
          {{- $own = set (omit $own $list) $list $joined -}}
        {{- end -}}
      {{- end -}}
      {{- $group := include "inference-stack.layer" (dict
            "below" $.stack.modelGroupDefaults
            "own" $own
            "chart" $.stack.defaults.modelGroupDefaults
            "objects" $objects
            "lists" $lists) | fromJson -}}
      {{- $group = (include "inference-stack.configMaps.named" (dict "own" $.stack.configMaps "value" $group) | fromJson).value -}}
      {{- if $group.enabled -}}
        {{- $source := include "inference-stack.modelSource" (dict "group" $group) | fromJson -}}
        {{- include "inference-stack.modelGroup.withSource" (dict "group" $group "source" $source) -}}
        {{- include "inference-stack.modelGroup.compute" (dict "root" $ "name" $name "group" $group "source" $source) -}}
        {{- $_ := set $groups $name $group -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "modelGroups" $groups -}}
{{- end -}}

{{- /*
Sets group.computed, in this order; each helper may read what earlier ones have set. The group's values stay as written, but for a model's address
(_source.tpl).

  source                            the parts of modelName, where it is an address
  fullname selectorLabels labels    of the group's objects
  nodes setName                     pods that run one model together, and the name of their LeaderWorkerSet if there are several
  scaler replicas                   the autoscaler that the chart creates, and the bounds of the number of pods; see _autoscaling.tpl
  line                              the user's command line as words: see _words.tpl
  engine preset                     the engine's name, and its preset
  image imageReference              as a map, and as a name
  engineVersion                     the engine's version, "" if it is unknown
  aliases                           modelAlias and the names of adapters as a list without repeats
  resources resourceChanges         valid ones, and the changes made to them
  devices gpus                      the devices of a pod, and the number of those that an engine counts each as one
  givenEnv                          name -> value of the group's own variables, "" for one set by reference
  command args words                the command line with missing options appended, and what it says; see inference-stack.modelGroup.invocation
  read loopback                     command and args, a script without its comments; the address at which only the pod itself reaches the engine
  script kept assumed several behind    whether and why it is used as it is, a program that the image may lack, several servers, a model behind options
  port unknownPort                  where the engine listens, and the variable that sets it, if its value is unknown
  servedNames                       the names it serves
  adapters                          alias -> the name by which requests ask for the adapter behind it
  engineKey                         the key that the command or environment makes the engine require: {from, secret}
  kind otherRoutes                  what its model does, and the paths that it is asked at and the gateway does not have, as text
  ports                             {name, containerPort, servicePort, protocol} of each
  sidecars target                   the user's containers beside the engine, and the port that the gateway's requests go to
  cache                             the volume of the engine's downloads
  user writtenInImage               the user that the values choose, and paths in the image that the engine writes
  rootSigns nonRoot                 what shows a need of the image's user, and whether the engine runs without root
  addedVolumes storage              volumes that the chart adds, and the pod's volumes with its mounts
  claims strategy pods              claims of the volumes, how pods are replaced, and how many there may be at one time
  gauges                            of the requests in flight, that the preStop hook reads
  startupSeconds rolloutSeconds progressDeadlineSeconds
  gpusUsed surgeGPUs                GPUs that the command uses, and that an update needs besides

Input: dict root, name, group (merged), source.
*/ -}}
{{- define "inference-stack.modelGroup.compute" -}}
  {{- $group := .group -}}
  {{- $computed := dict -}}
  {{- $_ := set $group "computed" $computed -}}
  {{- $selector := include "inference-stack.selectorLabels" (dict "root" .root "component" "model-group" "group" .name) | fromJson -}}
  {{- $_ := set $computed "source" .source -}}
  {{- $_ := set $computed "fullname" (include "inference-stack.objectName" (dict "root" .root "part" .name)) -}}
  {{- $_ := set $computed "nodes" (max 1 (int64 $group.nodes)) -}}
  {{- $_ := set $computed "setName" (include "inference-stack.modelGroup.setName" .) -}}
  {{- $_ := set $computed "scaler" (include "inference-stack.modelGroup.scaler" .) -}}
  {{- $_ := set $computed "replicas" (include "inference-stack.modelGroup.replicas" . | fromJson) -}}
  {{- $_ := set $computed "selectorLabels" $selector -}}
  {{- $_ := set $computed "labels" (include "inference-stack.labels" (dict "root" .root "selector" $selector) | fromJson) -}}
  {{- $_ := set $computed "line" (include "inference-stack.modelGroup.line" . | fromJson) -}}
  {{- $_ := set $computed "engine" (include "inference-stack.modelGroup.engine" .) -}}
  {{- $_ := set $computed "preset" (index .root.stack.engines $computed.engine) -}}
  {{- $_ := set $computed "image" (include "inference-stack.modelGroup.image" . | fromJson) -}}
  {{- $_ := set $computed "imageReference" (include "inference-stack.image" (dict "root" .root "image" $computed.image "defaultTag" "latest")) -}}
  {{- $_ := set $computed "engineVersion" (include "inference-stack.modelGroup.engineVersion" .) -}}
  {{- $names := concat (include "inference-stack.texts" $group.modelAlias | fromJsonArray) (keys ($group.adapters | default dict) | sortAlpha) -}}
  {{- $_ := set $computed "aliases" ($names | uniq | default list) -}}
  {{- $_ := set $computed "resources" (include "inference-stack.resources" $group.resources | fromJson) -}}
  {{- $_ := set $computed "resourceChanges" (include "inference-stack.modelGroup.resourceChanges" . | fromJsonArray) -}}
  {{- $_ := set $computed "devices" (include "inference-stack.modelGroup.devices" . | fromJsonArray) -}}
  {{- $_ := set $computed "gpus" (include "inference-stack.modelGroup.deviceCount" (dict "group" $group "parallel" true) | int) -}}
  {{- $_ := set $computed "givenEnv" (include "inference-stack.modelGroup.givenEnv" . | fromJson) -}}
  {{- range $key, $value := include "inference-stack.modelGroup.invocation" . | fromJson -}}
    {{- $_ := set $computed $key $value -}}
  {{- end -}}
  {{- $_ := set $computed "read" (include "inference-stack.modelGroup.read" . | fromJsonArray) -}}
  {{- $_ := set $computed "loopback" (include "inference-stack.modelGroup.loopback" .) -}}
  {{- $_ := set $computed "adapters" (include "inference-stack.modelGroup.adapters" . | fromJson) -}}
  {{- $_ := set $computed "engineKey" (include "inference-stack.modelGroup.engineKey" . | fromJson) -}}
  {{- $_ := set $computed "kind" (include "inference-stack.modelGroup.kind" .) -}}
  {{- $_ := set $computed "otherRoutes" (include "inference-stack.modelGroup.otherRoutes" .) -}}
  {{- $_ := set $computed "ports" (include "inference-stack.modelGroup.ports" . | fromJsonArray) -}}
  {{- $sidecars := dict "values" $group "own" (list .name) -}}
  {{- $_ := set $computed "sidecars" (include "inference-stack.sidecars" $sidecars | fromJsonArray) -}}
  {{- $_ := set $computed "target" (include "inference-stack.modelGroup.target" . | int64) -}}
  {{- $_ := set $computed "cache" (include "inference-stack.modelGroup.cache" . | fromJson) -}}
  {{- $_ := set $computed "user" (include "inference-stack.modelGroup.user" .) -}}
  {{- $_ := set $computed "writtenInImage" (include "inference-stack.modelGroup.writtenInImage" . | fromJsonArray) -}}
  {{- $_ := set $computed "rootSigns" (include "inference-stack.modelGroup.rootSigns" . | fromJsonArray) -}}
  {{- $_ := set $computed "nonRoot" (eq (include "inference-stack.modelGroup.nonRoot" .) "true") -}}
  {{- $_ := set $computed "addedVolumes" (include "inference-stack.modelGroup.addedVolumes" . | fromJsonArray) -}}
  {{- $_ := set $computed "storage" (include "inference-stack.modelGroup.storage" . | fromJson) -}}
  {{- $_ := set $computed "claims" (include "inference-stack.modelGroup.claims" . | fromJsonArray) -}}
  {{- $_ := set $computed "strategy" (include "inference-stack.modelGroup.strategy" . | fromJson) -}}
  {{- $sets := add (int64 $computed.replicas.most) (include "inference-stack.modelGroup.surgePods" . | int64) -}}
  {{- $_ := set $computed "pods" (mul $sets $group.computed.nodes) -}}
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

{{- /*
Variables that a group sets itself, in env or in front of its program. Input: dict group (computed). Output: JSON map name -> value, "" for one set by
reference.
*/ -}}
{{- define "inference-stack.modelGroup.givenEnv" -}}
  {{- $given := merge (deepCopy .group.computed.line.env) .group.computed.line.launcherEnv -}}
  {{- range .group.env -}}
    {{- $_ := set $given .name (include "inference-stack.text" (.value | default "")) -}}
  {{- end -}}
  {{- toJson $given -}}
{{- end -}}
