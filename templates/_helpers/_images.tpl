{{- /* Images. */ -}}

{{- /*
An image as name:tag or name@digest; a tag or digest inside the repository overrides the separate field. The registry is not put before a repository that
begins with it.
Input: dict root, image (map of registry, repository, tag, digest), defaultTag. Output: string.
*/ -}}
{{- define "inference-stack.image" -}}
  {{- $image := .image -}}
  {{- $repository := $image.repository | default "" | toString -}}
  {{- with $image.registry | default (dig "imageRegistry" "" (.root.Values.global | default dict)) -}}
    {{- $registry := printf "%s/" (trimSuffix "/" .) -}}
    {{- $repository = printf "%s%s" $registry (trimPrefix $registry $repository) -}}
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
Whether the tag of an image is a version older than another; a digest, or a tag that is no version, never is.
Input: dict reference (the image), version. Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.imageOlderThan" -}}
  {{- with regexFind ":v?[0-9]+(\\.[0-9]+){1,2}[^/@]*$" .reference -}}
    {{- if semverCompare (printf "<%s" $.version) (regexFind "[0-9]+(\\.[0-9]+){1,2}" .) -}}
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
