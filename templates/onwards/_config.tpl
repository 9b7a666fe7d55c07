{{- /* The gateway's configuration, as the Onwards binary reads it. */ -}}

{{- /* What the gateway reads at its start only. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.onwards.startConfig" -}}
  {{- $pool := .stack.onwards.httpPool -}}
  {{- toJson (dict
        "strict_mode" .stack.onwards.strictMode
        "http_pool" (dict "max_idle_per_host" (int64 $pool.maxIdlePerHost) "idle_timeout_secs" (int64 $pool.idleTimeoutSeconds))) -}}
{{- end -}}

{{- /* All of it, with placeholders for keys. Input: root. Output: JSON. */ -}}
{{- define "inference-stack.onwards.config" -}}
  {{- $config := set (include "inference-stack.onwards.startConfig" . | fromJson) "targets" .stack.targets -}}
  {{- with include "inference-stack.onwards.auth" . | fromJson -}}
    {{- $_ := set $config "auth" . -}}
  {{- end -}}
  {{- toPrettyJson $config -}}
{{- end -}}
