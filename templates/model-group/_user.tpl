{{- /* The user that an engine runs as. */ -}}

{{- /*
Whether an engine runs as non-root: it supports it, nothing is mounted where only root has access, and the values do not set a user.
Input: dict group (computed). Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.nonRoot" -}}
  {{- $chosen := false -}}
  {{- range list .group.podSecurityContext .group.securityContext -}}
    {{- if or (hasKey (. | default dict) "runAsUser") (hasKey (. | default dict) "runAsNonRoot") -}}
      {{- $chosen = true -}}
    {{- end -}}
  {{- end -}}
  {{- if and .group.computed.preset.nonRoot (not .group.computed.rootMounts) (not $chosen) -}}
true
  {{- end -}}
{{- end -}}

{{- /* The home directory of an engine that does not run as root. Output: path. */ -}}
{{- define "inference-stack.modelGroup.home" -}}
/home/engine
{{- end -}}
