{{- /* Digests of images. */ -}}

{{- /* Rule: with images.requireDigest, every image has a digest. Input: root. */ -}}
{{- define "inference-stack.images.problems" -}}
  {{- if .stack.images.requireDigest }}
    {{- $uses := list (dict "keys" (list "onwards" "image") "reference" (include "inference-stack.onwards.image" .)) }}
    {{- $owners := list (dict "keys" (list "onwards") "value" .stack.onwards) }}
    {{- range $name, $group := .stack.modelGroups }}
      {{- $uses = append $uses (dict "keys" (list "modelGroups" $name "image") "reference" $group.computed.imageReference) }}
      {{- $owners = append $owners (dict "keys" (list "modelGroups" $name) "value" (omit $group "computed")) }}
    {{- end }}
    {{- range include "inference-stack.extraObjects" . | fromJsonArray }}
      {{- $owners = append $owners (dict "keys" .keys "value" .object) }}
    {{- end }}
    {{- range $owners }}
      {{- $uses = concat $uses (include "inference-stack.imagesOf" . | fromJsonArray) }}
    {{- end }}
    {{- range $uses }}
      {{- if not (contains "@" (include "inference-stack.pinnedImage" (dict "root" $ "reference" .reference))) }}

{{ join "." .keys | replace ".[" "[" }}: {{ .reference }} has no digest, and images.requireDigest takes no tag, which its registry may move; helm
inference-stack images --lock writes the digests of all images.
Please set:
        {{- $digest := printf "%s: sha256:%s  # what crane digest %s prints" (toJson .reference) (repeat 64 "0") .reference }}
{{ include "inference-stack.nested" (dict "keys" (list "images" "digests") "yaml" $digest) | indent 2 }}
      {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}
