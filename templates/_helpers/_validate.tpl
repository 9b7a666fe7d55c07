{{- /* Combinations that cannot work are refused here, all at once. */ -}}

{{- /* A text in YAML to paste: bare where YAML reads it back as it is, else in quotes. Input: string. Output: string. */ -}}
{{- define "inference-stack.pasted" -}}
{{- if regexMatch "^[A-Za-z0-9][-A-Za-z0-9_./]*$" . }}{{ . }}{{ else }}{{ toJson . }}{{ end -}}
{{- end -}}

{{- /* One refusal. Input: dict path, why (one sentence), fix (YAML). Output: string. */ -}}
{{- define "inference-stack.problem" -}}
{{- printf "%s: %s\nPlease set:\n%s" .path .why (indent 2 .fix) -}}
{{- end -}}

{{- /* Fails with every problem of the values, sorted by path; renders nothing. Input: root. */ -}}
{{- define "inference-stack.validate" -}}
{{- $problems := concat
      (include "inference-stack.onwards.problems" . | fromJsonArray)
      (include "inference-stack.modelGroups.problems" . | fromJsonArray)
      (include "inference-stack.names.problems" . | fromJsonArray) | sortAlpha | uniq -}}
{{- if $problems -}}
{{- fail (printf "\n\n%s\n" (join "\n\n" $problems)) -}}
{{- end -}}
{{- end -}}

