{{- /* Keys: of engines, of outside providers, of clients. Each has one home, a Secret; the gateway's configuration has placeholders in their stead. */ -}}

{{- /* What stands in the configuration where a key will stand. Input: the key's owner, by its path in the values. Output: string. */ -}}
{{- define "inference-stack.keyPlaceholder" -}}
@key:{{ . }}@
{{- end -}}

{{- /* Everything that the gateway needs a key of or for, as the values say it. Input: root. Kept: map owner's path -> the key itself, or {name, key} of a Secret. */ -}}
{{- define "inference-stack.onwards.givenKeys" -}}
{{- if not (hasKey . "givenKeys") -}}
{{- $given := dict -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | get . -}}
{{- with $group.apiKey }}{{ $_ := set $given (printf "modelGroups.%s" $name) . }}{{ end -}}
{{- end -}}
{{- range $name, $provider := include "inference-stack.externalProviders" . | get . -}}
{{- with $provider.apiKey }}{{ $_ := set $given (printf "externalProviders.%s" $name) . }}{{ end -}}
{{- end -}}
{{- range $id, $client := include "inference-stack.clientKeys" . | get . -}}
{{- with $client.apiKey }}{{ $_ := set $given (printf "onwards.clientKeys.%s" $id) . }}{{ end -}}
{{- end -}}
{{- $_ := set . "givenKeys" $given -}}
{{- end -}}
givenKeys
{{- end -}}

{{- /* Where a key lies: in the Secret that the values name, else in the chart's own. Input: dict root, owner, given. Output: JSON {name, key}. */ -}}
{{- define "inference-stack.secretOf" -}}
{{- if kindIs "map" .given -}}
{{- toJson (pick .given "name" "key") -}}
{{- else -}}
{{- toJson (dict "name" (include "inference-stack.onwards.fullname" .root) "key" .owner) -}}
{{- end -}}
{{- end -}}

{{- /* Where each key lies. Input: root. Kept: map owner's path -> {name, key} of a Secret. */ -}}
{{- define "inference-stack.onwards.keys" -}}
{{- if not (hasKey . "keys") -}}
{{- $keys := dict -}}
{{- range $owner, $given := include "inference-stack.onwards.givenKeys" . | get . -}}
{{- $_ := set $keys $owner (include "inference-stack.secretOf" (dict "root" $ "owner" $owner "given" $given) | fromJson) -}}
{{- end -}}
{{- $_ := set . "keys" $keys -}}
{{- end -}}
keys
{{- end -}}

{{- /* The keys given by value, for the chart's own Secret. Input: root. Output: JSON map owner's path -> key. */ -}}
{{- define "inference-stack.onwards.literalKeys" -}}
{{- $keys := dict -}}
{{- range $owner, $given := include "inference-stack.onwards.givenKeys" . | get . -}}
{{- if not (kindIs "map" $given) }}{{ $_ := set $keys $owner (include "inference-stack.word" $given) }}{{ end -}}
{{- end -}}
{{- toJson $keys -}}
{{- end -}}

{{- /* The variable by which a group's engine is told the key it asks for, where it can be told and the user does not do so. Input: dict root, name, group (completed). Output: JSON list of one EnvVar, or none. */ -}}
{{- define "inference-stack.modelGroup.keyEnv" -}}
{{- $env := list -}}
{{- $variable := .group.preset.apiKey.env -}}
{{- $flag := include "inference-stack.flag" (dict "words" (concat .group.command .group.args) "names" .group.preset.apiKey.flags) | fromJson -}}
{{- $told := and $flag.given (ne (first $flag.values | default "") (printf "$(%s)" $variable)) -}}
{{- if and .group.apiKey $variable (not $told) -}}
{{- $secret := include "inference-stack.secretOf" (dict "root" .root "owner" (printf "modelGroups.%s" .name) "given" .group.apiKey) | fromJson -}}
{{- $env = append $env (dict "name" $variable "valueFrom" (dict "secretKeyRef" $secret)) -}}
{{- end -}}
{{- toJson $env -}}
{{- end -}}
