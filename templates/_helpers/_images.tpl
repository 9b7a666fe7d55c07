{{- /* Images. */ -}}

{{- /*
An image as name:tag or name@digest; a tag or digest inside the repository overrides the separate field.
Input: dict root, image (map of registry, repository, tag, digest), defaultTag. Output: string.
*/ -}}
{{- define "inference-stack.image" -}}
  {{- $image := .image -}}
  {{- $repository := $image.repository | default "" | toString -}}
  {{- with $image.registry | default (dig "imageRegistry" "" (.root.Values.global | default dict)) -}}
    {{- $repository = printf "%s/%s" (trimSuffix "/" .) $repository -}}
  {{- end -}}
  {{- if $image.digest -}}
    {{- printf "%s@%s" $repository $image.digest -}}
  {{- else if or (contains "@" $repository) (contains ":" (base $repository)) -}}
    {{- $repository -}}
  {{- else -}}
    {{- printf "%s:%s" $repository ($image.tag | default .defaultTag | include "inference-stack.text") -}}
  {{- end -}}
{{- end -}}

{{- /*
Whether an image is older than a version; false if its tag is not a version.
Input: dict reference (the image), version (or nothing). Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.imageOlderThan" -}}
  {{- $found := regexFind "[0-9]+\\.[0-9]+\\.[0-9]+" (regexFind ":v?[0-9]+\\.[0-9]+\\.[0-9]+[^/]*$" .reference) -}}
  {{- if and .version $found -}}
    {{- if semverCompare (printf "<%s" .version) $found -}}
true
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
Kubernetes' own default, written out so that no tool sees a difference. Input: dict image (map), reference (the complete name). Output: string.
*/ -}}
{{- define "inference-stack.imagePullPolicy" -}}
  {{- default (ternary "Always" "IfNotPresent" (hasSuffix ":latest" .reference)) .image.pullPolicy -}}
{{- end -}}

{{- /* Pull secrets of a pod, each once; an item may be a plain name. Input: dict root, own (list). Output: JSON list of {name}. */ -}}
{{- define "inference-stack.imagePullSecrets" -}}
  {{- $secrets := list -}}
  {{- $global := dig "imagePullSecrets" list (.root.Values.global | default dict) -}}
  {{- range concat $global (.root.Values.imagePullSecrets | default list) (.own | default list) -}}
    {{- $secrets = append $secrets (ternary . (dict "name" .) (kindIs "map" .)) -}}
  {{- end -}}
  {{- uniq $secrets | toJson -}}
{{- end -}}
