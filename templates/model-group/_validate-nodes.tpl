{{- /* Rules of groups that run one model on several pods, or should; those that begin with nodes are for the former. Input as in _validate.tpl. */ -}}

{{- /* Names of the options by which a command says something of the nodes. Input: dict preset, of (list, or absent for all). Output: JSON list. */ -}}
{{- define "inference-stack.nodeOptions" -}}
  {{- $names := list -}}
  {{- $of := .of -}}
  {{- range dig "nodes" "flags" list .preset -}}
    {{- if or (not $of) (has (.of | default "") $of) -}}
      {{- $names = concat $names .names -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* Words without some options and their values. Input: dict words, names. Output: JSON list. */ -}}
{{- define "inference-stack.withoutOptions" -}}
  {{- $names := .names -}}
  {{- $left := list -}}
  {{- $open := false -}}
  {{- range .words -}}
    {{- if hasPrefix "-" . -}}
      {{- $open = has ((splitn "=" 2 .)._0 | replace "_" "-") $names -}}
    {{- end -}}
    {{- if not $open -}}
      {{- $left = append $left . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $left -}}
{{- end -}}

{{- /*
The number of pods that a command written for one node of several is for: what it says, the copies over those of a node, the GPUs over those of a
pod, or 2. Input: dict group (computed).
Output: number.
*/ -}}
{{- define "inference-stack.modelGroup.nodesMeant" -}}
  {{- $numbers := dict -}}
  {{- $of := dict
        "nodes" (include "inference-stack.nodeOptions" (dict "preset" .group.computed.preset "of" (list "nodes")) | fromJsonArray)
        "ray" (list "--ray-cluster-size")
        "copies" (list "--data-parallel-size" "-dp")
        "local" (list "--data-parallel-size-local" "-dpl") -}}
  {{- range $what, $names := $of -}}
    {{- $value := first (include "inference-stack.modelGroup.option" (dict "group" $.group "names" $names) | fromJson).values | default "0" | trimSuffix ";" -}}
    {{- $_ := set $numbers $what (ternary $value "0" (regexMatch "^[0-9]{1,4}$" $value) | int64) -}}
  {{- end -}}
  {{- $meant := max $numbers.nodes $numbers.ray -}}
  {{- $gpus := int64 .group.computed.gpus -}}
  {{- if and (lt $meant 2) (gt (int64 $numbers.local) 0) -}}
    {{- $meant = div $numbers.copies $numbers.local -}}
  {{- else if and (lt $meant 2) $gpus -}}
    {{- $meant = div (include "inference-stack.modelGroup.gpusOfSizes" . | int64) $gpus -}}
  {{- end -}}
  {{- ternary $meant 2 (gt (int64 $meant) 1) -}}
{{- end -}}

{{- /*
What makes a group of a command that was written for one node of several: the number of nodes, and the command without what the chart adds. Of a script it is
the server alone, with its variables as the kubelet replaces them. Input: dict group (computed). Output: YAML.
*/ -}}
{{- define "inference-stack.modelGroup.nodesFix" -}}
  {{- $computed := .group.computed -}}
  {{- $names := include "inference-stack.nodeOptions" (dict "preset" $computed.preset) | fromJsonArray -}}
  {{- $fix := dict "nodes" (include "inference-stack.modelGroup.nodesMeant" . | int64) -}}
  {{- if $computed.script -}}
    {{- $server := list -}}
    {{- range $computed.words -}}
      {{- $server = append (ternary list $server (and (eq . "\n") (not (empty $server)))) . -}}
    {{- end -}}
    {{- $text := list -}}
    {{- range without $server "\n" "eval" "exec" -}}
      {{- $unset := regexFind "^\\$\\{?[@*]|^\\$\\{?[A-Za-z_][A-Za-z0-9_]*\\}?$" . | trimAll "${}" -}}
      {{- $text = ternary $text (append $text .) (and (ne $unset "") (not (hasKey $computed.givenEnv $unset)) (empty $.group.envFrom)) -}}
    {{- end -}}
    {{- $plain := list -}}
    {{- range $text -}}
      {{- $plain = append $plain (regexReplaceAll "\\$\\{?([A-Za-z_][A-Za-z0-9_]*)\\}?" . "$$(${1})") -}}
    {{- end -}}
    {{- $_ := set $fix "command" (include "inference-stack.withoutOptions" (dict "words" $plain "names" $names) | fromJsonArray) -}}
    {{- $_ := set $fix "args" list -}}
  {{- else -}}
    {{- range $key := list "command" "args" -}}
      {{- $own := list -}}
      {{- range include "inference-stack.texts" (index $.group $key) | fromJsonArray -}}
        {{- $own = concat $own (ternary (regexSplit "\\s+" (trim .) -1) (list .) (and (hasPrefix "-" .) (not (contains "{" .)))) -}}
      {{- end -}}
      {{- $left := include "inference-stack.withoutOptions" (dict "words" $own "names" $names) | fromJsonArray -}}
      {{- if ne (len $left) (len $own) -}}
        {{- $_ := set $fix $key ($left | default list) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toYaml $fix -}}
{{- end -}}

