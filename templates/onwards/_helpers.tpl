{{- /* What the gateway's pod is made of. */ -}}

{{- /* Input: root. Output: image name. */ -}}
{{- define "inference-stack.onwards.image" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- include "inference-stack.image" (dict "root" . "image" $onwards.image "defaultTag" .Chart.AppVersion) -}}
{{- end -}}

{{- /* The image that puts the configuration together. Input: root. Output: image name. */ -}}
{{- define "inference-stack.onwards.shellImage" -}}
{{- default (include "inference-stack.onwards.image" .) (include "inference-stack.onwards" . | get .).shellImage -}}
{{- end -}}

{{- /* Input: root. Output: YAML list of strings. */ -}}
{{- define "inference-stack.onwards.args" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- toYaml (concat
      (list "--targets" "/app/config/config.json"
            "--port" ($onwards.containerPort | int64 | toString)
            "--metrics-port" ($onwards.metrics.port | int64 | toString)
            "--metrics-prefix" (toString $onwards.metrics.prefix))
      (include "inference-stack.words" $onwards.extraArgs | fromJsonArray)) -}}
{{- end -}}

{{- /* Input: root. Output: YAML map. The image's user is a name, which the kubelet cannot prove not to be root; hence a number. */ -}}
{{- define "inference-stack.onwards.podSecurityContext" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- include "inference-stack.overlay" (dict
      "defaults" (dict "runAsNonRoot" true "runAsUser" 10001 "runAsGroup" 10001 "fsGroup" 10001 "seccompProfile" (dict "type" "RuntimeDefault"))
      "own" $onwards.podSecurityContext) | fromJson | toYaml -}}
{{- end -}}

{{- /* Input: root. Output: YAML map. */ -}}
{{- define "inference-stack.onwards.securityContext" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- include "inference-stack.overlay" (dict "defaults" (dict "readOnlyRootFilesystem" true) "own" $onwards.securityContext) | fromJson | include "inference-stack.containerSecurityContext" -}}
{{- end -}}

{{- /* The pod's annotations. The gateway reads its configuration once, so what it is made of is hashed here, and only that: its labels may change without a restart. Input: root. Output: YAML map. */ -}}
{{- define "inference-stack.onwards.podAnnotations" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $content := list (include "inference-stack.onwards.config" .) (include "inference-stack.onwards.literalKeys" .) (include "inference-stack.onwards.keys" . | get . | toJson) -}}
{{- $checksum := dict "checksum/config" (sha256sum (join "\n" $content)) -}}
{{- include "inference-stack.annotations" (dict "root" . "own" (include "inference-stack.overlay" (dict "defaults" $onwards.podAnnotations "own" $checksum) | fromJson)) -}}
{{- end -}}

