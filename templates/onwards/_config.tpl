{{- /* The gateway's configuration, as the Onwards binary reads it. */ -}}

{{- /* What the gateway reads at its start only. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.onwards.startConfig" -}}
  {{- $pool := .stack.onwards.httpPool -}}
  {{- toJson (dict
        "strict_mode" .stack.onwards.strictMode
        "http_pool" (dict "max_idle_per_host" (int64 $pool.maxIdlePerHost) "idle_timeout_secs" (int64 $pool.idleTimeoutSeconds))) -}}
{{- end -}}

{{- /*
Sets .stack.config: all of it, with placeholders for keys, each in a line of its own. A large one is not indented, which halves it, as a ConfigMap takes one
MiB. Input: root.
*/ -}}
{{- define "inference-stack.config.resolve" -}}
  {{- $config := set (include "inference-stack.onwards.startConfig" . | fromJson) "targets" .stack.targets -}}
  {{- with include "inference-stack.onwards.auth" . | fromJson -}}
    {{- $_ := set $config "auth" . -}}
  {{- end -}}
  {{- $json := toPrettyJson $config -}}
  {{- if gt (len $json) 524288 -}}
    {{- $json = regexReplaceAll "(?m)^ +" $json "" -}}
  {{- end -}}
  {{- $_ := set .stack "config" $json -}}
{{- end -}}
