{{- /*
Rules of model groups. Input of each rule: dict root, name, key (the name in YAML), group (computed), taken (names that are in use).
*/ -}}

{{- /* Input: root. */ -}}
{{- define "inference-stack.modelGroups.problems" -}}
  {{- $taken := include "inference-stack.modelGroups.taken" . | fromJson -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- $context := dict "root" $ "name" $name "key" (include "inference-stack.yamlString" $name) "group" $group "taken" $taken -}}
    {{- $rules := list
          "name"
          "ownedName"
          "replicasServiceName"
          "serviceAccount"
          "engine"
          "image"
          "model"
          "commandBooleans"
          "commandDocker"
          "commandShell"
          "commandQuotes"
          "commandQuotedItems"
          "commandItems"
          "commandScript"
          "commandEnv"
          "programPath"
          "engineArgs"
          "lostOptions"
          "unknownOptions"
          "modelSource"
          "adapters"
          "unknownPort"
          "unsetVariables"
          "containerNames"
          "statefulSetName"
          "aliases"
          "containerPort"
          "basePath"
          "portNames"
          "httpsProbe"
          "nodesByRay"
          "refusedOptions"
          "loopback"
          "engineKey"
          "portsOnce"
          "resourceClaims"
          "autoscaling"
          "scaledTwice"
          "containers"
          "volumeNames"
          "mountPaths"
          "files"
          "volumeFields"
          "mountedVolumes"
          "claimNames"
          "existingClaim"
          "onePodVolume"
          "apart"
          "startupProbe"
          "strategy"
          "minReadySeconds"
          "resources"
          "sharedMemory"
          "ownPolicy"
          "gpusUsed"
          "spareGPUs" -}}
    {{- if gt $group.computed.nodes 1 -}}
      {{- $rules = concat $rules (list
            "nodesEngine"
            "nodesOptions"
            "nodesSpread"
            "nodesBalancing"
            "nodesStrategy"
            "nodesVolumes"
            "nodesName"
            "nodesController") -}}
    {{- end -}}
    {{- if $group.dynamicAdapters -}}
      {{- $rules = append $rules "dynamicAdapters" -}}
    {{- end -}}
    {{- if $group.computed.scaler -}}
      {{- $rules = concat $rules (list
            "scalingOnce"
            "scalingMetric"
            "scalingByGateway"
            "scalingToZero"
            "scalingSchedule"
            "scalingCpu"
            "scalingRetries"
            "scalingApi") -}}
    {{- end -}}
    {{- if $group.prefetch.enabled -}}
      {{- $rules = concat $rules (list "prefetch" "prefetchJob") -}}
    {{- end -}}
    {{- include "inference-stack.rules" (dict "component" "modelGroup" "rules" $rules "context" $context) -}}
    {{- include "inference-stack.secretReference.rule" (dict
          "keys" (list "modelGroups" $name "apiKey") "given" $group.apiKey "name" "engine-keys" "key" "api-key") -}}
    {{- include "inference-stack.secretReference.rule" (dict
          "keys" (list "modelGroups" $name "hub" "token") "given" $group.hub.token "name" "hf-token" "key" "token") -}}
    {{- include "inference-stack.placeholder.rule" (dict
          "keys" (list "modelGroups" $name) "field" "responseHeaders" "texts" $group.responseHeaders) -}}
    {{- include "inference-stack.handlers.rule" (dict
          "keys" (list "modelGroups" $name)
          "owner" $group
          "probes" (list "startupProbe" "livenessProbe" "readinessProbe")
          "hooks" list) -}}
    {{- include "inference-stack.handlers.rule" (dict
          "keys" (list "modelGroups" $name "lifecycle") "owner" $group.lifecycle "probes" list "hooks" (list "preStop" "postStart")) -}}
    {{- include "inference-stack.reasoningTranslation.rule" (dict
          "keys" (list "modelGroups" $name) "translation" $group.reasoningTranslation) -}}
    {{- include "inference-stack.service.rule" (dict
          "keys" (list "modelGroups" $name "service") "service" $group.service "target" $group.computed.target) -}}
    {{- /* With an autoscaler a budget has to let a node be drained also when there are as few pods as there may be. */ -}}
    {{- $least := ternary (max 1 $group.computed.replicas.least) $group.computed.replicas.least (not (empty $group.computed.scaler)) -}}
    {{- $pods := ternary 0 (mul $least $group.computed.nodes) $group.autoscaling.external -}}
    {{- include "inference-stack.disruptionBudget.rule" (dict
          "keys" (list "modelGroups" $name) "own" $group.podDisruptionBudget "pods" $pods) -}}
  {{- end -}}
  {{- include "inference-stack.modelGroups.rule.policies" . -}}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.name" -}}
  {{- $valid := include "inference-stack.isNamed" (dict "kind" "label" "name" .name) }}
  {{- if or (not $valid) (has .name (list "true" "false" "null")) }}
    {{- $fit := ternary (printf "my-%s" .name) (include "inference-stack.fitName" .name) (not (empty $valid)) }}

