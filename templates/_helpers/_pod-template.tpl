{{- /* The pod of a model group, whatever kind of workload makes it. */ -}}

{{- /* Input: dict root, name, group (completed). Output: YAML map, a PodTemplateSpec. */ -}}
{{- define "inference-stack.modelGroup.podTemplate" -}}
{{- $group := .group -}}
{{- $storage := include "inference-stack.modelGroup.storage" . | fromJson -}}
metadata:
  labels:
    {{- include "inference-stack.podLabels" (dict "root" .root "selector" (include "inference-stack.modelGroup.selectorLabels" $) "own" $group.podLabels) | nindent 4 }}
  {{- with include "inference-stack.modelGroup.podAnnotations" $ }}
  annotations:
    {{- . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: {{ include "inference-stack.modelGroup.serviceAccountName" $ | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "inference-stack.modelGroup.graceSeconds" $ }}
  {{- with include "inference-stack.imagePullSecrets" (dict "root" .root "own" $group.imagePullSecrets) }}
  imagePullSecrets:
    {{- . | nindent 4 }}
  {{- end }}
  securityContext:
    {{- include "inference-stack.modelGroup.podSecurityContext" $ | nindent 4 }}
  {{- with include "inference-stack.scheduling" $group }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "inference-stack.modelGroup.initContainers" $ }}
  initContainers:
    {{- . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .name | quote }}
      image: {{ $group.imageReference | quote }}
      imagePullPolicy: {{ include "inference-stack.imagePullPolicy" (dict "image" $group.image "reference" $group.imageReference) | quote }}
      {{- with $group.command }}
      command:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $group.args }}
      args:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with include "inference-stack.modelGroup.env" $ }}
      env:
        {{- . | nindent 8 }}
      {{- end }}
      {{- with $group.envFrom }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ports:
        {{- range include "inference-stack.modelGroup.ports" $ | fromJsonArray }}
        - name: {{ .name | quote }}
          containerPort: {{ int64 .containerPort }}
          protocol: {{ .protocol | quote }}
        {{- end }}
      {{- with include "inference-stack.modelGroup.probes" $ | fromJson }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
      {{- with include "inference-stack.modelGroup.lifecycle" $ }}
      lifecycle:
        {{- . | nindent 8 }}
      {{- end }}
      securityContext:
        {{- include "inference-stack.modelGroup.securityContext" (dict "group" $group "own" $group.securityContext) | nindent 8 }}
      {{- with $group.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $storage.volumeMounts }}
      volumeMounts:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $storage.volumeDevices }}
      volumeDevices:
        {{- toYaml . | nindent 8 }}
      {{- end }}
  {{- with $storage.volumes }}
  volumes:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}
