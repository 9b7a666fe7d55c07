{{- /* Names of a group's objects, and its URLs. */ -}}

{{- /* The headless Service that gives each replica its own address. Input: dict root, name. Output: string. */ -}}
{{- define "inference-stack.modelGroup.replicasName" -}}
  {{- include "inference-stack.objectName" (dict "root" .root "part" (printf "%s-replicas" .name)) -}}
{{- end -}}

{{- /* Labels of that Service: different from those that monitors select the group's own Service by. Input: dict root, group. Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.replicasLabels" -}}
  {{- $selector := omit .group.computed.selectorLabels "app.kubernetes.io/model-group" -}}
  {{- include "inference-stack.labels" (dict "root" .root "selector" $selector) -}}
{{- end -}}

{{- /* Input: dict group. Output: string. */ -}}
{{- define "inference-stack.modelGroup.serviceAccountName" -}}
  {{- include "inference-stack.serviceAccountName" (dict "account" .group.serviceAccount "fullname" .group.computed.fullname) -}}
{{- end -}}

{{- /*
URLs at which the gateway reaches a group: its Service, or the own address of each replica that there may be. They end in basePath, /v1 unless it is set: in
strict mode the gateway removes /v1 from the request's path; otherwise it joins the two without repeating it. Input: dict root, name, group. Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.urls" -}}
  {{- $fullname := .group.computed.fullname -}}
  {{- $base := trimSuffix "/" .group.basePath -}}
  {{- $urls := list -}}
  {{- if eq .group.balancing "perReplica" -}}
    {{- $replicas := include "inference-stack.modelGroup.replicasName" . -}}
    {{- range $index := until (int .group.computed.replicas.most) -}}
      {{- $urls = append $urls (printf "http://%s-%d.%s:%d%s" $fullname $index $replicas (int64 $.group.computed.target) $base) -}}
    {{- end -}}
  {{- else -}}
    {{- $headless := eq (toString .group.service.clusterIP) "None" -}}
    {{- $port := ternary .group.computed.target .group.service.port $headless | int64 -}}
    {{- $urls = list (printf "http://%s:%d%s" $fullname $port $base) -}}
  {{- end -}}
  {{- toJson $urls -}}
{{- end -}}
