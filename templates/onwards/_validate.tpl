{{- /* Rules of the gateway's values. */ -}}

{{- /* Input: root. */ -}}
{{- define "inference-stack.onwards.problems" -}}
  {{- $rules := list
        "version"
        "strictMode"
        "metricsPort"
        "metricsServicePort"
        "extraArgs"
        "replicaCount"
        "maxReplicas"
        "cpuRequest"
        "configSize"
        "autoscalingVersion"
        "loadBalancerName"
        "headless"
        "hostNetwork"
        "containers"
        "volumeNames"
        "mountPaths"
        "mountedVolumes" -}}
  {{- include "inference-stack.rules" (dict "component" "onwards" "rules" $rules "context" .) -}}
  {{- $services := dict "service" .stack.onwards.service "loadBalancer" (set (deepCopy .stack.onwards.loadBalancer) "type" "LoadBalancer") -}}
  {{- range $key, $service := $services -}}
    {{- include "inference-stack.service.rule" (dict
          "keys" (list "onwards" $key) "service" $service "target" (index $.stack.onwards.computed.targets $key)) -}}
  {{- end -}}
  {{- include "inference-stack.resources.rule" (dict
        "keys" (list "onwards" "resources") "resources" (include "inference-stack.onwards.resources" . | fromJson)) -}}
  {{- include "inference-stack.containerResources.rule" (dict "keys" (list "onwards") "values" .stack.onwards) -}}
  {{- include "inference-stack.handlers.rule" (dict
        "keys" (list "onwards" "probes") "owner" .stack.onwards.probes "probes" (list "startup" "liveness" "readiness") "hooks" list) -}}
  {{- include "inference-stack.handlers.rule" (dict
        "keys" (list "onwards" "lifecycle") "owner" .stack.onwards.lifecycle "probes" list "hooks" (list "preStop" "postStart")) -}}
  {{- include "inference-stack.disruptionBudget.rule" (dict
        "keys" (list "onwards") "own" .stack.onwards.podDisruptionBudget "pods" .stack.onwards.computed.pods) -}}
  {{- include "inference-stack.units.rule" (dict "keys" (list "onwards" "resources") "resources" .stack.onwards.resources) -}}
{{- end -}}

{{- /* A free port: 9090, or 9091 if that is in use. Input: the port in use. Output: number. */ -}}
{{- define "inference-stack.onwards.freePort" -}}
  {{- ternary 9091 9090 (eq (int64 .) 9090) -}}
{{- end -}}

{{- /* Probes, drain and options are those of Onwards 1. */ -}}
{{- define "inference-stack.onwards.rule.version" -}}
  {{- $image := include "inference-stack.onwards.image" . }}
  {{- if and (hasPrefix "onwards:" (base $image)) (include "inference-stack.imageOlderThan" (dict "reference" $image "version" "1.0.0")) }}

onwards.image.tag: {{ $image }} is older than 1.0.0, and has neither the probes nor the options that this chart gives it.
Please set:
  onwards:
    image:
      repository: {{ regexReplaceAll ":[^/]*$" .stack.onwards.image.repository "" }}
      tag: ""  # the version that this chart is tested with
  {{- end }}
{{- end -}}

{{- /* The API keys that the gateway sends to engines and providers. Input: root. Output: JSON list of their owners. */ -}}
{{- define "inference-stack.onwards.upstreamKeys" -}}
  {{- $owners := list -}}
  {{- range $owner := keys .stack.keys | sortAlpha -}}
    {{- if not (hasPrefix "onwards.clientKeys." $owner) -}}
      {{- $owners = append $owners $owner -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $owners -}}
{{- end -}}

{{- define "inference-stack.onwards.rule.strictMode" -}}
  {{- $owners := include "inference-stack.onwards.upstreamKeys" . | fromJsonArray }}
  {{- if and $owners (not .stack.onwards.strictMode) (not .stack.onwards.allowKeyExposure) }}

