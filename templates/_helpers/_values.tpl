{{- /*
The effective values: the only place where values are merged. Below them lie the chart's defaults once more (files/defaults.json, written
from values.yaml): `helm upgrade --reuse-values` puts an older chart's defaults in the place of this one's, and a null removes them.
*/ -}}

{{- /* The values below one key. Input: dict root, key (onwards, ingress, httpRoute, networkPolicy or serviceMonitor). Output: JSON map. One render has one root: it keeps them. */ -}}
{{- define "inference-stack.section" -}}
{{- if not (hasKey .root .key) -}}
{{- $chart := index (.root.Files.Get "files/defaults.json" | fromJson) .key -}}
{{- $_ := set .root .key (include "inference-stack.overlay" (dict "defaults" $chart "own" (index .root.Values .key))) -}}
{{- end -}}
{{- index .root .key -}}
{{- end -}}

{{- /* The gateway's values. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.onwards" -}}
{{- include "inference-stack.section" (dict "root" . "key" "onwards") -}}
{{- end -}}

{{- /* The enabled model groups, complete. Input: root. Output: JSON map name -> group; see inference-stack.modelGroup.complete for what each has. Every template asks for them, and one render has one root: it keeps them. */ -}}
{{- define "inference-stack.modelGroups" -}}
{{- if not (hasKey . "modelGroups") -}}
{{- $_ := set . "modelGroups" (include "inference-stack.modelGroups.merged" .) -}}
{{- end -}}
{{- .modelGroups -}}
{{- end -}}

{{- /*
The enabled model groups: the chart's defaults under modelGroupDefaults under the group's own values (maps merge, lists and scalars
replace, null goes back to the chart's default), then completed with what the user left out.
Input: root. Output: JSON map name -> group.
*/ -}}
{{- define "inference-stack.modelGroups.merged" -}}
{{- $groups := dict -}}
{{- $chart := (.Files.Get "files/defaults.json" | fromJson).modelGroupDefaults -}}
{{- range $name, $given := .Values.modelGroups -}}
{{- if kindIs "map" $given -}}
{{- $own := include "inference-stack.overlay" (dict "defaults" $.Values.modelGroupDefaults "own" $given) | fromJson -}}
{{- $group := include "inference-stack.overlay" (dict "defaults" $chart "own" $own) | fromJson -}}
{{- if $group.enabled -}}
{{- $_ := set $groups $name (include "inference-stack.modelGroup.complete" (dict "root" $ "group" $group) | fromJson) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $groups -}}
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
