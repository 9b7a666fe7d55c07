{{- /* Adapters that are loaded into running engines: a container beside the engine keeps them those of a ConfigMap, by files/adapters.py. */ -}}

{{- /* The ConfigMap of a group's adapters: a change of it restarts nothing. Input: dict root, name. Output: string. */ -}}
{{- define "inference-stack.modelGroup.adaptersName" -}}
  {{- include "inference-stack.objectName" (dict "root" .root "part" (printf "%s-adapters" .name)) -}}
{{- end -}}

{{- /* Its data. Input: dict group. Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.adaptersData" -}}
  {{- toJson (dict "adapters.json" (include "inference-stack.modelGroup.adapterSources" .)) -}}
{{- end -}}

{{- /* The volume of it, which is mounted as a directory: single files would not follow. Input: dict root, name. Output: JSON map. */ -}}
{{- define "inference-stack.modelGroup.adaptersVolume" -}}
  {{- toJson (dict "name" "dynamic-adapters" "configMap" (dict "name" (include "inference-stack.modelGroup.adaptersName" .))) -}}
{{- end -}}

{{- /* The container that loads them. Input: dict name. Output: string. */ -}}
{{- define "inference-stack.modelGroup.adapterLoaderName" -}}
  {{- ternary "chart-load-adapters" "load-adapters" (eq .name "load-adapters") -}}
{{- end -}}

{{- /*
The container that loads and unloads adapters. Its requests are its limits, so that a pod with guaranteed resources stays one.
Input: dict root, name, group (computed). Output: JSON map, without a security context.
*/ -}}
{{- define "inference-stack.modelGroup.adapterLoader" -}}
  {{- $computed := .group.computed -}}
  {{- $api := $computed.preset.adapters.dynamic -}}
  {{- $url := printf "http://127.0.0.1:%d" (int64 $computed.port) -}}
  {{- $resources := dict "cpu" "100m" "memory" "128Mi" -}}
  {{- $container := dict
        "name" (include "inference-stack.modelGroup.adapterLoaderName" .)
        "image" $computed.imageReference
        "imagePullPolicy" (include "inference-stack.imagePullPolicy" (dict "image" $computed.image "reference" $computed.imageReference))
        "command" (list "python3" "-c" (.root.Files.Get "files/adapters.py") "/etc/adapters/adapters.json" $url $api.load $api.unload)
        "readinessProbe" (dict
          "exec" (dict "command" (list "test" "-e" "/dev/shm/adapters-loaded")) "periodSeconds" 2 "timeoutSeconds" 5 "failureThreshold" 1)
        "resources" (dict "requests" $resources "limits" $resources)
        "volumeMounts" (list (dict "name" "dynamic-adapters" "mountPath" "/etc/adapters" "readOnly" true)) -}}
  {{- with index .root.stack.keys (printf "modelGroups.%s" .name) -}}
    {{- $_ := set $container "env" (list (dict "name" "ENGINE_KEY" "valueFrom" (dict "secretKeyRef" .))) -}}
  {{- end -}}
  {{- toJson $container -}}
{{- end -}}

{{- /*
Why a group's adapters cannot be loaded while its engine runs. Input: as of a rule. Output: the reason, or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.notDynamic" -}}
  {{- $computed := .group.computed -}}
  {{- $adapters := $computed.preset.adapters | default dict -}}
  {{- $api := $adapters.dynamic -}}
  {{- if not $api -}}
    {{- printf "%s loads adapters at its start only, as far as the chart knows" $computed.engine -}}
  {{- else if $computed.script -}}
    its command is a script, to which the chart adds nothing
  {{- else if (include "inference-stack.modelGroup.option" (dict "group" .group "names" $adapters.flags) | fromJson).given -}}
    {{- printf "its command has %s already" (first $adapters.flags) -}}
  {{- else -}}
    {{- range $flag := $api.single -}}
      {{- $option := include "inference-stack.modelGroup.option" (dict "group" $.group "names" (list $flag)) | fromJson -}}
      {{- if and $option.given (ne (append $option.values "1" | first | toString) "1") -}}
        {{- printf "%s makes several servers of the engine, of which only one would load them" $flag -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /* Rule: adapters change while the engine runs where its server can do that, and only the chart can ask it to. Input: as in _validate.tpl. */ -}}
{{- define "inference-stack.modelGroup.rule.dynamicAdapters" -}}
  {{- $missing := list }}
  {{- range $flag, $value := dig "adapters" "dynamic" "needs" dict .group.computed.preset }}
    {{- if not (include "inference-stack.modelGroup.option" (dict "group" $.group "names" (list $flag)) | fromJson).given }}
      {{- $missing = append $missing (printf "%s: %v" (trimPrefix "--" $flag) $value) }}
    {{- end }}
  {{- end }}
  {{- $not := include "inference-stack.modelGroup.notDynamic" . }}
  {{- if $not }}

modelGroups.{{ .name }}.dynamicAdapters: {{ $not }}.
Please set:
  modelGroups:
    {{ .key }}:
      dynamicAdapters: false
  {{- else if not (or .root.stack.onwards.strictMode .root.stack.onwards.allowKeyExposure) }}

modelGroups.{{ .name }}.dynamicAdapters: outside strict mode any client of the gateway could load and unload adapters, too.
Please set:
  onwards:
    strictMode: true
  {{- else if $missing }}

modelGroups.{{ .name }}.dynamicAdapters: without adapters at its start {{ .group.computed.engine }} has to be told for which ones to keep room.
Please set:
  modelGroups:
    {{ .key }}:
      engineArgs: { {{- join ", " $missing -}} }
  {{- end }}
{{- end -}}
