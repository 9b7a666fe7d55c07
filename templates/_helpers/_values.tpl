{{- /*
The effective values: the only place where values are merged. Below them lie the chart's defaults once more (files/defaults.json, written
from values.yaml): `helm upgrade --reuse-values` puts an older chart's defaults in the place of this one's, and a null removes them.

What many templates ask for is worked out once in a render, whose one root keeps it. A helper that says "Kept" puts out the key it is kept
under, so that it is asked for by `include "inference-stack.onwards" . | get .`; all have the same one, so nobody may change it.
*/ -}}

{{- /* The chart's own defaults. Input: root. Kept: map of its keys; root lists all keys that values can have. */ -}}
{{- define "inference-stack.chartDefaults" -}}
{{- if not (hasKey . "chartDefaults") }}{{ $_ := set . "chartDefaults" (.Files.Get "files/defaults.json" | fromJson) }}{{ end -}}
chartDefaults
{{- end -}}

{{- /* The values below one key. Input: dict root, key. Kept: map. */ -}}
{{- define "inference-stack.section" -}}
{{- if not (hasKey .root .key) -}}
{{- $chart := index (include "inference-stack.chartDefaults" .root | get .root) .key -}}
{{- $_ := set .root .key (include "inference-stack.overlay" (dict "defaults" $chart "own" (index .root.Values .key)) | fromJson) -}}
{{- end -}}
{{- .key -}}
{{- end -}}

{{- /* The gateway's values. Input: root. Kept: map. */ -}}
{{- define "inference-stack.onwards" -}}
{{- include "inference-stack.section" (dict "root" . "key" "onwards") -}}
{{- end -}}

{{- /* Input: root. Kept: map. */ -}}
{{- define "inference-stack.ingress" -}}
{{- include "inference-stack.section" (dict "root" . "key" "ingress") -}}
{{- end -}}

{{- /* Input: root. Kept: map. */ -}}
{{- define "inference-stack.httpRoute" -}}
{{- include "inference-stack.section" (dict "root" . "key" "httpRoute") -}}
{{- end -}}

{{- /* Input: root. Kept: map. */ -}}
{{- define "inference-stack.networkPolicy" -}}
{{- include "inference-stack.section" (dict "root" . "key" "networkPolicy") -}}
{{- end -}}

{{- /* Input: root. Kept: map. */ -}}
{{- define "inference-stack.serviceMonitor" -}}
{{- include "inference-stack.section" (dict "root" . "key" "serviceMonitor") -}}
{{- end -}}

{{- /*
The enabled model groups: the chart's defaults under modelGroupDefaults under the group's own values (maps merge, lists and scalars
replace, null goes back to the chart's default), then completed with what the user left out.
Input: root. Kept: map name -> group; see inference-stack.modelGroup.complete for what each has.
*/ -}}
{{- define "inference-stack.modelGroups" -}}
{{- if not (hasKey . "modelGroups") -}}
{{- $groups := dict -}}
{{- $chart := (include "inference-stack.chartDefaults" . | get .).modelGroupDefaults -}}
{{- range $name, $given := .Values.modelGroups -}}
{{- if kindIs "map" $given -}}
{{- $own := include "inference-stack.overlay" (dict "defaults" $.Values.modelGroupDefaults "own" $given) | fromJson -}}
{{- $group := include "inference-stack.overlay" (dict "defaults" $chart "own" $own) | fromJson -}}
{{- if $group.enabled -}}
{{- $_ := set $groups $name (include "inference-stack.modelGroup.complete" (dict "root" $ "group" $group) | fromJson) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "modelGroups" $groups -}}
{{- end -}}
modelGroups
{{- end -}}

{{- /* Values laid over defaults, key by key; null removes. Input: dict defaults (map), own (map), or nothing for either. Output: JSON map, which Helm reads many times faster than YAML. */ -}}
{{- define "inference-stack.overlay" -}}
{{- mergeOverwrite (deepCopy (.defaults | default dict)) (.own | default dict) | include "inference-stack.withoutNulls" -}}
{{- end -}}

{{- /* A map without the keys that are null, at any depth. Most have none: their JSON says so in one look. Input: map. Output: JSON map. */ -}}
{{- define "inference-stack.withoutNulls" -}}
{{- $json := toJson . -}}
{{- if contains ":null" $json -}}
{{- $kept := dict -}}
{{- range $key, $value := . -}}
{{- if kindIs "map" $value -}}
{{- $_ := set $kept $key (include "inference-stack.withoutNulls" $value | fromJson) -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $_ := set $kept $key $value -}}
{{- end -}}
{{- end -}}
{{- $json = toJson $kept -}}
{{- end -}}
{{- $json -}}
{{- end -}}