{{- /* Where the keys come from, each as a file called by its owner's path. Input: root. Output: YAML list of projected sources, empty if there are none. */ -}}
{{- define "inference-stack.onwards.keySources" -}}
{{- $sources := list -}}
{{- range $owner, $secret := include "inference-stack.onwards.keys" . | get . -}}
{{- $sources = append $sources (dict "secret" (dict "name" $secret.name "items" (list (dict "key" $secret.key "path" $owner)))) -}}
{{- end -}}
{{- with $sources }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* The gateway's probes. Input: root. Output: JSON map of them. /v1/models answers whatever keys and routes there are; a gateway that hangs has nothing to drain, so it is given ten seconds. */ -}}
{{- define "inference-stack.onwards.probes" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $probes := dict -}}
{{- $path := $onwards.probes.path -}}
{{- $defaults := dict
      "startup" (dict "path" $path "periodSeconds" 2 "timeoutSeconds" 3 "failureThreshold" 60)
      "readiness" (dict "path" $path "periodSeconds" 5 "timeoutSeconds" 3 "failureThreshold" 2)
      "liveness" (dict "path" $path "periodSeconds" 10 "timeoutSeconds" 5 "failureThreshold" 6 "terminationGracePeriodSeconds" 10)
-}}
{{- range $kind, $default := $defaults -}}
{{- with include "inference-stack.probe" (dict "defaults" $default "own" (index $onwards.probes $kind)) }}{{ $_ := set $probes (printf "%sProbe" $kind) (fromJson .) }}{{ end -}}
{{- end -}}
{{- toJson $probes -}}
{{- end -}}

{{- /* When Kubernetes gives a rollout of the gateway up: after what a start may take and ten minutes for scheduling and pulling. Input: root. Output: seconds. */ -}}
{{- define "inference-stack.onwards.progressDeadlineSeconds" -}}
{{- $startup := (include "inference-stack.onwards.probes" . | fromJson).startupProbe | default dict -}}
{{- add 600 (mul (int64 $startup.periodSeconds) (int64 $startup.failureThreshold)) -}}
{{- end -}}

{{- /* Hosts of the Ingress, each with paths: without any, everything below /v1; without a host, every host. Input: root. Output: JSON list of {host, paths: [{path, pathType}]}. */ -}}
{{- define "inference-stack.ingress.hosts" -}}
{{- $hosts := list -}}
{{- range (include "inference-stack.ingress" . | get .).hosts | default (list dict) -}}
{{- $paths := list -}}
{{- range .paths | default (list dict) }}{{ $paths = append $paths (dict "path" (.path | default "/v1") "pathType" (.pathType | default "Prefix")) }}{{ end -}}
{{- $hosts = append $hosts (dict "host" (.host | default "") "paths" $paths) -}}
{{- end -}}
{{- toJson $hosts -}}
{{- end -}}

{{- /*
Annotations of the Ingress. ingress-nginx cuts an answer that is silent for 60 seconds, which one that is not streamed is until its end, and a request
of more than 1 MiB; the gateway takes 32. Other controllers pass over these annotations.
Input: root. Output: YAML map.
*/ -}}
{{- define "inference-stack.ingress.annotations" -}}
{{- $seconds := (include "inference-stack.onwards" . | get .).drainSeconds | int64 | toString -}}
{{- $ours := dict
      "nginx.ingress.kubernetes.io/proxy-read-timeout" $seconds
      "nginx.ingress.kubernetes.io/proxy-send-timeout" $seconds
      "nginx.ingress.kubernetes.io/proxy-body-size" "32m"
      "nginx.ingress.kubernetes.io/proxy-buffering" "off" -}}
{{- $ingress := include "inference-stack.ingress" . | get . -}}
{{- include "inference-stack.annotations" (dict "root" . "own" (include "inference-stack.overlay" (dict "defaults" $ours "own" $ingress.annotations) | fromJson)) -}}
{{- end -}}

{{- /* Input: root. Output: number. */ -}}
{{- define "inference-stack.onwards.servicePort" -}}
{{- (include "inference-stack.onwards" . | get .).service.port | int64 -}}
{{- end -}}

{{- /* What the HTTPRoute lets in. Input: root. Output: YAML list of HTTPRouteMatch. */ -}}
{{- define "inference-stack.httpRoute.matches" -}}
{{- $matches := list -}}
{{- range (include "inference-stack.httpRoute" . | get .).paths | default (list "/v1") -}}
{{- $matches = append $matches (dict "path" (dict "type" "PathPrefix" "value" .)) -}}
{{- end -}}
{{- toYaml $matches -}}
{{- end -}}

{{- /* The node port of the gateway's Service; only a Service that is reached through nodes can have one. Input: root. Output: number, 0 if Kubernetes chooses or there is none. */ -}}
{{- define "inference-stack.onwards.nodePort" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $service := $onwards.service -}}
{{- ternary (int64 $service.nodePort) 0 (has $service.type (list "NodePort" "LoadBalancer")) -}}
{{- end -}}
