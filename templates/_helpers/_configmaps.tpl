{{- /* ConfigMaps of the user's own. */ -}}

{{- /* Files of a ConfigMap: text as it is, numbers and booleans as text, maps and lists as YAML. Input: map file -> content, or nothing. Output: YAML map, empty if there are none. */ -}}
{{- define "inference-stack.configMapData" -}}
{{- $data := dict -}}
{{- range $file, $content := . -}}
{{- $structured := or (kindIs "map" $content) (kindIs "slice" $content) -}}
{{- $_ := set $data $file (ternary (toYaml $content) (include "inference-stack.word" $content) $structured) -}}
{{- end -}}
{{- with $data }}{{ toYaml . }}{{ end -}}
{{- end -}}
