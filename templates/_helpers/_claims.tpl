{{- /* Persistent volume claims of a group. */ -}}

{{- /* Input: dict root, name, volume. Output: YAML map. */ -}}
{{- define "inference-stack.modelGroup.claimLabels" -}}
{{- $labels := include "inference-stack.modelGroup.labels" . | fromYaml -}}
{{- include "inference-stack.strings" (list $labels (dict "app.kubernetes.io/volume" .volume.name) .volume.labels) -}}
{{- end -}}

{{- /* Input: dict root, volume. Output: YAML map, empty if there are none. A kept claim outlives the release. */ -}}
{{- define "inference-stack.modelGroup.claimAnnotations" -}}
{{- $own := deepCopy (.volume.annotations | default dict) -}}
{{- if .volume.keep }}{{ $_ := set $own "helm.sh/resource-policy" "keep" }}{{ end -}}
{{- include "inference-stack.annotations" (dict "root" .root "own" $own) -}}
{{- end -}}

{{- /* Input: dict volume. Output: YAML map. A storage class of "-" is no class at all (only volumes made beforehand), "" is the cluster's default. */ -}}
{{- define "inference-stack.modelGroup.claimSpec" -}}
{{- $volume := .volume -}}
{{- $class := $volume.storageClass | default $volume.storageClassName | default "" -}}
accessModes:
  {{- toYaml ($volume.accessModes | default (list "ReadWriteOnce")) | nindent 2 }}
{{- if $class }}
storageClassName: {{ ternary "" $class (eq $class "-") | quote }}
{{- end }}
{{- with $volume.volumeMode }}
volumeMode: {{ . | quote }}
{{- end }}
{{- with $volume.selector }}
selector:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  requests:
    storage: {{ $volume.size | quote }}
{{- end -}}
