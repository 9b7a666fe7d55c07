{{- /* The Ingress. */ -}}

{{- /*
Its hosts, each with paths: /v1 and below by default; an entry without a host is for every host.
Input: root. Output: JSON list of {host, paths: [{path, pathType}]}.
*/ -}}
{{- define "inference-stack.ingress.hosts" -}}
  {{- $hosts := list -}}
  {{- range .stack.ingress.hosts | default (list dict) -}}
    {{- $paths := list -}}
    {{- range .paths | default (list dict) -}}
      {{- $paths = append $paths (dict "path" (.path | default "/v1") "pathType" (.pathType | default "Prefix")) -}}
    {{- end -}}
    {{- $hosts = append $hosts (dict "host" (.host | default "") "paths" $paths) -}}
  {{- end -}}
  {{- toJson $hosts -}}
{{- end -}}

{{- /*
Its annotations. By default ingress-nginx ends an answer after 60 seconds without data, so any longer one without streaming, and refuses requests over
1 MiB; the gateway accepts 32 MiB. Other controllers ignore these annotations. Input: root. Output: JSON map.
*/ -}}
{{- define "inference-stack.ingress.annotations" -}}
  {{- $seconds := .stack.onwards.drainSeconds | int64 | toString -}}
  {{- $nginx := dict
        "nginx.ingress.kubernetes.io/proxy-read-timeout" $seconds
        "nginx.ingress.kubernetes.io/proxy-send-timeout" $seconds
        "nginx.ingress.kubernetes.io/proxy-body-size" "32m"
        "nginx.ingress.kubernetes.io/proxy-buffering" "off" -}}
  {{- $own := include "inference-stack.object" (dict "defaults" $nginx "own" .stack.ingress.annotations) | fromJson -}}
  {{- include "inference-stack.annotations" (dict "root" . "own" $own) -}}
{{- end -}}
