{{- /*
Combinations that cannot work are refused, all at once; risky ones cause a warning in the notes. The rules are in the files of their component.
*/ -}}

{{- /* Fails with every problem of the values, sorted by path; prints nothing. Input: root. */ -}}
{{- define "inference-stack.validate" -}}
  {{- $components := list "unknownKeys" "nullItems" "templated" "mistakes" "names" "onwards" "clients" "routes" "modelGroups" "externalProviders" -}}
  {{- $components = concat $components (list "configMaps" "access" "observability" "extraObjects" "images" "releaseNames") -}}
  {{- with include "inference-stack.problems" (dict "root" . "components" $components) -}}
    {{- fail . -}}
  {{- end -}}
{{- end -}}

{{- /* Every warning: each follows an empty line, and its line breaks are joined. Input: root. Output: JSON list of sentences. */ -}}
{{- define "inference-stack.warnings" -}}
  {{- $warnings := list -}}
  {{- range list
        "modelGroups.warnings.each"
        "modelGroups.warnings.surge"
        "modelGroups.warnings.claims"
        "modelGroups.warnings.scaling"
        "modelGroups.warnings.mistakes"
        "modelGroups.warnings.differentModels"
        "externalProviders.warnings.each"
        "externalProviders.warnings.share"
        "onwards.warnings.keyNames"
        "onwards.warnings.literalToken"
        "access.warnings.paths"
        "observability.warnings.scrape"
        "observability.warnings.rules"
        "onwards.warnings.nothing"
        "onwards.warnings.version"
        "onwards.warnings.strictMode"
        "onwards.warnings.proxy"
        "onwards.warnings.mesh"
        "onwards.warnings.podSpec"
        "routes.warnings.loadAware"
        "routes.warnings.hold"
        "modelGroups.warnings.drain"
        "access.warnings.timeout"
        "clients.warnings.access" -}}
    {{- range include (printf "inference-stack.%s" .) $ | splitList "\n\n" -}}
      {{- with trimAll "\n" . -}}
        {{- $warnings = append $warnings (replace "\n" " " .) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $warnings -}}
{{- end -}}
