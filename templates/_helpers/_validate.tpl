{{- /*
Combinations that cannot work are refused, all at once; risky ones cause a warning in the notes. The rules are in the files of their component.
*/ -}}

{{- /* Fails with every problem of the values, sorted by path; prints nothing. Input: root. */ -}}
{{- define "inference-stack.validate" -}}
  {{- with include "inference-stack.refusal" . -}}
    {{- fail . -}}
  {{- end -}}
{{- end -}}

{{- /* Input: root. Output: every problem as it is printed, or nothing. */ -}}
{{- define "inference-stack.refusal" -}}
  {{- $problems := list -}}
  {{- $components := list "unknownKeys" "nullItems" "templated" "mistakes" "names" "onwards" "clients" "routes" "modelGroups" "externalProviders" -}}
  {{- range concat $components (list "configMaps" "access" "observability" "extraObjects" "images" "releaseNames") -}}
    {{- $component := . -}}
    {{- range include (printf "inference-stack.%s.problems" .) $ | splitList "\n\n" -}}
      {{- with trimAll "\n" . -}}
        {{- $parts := splitn "\nPlease set:\n" 2 . -}}
        {{- $of := dict "component" $component "path" (splitList ":" . | first) -}}
        {{- $pages := printf "docs/%s.md, docs/messages.md#%s" (include "inference-stack.page" $of) (include "inference-stack.entry" $of) -}}
        {{- $sentence := replace "\n" " " $parts._0 | wrap 100 -}}
        {{- $problems = append $problems (printf "%s\nPlease set:\n%s\n  # See %s" $sentence $parts._1 $pages) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- with $problems | sortAlpha | uniq -}}
    {{- printf "\n\n%s\n" (join "\n\n" .) -}}
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
