{{- /* How many pods there are, and how many of them may be gone. */ -}}

{{- /* Whether the cluster's Kubernetes is at least a version. Input: dict root, version. Output: "true" or nothing. */ -}}
{{- define "inference-stack.kubernetesAtLeast" -}}
{{- if semverCompare (printf ">=%s-0" .version) .root.Capabilities.KubeVersion.Version }}true{{ end -}}
{{- end -}}

{{- /* The fewest gateway pods that there are meant to be. Input: root. Output: number. */ -}}
{{- define "inference-stack.onwards.pods" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- ternary $onwards.autoscaling.minReplicas $onwards.replicaCount $onwards.autoscaling.enabled | int64 -}}
{{- end -}}

{{- /* A number of pods, given as one or as a percentage of all of them, which Kubernetes rounds up. Input: dict given, pods. Output: number. */ -}}
{{- define "inference-stack.podCount" -}}
{{- $given := include "inference-stack.word" .given -}}
{{- if hasSuffix "%" $given -}}
{{- div (add (mul (trimSuffix "%" $given | int64) (int64 .pods)) 99) 100 -}}
{{- else -}}
{{- int64 $given -}}
{{- end -}}
{{- end -}}

{{- /*
What a PodDisruptionBudget says of some pods, if they have one: two pods have, and those whose owner asks for one.
Input: dict own (minAvailable, maxUnavailable, enabled), pods (number). Output: YAML map, empty if there is no budget.
*/ -}}
{{- define "inference-stack.disruptionBudget" -}}
{{- $budget := dict -}}
{{- range list "minAvailable" "maxUnavailable" -}}
{{- $given := include "inference-stack.word" (index $.own .) -}}
{{- if ne $given "" }}{{ $_ := set $budget . (ternary $given (int64 $given) (hasSuffix "%" $given)) }}{{ end -}}
{{- end -}}
{{- if and .own.enabled (or $budget (gt (int64 .pods) 1)) -}}
{{- toYaml ($budget | default (dict "maxUnavailable" 1)) -}}
{{- end -}}
{{- end -}}

{{- /* The whole spec of a PodDisruptionBudget. Pods that are not ready may always be evicted, or one model that never gets ready would keep its node for ever. Input: dict root, selector (YAML map), budget (YAML map). Output: YAML map. */ -}}
{{- define "inference-stack.disruptionBudgetSpec" -}}
{{- .budget }}
{{- if include "inference-stack.kubernetesAtLeast" (dict "root" .root "version" "1.27") }}
unhealthyPodEvictionPolicy: AlwaysAllow
{{- end }}
selector:
  matchLabels:
    {{- .selector | nindent 4 }}
{{- end -}}

{{- /* Where the gateway's pods run: as the user says; several pods that nobody spreads prefer different hosts and zones. Input: root. Output: YAML map, empty if nothing is set. */ -}}
{{- define "inference-stack.onwards.scheduling" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $spread := $onwards.topologySpreadConstraints | default list -}}
{{- if and (not $spread) (or $onwards.autoscaling.enabled (gt (int64 $onwards.replicaCount) 1)) -}}
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" -}}
{{- $spread = append $spread (dict
      "maxSkew" 1
      "topologyKey" .
      "whenUnsatisfiable" "ScheduleAnyway"
      "labelSelector" (dict "matchLabels" (include "inference-stack.onwards.selectorLabels" $ | fromYaml))) -}}
{{- end -}}
{{- end -}}
{{- include "inference-stack.scheduling" (merge (dict "topologySpreadConstraints" $spread) $onwards) -}}
{{- end -}}

{{- /* What the gateway's autoscaler looks at: the user's metrics, else the CPU. Input: root. Output: YAML list. */ -}}
{{- define "inference-stack.onwards.scalingMetrics" -}}
{{- $scaling := (include "inference-stack.onwards" . | get .).autoscaling -}}
{{- $target := dict "type" "Utilization" "averageUtilization" (int64 $scaling.targetCPUUtilizationPercentage) -}}
{{- toYaml ($scaling.metrics | default (list (dict "type" "Resource" "resource" (dict "name" "cpu" "target" $target)))) -}}
{{- end -}}