modelGroups.{{ .name }}: {{ quote .name }} is not a valid name: use up to 63 lower-case letters, digits and -, starting and ending with a
letter or digit (YAML reads an unquoted on, off, yes or no as true or false).
Please set:
  modelGroups:
    {{ $fit | trunc 63 | trimSuffix "-" }}:
      enabled: true
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.ownedName" -}}
  {{- if has .name (include "inference-stack.ownNames" . | fromJson).objects }}

modelGroups.{{ .name }}: {{ quote .name }} is the name of the gateway's own objects.
Please set:
  modelGroups:
    {{ .name }}-model:
      enabled: true
  {{- end }}
{{- end -}}

{{- /*
Names of objects and their owners: the gateway first, then the groups by name.
Input: root. Output: JSON map {
  accounts: service account -> path of the owner that creates it,
  replicas: headless Service -> the group,
  claims: path of a persistent volume -> path of the volumes that already use its claim}.
*/ -}}
{{- define "inference-stack.modelGroups.taken" -}}
  {{- $accounts := dict -}}
  {{- $replicas := dict -}}
  {{- $claims := dict -}}
  {{- $owners := dict -}}
  {{- if .stack.onwards.serviceAccount.create -}}
    {{- $_ := set $accounts (include "inference-stack.onwards.serviceAccountName" .) "onwards" -}}
  {{- end -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- $context := dict "root" $ "name" $name "group" $group -}}
    {{- $path := printf "modelGroups.%s" $name -}}
    {{- $account := include "inference-stack.modelGroup.serviceAccountName" $context -}}
    {{- if and $group.serviceAccount.create (ne $name "onwards") (not (hasKey $accounts $account)) -}}
      {{- $_ := set $accounts $account $path -}}
    {{- end -}}
    {{- if eq $group.balancing "perReplica" -}}
      {{- $_ := set $replicas (include "inference-stack.modelGroup.replicasName" $context) $name -}}
    {{- end -}}
    {{- range $index, $volume := $group.persistentVolumes -}}
      {{- if and $volume.name (not $volume.existingClaim) -}}
        {{- $claim := include "inference-stack.modelGroup.claimName" (dict "root" $ "name" $name "volume" $volume) -}}
        {{- with index $owners $claim -}}
          {{- $_ := set $claims (printf "%s.persistentVolumes[%d]" $path $index) . -}}
        {{- end -}}
        {{- $_ := set $owners $claim (printf "%s.persistentVolumes" $path) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson (dict "accounts" $accounts "replicas" $replicas "claims" $claims) -}}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.replicasServiceName" -}}
  {{- with index .taken.replicas .group.computed.fullname }}

modelGroups.{{ $.name }}: its Service would have the same name as the headless Service of modelGroups.{{ . }}.
Please set:
  modelGroups:
    {{ include "inference-stack.yamlString" . }}:
      balancing: service
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.serviceAccount" -}}
  {{- $account := include "inference-stack.modelGroup.serviceAccountName" . }}
  {{- $owner := index .taken.accounts $account }}
  {{- if and .group.serviceAccount.create (ne .name "onwards") (ne $owner (printf "modelGroups.%s" .name)) }}

