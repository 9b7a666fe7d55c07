{{- /*
One model on several pods: a LeaderWorkerSet, whose sets have a leader and workers. The leader serves; a set starts and ends as a whole. Facts: version 0.9.0.
*/ -}}

{{- /*
The LeaderWorkerSet's name. Its controller makes a headless Service of that name, by which the pods of a set find their leader, and would take one that is
there already for it; so it is not the name of the group's own. Input: dict root, name. Output: string.
*/ -}}
{{- define "inference-stack.modelGroup.setName" -}}
  {{- include "inference-stack.objectName" (dict "root" .root "part" (printf "%s-nodes" .name)) -}}
{{- end -}}

{{- /* The kind of object that a group's pods belong to. Input: dict group. Output: Deployment, StatefulSet or LeaderWorkerSet. */ -}}
{{- define "inference-stack.modelGroup.workload" -}}
  {{- $single := ternary "StatefulSet" "Deployment" (eq .group.balancing "perReplica") -}}
  {{- ternary "LeaderWorkerSet" $single (gt .group.computed.nodes 1) -}}
{{- end -}}

{{- /* Labels by which a group's Service finds the pods that serve. Input: dict group (computed). Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.servingLabels" -}}
  {{- $labels := deepCopy .group.computed.selectorLabels -}}
  {{- if gt .group.computed.nodes 1 -}}
    {{- $_ := set $labels "leaderworkerset.sigs.k8s.io/worker-index" "0" -}}
  {{- end -}}
  {{- toJson $labels -}}
{{- end -}}

{{- /*
Sets of pods that are replaced at a time, which the controller counts as a Deployment counts pods. By default a set is replaced in place: the GPUs of a whole
further one are seldom free. Input: dict group (computed). Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.setStrategy" -}}
  {{- $given := .group.strategy | default dict | include "inference-stack.withoutNulls" | fromJson -}}
  {{- $rolling := dict "maxSurge" 0 "maxUnavailable" 1 -}}
  {{- range $field, $number := $given.rollingUpdate -}}
    {{- $_ := set $rolling $field $number -}}
  {{- end -}}
  {{- toJson (dict "type" "RollingUpdate" "rollingUpdate" $rolling) -}}
{{- end -}}

{{- /* The number of GPUs of all pods that run one model. Input: dict group (computed). Output: number. */ -}}
{{- define "inference-stack.modelGroup.worldSize" -}}
  {{- mul .group.computed.nodes (int64 .group.computed.gpus) -}}
{{- end -}}

{{- /* Variables of the pods of a set: each one's own address. Input: dict group (computed). Output: JSON list of EnvVar. */ -}}
{{- define "inference-stack.modelGroup.nodeEnv" -}}
  {{- $env := list -}}
  {{- if gt .group.computed.nodes 1 -}}
    {{- with dig "nodes" "address" "" .group.computed.preset -}}
      {{- $env = list (dict "name" . "valueFrom" (dict "fieldRef" (dict "apiVersion" "v1" "fieldPath" "status.podIP"))) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}

{{- /*
Values of a group as its workers have them: without the containers beside the engine, which serve with it. Input: dict name, group. Output: JSON map.
*/ -}}
{{- define "inference-stack.modelGroup.workerValues" -}}
  {{- $name := .name -}}
  {{- $values := pick .group "containers" "resourceClaims" "podSpec" | deepCopy -}}
  {{- range $owner := list $values ($values.podSpec | default dict) -}}
    {{- if $owner.containers -}}
      {{- $engine := list -}}
      {{- range $owner.containers -}}
        {{- if eq (toString .name) $name -}}
          {{- $engine = append $engine . -}}
        {{- end -}}
      {{- end -}}
      {{- $_ := set $owner "containers" $engine -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $values -}}
{{- end -}}

{{- /*
Prints a pod template of a LeaderWorkerSet, with amounts as texts: the API server does not know them there and stores a number as it is, the controller
writes it as text, and each further apply would change it again. Input: dict root, rendered (PodTemplateSpec as text), values (as inference-stack.podTemplate).
*/ -}}
{{- define "inference-stack.modelGroup.setTemplate" -}}
  {{- $template := include "inference-stack.podTemplate" . | fromYaml -}}
  {{- range concat $template.spec.containers ($template.spec.initContainers | default list) -}}
    {{- range $amounts := pick (.resources | default dict) "limits" "requests" -}}
      {{- range $name, $amount := $amounts -}}
        {{- $_ := set $amounts $name (include "inference-stack.text" $amount) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toYaml $template -}}
{{- end -}}
