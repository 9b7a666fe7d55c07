{{- /* The effective values: the only place where values are merged. */ -}}

{{- /*
The enabled model groups: modelGroupDefaults under the group's own values (maps merge, lists and scalars replace, null removes),
then completed with what the user left out.
Input: root. Output: JSON map name -> group; see inference-stack.modelGroup.complete for what is added.
*/ -}}
{{- define "inference-stack.modelGroups" -}}
{{- $groups := dict -}}
{{- range $name, $given := .Values.modelGroups -}}
{{- if kindIs "map" $given -}}
{{- $group := mergeOverwrite (deepCopy ($.Values.modelGroupDefaults | default dict)) (deepCopy $given) -}}
{{- if $group.enabled -}}
{{- $_ := set $groups $name (include "inference-stack.modelGroup.complete" (dict "root" $ "name" $name "group" $group) | fromJson) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $groups -}}
{{- end -}}

{{- /* Values laid over defaults, key by key; null removes. Input: dict defaults (map), own (map or nothing). Output: YAML map. */ -}}
{{- define "inference-stack.overlay" -}}
{{- $merged := mergeOverwrite (deepCopy (.defaults | default dict)) (deepCopy (.own | default dict)) -}}
{{- range $key, $value := $merged -}}
{{- if kindIs "invalid" $value }}{{ $_ := unset $merged $key }}{{ end -}}
{{- end -}}
{{- toYaml $merged -}}
{{- end -}}