modelGroups.{{ .name }}.serviceAccount: the service account {{ $account }} is already created by {{ $owner }}; create it once, and reuse it elsewhere.
Please set:
  modelGroups:
    {{ .key }}:
      serviceAccount:
        create: false
        name: {{ $account }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.engine" -}}
  {{- $engine := .group.engine }}
  {{- if and $engine (not (hasKey .root.stack.engines (toString $engine))) }}
    {{- $default := include "inference-stack.defaultEngine" .root }}

modelGroups.{{ .name }}.engine: {{ printf "%q" $engine }} is not an engine this chart supports; use custom for any other OpenAI-compatible server.
Please set:
  modelGroups:
    {{ .key }}:
      engine: {{ $default }}  # or {{ without .root.stack.engineNames $default | join ", " }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.image" -}}
  {{- if not (or .group.computed.image.repository (include "inference-stack.modelGroup.dockerRun" . | fromJson)) }}
    {{- $image := (index .root.stack.engines (include "inference-stack.defaultEngine" .root)).image }}

modelGroups.{{ .name }}.image: no image is set and the engine has no default image, so there is nothing to run.
Please set:
  modelGroups:
    {{ .key }}:
      image: {{ $image.repository }}
      tag: {{ $image.tag }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.model" -}}
  {{- $runs := or .group.command .group.args .group.modelName (not .group.computed.preset.launcher) }}
  {{- range .group.computed.preset.model.env }}
    {{- if or (hasKey $.group.computed.givenEnv .) $.group.envFrom }}
      {{- $runs = true }}
    {{- end }}
  {{- end }}
  {{- if and .group.computed.image.repository (not $runs) }}

modelGroups.{{ .name }}.modelName: neither a model nor a command is set, so there is nothing to run.
Please set:
  modelGroups:
    {{ .key }}:
      modelName: meta-llama/Meta-Llama-3.1-8B-Instruct
  {{- end }}
{{- end -}}

{{- /* Rule: containers of a pod have different names; the engine's is the group's. */ -}}
{{- define "inference-stack.modelGroup.rule.containerNames" -}}
  {{- $names := list .name }}
  {{- if .group.dynamicAdapters }}
    {{- $names = append $names (include "inference-stack.modelGroup.adapterLoaderName" .) }}
  {{- end }}
  {{- range $index, $container := .group.initContainers }}
    {{- if has $container.name $names }}
      {{- $other := ternary "the engine's container" "another container" (eq $container.name $.name) }}
      {{- $fix := dict "context" $ "key" "initContainers" "index" $index "fields" (dict "name" (printf "%s-init" $container.name)) }}

modelGroups.{{ $.name }}.initContainers[{{ $index }}].name: {{ $container.name }} is the name of {{ $other }} of this pod.
Please set:
{{ include "inference-stack.modelGroup.listFix" $fix | indent 2 }}
    {{- end }}
    {{- $names = append $names $container.name }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.statefulSetName" -}}
  {{- if and (eq .group.balancing "perReplica") (gt (len .group.computed.fullname) 52) }}

modelGroups.{{ .name }}.balancing: perReplica creates a StatefulSet, and {{ .group.computed.fullname }} is longer than the 52 characters that its pods' labels
allow.
Please set:
  modelGroups:
    {{ .key }}:
      balancing: service  # or a shorter fullnameOverride
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.aliases" -}}
  {{- $aliases := .group.computed.aliases }}
  {{- $why := "" }}
  {{- $example := "" }}
  {{- $control := regexMatch "[[:cntrl:]]" (join "" $aliases) }}
  {{- if $control }}
    {{- $why = "an alias contains a control character, such as a line break or a tab." }}
    {{- $example = regexReplaceAll "[[:cntrl:]]+" (join " " $aliases) "" | trim }}
  {{- else if has "" $aliases }}
    {{- $why = "an alias is empty, so no request could name it." }}
    {{- $example = without $aliases "" | first | default .name }}
  {{- else if not $aliases }}
    {{- $why = "no alias is set, so no request could reach this group." }}
    {{- $example = .group.modelName | default .name | toString | base | lower }}
  {{- end }}
  {{- if $why }}

modelGroups.{{ .name }}.modelAlias: {{ $why }}
Please set:
  modelGroups:
    {{ .key }}:
      modelAlias:
        - {{ include "inference-stack.yamlString" $example }}
  {{- end }}
{{- end -}}

{{- /* The port that the user sets, for the group or for all groups; the chart's default is ignored. */ -}}
{{- define "inference-stack.modelGroup.rule.containerPort" -}}
  {{- $listens := int64 .group.computed.port }}
  {{- $default := int64 .root.stack.defaults.modelGroupDefaults.containerPort }}
  {{- $own := (index .root.Values.modelGroups .name).containerPort }}
  {{- $set := int64 ($own | default .group.containerPort) }}
  {{- $free := list $listens }}
  {{- if not $own }}
    {{- $free = append $free $default }}
  {{- end }}
  {{- range .group.computed.preset.ports }}
    {{- $free = append $free (int64 .containerPort) }}
  {{- end }}
  {{- if not (has $set $free) }}

modelGroups.{{ .name }}.containerPort: it is {{ $set }}, but the command makes the engine listen on {{ $listens }}; omit it to use the command's port.
Please set:
  modelGroups:
    {{ .key }}:
      containerPort: {{ $listens }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.basePath" -}}
  {{- if and (ne (trimSuffix "/" .group.basePath) "/v1") (not .root.stack.onwards.strictMode) }}

modelGroups.{{ .name }}.basePath: outside strict mode the gateway appends the complete request path, /v1 included, to {{ .group.basePath }}, and the
engine has no such path.
Please set:
  onwards:
    strictMode: true
  {{- end }}
{{- end -}}

{{- /* A port that a probe or hook names is one of the group's. */ -}}
{{- define "inference-stack.modelGroup.rule.portNames" -}}
  {{- $names := include "inference-stack.modelGroup.httpNames" . | fromJson | keys | sortAlpha }}
  {{- range .group.computed.ports }}
    {{- $names = append $names .name }}
  {{- end }}
  {{- $lifecycle := .group.lifecycle | default dict }}
  {{- $handlers := dict "lifecycle.postStart" $lifecycle.postStart "lifecycle.preStop" $lifecycle.preStop }}
  {{- range list "startupProbe" "livenessProbe" "readinessProbe" }}
    {{- $_ := set $handlers . (index $.group .) }}
  {{- end }}
  {{- range $path, $of := $handlers }}
    {{- range $kind := list "httpGet" "tcpSocket" }}
      {{- $port := (index ($of | default dict) $kind | default dict).port }}
      {{- if and (kindIs "string" $port) (not (has $port $names)) }}
        {{- $fix := printf "port: %s" (ternary $port "http" (regexMatch "^[0-9]+$" $port)) }}

modelGroups.{{ $.name }}.{{ $path }}.{{ $kind }}.port: this group has no port {{ printf "%q" $port }}; it has {{ join ", " $names }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" (concat (list "modelGroups" $.name) (splitList "." $path) (list $kind)) "yaml" $fix) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* A probe of the engine's own port by TLS: the gateway would have to use it, too. */ -}}
{{- define "inference-stack.modelGroup.rule.httpsProbe" -}}
  {{- range $probe := list "startupProbe" "livenessProbe" "readinessProbe" }}
    {{- $get := (index $.group $probe | default dict).httpGet | default dict }}
    {{- $http := has (include "inference-stack.text" $get.port) (list "http" (int64 $.group.computed.port | toString)) }}
    {{- if and (eq (toString $get.scheme) "HTTPS") $http }}

modelGroups.{{ $.name }}.{{ $probe }}.httpGet.scheme: it says that the engine accepts TLS only, and the gateway speaks plain HTTP to it.
Please set:
  modelGroups:
    {{ $.key }}:
      {{ $probe }}:
        httpGet:
          scheme: HTTP
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.refusedOptions" -}}
  {{- range $refused := .group.computed.preset.refused }}
    {{- $given := dict }}
    {{- range $flag := ternary list $refused.flags (and (eq true $refused.severalNodes) (gt $.group.computed.nodes 1)) }}
      {{- $option := include "inference-stack.modelGroup.option" (dict "group" $.group "names" (list $flag)) | fromJson }}
      {{- $harmless := and $refused.unless (regexMatch $refused.unless (first $option.values | default "")) }}
      {{- if and $option.given (not $harmless) }}
        {{- $args := include "inference-stack.texts" $.group.args | fromJsonArray | join " " | splitList " " }}
        {{- $inArgs := (include "inference-stack.flag" (dict "words" $args "names" (list $flag)) | fromJson).given }}
        {{- $_ := set $given $flag (ternary "args" "command" $inArgs) }}
      {{- end }}
    {{- end }}
    {{- range $refused.env }}
      {{- if hasKey $.group.computed.givenEnv . }}
        {{- $_ := set $given . "env" }}
      {{- end }}
    {{- end }}
    {{- if $given }}
      {{- $names := keys $given | sortAlpha | join " and " }}

modelGroups.{{ $.name }}.{{ values $given | sortAlpha | first }}: {{ $names }} {{ $refused.why }}.
Please set:
      {{- if and $refused.severalNodes $.group.computed.preset.nodes }}
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name) "yaml" (include "inference-stack.modelGroup.nodesFix" $)) | indent 2 }}
      {{- else }}
  modelGroups:
    {{ $.key }}:
        {{- range values $given | sortAlpha | uniq }}
          {{- $words := (include "inference-stack.modelGroup.words" (dict "given" (index $.group .) "only" false) | fromJson).words }}
          {{- $left := include "inference-stack.withoutOptions" (dict "words" $words "names" (keys $given)) | fromJsonArray }}
          {{- if and $left (ne . "env") (not $.group.computed.script) }}
{{ toYaml (dict . $left) | include "inference-stack.withoutKeys" | indent 6 }}
          {{- else }}
      {{ . }}: []  # without {{ $names }}
          {{- end }}
        {{- end }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* The key itself is never printed. */ -}}
{{- define "inference-stack.modelGroup.rule.engineKey" -}}
  {{- $key := .group.computed.engineKey }}
  {{- if and $key.from (not $key.secret) }}

