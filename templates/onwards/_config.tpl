{{- /* The gateway's configuration, as the Onwards binary reads it. */ -}}

{{- /* All of it, with placeholders for keys. Input: root. Output: JSON. */ -}}
{{- define "inference-stack.onwards.config" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $pool := $onwards.httpPool -}}
  {{- $config := dict
        "strict_mode" $onwards.strictMode
        "http_pool" (dict "max_idle_per_host" (int64 $pool.maxIdlePerHost) "idle_timeout_secs" (int64 $pool.idleTimeoutSeconds))
        "targets" .stack.targets -}}
  {{- with include "inference-stack.onwards.auth" . | fromJson -}}
    {{- $_ := set $config "auth" . -}}
  {{- end -}}
  {{- toPrettyJson $config -}}
{{- end -}}