{{- /* Rule: the engine can be one on several pods, or its command finds out by itself. */ -}}
{{- define "inference-stack.modelGroup.rule.nodesEngine" -}}
  {{- $computed := .group.computed }}
  {{- $finds := contains "LWS_" (list $computed.command $computed.args .group.env | toJson) }}
  {{- if and (not $finds) (or $computed.script (not $computed.preset.nodes)) }}
    {{- $why := ternary "its command is a script, to which the chart adds nothing" "the chart knows no options for that" (eq true $computed.script) }}

modelGroups.{{ .name }}.nodes: several pods of {{ $computed.engine }} are to run one model, but {{ $why }}; a command that does it by itself
reads LWS_LEADER_ADDRESS, LWS_GROUP_SIZE and LWS_WORKER_INDEX.
Please set:
  modelGroups:
    {{ .key }}:
      nodes: 1
  {{- end }}
{{- end -}}

{{- /* Rule: what a command says of the nodes is what the chart makes. */ -}}
{{- define "inference-stack.modelGroup.rule.nodesOptions" -}}
  {{- $computed := .group.computed }}
  {{- $nodes := .group.computed.nodes }}
  {{- range ternary (dig "nodes" "flags" list $computed.preset) list (not $computed.script) }}
    {{- $given := include "inference-stack.flag" (dict "words" (concat $.group.computed.line.command $.group.computed.line.args) "names" .names) | fromJson }}
    {{- $value := first $given.values | default "" }}
    {{- $right := contains "LWS_" $value }}
    {{- $why := printf "would be the same in all %d pods, and the chart gives each its own" $nodes }}
    {{- if eq (toString .of) "nodes" }}
      {{- $right = or $right (eq $value (toString $nodes)) }}
    {{- else if eq (toString .of) "executor" }}
      {{- $right = eq $value "mp" }}
      {{- $why = "needs a cluster of Ray, which the chart does not start; the engine connects the pods by itself" }}
    {{- end }}
    {{- if and .of $given.given (not $right) }}
      {{- $fix := include "inference-stack.modelGroup.nodesFix" (dict "group" $.group) }}

modelGroups.{{ $.name }}.args: {{ first .names }} {{ $why }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name) "yaml" $fix) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
Rule: a model that is spread by Ray over more GPUs than its pod has needs other nodes, unless the pod joins a cluster of Ray that is there.
*/ -}}
{{- define "inference-stack.modelGroup.rule.nodesByRay" -}}
  {{- $computed := .group.computed }}
  {{- $names := include "inference-stack.nodeOptions" (dict "preset" $computed.preset "of" (list "executor")) | fromJsonArray }}
  {{- $ray := eq (include "inference-stack.modelGroup.flagValue" (dict "group" .group "names" $names)) "ray" }}
  {{- $joins := or (hasKey $computed.givenEnv "RAY_ADDRESS") .group.envFrom $computed.script }}
  {{- $gpus := int64 $computed.gpus }}
  {{- if and $ray $gpus (le .group.computed.nodes 1) (not $joins) }}
    {{- $used := include "inference-stack.modelGroup.gpusOfSizes" . | int64 }}
    {{- if gt $used $gpus }}

modelGroups.{{ .name }}.args: it splits the model across {{ $used }} GPUs by Ray, but a pod gets {{ $gpus }}, so it would wait for other nodes,
which a group has by nodes.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" .name) "yaml" (include "inference-stack.modelGroup.nodesFix" .)) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: a model is spread evenly over the pods. */ -}}
{{- define "inference-stack.modelGroup.rule.nodesSpread" -}}
  {{- $nodes := .group.computed.nodes }}
  {{- $used := int64 .group.computed.gpusUsed }}
  {{- if and $used (mod $used $nodes) }}

