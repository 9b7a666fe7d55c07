{{- /* The gateway's objects. */ -}}

{{- /* Sets .stack.onwards.computed. Input: root. */ -}}
{{- define "inference-stack.onwards.resolve" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $selector := include "inference-stack.selectorLabels" (dict "root" . "component" "onwards") | fromJson -}}
  {{- $sidecars := include "inference-stack.sidecars" (dict "values" $onwards "own" (list "onwards" "watch-config")) | fromJsonArray -}}
  {{- $http := dict "name" "http" "containerPort" $onwards.containerPort -}}
  {{- $ports := list $http (dict "name" "metrics" "containerPort" $onwards.metrics.port) -}}
  {{- $targets := dict -}}
  {{- range list "service" "loadBalancer" -}}
    {{- $target := include "inference-stack.target" (dict "service" (index $onwards .) "ports" $ports "sidecars" $sidecars) | int64 -}}
    {{- $_ := set $targets . $target -}}
  {{- end -}}
  {{- $_ := set $onwards "computed" (dict
        "fullname" (include "inference-stack.objectName" (dict "root" . "part" "onwards"))
        "selectorLabels" $selector
        "labels" (include "inference-stack.labels" (dict "root" . "selector" $selector) | fromJson)
        "sidecars" ($sidecars)
        "targets" ($targets)
        "pods" (ternary $onwards.autoscaling.minReplicas $onwards.replicaCount $onwards.autoscaling.enabled | int64)) -}}
{{- end -}}

{{- /* The gateway's second Service. Input: root. Output: string. */ -}}
{{- define "inference-stack.onwards.loadBalancerName" -}}
  {{- default (include "inference-stack.objectName" (dict "root" . "part" "onwards-loadbalancer")) .stack.onwards.loadBalancer.nameOverwrite -}}
{{- end -}}

{{- /* Input: root. Output: string. */ -}}
{{- define "inference-stack.onwards.serviceAccountName" -}}
  {{- include "inference-stack.serviceAccountName" (dict "account" .stack.onwards.serviceAccount "fullname" .stack.onwards.computed.fullname) -}}
{{- end -}}
