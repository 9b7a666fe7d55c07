{{- /* Names of objects. They are those of inference-stack 0.4, so its releases upgrade in place. */ -}}

{{- /*
Reserved names, which users cannot use: parts of object names after the release's, the gateway's volumes, and their mount paths.
Output: JSON map {objects, configMaps, volumes, mountPaths}, each a list.
*/ -}}
{{- define "inference-stack.ownNames" -}}
  {{- toJson (dict
        "objects" (list "onwards" "onwards-loadbalancer" "onwards-test")
        "configMaps" (list "onwards")
        "volumes" (list "onwards-routes" "onwards-keys" "onwards-config")
        "mountPaths" (list "/app/config")) -}}
{{- end -}}

{{- /* The chart's name in labels. Input: root. Output: string. */ -}}
{{- define "inference-stack.name" -}}
  {{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /*
A name no longer than a DNS label: a longer one is truncated and ends in eight hex digits of its hash, so that two long names stay distinct.
Input: string. Output: string.
*/ -}}
{{- define "inference-stack.shorten" -}}
  {{- if gt (len .) 63 -}}
    {{- printf "%s-%s" (trunc 54 . | trimSuffix "-") (sha256sum . | trunc 8) -}}
  {{- else -}}
    {{- . -}}
  {{- end -}}
{{- end -}}

{{- /* The prefix of every object's name, not truncated. Input: root. Output: string. */ -}}
{{- define "inference-stack.prefix" -}}
  {{- $name := default .Chart.Name .Values.nameOverride -}}
  {{- if .Values.fullnameOverride -}}
    {{- .Values.fullnameOverride -}}
  {{- else if contains $name .Release.Name -}}
    {{- .Release.Name -}}
  {{- else -}}
    {{- printf "%s-%s" .Release.Name $name -}}
  {{- end -}}
{{- end -}}

{{- /* The release's own name. Input: root. Output: string. */ -}}
{{- define "inference-stack.fullname" -}}
  {{- include "inference-stack.shorten" (include "inference-stack.prefix" .) -}}
{{- end -}}

{{- /* An object's name. Input: dict root, part (what follows the prefix). Output: string. */ -}}
{{- define "inference-stack.objectName" -}}
  {{- include "inference-stack.shorten" (printf "%s-%s" (include "inference-stack.prefix" .root) .part) -}}
{{- end -}}

{{- /* The service account of a pod. Input: dict account (its values), fullname (of the pod's owner). Output: string. */ -}}
{{- define "inference-stack.serviceAccountName" -}}
  {{- .account.name | default (ternary .fullname "default" .account.create) -}}
{{- end -}}

{{- /*
Rule: no other copy of this chart in the release has the same names, as two aliases in an umbrella chart have if the release's name contains both. Helm
gives all charts of a release one .Release, in which each leaves its name. Input: root.
*/ -}}
{{- define "inference-stack.releaseNames.problems" -}}
  {{- $key := printf "inference-stack.%s" (include "inference-stack.prefix" .) }}
  {{- $other := index .Release $key | default .Template.BasePath }}
  {{- $_ := set .Release $key $other }}
  {{- if ne $other .Template.BasePath }}

{{ .Chart.Name }}.fullnameOverride: the objects of {{ .Chart.Name }} would have the names of those of {{ dir $other | base }}.
Please set:
  {{ .Chart.Name }}:
    fullnameOverride: {{ .Release.Name }}-{{ .Chart.Name }}
  {{- end }}
{{- end -}}
