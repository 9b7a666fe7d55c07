{{- /* Names of everything the chart makes. They are those of inference-stack 0.4, so its releases upgrade in place. */ -}}

{{- /* The chart's name in labels. Input: root. Output: string. */ -}}
{{- define "inference-stack.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- /* A name no longer than a DNS label. One that is too long is cut and gets eight hex of the whole name's hash, so two long names stay two. Input: string. Output: string. */ -}}
{{- define "inference-stack.shorten" -}}
{{- if gt (len .) 63 -}}
{{- printf "%s-%s" (trunc 54 . | trimSuffix "-") (sha256sum . | trunc 8) -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{- /* What every object's name starts with, uncut. Input: root. Output: string. */ -}}
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

{{- /* The gateway. Input: root. Output: string. */ -}}
{{- define "inference-stack.onwards.fullname" -}}
{{- include "inference-stack.objectName" (dict "root" . "part" "onwards") -}}
{{- end -}}

{{- /* What `helm test` runs. Input: root. Output: string. */ -}}
{{- define "inference-stack.test.name" -}}
{{- include "inference-stack.objectName" (dict "root" . "part" "onwards-test") -}}
{{- end -}}

{{- /* The gateway's second Service. Input: root. Output: string. */ -}}
{{- define "inference-stack.onwards.loadBalancerName" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- default (include "inference-stack.objectName" (dict "root" . "part" "onwards-loadbalancer")) $onwards.loadBalancer.nameOverwrite -}}
{{- end -}}

{{- /* The gateway's service account. Input: root. Output: string. */ -}}
{{- define "inference-stack.onwards.serviceAccountName" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $account := $onwards.serviceAccount -}}
{{- if $account.create -}}
{{- default (include "inference-stack.onwards.fullname" .) $account.name -}}
{{- else -}}
{{- default "default" $account.name -}}
{{- end -}}
{{- end -}}

{{- /* A model group. Input: dict root, name. Output: string. */ -}}
{{- define "inference-stack.modelGroup.fullname" -}}
{{- include "inference-stack.objectName" (dict "root" .root "part" .name) -}}
{{- end -}}

{{- /* The Service that gives each replica of a group an address of its own. Input: dict root, name. Output: string. */ -}}
{{- define "inference-stack.modelGroup.replicasName" -}}
{{- include "inference-stack.objectName" (dict "root" .root "part" (printf "%s-replicas" .name)) -}}
{{- end -}}

{{- /* A model group's service account. Input: dict root, name, group. Output: string. */ -}}
{{- define "inference-stack.modelGroup.serviceAccountName" -}}
{{- $account := .group.serviceAccount -}}
{{- if $account.create -}}
{{- default (include "inference-stack.modelGroup.fullname" .) $account.name -}}
{{- else -}}
{{- default "default" $account.name -}}
{{- end -}}
{{- end -}}

{{- /* The claim behind one of a group's persistent volumes. Input: dict root, name, volume. Output: string. */ -}}
{{- define "inference-stack.modelGroup.claimName" -}}
{{- default (include "inference-stack.objectName" (dict "root" .root "part" (printf "%s-%s" .name .volume.name))) .volume.existingClaim -}}
{{- end -}}