modelGroups.{{ .name }}.apiKey: {{ $key.from }} makes the engine require a key, which the gateway is not told, so every request would get 401; set the same
key as apiKey, or store it in a Secret and reference that.
Please set:
  modelGroups:
    {{ .key }}:
      apiKey:
        name: engine-keys
        key: {{ .key }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.portsOnce" -}}
  {{- range $field := list "name" "containerPort" "servicePort" }}
    {{- $seen := list }}
    {{- range $port := $.group.computed.ports }}
      {{- $value := index $port $field | include "inference-stack.text" }}
      {{- $key := ternary $value (printf "%s/%s" $value $port.protocol) (eq $field "name") }}
      {{- if has $key $seen }}

modelGroups.{{ $.name }}.additionalPorts: the {{ $field }} {{ $value }} is used twice in this group.
Please set:
  modelGroups:
    {{ $.key }}:
      additionalPorts:
        - name: {{ ternary "admin" $port.name (eq $field "name") }}
          containerPort: {{ add $port.containerPort (ternary 1 0 (eq $field "containerPort")) }}
          servicePort: {{ add $port.servicePort (ternary 1 0 (eq $field "servicePort")) }}
      {{- end }}
      {{- $seen = append $seen $key }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.containers" -}}
  {{- $spec := .group.podSpec | default dict }}
  {{- include "inference-stack.containers.rule" (dict
        "keys" (list "modelGroups" .name)
        "values" .group
        "names" (include "inference-stack.namesOf" (list .group.initContainers $spec.initContainers) | fromJsonArray)
        "volumes" (include "inference-stack.namesOf" (list .group.computed.storage.volumes $spec.volumes) | fromJsonArray)) }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.resourceClaims" -}}
  {{- $claims := list .group.resourceClaims (.group.podSpec | default dict).resourceClaims }}
  {{- $names := include "inference-stack.namesOf" $claims | fromJsonArray }}
  {{- range (.group.resources | default dict).claims }}
    {{- if not (has .name $names) }}
      {{- $all := append ($.group.resourceClaims | default list) (dict "name" .name "resourceClaimTemplateName" .name) }}

modelGroups.{{ $.name }}.resources.claims: the pod has no claim named {{ .name }}, so Kubernetes would refuse it.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name "resourceClaims") "yaml" (toYaml $all)) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.autoscaling" -}}
  {{- if and .group.autoscaling.external (eq .group.balancing "perReplica") }}

modelGroups.{{ .name }}.balancing: with perReplica the gateway knows each replica by its address, and would not learn of those that an autoscaler adds.
Please set:
  modelGroups:
    {{ .key }}:
      balancing: service
  {{- end }}
{{- end -}}

{{- /*
Items of a group's lists whose field repeats the value of an earlier item.
Input: dict group, keys (of the lists, in their order), field. Output: JSON list of {key, index, value}.
*/ -}}
{{- define "inference-stack.modelGroup.repeated" -}}
  {{- $context := . -}}
  {{- $seen := list -}}
  {{- $repeated := list -}}
  {{- range $key := .keys -}}
    {{- range $index, $item := index $context.group $key -}}
      {{- $value := index $item $context.field | default "" | toString | trimSuffix "/" -}}
      {{- if and $value (has $value $seen) -}}
        {{- $repeated = append $repeated (dict "key" $key "index" $index "value" $value) -}}
      {{- end -}}
      {{- $seen = append $seen $value -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $repeated -}}
{{- end -}}

{{- /* The fix of one item of a group's list. Input: dict context (the rule's input), key (of the list), index, fields. Output: YAML. */ -}}
{{- define "inference-stack.modelGroup.listFix" -}}
  {{- include "inference-stack.listFix" (dict
        "keys" (list "modelGroups" .context.name .key)
        "list" (index .context.group .key)
        "index" .index
        "fields" .fields) -}}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.volumeNames" -}}
  {{- range include "inference-stack.modelGroup.repeated" (dict "group" .group "keys" (list "volumes" "persistentVolumes") "field" "name") | fromJsonArray }}
    {{- $fix := dict "context" $ "key" .key "index" .index "fields" (dict "name" (printf "%s-2" .value)) }}

modelGroups.{{ $.name }}.{{ .key }}: two volumes of this group are named {{ .value }}.
Please set:
{{ include "inference-stack.modelGroup.listFix" $fix | indent 2 }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.mountPaths" -}}
  {{- $lists := list "volumeMounts" "persistentVolumes" }}
  {{- range include "inference-stack.modelGroup.repeated" (dict "group" .group "keys" $lists "field" "mountPath") | fromJsonArray }}
    {{- $fix := dict "context" $ "key" .key "index" .index "fields" (dict "mountPath" (printf "%s-2" .value)) }}

modelGroups.{{ $.name }}.{{ .key }}: two volumes of this group are mounted at {{ .value }}.
Please set:
{{ include "inference-stack.modelGroup.listFix" $fix | indent 2 }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.files" -}}
  {{- $mounted := list }}
  {{- range include "inference-stack.modelGroup.mounts" . | fromJsonArray }}
    {{- $mounted = append $mounted .path }}
  {{- end }}
  {{- range $path := keys .group.files | sortAlpha }}
    {{- $why := "" }}
    {{- if not (regexMatch "^/.*[^/]$" $path) }}
      {{- $why = "the path of a file is absolute, and names the file." }}
    {{- else if has $path $mounted }}
      {{- $why = "a volume of this group is mounted there." }}
    {{- end }}
    {{- if $why }}
      {{- $moved := printf "%q: null\n%q: \"\"" $path (printf "/files/%s" (base $path)) }}

modelGroups.{{ $.name }}.files: {{ quote $path }}: {{ $why }}
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name "files") "yaml" $moved) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.volumeFields" -}}
  {{- range $index, $volume := .group.persistentVolumes }}
    {{- $missing := dict }}
    {{- range $field, $example := dict "name" "model-cache" "mountPath" "/cache" }}
      {{- if not (index $volume $field) }}
        {{- $_ := set $missing $field (dict "example" $example "why" "a volume needs a name and a mountPath.") }}
      {{- end }}
    {{- end }}
    {{- if not (or $volume.size $volume.existingClaim) }}
      {{- $_ := set $missing "size" (dict "example" "100Gi" "why" "a claim needs a size, unless existingClaim names an existing one.") }}
    {{- end }}
    {{- if and (has "ReadWriteOncePod" ($volume.accessModes | default list)) (gt (len $volume.accessModes) 1) }}
      {{- $why := "ReadWriteOncePod stands alone; Kubernetes takes no other mode beside it." }}
      {{- $_ := set $missing "accessModes" (dict "example" (list "ReadWriteOncePod") "why" $why) }}
    {{- end }}
    {{- range $field, $of := $missing }}
      {{- $fix := dict "context" $ "key" "persistentVolumes" "index" $index "fields" (dict $field $of.example) }}

modelGroups.{{ $.name }}.persistentVolumes[{{ $index }}].{{ $field }}: {{ $of.why }}
Please set:
{{ include "inference-stack.modelGroup.listFix" $fix | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.mountedVolumes" -}}
  {{- $volumes := list .group.computed.storage.volumes (.group.podSpec | default dict).volumes }}
  {{- $names := include "inference-stack.namesOf" $volumes | fromJsonArray }}
  {{- range $index, $mount := .group.volumeMounts }}
    {{- if not (has $mount.name $names) }}
      {{- $volumes := append ($.group.volumes | default list) (dict "name" $mount.name "emptyDir" dict) }}

modelGroups.{{ $.name }}.volumeMounts[{{ $index }}].name: this group has no volume {{ $mount.name }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name "volumes") "yaml" (toYaml $volumes)) | indent 2 }}
    {{- end }}
  {{- end }}
  {{- range $index, $container := .group.initContainers }}
    {{- range $number, $mount := $container.volumeMounts }}
      {{- if not (has $mount.name $names) }}
        {{- $volumes := append ($.group.volumes | default list) (dict "name" $mount.name "emptyDir" dict) }}