modelGroups.{{ .name }}.nodes: the command splits the model across {{ $used }} GPUs (its parallel sizes multiplied), which {{ $nodes }} pods cannot
share evenly.
Please set:
  modelGroups:
    {{ .key }}:
      nodes: {{ ternary 2 1 (eq 0 (mod $used 2)) }}
  {{- end }}
{{- end -}}

{{- /* Rule: requests go to the leader of a set, and only a Service knows which pods those are. */ -}}
{{- define "inference-stack.modelGroup.rule.nodesBalancing" -}}
  {{- if eq .group.balancing "perReplica" }}

modelGroups.{{ .name }}.balancing: with nodes the pods belong to a LeaderWorkerSet, which gives them no addresses that go when they drain.
Please set:
  modelGroups:
    {{ .key }}:
      balancing: service
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.nodesStrategy" -}}
  {{- if eq (toString (.group.strategy | default dict).type) "Recreate" }}

modelGroups.{{ .name }}.strategy: with nodes the pods belong to a LeaderWorkerSet, which knows no Recreate.
Please set:
  modelGroups:
    {{ .key }}:
      strategy:
        type: RollingUpdate
        rollingUpdate:
          maxSurge: 0
          maxUnavailable: 1
  {{- end }}
{{- end -}}

{{- /* Rule: pods on several nodes can mount what they share. */ -}}
{{- define "inference-stack.modelGroup.rule.nodesVolumes" -}}
  {{- range include "inference-stack.modelGroup.sharedClaims" (dict "root" .root "group" .group "access" "node") | fromJsonArray }}
    {{- $volume := .volume }}
    {{- $list := $.group.persistentVolumes | default list }}
    {{- $keys := list "modelGroups" $.name "persistentVolumes" }}
    {{- $at := 0 }}
    {{- range $index, $own := $.group.persistentVolumes }}
      {{- if eq (toString $own.name) $volume }}
        {{- $at = $index }}
      {{- end }}
    {{- end }}

modelGroups.{{ $.name }}.persistentVolumes: only one node can mount {{ .volume }} (ReadWriteOnce), so the pods of a set could run on one node only.
Please set:
{{ include "inference-stack.listFix" (dict "keys" $keys "list" $list "index" $at "fields" (dict "accessModes" (list "ReadWriteMany"))) | indent 2 }}
  {{- end }}
{{- end -}}

{{- /*
Rule: names of the pods of a set, which end in two numbers and a hash, fit in a label, and its headless Service has a name of its own.
*/ -}}
{{- define "inference-stack.modelGroup.rule.nodesName" -}}
  {{- $set := .group.computed.setName }}
  {{- range $name, $other := .root.stack.modelGroups }}
    {{- if eq $other.computed.fullname $set }}

modelGroups.{{ $name }}: its Service would have the name of the one by which the pods of modelGroups.{{ $.name }} find each other.
Please set:
  modelGroups:
    {{ include "inference-stack.yamlString" $.name }}:
      nodes: 1  # or another name of modelGroups.{{ $name }}
    {{- end }}
  {{- end }}
  {{- if gt (len $set) 46 }}

modelGroups.{{ .name }}.nodes: a LeaderWorkerSet is created, and {{ $set }} is longer than the 46 characters that its pods' labels allow.
Please set:
  fullnameOverride: {{ .root.Release.Name | trunc 12 | trimSuffix "-" }}  # or a shorter name of the group
  {{- end }}
{{- end -}}

{{- /* Rule: the cluster has LeaderWorkerSets. */ -}}
{{- define "inference-stack.modelGroup.rule.nodesController" -}}
  {{- if include "inference-stack.lacksApi" (dict "root" .root "api" "leaderworkerset.x-k8s.io/v1") }}

modelGroups.{{ .name }}.nodes: the cluster has no LeaderWorkerSet (leaderworkerset.x-k8s.io/v1), which starts and ends the pods of one model together;
install its controller first, by helm install lws oci://registry.k8s.io/lws/charts/lws --version 0.9.0 --namespace lws-system --create-namespace --wait,
or run each model on one node.
Please set:
  modelGroups:
    {{ .key }}:
      nodes: 1
  {{- end }}
{{- end -}}
