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

{{- /*
What Kubernetes takes for names, by kind:
  label     of containers, volumes and groups (an RFC 1123 label)
  service   of Services, so of every object's prefix (an RFC 1035 label)
  object    of other objects (an RFC 1123 subdomain)
  port      of ports
  class     of storage classes, where - is none
  file      keys of ConfigMaps and Secrets
  value     values of labels
Output: JSON map kind -> {pattern, most, use (what a message says)}.
*/ -}}
{{- define "inference-stack.nameKinds" -}}
  {{- $ends := "starting and ending with a letter or digit" -}}
  {{- toJson (dict
        "label" (dict
          "pattern" "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" "most" 63 "use" (printf "lower-case letters, digits and -, %s" $ends))
        "service" (dict
          "pattern" "^[a-z]([-a-z0-9]*[a-z0-9])?$"
          "most" 63
          "use" "lower-case letters, digits and -, starting with a letter and ending with a letter or digit")
        "object" (dict
          "pattern" "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
          "most" 253
          "use" (printf "lower-case letters, digits, . and -, %s" $ends))
        "port" (dict
          "pattern" "^([a-z0-9]+-)*[0-9]*[a-z][a-z0-9]*(-[a-z0-9]+)*$" "most" 15 "use" "lower-case letters, digits and single -, with a letter among them")
        "class" (dict
          "pattern" "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*|-)$"
          "most" 253
          "use" (printf "lower-case letters, digits, . and -, %s" $ends))
        "file" (dict "pattern" "^\\.?[-_a-zA-Z0-9][-_a-zA-Z0-9.]*$" "most" 253 "use" "letters, digits, ., _ and -")
        "value" (dict
          "pattern" "^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$" "most" 63 "use" (printf "letters, digits, ., _ and -, %s" $ends))) -}}
{{- end -}}

{{- /* Whether Kubernetes takes a name. Input: dict kind (of inference-stack.nameKinds), name. Output: "true" or nothing. */ -}}
{{- define "inference-stack.isNamed" -}}
  {{- $kind := index (include "inference-stack.nameKinds" . | fromJson) .kind -}}
  {{- if and (regexMatch $kind.pattern .name) (le (len .name) (int $kind.most)) -}}
true
  {{- end -}}
{{- end -}}

{{- /* The nearest name that every kind takes: qwen2.5_7B becomes qwen2-5-7b. Input: string. Output: string. */ -}}
{{- define "inference-stack.fitName" -}}
  {{- $fit := regexReplaceAll "[^a-z0-9]+" (lower .) "-" | trimAll "-" -}}
  {{- if not (regexMatch "^[a-z]" $fit) -}}
    {{- $fit = printf "my-%s" ($fit | default "name") -}}
  {{- end -}}
  {{- $fit -}}
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