modelGroups.{{ $.name }}.initContainers[{{ $index }}].volumeMounts[{{ $number }}].name: this group has no volume {{ $mount.name }}.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name "volumes") "yaml" (toYaml $volumes)) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.claimNames" -}}
  {{- range $index, $volume := .group.persistentVolumes }}
    {{- with index $.taken.claims (printf "modelGroups.%s.persistentVolumes[%d]" $.name $index) }}
      {{- $claim := include "inference-stack.modelGroup.claimName" (dict "root" $.root "name" $.name "volume" $volume) }}
      {{- $fix := dict "context" $ "key" "persistentVolumes" "index" $index "fields" (dict "name" (printf "%s-2" $volume.name)) }}

modelGroups.{{ $.name }}.persistentVolumes: the claim of volume {{ quote $volume.name }} would be named {{ $claim }}, already the name of a claim in {{ . }}.
Please set:
{{ include "inference-stack.modelGroup.listFix" $fix | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /*
Rule: a claim that the release created is not named as an existing one: Helm deletes what a release no longer has. Another that only looks like one of the
release's, as after a group was renamed, is taken with keep.
*/ -}}
{{- define "inference-stack.modelGroup.rule.existingClaim" -}}
  {{- $ours := printf "^%s-[a-z0-9].*-." (include "inference-stack.prefix" .root | regexQuoteMeta) }}
  {{- range .group.computed.claims }}
    {{- if not (index $.root.stack.claims .claim).own }}
      {{- $volume := index (index $.group .key) (int .index) }}
      {{- $path := printf "modelGroups.%s.%s[%d].%s" $.name .key (int .index) (ternary "persistentVolumeClaim" "existingClaim" (eq .key "volumes")) }}
      {{- $same := include "inference-stack.modelGroup.claimName" (dict "root" $.root "name" $.name "volume" (dict "name" .volume)) }}
      {{- if and (eq .key "persistentVolumes") (eq .claim $same) }}
        {{- $fields := dict "existingClaim" nil "keep" true "size" ($volume.size | default "100Gi") }}