{{- /* Problems of the gateway's values. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.onwards.problems" -}}
{{- $problems := list -}}
{{- $onwards := include "inference-stack.onwards" . | fromJson -}}
{{- if eq (int64 $onwards.containerPort) (int64 $onwards.metrics.port) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "onwards.metrics.port"
      "why" (printf "%d is also onwards.containerPort, and the gateway cannot listen twice on one port." (int64 $onwards.metrics.port))
      "fix" (printf "onwards:\n  metrics:\n    port: %d" (ternary 9091 9090 (eq (int64 $onwards.containerPort) 9090))))) -}}
{{- end -}}
{{- if and $onwards.metrics.enabled (eq (int64 $onwards.service.port) (int64 $onwards.metrics.service.port)) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "onwards.metrics.service.port"
      "why" (printf "%d is also onwards.service.port, and a Service cannot have one port twice." (int64 $onwards.service.port))
      "fix" (printf "onwards:\n  metrics:\n    service:\n      port: %d" (ternary 9091 9090 (eq (int64 $onwards.service.port) 9090))))) -}}
{{- end -}}
{{- $owned := dict "--targets" "" "-f" "" "--port" "onwards.containerPort" "-p" "onwards.containerPort" "--metrics-port" "onwards.metrics.port" "--metrics-prefix" "onwards.metrics.prefix" -}}
{{- range include "inference-stack.words" $onwards.extraArgs | fromJsonArray -}}
{{- $flag := regexReplaceAll "(?s)=.*$" . "" -}}
{{- if hasKey $owned $flag -}}
{{- $key := index $owned $flag -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "onwards.extraArgs"
      "why" (printf "%s is always passed by the chart, and the gateway refuses a flag given twice%s." $flag (ternary (printf "; its value is %s" $key) "" (not (empty $key))))
      "fix" (printf "onwards:\n  extraArgs: []  # without %s" $flag))) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Problems of the model groups. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.modelGroups.problems" -}}
{{- $problems := list -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | fromJson -}}
{{- $given := index $.Values.modelGroups $name -}}
{{- $context := dict "root" $ "name" $name "group" $group "given" $given "path" (printf "modelGroups.%s" $name) -}}
{{- range list "identity" "ports" "volumes" -}}
{{- $problems = concat $problems (include (printf "inference-stack.modelGroup.%sProblems" .) $context | fromJsonArray) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* A group's name, engine, aliases, and whether it has anything to run. Input: dict name, group (completed), path. Output: JSON list. */ -}}
{{- define "inference-stack.modelGroup.identityProblems" -}}
{{- $problems := list -}}
{{- $set := printf "modelGroups:\n  %s:\n" (include "inference-stack.pasted" .name) -}}
{{- if or (not (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" .name)) (gt (len .name) 63) (has .name (list "true" "false" "null")) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" .path
      "why" (printf "%q cannot name a container and a label: up to 63 lower-case letters, digits and -, beginning and ending with a letter or digit (YAML reads a bare on, off, yes or no as true or false)." .name)
      "fix" "modelGroups:\n  my-model:\n    enabled: true")) -}}
{{- end -}}
{{- if has .name (list "onwards" "onwards-loadbalancer") -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" .path
      "why" (printf "%q is the name of the gateway's own objects." .name)
      "fix" (printf "modelGroups:\n  %s-model:\n    enabled: true" .name))) -}}
{{- end -}}
{{- $engine := .given.engine | default (.root.Values.modelGroupDefaults | default dict).engine -}}
{{- $known := include "inference-stack.engines" . | fromJsonArray -}}
{{- if and $engine (not (has $engine $known)) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.engine" .path)
      "why" (printf "%q is not an engine this chart knows; custom takes any OpenAI server as it is." $engine)
      "fix" (printf "%s    engine: vllm  # or %s" $set (join ", " (without $known "vllm"))))) -}}
{{- end -}}
{{- $runs := or .given.command .given.args .group.modelName (not (has .group.engine $known)) (eq .group.engine "custom") -}}
{{- $env := include "inference-stack.modelGroup.givenEnv" . | fromJson -}}
{{- range .group.preset.model.env }}{{ if or (hasKey $env .) $.group.envFrom }}{{ $runs = true }}{{ end }}{{ end -}}
{{- if not .group.image.repository -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.image" .path)
      "why" "there is no image, and none follows from the engine, so there is nothing to run."
      "fix" (printf "%s    image: vllm/vllm-openai\n    tag: v0.30.0" $set))) -}}
{{- else if not $runs -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.modelName" .path)
      "why" "there is neither a model nor a command, so there is nothing to run."
      "fix" (printf "%s    modelName: meta-llama/Meta-Llama-3.1-8B-Instruct" $set))) -}}
{{- end -}}
{{- if and (kindIs "map" .group.apiKey) (not (dig "name" "" .group.apiKey)) .group.apiKey -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.apiKey" .path)
      "why" "a key by reference needs the name of the Secret that holds it."
      "fix" (printf "%s    apiKey:\n      name: engine-keys\n      key: %s" $set (dig "key" "api-key" .group.apiKey)))) -}}
{{- end -}}
{{- if has "" .group.modelAlias -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.modelAlias" .path)
      "why" "an alias is empty, so no request could ask for it."
      "fix" (printf "%s    modelAlias:\n      - %s" $set (without .group.modelAlias "" | first | default .name | include "inference-stack.pasted")))) -}}
{{- else if not .group.modelAlias -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.modelAlias" .path)
      "why" "there is no alias, so no request could ever reach this group."
      "fix" (printf "%s    modelAlias:\n      - %s" $set (.group.modelName | default .name | toString | base | lower | include "inference-stack.pasted")))) -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Ports of a group that are taken twice, or that the command contradicts. Input: dict name, group (completed), given, path. Output: JSON list. */ -}}
{{- define "inference-stack.modelGroup.portsProblems" -}}
{{- $problems := list -}}
{{- $set := printf "modelGroups:\n  %s:\n" (include "inference-stack.pasted" .name) -}}
{{- $path := .path -}}
{{- $listens := int64 .group.containerPort -}}
{{- $asked := int64 (.given.containerPort | default $listens) -}}
{{- $otherPorts := list -}}
{{- range .group.preset.ports }}{{ $otherPorts = append $otherPorts (int64 .containerPort) }}{{ end -}}
{{- if and (ne $asked $listens) (not (has $asked $otherPorts)) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.containerPort" $path)
      "why" (printf "it is %d, but the command makes the engine listen on %d; leave it out, and it follows the command." $asked $listens)
      "fix" (printf "%s    containerPort: %d" $set $listens))) -}}
{{- end -}}
{{- range $field := list "name" "containerPort" "servicePort" -}}
{{- $seen := list -}}
{{- range include "inference-stack.modelGroup.ports" $ | fromJsonArray -}}
{{- $port := . -}}
{{- $value := printf "%v" (index . $field) -}}
{{- $key := ternary $value (printf "%s/%s" $value .protocol) (eq $field "name") -}}
{{- if has $key $seen -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.additionalPorts" $path)
      "why" (printf "the %s %s is taken twice in this group." $field $value)
      "fix" (printf "%s    additionalPorts:\n      - name: %s\n        containerPort: %d\n        servicePort: %d"
          $set (ternary "admin" $port.name (eq $field "name"))
          (add (int64 $port.containerPort) (ternary 1 0 (eq $field "containerPort")))
          (add (int64 $port.servicePort) (ternary 1 0 (eq $field "servicePort")))))) -}}
{{- end -}}
{{- $seen = append $seen $key -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Items of a group's lists whose field says what an item before them says. Input: dict group, keys (of the lists, in their order), field. Output: JSON list of {key, index, value}. */ -}}
{{- define "inference-stack.repeated" -}}
{{- $context := . -}}
{{- $seen := list -}}
{{- $repeated := list -}}
{{- range $key := .keys -}}
{{- range $index, $item := index $context.group $key -}}
{{- $value := index $item $context.field | default "" | toString | trimSuffix "/" -}}
{{- if and $value (has $value $seen) }}{{ $repeated = append $repeated (dict "key" $key "index" $index "value" $value) }}{{ end -}}
{{- $seen = append $seen $value -}}
{{- end -}}
{{- end -}}
{{- toJson $repeated -}}
{{- end -}}

{{- /* YAML that sets a list of a group again with one item changed; a list replaces a list, so it is whole. Input: dict name, key, list, index, fields (laid over the item). Output: YAML. */ -}}
{{- define "inference-stack.listFix" -}}
{{- $items := list -}}
{{- $context := . -}}
{{- range $index, $item := .list -}}
{{- $own := ternary $context.fields dict (eq $index (int $context.index)) -}}
{{- $items = append $items (include "inference-stack.overlay" (dict "defaults" $item "own" $own) | fromJson) -}}
{{- end -}}
{{- printf "modelGroups:\n  %s:\n    %s:\n%s" (include "inference-stack.pasted" .name) .key (toYaml $items | indent 6) -}}
{{- end -}}

{{- /* Volumes of a group that lack something, or that its pods cannot share. Input: dict name, group (completed), path. Output: JSON list. */ -}}
{{- define "inference-stack.modelGroup.volumesProblems" -}}
{{- $problems := list -}}
{{- $group := .group -}}
{{- $path := .path -}}
{{- $set := printf "modelGroups:\n  %s:\n" (include "inference-stack.pasted" .name) -}}
{{- $name := .name -}}
{{- range include "inference-stack.repeated" (dict "group" $group "keys" (list "volumes" "persistentVolumes") "field" "name") | fromJsonArray -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.%s" $path .key)
      "why" (printf "two volumes of this group are called %s." .value)
      "fix" (include "inference-stack.listFix" (dict "name" $name "key" .key "list" (index $group .key) "index" .index "fields" (dict "name" (printf "%s-2" .value)))))) -}}
{{- end -}}
{{- range include "inference-stack.repeated" (dict "group" $group "keys" (list "volumeMounts" "persistentVolumes") "field" "mountPath") | fromJsonArray -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.%s" $path .key)
      "why" (printf "two volumes of this group are mounted at %s." .value)
      "fix" (include "inference-stack.listFix" (dict "name" $name "key" .key "list" (index $group .key) "index" .index "fields" (dict "mountPath" (printf "%s-2" .value)))))) -}}
{{- end -}}
{{- range $index, $volume := $group.persistentVolumes -}}
{{- range $field, $example := dict "name" "model-cache" "mountPath" "/cache" -}}
{{- if not (index $volume $field) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.persistentVolumes[%d].%s" $path $index $field)
      "why" "a volume needs a name and a path to be mounted at."
      "fix" (include "inference-stack.listFix" (dict "name" $name "key" "persistentVolumes" "list" $group.persistentVolumes "index" $index "fields" (dict $field $example))))) -}}
{{- end -}}
{{- end -}}
{{- if not (or $volume.size $volume.existingClaim) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.persistentVolumes[%d].size" $path $index)
      "why" "a claim needs a size, unless existingClaim names one that is there."
      "fix" (include "inference-stack.listFix" (dict "name" $name "key" "persistentVolumes" "list" $group.persistentVolumes "index" $index "fields" (dict "size" "100Gi"))))) -}}
{{- end -}}
{{- end -}}
{{- $single := include "inference-stack.modelGroup.singleNodeVolumes" . | fromJsonArray -}}
{{- $oneNode := or $group.podsShareNode (hasKey ($group.nodeSelector | default dict) "kubernetes.io/hostname") -}}
{{- if and $single (not $oneNode) -}}
{{- if gt (int64 $group.replicaCount) 1 -}}
{{- $shared := 0 -}}
{{- range $index, $volume := $group.persistentVolumes }}{{ if eq $volume.name (first $single) }}{{ $shared = $index }}{{ end }}{{ end -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.replicaCount" $path)
      "why" (printf "%d pods would mount %s, whose ReadWriteOnce claim only one node can mount, so those on other nodes would wait for ever." (int64 $group.replicaCount) (join ", " $single))
      "fix" (printf "%s\n    # or, if the pods share a node: podsShareNode: true"
        (include "inference-stack.listFix" (dict "name" $name "key" "persistentVolumes" "list" $group.persistentVolumes "index" $shared "fields" (dict "accessModes" (list "ReadWriteMany"))))))) -}}
{{- end -}}
{{- $strategy := include "inference-stack.modelGroup.strategy" . | fromYaml -}}
{{- $surge := dig "rollingUpdate" "maxSurge" "" $strategy | toString -}}
{{- if and (ne (toString $strategy.type) "Recreate") (not (has $surge (list "0" "0%"))) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.strategy" $path)
      "why" (printf "a surge starts the new pod while the old one holds %s, whose ReadWriteOnce claim only one node can mount, so an update could wait for ever." (join ", " $single))
      "fix" (printf "%s    strategy:\n      type: RollingUpdate\n      rollingUpdate:\n        maxSurge: 0  # or, if the pods share a node: podsShareNode: true\n        maxUnavailable: 1" $set))) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Names that two objects would have, and policies for groups that are not there. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.names.problems" -}}
{{- $onwards := include "inference-stack.onwards" . | fromJson -}}
{{- $problems := list -}}
{{- $claims := dict -}}
{{- $root := . -}}
{{- $groups := include "inference-stack.modelGroups" . | fromJson -}}
{{- $accounts := dict -}}
{{- if $onwards.serviceAccount.create }}{{ $_ := set $accounts (include "inference-stack.onwards.serviceAccountName" .) "onwards" }}{{ end -}}
{{- range $name, $group := $groups -}}
{{- $account := include "inference-stack.modelGroup.serviceAccountName" (dict "root" $root "name" $name "group" $group) -}}
{{- if and $group.serviceAccount.create (ne $name "onwards") -}}
{{- with index $accounts $account -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "modelGroups.%s.serviceAccount" $name)
      "why" (printf "the service account %s is made by %s already; one of them makes it, and the others use it." $account .)
      "fix" (printf "modelGroups:\n  %s:\n    serviceAccount:\n      create: false\n      name: %s" (include "inference-stack.pasted" $name) $account))) -}}
{{- end -}}
{{- $_ := set $accounts $account (index $accounts $account | default (printf "modelGroups.%s" $name)) -}}
{{- end -}}
{{- range $index, $volume := $group.persistentVolumes -}}
{{- if and $volume.name (not $volume.existingClaim) -}}
{{- $claim := include "inference-stack.modelGroup.claimName" (dict "root" $root "name" $name "volume" $volume) -}}
{{- $path := printf "modelGroups.%s.persistentVolumes" $name -}}
{{- with index $claims $claim -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" $path
      "why" (printf "the claim of volume %q would be called %s, as one of %s already is." $volume.name $claim .)
      "fix" (include "inference-stack.listFix" (dict "name" $name "key" "persistentVolumes" "list" $group.persistentVolumes "index" $index "fields" (dict "name" (printf "%s-2" $volume.name)))))) -}}
{{- end -}}
{{- $_ := set $claims $claim $path -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if hasKey (.Values.configMaps | default dict) "onwards" -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "configMaps.onwards"
      "why" "\"onwards\" is the name of the gateway's own ConfigMap."
      "fix" "configMaps:\n  my-files: {}")) -}}
{{- end -}}
{{- $policy := include "inference-stack.section" (dict "root" . "key" "networkPolicy") | fromJson -}}
{{- if $policy.enabled -}}
{{- range $name, $_ := $policy.modelGroups -}}
{{- if not (hasKey ($root.Values.modelGroups | default dict) $name) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "networkPolicy.modelGroups.%s" $name)
      "why" "there is no model group of that name, so the policy would select nothing."
      "fix" (printf "networkPolicy:\n  modelGroups:\n    %s: {}" (keys ($root.Values.modelGroups | default dict) | sortAlpha | first | default "my-model" | include "inference-stack.pasted")))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