onwards.strictMode: outside strict mode any client can make the gateway send the API key of {{ join ", " $owners }} to another host (by a path like
/v1/http://host/). To accept that, set onwards.allowKeyExposure: true.
Please set:
  onwards:
    strictMode: true
  {{- end }}
{{- end -}}

{{- /* Pods whose labels join them to an ambient mesh, in which all traffic arrives at one port. Input: root. */ -}}
{{- define "inference-stack.onwards.warnings.mesh" -}}
  {{- $labels := list .Values.commonLabels .stack.onwards.podLabels }}
  {{- range .stack.modelGroups }}
    {{- $labels = append $labels .podLabels }}
  {{- end }}
  {{- $ambient := false }}
  {{- range $labels }}
    {{- $ambient = or $ambient (eq (index (. | default dict) "istio.io/dataplane-mode" | toString) "ambient") }}
  {{- end }}
  {{- if and $ambient .stack.networkPolicy.enabled (ne .stack.networkPolicy.mesh "istio-ambient") }}

networkPolicy.mesh: pods are in Istio's ambient mesh, whose port 15008 the network policies close; set networkPolicy.mesh: istio-ambient.
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.warnings.version" -}}
  {{- if include "inference-stack.onwards.imageReplaced" . }}

onwards.image.tag: Onwards {{ .stack.onwards.image.tag }} cannot run this chart's configuration, so the tested version runs; remove the tag.
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.warnings.strictMode" -}}
  {{- if not .stack.onwards.strictMode }}

onwards.strictMode: false forwards every path to the engines, administrative ones included, and lets a client make the gateway send requests to any host
that its network policy allows
    {{- with include "inference-stack.onwards.upstreamKeys" . | fromJsonArray }}, with the API key of {{ join ", " . }}{{ end }}.
  {{- end }}
{{- end -}}

{{- /* Keys given by value that look like the name of a Secret; the key itself is not printed. Input: root. */ -}}
{{- define "inference-stack.onwards.warnings.keyNames" -}}
  {{- range $owner, $key := .stack.literalKeys }}
    {{- if include "inference-stack.looksLikeSecretName" $key }}

{{ $owner }}.apiKey: this is the key itself; to name a Secret, write {name, key}.
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.warnings.literalToken" -}}
  {{- with include "inference-stack.literalTokens" .stack.onwards.env | fromJsonArray }}

onwards.env: {{ join ", " . }} can be read in the Deployment; use valueFrom.secretKeyRef.
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.metricsPort" -}}
  {{- $port := int64 .stack.onwards.metrics.port }}
  {{- if eq (int64 .stack.onwards.containerPort) $port }}

onwards.metrics.port: {{ $port }} is also onwards.containerPort, and the gateway cannot listen twice on one port.
Please set:
  onwards:
    metrics:
      port: {{ include "inference-stack.onwards.freePort" $port }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.metricsServicePort" -}}
  {{- $port := int64 .stack.onwards.service.port }}
  {{- if and .stack.onwards.metrics.enabled (eq $port (int64 .stack.onwards.metrics.service.port)) }}

onwards.metrics.service.port: {{ $port }} is also onwards.service.port, and a Service cannot have one port twice.
Please set:
  onwards:
    metrics:
      service:
        port: {{ include "inference-stack.onwards.freePort" $port }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.extraArgs" -}}
  {{- $owned := dict
        "--targets" ""
        "-f" ""
        "--port" "onwards.containerPort"
        "-p" "onwards.containerPort"
        "--metrics-port" "onwards.metrics.port"
        "--metrics-prefix" "onwards.metrics.prefix" }}
  {{- $takes := false }}
  {{- range include "inference-stack.texts" .stack.onwards.extraArgs | fromJsonArray }}
    {{- $flag := regexReplaceAll "(?s)=.*$" . "" }}
    {{- /* Short options may be joined, also with a value: -wp3001. */ -}}
    {{- if regexMatch "^-[a-zA-Z]" $flag }}
      {{- $flag = regexFind "[fp]" (regexFind "^-[mwhV]*[fp]" $flag) | printf "-%s" }}
    {{- end }}
    {{- if hasKey $owned $flag }}

onwards.extraArgs: {{ $flag }} is always passed by the chart, and the gateway refuses a flag given twice
      {{- with index $owned $flag }}; its value is {{ . }}{{ end }}.
Please set:
  onwards:
    extraArgs: []  # without {{ $flag }}
    {{- else if or (regexMatch "^(--metrics|--watch|-[mw]+)=|^$" .) (not (or (hasPrefix "-" .) $takes)) }}

onwards.extraArgs: the gateway ends at once with {{ quote . }}: it takes options only, none of them empty, and --metrics and --watch are on and have no value.
Please set:
  onwards:
    extraArgs: []  # without {{ quote . }}
    {{- end }}
    {{- $takes = and (regexMatch "^--?[^=]+$" .) (not (has . (list "--metrics" "--watch" "-m" "-w"))) }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.replicaCount" -}}
  {{- $fixed := int64 .stack.onwards.replicaCount }}
  {{- if and .stack.onwards.autoscaling.enabled (ne $fixed 1) }}

onwards.replicaCount: it is {{ $fixed }}, but the autoscaler sets the number of pods; set the minimum there.
Please set:
  onwards:
    replicaCount: 1
    autoscaling:
      minReplicas: {{ max 1 $fixed }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.maxReplicas" -}}
  {{- $scaling := .stack.onwards.autoscaling }}
  {{- if and $scaling.enabled (gt (int64 $scaling.minReplicas) (int64 $scaling.maxReplicas)) }}

onwards.autoscaling.maxReplicas: it is {{ int64 $scaling.maxReplicas }}, less than minReplicas, which is {{ int64 $scaling.minReplicas }}.
Please set:
  onwards:
    autoscaling:
      maxReplicas: {{ int64 $scaling.minReplicas }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.cpuRequest" -}}
  {{- $scaling := .stack.onwards.autoscaling }}
  {{- $resources := include "inference-stack.onwards.resources" . | fromJson }}
  {{- if and $scaling.enabled (not (or $scaling.metrics (dig "requests" "cpu" "" $resources) (dig "limits" "cpu" "" $resources))) }}

onwards.resources.requests: the autoscaler targets a percentage of the CPU request, and none is set.
Please set:
  onwards:
    resources:
      requests:
        cpu: 250m
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.configSize" -}}
  {{- $bytes := len .stack.config }}
  {{- $most := include "inference-stack.configMaps.maxBytes" . | int }}
  {{- if gt $bytes $most }}
    {{- $groups := dict }}
    {{- range $name, $group := .stack.modelGroups }}
      {{- $count := mul (len $group.computed.aliases) (ternary (int64 $group.computed.replicas.most) 1 (eq $group.balancing "perReplica")) }}
      {{- $_ := set $groups (printf "%012d %s" $count $name) $group }}
    {{- end }}
    {{- $largest := keys $groups | sortAlpha | last | default "" }}

modelGroups: the gateway's configuration has {{ $bytes }} bytes, and a ConfigMap takes {{ $most }} at most; it has an entry for each alias of a group, with
balancing: perReplica for each alias and replica.
Please set:
    {{- $perReplica := and $largest (eq (index $groups $largest).balancing "perReplica") }}
    {{- $fix := ternary "balancing: service" "modelAlias: []  # fewer" (eq (toString $perReplica) "true") }}
{{ include "inference-stack.nested" (dict "keys" (list "modelGroups" (regexReplaceAll "^[0-9]+ " $largest "")) "yaml" $fix) | indent 2 }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.autoscalingVersion" -}}
  {{- if and .stack.onwards.autoscaling.enabled (not (include "inference-stack.kubernetesAtLeast" (dict "root" . "version" "1.23"))) }}

onwards.autoscaling.enabled: Kubernetes {{ .Capabilities.KubeVersion.Version }} has no autoscaling/v2, which was added in 1.23.
Please set:
  onwards:
    autoscaling:
      enabled: false
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.loadBalancerName" -}}
  {{- $name := include "inference-stack.onwards.loadBalancerName" . }}
  {{- $services := dict .stack.onwards.computed.fullname "onwards" }}
  {{- range $group, $values := .stack.modelGroups }}
    {{- $_ := set $services $values.computed.fullname (printf "modelGroups.%s" $group) }}
    {{- if eq $values.balancing "perReplica" }}
      {{- $replicas := include "inference-stack.modelGroup.replicasName" (dict "root" $ "name" $group "group" $values) }}
      {{- $_ := set $services $replicas (printf "the replicas of modelGroups.%s" $group) }}
    {{- end }}
  {{- end }}
  {{- if and .stack.onwards.loadBalancer.enabled (hasKey $services $name) }}

onwards.loadBalancer.nameOverwrite: {{ $name }} is the name of the Service of {{ index $services $name }}.
Please set:
  onwards:
    loadBalancer:
      nameOverwrite: {{ $name }}-public
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.containers" -}}
  {{- $spec := .stack.onwards.podSpec | default dict }}
  {{- $own := (include "inference-stack.ownNames" . | fromJson).volumes }}
  {{- include "inference-stack.containers.rule" (dict
        "keys" (list "onwards")
        "values" .stack.onwards
        "names" (include "inference-stack.namesOf" (list $spec.initContainers) | fromJsonArray | concat (list "assemble-config"))
        "volumes" (include "inference-stack.namesOf" (list .stack.onwards.volumes $spec.volumes) | fromJsonArray | concat $own)) }}
{{- end -}}

{{- define "inference-stack.onwards.rule.headless" -}}
  {{- $port := int64 .stack.onwards.containerPort }}
  {{- if and (eq (toString .stack.onwards.service.clusterIP) "None") (ne (int64 .stack.onwards.service.port) $port) }}

onwards.service.port: a Service without an address (clusterIP: None) has no port of its own, so clients have to use the pods' port {{ $port }}.
Please set:
  onwards:
    service:
      port: {{ $port }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.hostNetwork" -}}
  {{- $spec := .stack.onwards.podSpec | default dict }}
  {{- if and $spec.hostNetwork .stack.modelGroups (has ($spec.dnsPolicy | default "Default") (list "ClusterFirst" "Default")) }}

onwards.podSpec.dnsPolicy: with hostNetwork the gateway would ask its node's DNS, which does not know the Services of the engines.
Please set:
  onwards:
    podSpec:
      dnsPolicy: ClusterFirstWithHostNet
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.volumeNames" -}}
  {{- $own := (include "inference-stack.ownNames" . | fromJson).volumes }}
  {{- $names := $own }}
  {{- $volumes := .stack.onwards.volumes }}
  {{- range $index, $volume := $volumes }}
    {{- if has $volume.name $names }}
      {{- $fields := dict "name" (printf "my-%s" $volume.name) }}

onwards.volumes[{{ $index }}].name: {{ $volume.name }} is the name of {{ ternary "the chart's own" "another" (has $volume.name $own) }} volume of this pod.
Please set:
{{ include "inference-stack.listFix" (dict "keys" (list "onwards" "volumes") "list" $volumes "index" $index "fields" $fields) | indent 2 }}
    {{- end }}
    {{- $names = append $names $volume.name }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.mountPaths" -}}
  {{- $own := (include "inference-stack.ownNames" . | fromJson).mountPaths }}
  {{- $paths := $own }}
  {{- $mounts := .stack.onwards.volumeMounts }}
  {{- range $index, $mount := $mounts }}
    {{- $path := $mount.mountPath | trimSuffix "/" }}
    {{- if has $path $paths }}
      {{- $fields := dict "mountPath" (printf "%s-2" $path) }}

onwards.volumeMounts[{{ $index }}].mountPath: {{ $path }} is where
{{ ternary "the gateway's configuration is" "another volume is" (has $path $own) }} mounted.
Please set:
{{ include "inference-stack.listFix" (dict "keys" (list "onwards" "volumeMounts") "list" $mounts "index" $index "fields" $fields) | indent 2 }}
    {{- end }}
    {{- $paths = append $paths $path }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.rule.mountedVolumes" -}}
  {{- $volumes := .stack.onwards.volumes }}
  {{- $names := (include "inference-stack.ownNames" . | fromJson).volumes }}
  {{- range concat $volumes ((.stack.onwards.podSpec | default dict).volumes | default list) }}
    {{- $names = append $names .name }}
  {{- end }}
  {{- range $index, $mount := .stack.onwards.volumeMounts }}
    {{- if not (has $mount.name $names) }}
      {{- $all := append $volumes (dict "name" $mount.name "emptyDir" dict) }}

onwards.volumeMounts[{{ $index }}].name: there is no volume {{ $mount.name }} in onwards.volumes.
Please set:
{{ include "inference-stack.nested" (dict "keys" (list "onwards" "volumes") "yaml" (toYaml $all)) | indent 2 }}
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.warnings.proxy" -}}
  {{- range .stack.onwards.env }}
    {{- if has (upper .name) (list "HTTP_PROXY" "HTTPS_PROXY" "ALL_PROXY") }}

onwards.env: the gateway has no proxy support, so {{ .name }} has no effect; it connects to external providers directly.
    {{- end }}
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.warnings.podSpec" -}}
  {{- include "inference-stack.podSpec.warning" (dict "path" "onwards" "podSpec" .stack.onwards.podSpec) }}
  {{- include "inference-stack.sidecars.warning" (dict "path" "onwards" "sidecars" .stack.onwards.computed.sidecars) }}
  {{- if and (.stack.onwards.podSpec | default dict).hostNetwork .stack.networkPolicy.enabled (not .stack.networkPolicy.enginesFrom) }}

onwards.podSpec.hostNetwork: the engines' network policies let the gateway in by its pods' labels, which its node's network does not have; let the nodes in
with networkPolicy.enginesFrom.
  {{- end }}
{{- end -}}

{{- define "inference-stack.onwards.warnings.nothing" -}}
  {{- if not (or .stack.modelGroups .stack.externalProviders) }}

no model group is enabled, so the gateway has no model to serve; enable one, for example with --set modelGroups.vllm-llama.enabled=true.
  {{- end }}
{{- end -}}
