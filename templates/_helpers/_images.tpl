{{- /* Image names. */ -}}

{{- /* An image as name:tag or name@digest. Input: dict root, image (map registry/repository/tag/digest), defaultTag. Output: string. A tag or digest inside the image's own name wins over the tag beside it. */ -}}
{{- define "inference-stack.image" -}}
{{- $image := .image -}}
{{- $repository := $image.repository | default "" | toString -}}
{{- $registry := $image.registry | default (dig "imageRegistry" "" (.root.Values.global | default dict)) -}}
{{- with $registry }}{{ $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}{{ end -}}
{{- $tag := include "inference-stack.word" ($image.tag | default .defaultTag) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else if or (contains "@" $repository) (contains ":" (base $repository)) -}}
{{- $repository -}}
{{- else -}}
{{- printf "%s:%s" $repository $tag -}}
{{- end -}}
{{- end -}}

{{- /* Whether an image is known to be of a version before one. A tag that is no version tells nothing. Input: dict reference (the image's name), since (version, or nothing). Output: "true" or nothing. */ -}}
{{- define "inference-stack.olderImage" -}}
{{- $version := regexFind "[0-9]+\\.[0-9]+\\.[0-9]+" (regexFind ":v?[0-9]+\\.[0-9]+\\.[0-9]+[^/]*$" .reference) -}}
{{- if and .since $version }}{{ if semverCompare (printf "<%s" .since) $version }}true{{ end }}{{ end -}}
{{- end -}}

{{- /* When the node asks the registry again: as Kubernetes does by itself, written out so that no tool sees a difference. Input: dict image (map), reference (the whole name). Output: string. */ -}}
{{- define "inference-stack.imagePullPolicy" -}}
{{- default (ternary "Always" "IfNotPresent" (hasSuffix ":latest" .reference)) .image.pullPolicy -}}
{{- end -}}

{{- /* Pull secrets as Kubernetes wants them; a plain name is taken for one. Input: dict root, own (list). Output: YAML list, empty if there are none. */ -}}
{{- define "inference-stack.imagePullSecrets" -}}
{{- $secrets := list -}}
{{- range concat (dig "imagePullSecrets" list (.root.Values.global | default dict)) (.root.Values.imagePullSecrets | default list) (.own | default list) -}}
{{- $secrets = append $secrets (ternary . (dict "name" .) (kindIs "map" .)) -}}
{{- end -}}
{{- with uniq $secrets }}{{ toYaml . }}{{ end -}}
{{- end -}}