{{ $path }}: {{ .claim }} is the name of the claim that the chart itself creates for this volume. If it has done so before, Helm would delete
the claim, with what is on it, because of existingClaim; without existingClaim the claim is used as it is (with the size that it has).
Please set:
{{ include "inference-stack.modelGroup.listFix" (dict "context" $ "key" .key "index" .index "fields" $fields) | indent 2 }}
      {{- else if and (regexMatch $ours .claim) (not .keep) }}
        {{- $list := $.group.persistentVolumes | default list }}
        {{- $fields := dict "keep" true }}
        {{- $index := int .index }}
        {{- if eq .key "volumes" }}
          {{- $fields = dict "name" .volume "existingClaim" .claim "mountPath" "/cache" "keep" true }}
          {{- $index = len $list }}
          {{- $list = append $list dict }}
        {{- end }}

{{ $path }}: {{ .claim }} is named like a claim that this release creates; if it has created it, for a group or volume of another name, Helm deletes it with
what is on it. Run kubectl annotate pvc {{ .claim }} helm.sh/resource-policy=keep first, then confirm it by keep.
Please set:
{{ include "inference-stack.listFix" (dict "keys" (list "modelGroups" $.name "persistentVolumes") "list" $list "index" $index "fields" $fields) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- /* Rule: a volume that only one pod can mount has only one. */ -}}
{{- define "inference-stack.modelGroup.rule.onePodVolume" -}}
  {{- $claims := include "inference-stack.modelGroup.sharedClaims" (dict "root" .root "group" .group "access" "pod") | fromJsonArray }}
  {{- $pods := int64 .group.computed.pods }}
  {{- if and $claims (gt $pods 1) }}
    {{- $fix := dict "replicaCount" 1 }}
    {{- if ne $.group.balancing "perReplica" }}
      {{- $_ := set $fix "strategy" (dict "type" "Recreate") }}
    {{- end }}

