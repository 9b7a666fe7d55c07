{{- /* The user that an engine and its init containers run as. */ -}}

{{- /*
The user that a group's values choose. A uid of null, or no pod security context at all, chooses one too: another's, as OpenShift assigns it.
Input: dict group. Output: "root" (uid 0, or runAsNonRoot: false), "number" (another uid), "nonRoot" (runAsNonRoot: true without a uid), or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.user" -}}
  {{- $user := ternary "number" "" (kindIs "invalid" .group.podSecurityContext) -}}
  {{- range list .group.podSecurityContext .group.securityContext -}}
    {{- $context := . | default dict -}}
    {{- if or (eq (include "inference-stack.text" $context.runAsUser) "0") (eq (toString $context.runAsNonRoot) "false") -}}
      {{- $user = "root" -}}
    {{- else if and (hasKey $context "runAsUser") (ne $user "root") -}}
      {{- $user = "number" -}}
    {{- else if and (eq (toString $context.runAsNonRoot) "true") (not $user) -}}
      {{- $user = "nonRoot" -}}
    {{- end -}}
  {{- end -}}
  {{- $user -}}
{{- end -}}

{{- /*
Whether an engine runs as non-root, with a home, /tmp and a read-only root file system of the chart's: it supports that, and the values neither choose root nor
show a need of the image's user. Input: dict group (computed). Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.modelGroup.nonRoot" -}}
  {{- if and .group.computed.preset.nonRoot (ne .group.computed.user "root") (not .group.computed.rootSigns) -}}
true
  {{- end -}}
{{- end -}}

{{- /* The home directory of an engine that does not run as root. Output: path. */ -}}
{{- define "inference-stack.modelGroup.home" -}}
/home/engine
{{- end -}}

{{- /*
What shows that a container needs the user of its image: only root has, or may do, what its values name.
Input: dict group, container (securityContext, env, volumeMounts: of a Container), words (its command line), written (paths that it writes, none for
all of its mounts). Output: JSON list of {sign, instead (both parts of a sentence), files (bool: it depends on who owns files, so root keeps the
capabilities that the runtime gives it)}.
*/ -}}
{{- define "inference-stack.modelGroup.containerSigns" -}}
  {{- $container := .container -}}
  {{- $written := .written -}}
  {{- $signs := list -}}
  {{- $context := $container.securityContext | default dict -}}
  {{- if eq (toString $context.privileged) "true" -}}
    {{- $instead := "omit it" -}}
    {{- $signs = append $signs (dict "sign" "securityContext.privileged gives only root more rights" "instead" $instead) -}}
  {{- end -}}
  {{- with without (($context.capabilities | default dict).add | default list) "NET_BIND_SERVICE" -}}
    {{- $sign := printf "only root gets added capabilities (%s)" (join ", " .) -}}
    {{- $signs = append $signs (dict "sign" $sign "instead" "omit securityContext.capabilities.add") -}}
  {{- end -}}
  {{- $text := include "inference-stack.withoutComments" (join "\n" .words) -}}
  {{- with regexFind (include "inference-stack.modelGroup.installing" .) $text -}}
    {{- $sign := regexReplaceAll "\\s+" . " " | trimAll " ;&|('\"/" | printf "its command changes the image or the node (%s)" -}}
    {{- $signs = append $signs (dict "sign" $sign "instead" "use an image that needs no change" "files" true) -}}
  {{- end -}}
  {{- $volumes := dict -}}
  {{- range .group.volumes -}}
    {{- $_ := set $volumes (.name | default "") . -}}
  {{- end -}}
  {{- $below := list -}}
  {{- range $container.volumeMounts -}}
    {{- $path := .mountPath | default "" | trimSuffix "/" -}}
    {{- $source := index $volumes (.name | default "") | default dict -}}
    {{- $ofNode := hasKey $source "hostPath" -}}
    {{- $host := ($source.hostPath | default dict).path | default "" | trimSuffix "/" -}}
    {{- if or (eq $path "/root") (hasPrefix "/root/" $path) -}}
      {{- $below = append $below $path -}}
    {{- end -}}
    {{- if and (or (eq $host "/dev") (hasPrefix "/dev/" $host)) (ne $host "/dev/shm") -}}
      {{- $sign := printf "devices of the node (%s) may be open to root only" $host -}}
      {{- $signs = append $signs (dict "sign" $sign "instead" "request the device in resources.limits") -}}
    {{- else if and $path (or $ofNode $source.nfs) (not (or .readOnly ($source.nfs | default dict).readOnly)) -}}
      {{- $writes := not (kindIs "slice" $written) -}}
      {{- range $written -}}
        {{- if hasPrefix (printf "%s/" $path) (printf "%s/" .) -}}
          {{- $writes = true -}}
        {{- end -}}
      {{- end -}}
      {{- if $writes -}}
        {{- $sign := printf "Kubernetes gives no group access to the %s at %s" (ternary "directory of the node" "NFS share" $ofNode) $path -}}
        {{- $instead := "give the directory to user 10001 and set podSecurityContext.runAsUser to it, or mount it with readOnly: true" -}}
        {{- $signs = append $signs (dict "sign" $sign "instead" $instead "files" true) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- with $below -}}
    {{- $instead := "mount the volume elsewhere, for example at /cache (its cache settings follow the path)" -}}
    {{- $signs = append $signs (dict "sign" (printf "only root can access %s" (join ", " .)) "instead" $instead) -}}
  {{- else -}}
    {{- $texts := list $text -}}
    {{- range $container.env -}}
      {{- $texts = append $texts (include "inference-stack.text" .value) -}}
    {{- end -}}
    {{- with regexFind "(^|[^-\\w./}])/root(/[-\\w./]*|$|[^-\\w./])" (join "\n" $texts) -}}
      {{- $path := regexFind "/root[-\\w./]*" . -}}
      {{- $signs = append $signs (dict "sign" (printf "only root can access %s" $path) "instead" "use another path") -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $signs -}}
{{- end -}}

