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

{{- /* The volume of the token. Input: dict group. Output: JSON map as of possibleVolumes. */ -}}
{{- define "inference-stack.modelGroup.hubTokenVolume" -}}
  {{- $token := .group.hub.token -}}
  {{- $secret := dict "secretName" $token.name "items" (list (dict "key" $token.key "path" "token")) -}}
  {{- toJson (dict
        "name" "hub-token"
        "path" (include "inference-stack.hubToken.directory" .)
        "source" (dict "secret" $secret)
        "readOnly" true) -}}
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
