{{- /* What the gateway's values cannot be. */ -}}

{{- /* Problems of the gateway's values. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.onwards.problems" -}}
{{- $problems := list -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
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
{{- $problems = concat $problems (include "inference-stack.onwards.scalingProblems" . | fromJsonArray) (include "inference-stack.onwards.storageProblems" . | fromJsonArray) -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Numbers of pods that contradict each other. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.onwards.scalingProblems" -}}
{{- $problems := list -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $scaling := $onwards.autoscaling -}}
{{- if $scaling.enabled -}}
{{- $fixed := int64 $onwards.replicaCount -}}
{{- if ne $fixed 1 -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "onwards.replicaCount"
      "why" (printf "it is %d, but the number of pods is the autoscaler's to choose; say the fewest there." $fixed)
      "fix" (printf "onwards:\n  replicaCount: 1\n  autoscaling:\n    minReplicas: %d" (max 1 $fixed)))) -}}
{{- end -}}
{{- if gt (int64 $scaling.minReplicas) (int64 $scaling.maxReplicas) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "onwards.autoscaling.maxReplicas"
      "why" (printf "it is %d, less than minReplicas, which is %d." (int64 $scaling.maxReplicas) (int64 $scaling.minReplicas))
      "fix" (printf "onwards:\n  autoscaling:\n    maxReplicas: %d" (int64 $scaling.minReplicas)))) -}}
{{- end -}}
{{- $resources := $onwards.resources -}}
{{- if not (or $scaling.metrics (dig "requests" "cpu" "" $resources) (dig "limits" "cpu" "" $resources)) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "onwards.resources.requests"
      "why" "the autoscaler goes by percent of the CPU request, and there is none."
      "fix" "onwards:\n  resources:\n    requests:\n      cpu: 250m")) -}}
{{- end -}}
{{- if not (include "inference-stack.kubernetesAtLeast" (dict "root" . "version" "1.23")) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "onwards.autoscaling.enabled"
      "why" (printf "Kubernetes %s has no autoscaling/v2, which came with 1.23." .Capabilities.KubeVersion.Version)
      "fix" "onwards:\n  autoscaling:\n    enabled: false")) -}}
{{- end -}}
{{- end -}}
{{- with include "inference-stack.disruptionBudgetProblem" (dict "path" "onwards" "own" $onwards.podDisruptionBudget "pods" (include "inference-stack.onwards.pods" .) "keys" (list "onwards")) -}}
{{- $problems = append $problems . -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Volumes of the gateway's pod that two owners claim. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.onwards.storageProblems" -}}
{{- $problems := list -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $ours := list "onwards-routes" "onwards-keys" "onwards-config" -}}
{{- $names := $ours -}}
{{- range $index, $volume := $onwards.volumes -}}
{{- if has $volume.name $names -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "onwards.volumes[%d].name" $index)
      "why" (printf "%s is the name of %s volume of this pod." $volume.name (ternary "the chart's own" "another" (has $volume.name $ours)))
      "fix" (include "inference-stack.listFix" (dict "keys" (list "onwards" "volumes") "list" $onwards.volumes "index" $index "fields" (dict "name" (printf "my-%s" $volume.name)))))) -}}
{{- end -}}
{{- $names = append $names $volume.name -}}
{{- end -}}
{{- $paths := list "/app/config" -}}
{{- range $index, $mount := $onwards.volumeMounts -}}
{{- $mountPath := $mount.mountPath | trimSuffix "/" -}}
{{- if has $mountPath $paths -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "onwards.volumeMounts[%d].mountPath" $index)
      "why" (printf "%s is where %s mounted." $mountPath (ternary "the gateway's configuration is" "another volume is" (eq $mountPath "/app/config")))
      "fix" (include "inference-stack.listFix" (dict "keys" (list "onwards" "volumeMounts") "list" $onwards.volumeMounts "index" $index "fields" (dict "mountPath" (printf "%s-2" $mountPath)))))) -}}
{{- end -}}
{{- $paths = append $paths $mountPath -}}
{{- if not (has $mount.name $names) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "onwards.volumeMounts[%d].name" $index)
      "why" (printf "there is no volume %s in onwards.volumes." $mount.name)
      "fix" (include "inference-stack.below" (dict "keys" (list "onwards" "volumes") "yaml" (toYaml (append $onwards.volumes (dict "name" $mount.name "emptyDir" dict))))))) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
