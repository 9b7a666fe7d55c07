{{- /* What can work but is risky. Input: root. Output: JSON list of sentences, for NOTES. */ -}}
{{- define "inference-stack.warnings" -}}
{{- $warnings := list -}}
{{- $groups := include "inference-stack.modelGroups" . | get . -}}
{{- range $name, $group := $groups -}}
{{- $path := printf "modelGroups.%s" $name -}}
{{- if hasSuffix ":latest" $group.imageReference -}}
{{- $warnings = append $warnings (printf "%s: the tag of %s is latest, so which version runs depends on the day its node pulls it; set %s.tag." $path $group.imageReference $path) -}}
{{- end -}}
{{- with $group.image.tag -}}
{{- if and (kindIs "float64" .) (ne (floor .) .) -}}
{{- $warnings = append $warnings (printf "%s: its tag was read as the number %s, and a number loses the zeros at its end (1.10 becomes 1.1); put the tag in quotes." $path (include "inference-stack.word" .)) -}}
{{- end -}}
{{- end -}}
{{- range $group.normalised -}}
{{- $warnings = append $warnings (printf "%s.resources: %s; Kubernetes accepts devices only with requests equal to limits." $path .) -}}
{{- end -}}
{{- if and (not $group.preset.openai) $group.modelAlias -}}
{{- $warnings = append $warnings (printf "%s: tritonserver answers KServe v2 requests and has no OpenAI routes, so requests for %s get 404 from it; run trtllm-serve (engine: tensorrt-llm) for an OpenAI endpoint." $path (join ", " $group.modelAlias)) -}}
{{- end -}}
{{- with include "inference-stack.modelGroup.modelDirectory" (dict "group" $group) -}}
{{- $warnings = append $warnings (printf "%s: nothing is mounted at its model repository %s, so that is an empty directory which the init containers share; mount your models there with %s.persistentVolumes." $path . $path) -}}
{{- end -}}
{{- with $group.rootMounts -}}
{{- $warnings = append $warnings (printf "%s: only root can enter %s, so this engine runs as the user of its image; mount the volume elsewhere, for example at /cache, to run it restricted (its cache settings follow the path)." $path (join ", " .)) -}}
{{- end -}}
{{- if $group.script -}}
{{- $warnings = append $warnings (printf "%s: its command is a shell script, to which nothing is added; it must listen on 0.0.0.0:%d and serve %s." $path (int64 $group.containerPort) (join ", " ($group.servedNames | default $group.modelAlias))) -}}
{{- end -}}
{{- $used := include "inference-stack.modelGroup.gpusUsed" (dict "group" $group) | int64 -}}
{{- if and $used (lt $used (int64 $group.gpus)) -}}
{{- $warnings = append $warnings (printf "%s: its command spreads the model over %d GPUs, but each pod gets %d; the others are idle." $path $used (int64 $group.gpus)) -}}
{{- end -}}
{{- if and (has $group.engine (list "vllm" "sglang" "tensorrt-llm")) (not (include "inference-stack.devices" $group.resources)) -}}
{{- $warnings = append $warnings (printf "%s: it asks for no GPU; set %s.resources.limits (nvidia.com/gpu: 1) unless its image runs on CPU." $path $path) -}}
{{- end -}}
{{- end -}}
{{- $surging := list -}}
{{- $surge := 0 -}}
{{- range $name, $group := $groups -}}
{{- $needed := include "inference-stack.modelGroup.surgeGPUs" (dict "group" $group) | int64 -}}
{{- if and $needed (not (int64 $group.spareGPUs)) -}}
{{- $surging = append $surging (printf "modelGroups.%s" $name) -}}
{{- $surge = max $surge $needed -}}
{{- end -}}
{{- end -}}
{{- with $surging -}}
{{- $warnings = append $warnings (printf "%s: an update starts new pods before old ones end, which takes up to %d more GPUs; where the cluster has none to spare it waits for ever. Say spareGPUs, or replace in place with strategy.rollingUpdate: {maxSurge: 0, maxUnavailable: 1}." (join ", " .) $surge) -}}
{{- end -}}
{{- $ingress := include "inference-stack.ingress" . | get . -}}
{{- if and $ingress.enabled (not (include "inference-stack.onwards" . | get .).strictMode) -}}
{{- range include "inference-stack.ingress.hosts" . | fromJsonArray -}}
{{- $host := .host -}}
{{- range .paths -}}
{{- if not (regexMatch "^/v1(/|$)" .path) -}}
{{- $warnings = append $warnings (printf "ingress.hosts: the path %s of %s opens more than /v1, and onwards.strictMode: false sends every path on to the engines, their administrative ones included." .path ($host | default "all hosts")) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $monitor := include "inference-stack.serviceMonitor" . | get . -}}
{{- $policy := include "inference-stack.networkPolicy" . | get . -}}
{{- if and $monitor.enabled $policy.enabled (not $policy.metricsFrom) -}}
{{- $warnings = append $warnings "networkPolicy.metricsFrom: it names nobody, so Prometheus cannot scrape what serviceMonitor.enabled asks it to; say where it runs." -}}
{{- end -}}
{{- if not (or $groups (include "inference-stack.externalProviders" . | get .)) -}}
{{- $warnings = append $warnings "no model group is enabled, so the gateway has nothing to answer with; enable one, for example with --set modelGroups.vllm-llama.enabled=true." -}}
{{- end -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- range $name, $group := $groups -}}
{{- if gt (int64 $group.drainSeconds) (int64 $onwards.drainSeconds) -}}
{{- $warnings = append $warnings (printf "modelGroups.%s.drainSeconds: its answers may take %d seconds, but a gateway pod that goes finishes only what takes %d; raise onwards.drainSeconds." $name (int64 $group.drainSeconds) (int64 $onwards.drainSeconds)) -}}
{{- end -}}
{{- if gt (int64 $group.requestTimeoutSeconds) (int64 $onwards.drainSeconds) -}}
{{- $warnings = append $warnings (printf "modelGroups.%s.requestTimeoutSeconds: an answer may begin after %d seconds, but a gateway pod that goes finishes only what takes %d; raise onwards.drainSeconds." $name (int64 $group.requestTimeoutSeconds) (int64 $onwards.drainSeconds)) -}}
{{- end -}}
{{- end -}}
{{- $readTimeout := index ($ingress.annotations | default dict) "nginx.ingress.kubernetes.io/proxy-read-timeout" | default "" | toString -}}
{{- if and $ingress.enabled (regexMatch "^[0-9]+$" $readTimeout) (lt (int64 $readTimeout) (int64 $onwards.drainSeconds)) -}}
{{- $warnings = append $warnings (printf "ingress.annotations: proxy-read-timeout cuts an answer that is silent for %s seconds, and one that is not streamed is silent until its end; leave it out, and it follows onwards.drainSeconds." $readTimeout) -}}
{{- end -}}
{{- $clients := include "inference-stack.clientKeys" . | get . -}}
{{- if $clients -}}
{{- $routes := include "inference-stack.routes" . | get . -}}
{{- range $alias := include "inference-stack.servedAliases" . | fromJsonArray -}}
{{- if not (include "inference-stack.allowedClients" (dict "alias" $alias "clients" $clients "route" (index $routes $alias | default (index $routes ""))) | fromJsonArray) -}}
{{- $warnings = append $warnings (printf "no client may use the alias %s; allow it to one in onwards.clientKeys or routes." $alias) -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- $warnings = append $warnings "clients need no key: whoever reaches the gateway can use every model." -}}
{{- end -}}
{{- toJson $warnings -}}
{{- end -}}