modelGroups.{{ $.name }}.persistentVolumes: only one pod can mount {{ (first $claims).volume }} (ReadWriteOncePod), but {{ $pods }} may have to at one time,
those of an update included, so the others would stay Pending.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name) "yaml" (toYaml $fix)) | indent 2 }}
  {{- end }}
{{- end -}}

{{- /* Whether a label selector selects these labels. Input: dict selector (LabelSelector or nothing), labels. Output: "true" or nothing. */ -}}
{{- define "inference-stack.selects" -}}
  {{- $labels := .labels -}}
  {{- $all := kindIs "map" .selector -}}
  {{- range $key, $value := (.selector | default dict).matchLabels -}}
    {{- $all = and $all (eq (toString $value) (index $labels $key | default "" | toString)) -}}
  {{- end -}}
  {{- range (.selector | default dict).matchExpressions -}}
    {{- $among := has (index $labels .key | default "") (.values | default list) -}}
    {{- $there := hasKey $labels .key -}}
    {{- $all = and $all (index (dict "In" $among "NotIn" (not $among) "Exists" $there "DoesNotExist" (not $there)) .operator) -}}
  {{- end -}}
  {{- ternary "true" "" (eq (toString $all) "true") -}}
{{- end -}}

{{- /* Rule: pods that must share a node are not kept on different ones. */ -}}
{{- define "inference-stack.modelGroup.rule.apart" -}}
  {{- if include "inference-stack.modelGroup.neighbours" . | fromJsonArray }}
    {{- $labels := include "inference-stack.podLabels" (dict
          "root" .root "selector" .group.computed.selectorLabels "own" .group.podLabels) | fromJson }}
    {{- $anti := (.group.affinity | default dict).podAntiAffinity | default dict }}
    {{- $fields := dict
          "affinity" (dict "fix" (dict "podAntiAffinity" nil) "terms" ($anti.requiredDuringSchedulingIgnoredDuringExecution | default list))
          "topologySpreadConstraints" (dict "fix" list "terms" (.group.topologySpreadConstraints | default list)) }}
    {{- range $field, $of := $fields }}
      {{- $apart := false }}
      {{- range $of.terms }}
        {{- $mine := include "inference-stack.selects" (dict "selector" .labelSelector "labels" $labels) }}
        {{- $hard := and (eq (toString .topologyKey) "kubernetes.io/hostname") (ne (toString .whenUnsatisfiable) "ScheduleAnyway") }}
        {{- $apart = or $apart (and $mine $hard) }}
      {{- end }}
      {{- if $apart }}

modelGroups.{{ $.name }}.{{ $field }}: it keeps the pods of this group on different nodes, but they share a volume that only one node can mount
(ReadWriteOnce), so all but one would stay Pending.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" $.name $field) "yaml" (toYaml $of.fix)) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.minReadySeconds" -}}
  {{- $ready := int64 .group.minReadySeconds }}
  {{- if and $ready (ge $ready (int64 .group.computed.progressDeadlineSeconds)) }}

modelGroups.{{ .name }}.minReadySeconds: a rollout would wait {{ $ready }} seconds for each new pod, and be reported as failed before, after
{{ .group.computed.progressDeadlineSeconds }}; Kubernetes refuses that.
Please set:
  modelGroups:
    {{ .key }}:
      progressDeadlineSeconds: 0
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.startupProbe" -}}
  {{- $startup := .group.computed.startupSeconds }}
  {{- $load := int64 .group.loadSeconds }}
  {{- if and $startup (lt $startup $load) }}

