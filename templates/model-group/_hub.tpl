{{- /* The Hugging Face hub that models come from: a mirror, the token, and whether it may be asked. */ -}}

{{- /*
How a group's engine gets the token of the hub: as a file where it reads one, else in the variable that it reads; not at all where it does not use the hub,
or the user sets one. Input: dict group (computed). Output: JSON {file: bool, env: name}.
*/ -}}
{{- define "inference-stack.modelGroup.hubToken" -}}
  {{- $token := .group.hub.token | default dict -}}
  {{- $reads := .group.computed.preset.hubToken | default "" -}}
  {{- range list "HF_TOKEN" "HUGGING_FACE_HUB_TOKEN" "HF_TOKEN_PATH" -}}
    {{- if hasKey $.group.computed.givenEnv . -}}
      {{- $reads = "" -}}
    {{- end -}}
  {{- end -}}
  {{- $reads = ternary $reads "" (and (kindIs "map" $token) (not (empty $token.name))) -}}
  {{- toJson (dict "file" (eq $reads "file") "env" (ternary "" $reads (eq $reads "file"))) -}}
{{- end -}}

{{- /* Where the token is mounted. */ -}}
{{- define "inference-stack.hubToken.directory" -}}
/etc/hub-token
{{- end -}}

{{- /*
The volume of the token, as storage has volumes. Input: dict group (computed), taken (names of volumes). Output: JSON {volume, mount}, {} if there is none.
*/ -}}
{{- define "inference-stack.modelGroup.hubTokenVolume" -}}
  {{- $parts := dict -}}
  {{- if (include "inference-stack.modelGroup.hubToken" . | fromJson).file -}}
    {{- $name := ternary "chart-hub-token" "hub-token" (has "hub-token" .taken) -}}
    {{- $token := .group.hub.token -}}
    {{- $items := list (dict "key" $token.key "path" "token") -}}
    {{- $mount := dict "name" $name "mountPath" (include "inference-stack.hubToken.directory" .) "readOnly" true -}}
    {{- $parts = dict "volume" (dict "name" $name "secret" (dict "secretName" $token.name "items" $items)) "mount" $mount -}}
  {{- end -}}
  {{- toJson $parts -}}
{{- end -}}

{{- /* Variables by which a group's engine finds the hub. Input: dict group (computed). Output: JSON map name -> value. */ -}}
{{- define "inference-stack.modelGroup.hubEnv" -}}
  {{- $env := dict -}}
  {{- with .group.hub.endpoint -}}
    {{- $_ := set $env "HF_ENDPOINT" (trimSuffix "/" .) -}}
  {{- end -}}
  {{- if .group.hub.offline -}}
    {{- $_ := set $env "HF_HUB_OFFLINE" "1" -}}
  {{- end -}}
  {{- if (include "inference-stack.modelGroup.hubToken" . | fromJson).file -}}
    {{- $_ := set $env "HF_TOKEN_PATH" (printf "%s/token" (include "inference-stack.hubToken.directory" .)) -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}

{{- /* The variable of the token, for an engine that reads no file. Input: dict group (computed). Output: JSON list of EnvVar. */ -}}
{{- define "inference-stack.modelGroup.hubTokenEnv" -}}
  {{- $env := list -}}
  {{- with (include "inference-stack.modelGroup.hubToken" . | fromJson).env -}}
    {{- $env = list (dict "name" . "valueFrom" (dict "secretKeyRef" (pick $.group.hub.token "name" "key"))) -}}
  {{- end -}}
  {{- toJson $env -}}
{{- end -}}
