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

{{- /*
Pull secrets of a pod, each once, without those of no name; an item may be a plain name, and the global ones a single one. Input: dict root, own (list).
Output: JSON list of {name}.
*/ -}}
{{- define "inference-stack.imagePullSecrets" -}}
  {{- $secrets := list -}}
  {{- $global := dig "imagePullSecrets" list (.root.Values.global | default dict) -}}
  {{- range concat (ternary $global (list $global | compact) (kindIs "slice" $global)) (.root.Values.imagePullSecrets | default list) (.own | default list) -}}
    {{- $secret := ternary . (dict "name" .) (kindIs "map" .) -}}
    {{- if $secret.name -}}
      {{- $secrets = append $secrets $secret -}}
    {{- end -}}
  {{- end -}}
  {{- uniq $secrets | toJson -}}
{{- end -}}

{{- /*
An image with its digest of images.digests, where it has none itself: that of its name as it is rendered, or without the mirror before it. The tag stays, to
be read. Input: dict root, reference. Output: string.
*/ -}}
{{- define "inference-stack.pinnedImage" -}}
  {{- $digests := .root.stack.images.digests -}}
  {{- $mirror := printf "%s/" (dig "imageRegistry" "" (.root.Values.global | default dict) | trimSuffix "/") -}}
  {{- $digest := index $digests .reference | default (index $digests (trimPrefix $mirror .reference)) -}}
  {{- if and $digest (not (contains "@" .reference)) -}}
    {{- printf "%s@%s" .reference $digest -}}
  {{- else -}}
    {{- .reference -}}
  {{- end -}}
{{- end -}}

{{- /*
The images of the containers in a part of an object or of the values, and of volumes that are images.
Input: dict keys (path to it), value (map). Output: JSON list of {keys (path to the image, [0] for an item), reference}.
*/ -}}
{{- define "inference-stack.imagesOf" -}}
  {{- $keys := .keys -}}
  {{- $found := list -}}
  {{- range $key, $below := .value -}}
    {{- if kindIs "map" $below -}}
      {{- $found = concat $found (include "inference-stack.imagesOf" (dict "keys" (append $keys $key) "value" $below) | fromJsonArray) -}}
    {{- else if and (kindIs "slice" $below) (has $key (list "initContainers" "containers" "volumes")) -}}
      {{- range $index, $item := $below -}}
        {{- $at := concat $keys (list $key (printf "[%d]" $index) "image") -}}
        {{- $image := kindIs "map" $item | ternary $item dict | dig "image" "" -}}
        {{- if kindIs "map" $image -}}
          {{- $at = append $at "reference" -}}
          {{- $image = $image.reference -}}
        {{- end -}}
        {{- with $image -}}
          {{- $found = append $found (dict "keys" $at "reference" (toString .)) -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $found -}}
{{- end -}}

{{- /* A part of an object with the digests of its images that the values know. Input: dict root, value (map). Output: JSON map. */ -}}
{{- define "inference-stack.pinned" -}}
  {{- $root := .root -}}
  {{- $value := deepCopy .value -}}
  {{- if $root.stack.images.digests -}}
    {{- range include "inference-stack.imagesOf" (dict "keys" list "value" $value) | fromJsonArray -}}
      {{- $holder := $value -}}
      {{- range initial .keys -}}
        {{- $holder = index $holder (ternary (trimAll "[]" . | int) . (kindIs "slice" $holder)) -}}
      {{- end -}}
      {{- $_ := set $holder (last .keys) (include "inference-stack.pinnedImage" (dict "root" $root "reference" .reference)) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $value -}}
{{- end -}}