modelGroups.{{ .name }}.startupProbe: it allows the engine {{ $startup }} seconds to start, but loadSeconds is {{ $load }}, so the kubelet
would restart it forever.
Please set:
  modelGroups:
    {{ .key }}:
      startupProbe:
        periodSeconds: 10
        failureThreshold: {{ div (add $load 9) 10 }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.strategy" -}}
  {{- if and (eq .group.balancing "perReplica") .group.strategy }}

modelGroups.{{ .name }}.strategy: with balancing: perReplica the pods of a StatefulSet are replaced in place, one after the other, so strategy would have
no effect.
Please set:
  modelGroups:
    {{ .key }}:
      strategy: null
  {{- end }}
  {{- $rolling := .group.computed.strategy.rollingUpdate | default dict }}
  {{- $zero := list "0" "0%" }}
  {{- if and (has (toString $rolling.maxSurge) $zero) (has (toString $rolling.maxUnavailable) $zero) }}

modelGroups.{{ .name }}.strategy.rollingUpdate: maxSurge and maxUnavailable are both 0, so no pod could ever be replaced.
Please set:
  modelGroups:
    {{ .key }}:
      strategy:
        rollingUpdate:
          maxUnavailable: 1
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.resources" -}}
  {{- include "inference-stack.resources.rule" (dict "keys" (list "modelGroups" .name "resources") "resources" .group.computed.resources) -}}
  {{- if .group.prefetch.enabled }}
    {{- include "inference-stack.resources.rule" (dict "keys" (list "modelGroups" .name "prefetch" "resources") "resources" .group.prefetch.resources) -}}
  {{- end }}
  {{- include "inference-stack.containerResources.rule" (dict "keys" (list "modelGroups" .name) "values" .group) -}}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.sharedMemory" -}}
  {{- $half := include "inference-stack.modelGroup.halfOfMemory" . | int64 }}
  {{- $bytes := include "inference-stack.quantity" .group.sharedMemory | float64 | int64 }}
  {{- if and $half (ge $bytes (mul $half 2097152)) }}

modelGroups.{{ .name }}.sharedMemory: {{ include "inference-stack.text" .group.sharedMemory }} in /dev/shm count against the memory limit of
{{ include "inference-stack.text" .group.computed.resources.limits.memory }}, so nothing would be left for the engine.
Please set:
  modelGroups:
    {{ .key }}:
      sharedMemory: {{ $half }}Mi  # or a higher resources.limits.memory
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.gpusUsed" -}}
  {{- $nodes := .group.computed.nodes }}
  {{- $used := div (add .group.computed.gpusUsed $nodes -1) $nodes }}
  {{- $gpus := int64 .group.computed.gpus }}
  {{- $device := "" }}
  {{- $cores := false }}
  {{- range .group.computed.devices }}
    {{- if .tensorParallel }}
      {{- $device = $device | default .name }}
    {{- end }}
    {{- if .cores }}
      {{- $cores = true }}
    {{- end }}
  {{- end }}
  {{- if and $gpus (gt $used $gpus) (not $cores) }}

modelGroups.{{ .name }}.resources.limits: the command splits the model across {{ $used }} GPUs{{ ternary " of each pod" "" (gt $nodes 1) }} (its parallel sizes
multiplied), but a pod gets {{ $gpus }}, so the engine would fail to start.
Please set:
  modelGroups:
    {{ .key }}:
      resources:
        limits:
          {{ $device }}: {{ $used }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.modelGroup.rule.spareGPUs" -}}
  {{- $surge := .group.computed.surgeGPUs }}
  {{- $spare := int64 .group.spareGPUs }}
  {{- $gpus := include "inference-stack.modelGroup.worldSize" . | int64 }}
  {{- if and $spare (gt $surge $spare) }}

modelGroups.{{ .name }}.strategy: an update needs {{ $surge }} spare {{ ternary "GPU" "GPUs" (eq (int64 $surge) 1) }}, because new pods start
before old ones terminate, but spareGPUs is {{ $spare }}, so the new pods would stay Pending.
Please set:
  modelGroups:
    {{ .key }}:
      strategy:
        type: RollingUpdate
        rollingUpdate:
          maxSurge: {{ div $spare $gpus }}
          maxUnavailable: {{ ternary 0 1 (ge $spare $gpus) }}
  {{- end }}
{{- end -}}

{{- /* Rule: a user's network policy lets the gateway in. */ -}}
{{- define "inference-stack.modelGroup.rule.ownPolicy" -}}
  {{- $policy := index (.root.stack.networkPolicy.modelGroups | default dict) .name }}
  {{- $closed := and $policy (not (include "inference-stack.modelGroup.letsGatewayIn" (dict "root" .root "group" .group "policy" $policy))) }}
  {{- if and .root.stack.networkPolicy.enabled .group.computed.aliases $closed }}
    {{- $gateway := dict "podSelector" (dict "matchLabels" .root.stack.onwards.computed.selectorLabels) }}
    {{- $rule := dict "from" (list $gateway) "ports" (list (dict "port" "http" "protocol" "TCP")) }}
    {{- $ingress := dict "ingress" (prepend ($policy.ingress | default list) $rule) }}

networkPolicy.modelGroups.{{ .name }}: none of its rules lets the gateway in, so every request would get 502.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "networkPolicy" "modelGroups" .name) "yaml" (toYaml $ingress)) | indent 2 }}
  {{- end }}
{{- end -}}

{{- /* Rule: a user's network policy is for an existing group. Input: root. */ -}}
{{- define "inference-stack.modelGroups.rule.policies" -}}
  {{- $groups := .Values.modelGroups | default dict }}
  {{- range $name, $_ := .stack.networkPolicy.modelGroups }}
    {{- if and $.stack.networkPolicy.enabled (not (hasKey $groups $name)) }}

networkPolicy.modelGroups.{{ $name }}: no model group has this name, so the policy would select nothing.
Please set:
  networkPolicy:
    modelGroups:
      {{ keys $groups | sortAlpha | first | default "my-model" | include "inference-stack.yamlString" }}: {}
    {{- end }}
  {{- end }}
{{- end -}}
