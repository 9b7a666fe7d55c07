{{- /* The Ingress. */ -}}

{{- /*
Its hosts, each with paths: without any, everything below /v1; without a host, every host.
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
Its annotations. ingress-nginx cuts an answer that is silent for 60 seconds, which one that is not streamed is until its end, and a request of more than
1 MiB; the gateway takes 32. Other controllers ignore these annotations. Input: root. Output: JSON map.
*/ -}}
{{- define "inference-stack.ingress.annotations" -}}
  {{- $seconds := .stack.onwards.drainSeconds | int64 | toString -}}
  {{- $nginx := dict
        "nginx.ingress.kubernetes.io/proxy-read-timeout" $seconds
        "nginx.ingress.kubernetes.io/proxy-send-timeout" $seconds
        "nginx.ingress.kubernetes.io/proxy-body-size" "32m"
        "nginx.ingress.kubernetes.io/proxy-buffering" "off" -}}
  {{- $own := include "inference-stack.overlay" (dict "defaults" $nginx "own" .stack.ingress.annotations) | fromJson -}}
  {{- include "inference-stack.annotations" (dict "root" . "own" $own) -}}
{{- end -}}
