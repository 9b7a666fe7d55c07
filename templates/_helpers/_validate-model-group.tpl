{{- /* What a model group cannot be. */ -}}

{{- /* Problems of the model groups. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.modelGroups.problems" -}}
{{- $problems := list -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | get . -}}
{{- $given := index $.Values.modelGroups $name -}}
{{- $context := dict "root" $ "name" $name "group" $group "given" $given "path" (printf "modelGroups.%s" $name) -}}
{{- range list "identity" "ports" "volumes" "rollout" -}}
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
{{- if has .name (list "onwards" "onwards-loadbalancer" "onwards-test") -}}
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
{{- with include "inference-stack.secretProblem" (dict "path" (printf "%s.apiKey" .path) "given" .group.apiKey "keys" (list "modelGroups" .name "apiKey") "name" "engine-keys" "key" "api-key") -}}
{{- $problems = append $problems . -}}
{{- end -}}
{{- with include "inference-stack.placeholderProblem" (dict "keys" (list "modelGroups" .name) "field" "responseHeaders" "texts" .group.responseHeaders) -}}
{{- $problems = append $problems . -}}
{{- end -}}
{{- $fullname := include "inference-stack.modelGroup.fullname" . -}}
{{- if and (eq .group.balancing "perReplica") (gt (len $fullname) 52) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.balancing" .path)
      "why" (printf "perReplica makes a StatefulSet, and %s is longer than the 52 letters that its pods' labels have room for." $fullname)
      "fix" (printf "%s    balancing: service  # or a shorter fullnameOverride" $set))) -}}
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
      "fix" (include "inference-stack.listFix" (dict "keys" (list "modelGroups" $name .key) "list" (index $group .key) "index" .index "fields" (dict "name" (printf "%s-2" .value)))))) -}}
{{- end -}}
{{- range include "inference-stack.repeated" (dict "group" $group "keys" (list "volumeMounts" "persistentVolumes") "field" "mountPath") | fromJsonArray -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.%s" $path .key)
      "why" (printf "two volumes of this group are mounted at %s." .value)
      "fix" (include "inference-stack.listFix" (dict "keys" (list "modelGroups" $name .key) "list" (index $group .key) "index" .index "fields" (dict "mountPath" (printf "%s-2" .value)))))) -}}
{{- end -}}
{{- range $index, $volume := $group.persistentVolumes -}}
{{- range $field, $example := dict "name" "model-cache" "mountPath" "/cache" -}}
{{- if not (index $volume $field) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.persistentVolumes[%d].%s" $path $index $field)
      "why" "a volume needs a name and a path to be mounted at."
      "fix" (include "inference-stack.listFix" (dict "keys" (list "modelGroups" $name "persistentVolumes") "list" $group.persistentVolumes "index" $index "fields" (dict $field $example))))) -}}
{{- end -}}
{{- end -}}
{{- if not (or $volume.size $volume.existingClaim) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.persistentVolumes[%d].size" $path $index)
      "why" "a claim needs a size, unless existingClaim names one that is there."
      "fix" (include "inference-stack.listFix" (dict "keys" (list "modelGroups" $name "persistentVolumes") "list" $group.persistentVolumes "index" $index "fields" (dict "size" "100Gi"))))) -}}
{{- end -}}
{{- end -}}
{{- $there := list -}}
{{- range (include "inference-stack.modelGroup.storage" . | fromJson).volumes }}{{ $there = append $there .name }}{{ end -}}
{{- range $index, $mount := $group.volumeMounts -}}
{{- if not (has $mount.name $there) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.volumeMounts[%d].name" $path $index)
      "why" (printf "this group has no volume %s." $mount.name)
      "fix" (include "inference-stack.below" (dict "keys" (list "modelGroups" $name "volumes") "yaml" (toYaml (append ($group.volumes | default list) (dict "name" $mount.name "emptyDir" dict))))))) -}}
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
        (include "inference-stack.listFix" (dict "keys" (list "modelGroups" $name "persistentVolumes") "list" $group.persistentVolumes "index" $shared "fields" (dict "accessModes" (list "ReadWriteMany"))))))) -}}
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

{{- /* Starts, updates and evictions of a group that could never end. Input: dict root, name, group (completed), path. Output: JSON list. */ -}}
{{- define "inference-stack.modelGroup.rolloutProblems" -}}
{{- $problems := list -}}
{{- $group := .group -}}
{{- $path := .path -}}
{{- $set := printf "modelGroups:\n  %s:\n" (include "inference-stack.pasted" .name) -}}
{{- $startup := include "inference-stack.modelGroup.startupSeconds" . | int64 -}}
{{- $load := int64 $group.loadSeconds -}}
{{- if and $startup (lt $startup $load) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.startupProbe" $path)
      "why" (printf "it gives the engine %d seconds, but loadSeconds says that the model takes up to %d, so the kubelet would restart it for ever." $startup $load)
      "fix" (printf "%s    startupProbe:\n      periodSeconds: 10\n      failureThreshold: %d" $set (div (add $load 9) 10)))) -}}
{{- end -}}
{{- $deadline := int64 $group.progressDeadlineSeconds -}}
{{- if and $deadline (le $deadline $startup) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.progressDeadlineSeconds" $path)
      "why" (printf "a rollout would be given up after %d seconds, but a start may take %d; leave it out, and it follows the startup probe." $deadline $startup)
      "fix" (printf "%s    progressDeadlineSeconds: %d" $set (add $startup 600)))) -}}
{{- end -}}
{{- with include "inference-stack.disruptionBudgetProblem" (dict "path" $path "own" $group.podDisruptionBudget "pods" $group.replicaCount "keys" (list "modelGroups" .name)) -}}
{{- $problems = append $problems . -}}
{{- end -}}
{{- $used := include "inference-stack.modelGroup.gpusUsed" . | int64 -}}
{{- $gpus := int64 $group.gpus -}}
{{- if and $gpus (gt $used $gpus) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.resources.limits" $path)
      "why" (printf "the command spreads the model over %d GPUs (tensor times pipeline parallel), but a pod gets %d, so the engine would fail at every start." $used $gpus)
      "fix" (printf "%s    resources:\n      limits:\n        %s: %d" $set (include "inference-stack.gpus" $group.resources | fromJson | keys | sortAlpha | first) $used))) -}}
{{- end -}}
{{- $surge := include "inference-stack.modelGroup.surgeGPUs" . | int64 -}}
{{- $spare := int64 $group.spareGPUs -}}
{{- if and $spare (gt $surge $spare) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.strategy" $path)
      "why" (printf "an update starts pods that take %d more GPUs before old ones end, but spareGPUs says that there are %d to spare, so it would wait for ever." $surge $spare)
      "fix" (printf "%s    strategy:\n      type: RollingUpdate\n      rollingUpdate:\n        maxSurge: %d\n        maxUnavailable: %d" $set (div $spare $gpus) (ternary 0 1 (ge $spare $gpus))))) -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
