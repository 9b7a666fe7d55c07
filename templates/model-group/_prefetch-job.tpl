{{- /* The Job that fetches a group's model without its pods: it needs no GPU, and may run before there are any. */ -}}

{{- /* Whether a group's model is fetched by a Job, too. Input: dict group. Output: "true" or nothing. */ -}}
{{- define "inference-stack.modelGroup.fetchesByJob" -}}
  {{- if and .group.prefetch.enabled .group.prefetch.job -}}
true
  {{- end -}}
{{- end -}}

{{- /*
Name of the Job: a Job cannot be changed, so another template gets another one, and Helm deletes the old. Input: dict root, name, template (text).
Output: string.
*/ -}}
{{- define "inference-stack.modelGroup.prefetchName" -}}
  {{- include "inference-stack.objectName" (dict "root" .root "part" (printf "%s-prefetch-%s" .name (sha256sum .template | trunc 8))) -}}
{{- end -}}

{{- /* Labels of the Job and its pod: others than those by which the group's own are selected. Input: dict root, name. Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.prefetchLabels" -}}
  {{- include "inference-stack.selectorLabels" (dict "root" .root "component" "prefetch" "group" .name) -}}
{{- end -}}

{{- /*
Prints the PodTemplateSpec of the Job: the init container of the group's pods as the only one, on nodes as theirs, without their runtime class, which nodes
without devices may lack. Input: dict root, name, group (computed).
*/ -}}
{{- define "inference-stack.modelGroup.prefetchPod" -}}
  {{- $group := .group -}}
metadata:
  labels:
    {{- include "inference-stack.podLabels" (dict
          "root" .root "selector" (include "inference-stack.modelGroup.prefetchLabels" . | fromJson) "own" $group.podLabels) | fromJson | toYaml | nindent 4 }}
spec:
  restartPolicy: OnFailure
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with include "inference-stack.imagePullSecrets" (dict "root" .root "own" $group.imagePullSecrets) | fromJsonArray }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "inference-stack.modelGroup.podSecurityContext" . | fromJson }}
  securityContext:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "inference-stack.scheduling" (omit $group "runtimeClassName" "topologySpreadConstraints") | fromJson }}
    {{- toYaml . | nindent 2 }}
  {{- end }}
  containers:
    {{- range include "inference-stack.modelGroup.initContainers" . | fromJsonArray }}
      {{- if eq .name "prefetch-model" }}
        {{- toYaml (list .) | nindent 4 }}
      {{- end }}
    {{- end }}
  {{- with $group.computed.storage.volumes }}
  volumes:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- /* Rule: a Job fills a volume that the group's pods can mount while it runs. Input: as in _validate.tpl. */ -}}
{{- define "inference-stack.modelGroup.rule.prefetchJob" -}}
  {{- if include "inference-stack.modelGroup.fetchesByJob" . }}
    {{- $why := "" }}
    {{- if not .group.computed.cache.path }}
      {{- $why = "no volume keeps what it fetches (mount one at /cache, with cache in its name)" }}
    {{- else if include "inference-stack.modelGroup.singleNode" . }}
      {{- $why = "only one node, or one pod, can mount a volume of the group (ReadWriteOnce), and the Job and the engine would wait for each other" }}
    {{- end }}
    {{- if $why }}

modelGroups.{{ .name }}.prefetch.job: {{ $why }}; the init container fetches the model all the same.
Please set:
  modelGroups:
    {{ .key }}:
      prefetch:
        job: false
    {{- end }}
  {{- end }}
{{- end -}}