{{- /* A regular expression of commands that only root can run, or that write where only root can. Output: string. */ -}}
{{- define "inference-stack.modelGroup.installing" -}}
  {{- $install := "(pip[0-9.]*|uv( pip)?|apt|apt-get|apk|dnf|microdnf|yum|zypper|conda|mamba|npm)\\s+(-\\S+\\s+)*(install|add|update|upgrade|sync)\\b" -}}
  {{- $tune := "(sudo|sysctl|modprobe|mount|chown|chmod|setcap|useradd|adduser|sed\\s+-i|nvidia-smi\\s+-[a-z])\\s|(ldconfig|update-ca-certificates)\\b" -}}
  {{- printf "(^|[\\s;&|('\"/])(%s|%s)|>\\s*/(proc|sys)/\\S*|\\|\\s*(ba)?sh\\b" $install $tune -}}
{{- end -}}

{{- /*
Paths that an engine writes, as far as its values say: its cache, and what its variables and arguments name besides the model.
Input: dict group (computed). Output: JSON list.
*/ -}}
{{- define "inference-stack.modelGroup.writtenPaths" -}}
  {{- $model := .group.computed.preset.model -}}
  {{- $words := .group.computed.read -}}
  {{- $read := (include "inference-stack.flag" (dict "words" $words "names" $model.flags) | fromJson).values -}}
  {{- if $model.positional -}}
    {{- $read = append $read (include "inference-stack.positionalModel" (dict "preset" .group.computed.preset "words" $words)) -}}
  {{- end -}}
  {{- $paths := list (.group.computed.cache.path | default "") -}}
  {{- $named := list -}}
  {{- range $name, $value := .group.computed.givenEnv -}}
    {{- if not (has $name ($model.env | default list)) -}}
      {{- $named = append $named $value -}}
    {{- end -}}
  {{- end -}}
  {{- range $words -}}
    {{- $named = append $named (splitList "=" . | last) -}}
  {{- end -}}
  {{- if .group.computed.script -}}
    {{- $named = concat $named (regexFindAll "/[-\\w./]+" (join " " $words) -1) -}}
  {{- end -}}
  {{- range $named -}}
    {{- if not (or (has . $read) (regexMatch "\\.(gguf|safetensors|bin|model|jinja|json|ya?ml|txt|pem|crt|key)$" .)) -}}
      {{- $paths = append $paths . -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $paths -}}
{{- end -}}

{{- /*
What shows that an engine needs the user of its image; nothing does where the values choose another user than root.
Input: dict group (computed). Output: JSON list as of containerSigns.
*/ -}}
{{- define "inference-stack.modelGroup.rootSigns" -}}
  {{- $group := .group -}}
  {{- $mounts := concat ($group.persistentVolumes | default list) ($group.volumeMounts | default list) -}}
  {{- $postStart := ((($group.lifecycle | default dict).postStart | default dict).exec | default dict).command | default list -}}
  {{- $signs := include "inference-stack.modelGroup.containerSigns" (dict
        "group" $group
        "container" (dict "securityContext" $group.securityContext "env" $group.env "volumeMounts" $mounts)
        "words" (concat $group.computed.read $postStart)
        "written" (include "inference-stack.modelGroup.writtenPaths" . | fromJsonArray)) | fromJsonArray -}}
  {{- range $group.computed.devices -}}
    {{- $in := and .groups ($group.podSecurityContext | default dict).supplementalGroups -}}
    {{- $instead := "set podSecurityContext.runAsUser to a user that may open them" -}}
    {{- if .groups -}}
      {{- $instead = printf "set podSecurityContext.supplementalGroups to the numbers of %s on your nodes" .groups -}}
    {{- end -}}
    {{- if not (or .anyUser $in) -}}
      {{- $signs = append $signs (dict "sign" (printf "the nodes of %s may be open to root only" .name) "instead" $instead) -}}
    {{- end -}}
  {{- end -}}
  {{- if ($group.resources | default dict).claims -}}
    {{- $instead := "set podSecurityContext.runAsUser: 10001 if any user may open them" -}}
    {{- $signs = append $signs (dict "sign" "the devices of resources.claims are unknown" "instead" $instead) -}}
  {{- end -}}
  {{- with $group.computed.writtenInImage -}}
    {{- $sign := printf "nothing is mounted at %s, which it writes to" (join ", " .) -}}
    {{- $signs = append $signs (dict "sign" $sign "instead" "mount a volume there" "files" true) -}}
  {{- end -}}
  {{- toJson (ternary list $signs (has $group.computed.user (list "number" "nonRoot"))) -}}
{{- end -}}

{{- /*
Whether the token of the service account is mounted: an account of the user's own says it itself, one of the chart's has none that is needed, unless the
values name a file of it, or a program or an annotation that reads it.
Input: dict group (computed). Output: "true", "false", or nothing (the account says it).
*/ -}}
{{- define "inference-stack.modelGroup.mountsToken" -}}
  {{- $account := .group.serviceAccount -}}
  {{- $words := .group.computed.read -}}
  {{- $text := list $words .group.initContainers .group.containers .group.podAnnotations | toJson -}}
  {{- if not (and $account.name (eq (toString $account.create) "false")) -}}
    {{- regexMatch "/secrets/kubernetes\\.io/serviceaccount|\\bkubectl\\s|\"kubectl\"|vault\\.hashicorp\\.com/agent-inject\"" $text -}}
  {{- end -}}
{{- end -}}
