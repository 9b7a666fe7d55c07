{{- /* What NOTES.txt prints: addresses, models, Secrets, and a request; its commands work as they are printed. */ -}}

{{- /*
The base URLs of the gateway, and for an address that only the cluster knows a command that shows it.
Input: root. Output: JSON list of {from, url, command (or nothing)}.
*/ -}}
{{- define "inference-stack.notes.urls" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $service := $onwards.computed.fullname -}}
  {{- $kubectl := printf "kubectl -n %s get" .Release.Namespace -}}
  {{- $port := include "inference-stack.notes.port" $onwards.service.port -}}
  {{- $urls := list (dict "from" "in the cluster" "url" (printf "http://%s.%s%s/v1" $service .Release.Namespace $port)) -}}
  {{- if .stack.ingress.enabled -}}
    {{- $scheme := ternary "https" "http" (not (empty .stack.ingress.tls)) -}}
    {{- range include "inference-stack.ingress.hosts" . | fromJsonArray -}}
      {{- $command := ternary "" (printf "%s ingress %s" $kubectl (include "inference-stack.fullname" $)) (ne .host "") -}}
      {{- $urls = append $urls (dict "from" "Ingress" "url" (printf "%s://%s/v1" $scheme (.host | default "ADDRESS")) "command" $command) -}}
    {{- end -}}
  {{- end -}}
  {{- if .stack.httpRoute.enabled -}}
    {{- $parent := first (.stack.httpRoute.parentRefs | default list) | default dict -}}
    {{- $tls := or (contains "https" ($parent.sectionName | default "")) (eq (int64 $parent.port) 443) -}}
    {{- $gateway := printf "kubectl -n %s get gateway %s" ($parent.namespace | default .Release.Namespace) ($parent.name | default "") -}}
    {{- range .stack.httpRoute.hostnames | default (list "") -}}
      {{- $url := printf "%s://%s/v1" (ternary "https" "http" $tls) (. | default "ADDRESS") -}}
      {{- $urls = append $urls (dict "from" "HTTPRoute" "url" $url "command" (ternary "" $gateway (ne . ""))) -}}
    {{- end -}}
  {{- end -}}
  {{- $external := dict -}}
  {{- if ne $onwards.service.type "ClusterIP" -}}
    {{- $_ := set $external $service (dict "from" $onwards.service.type "port" $onwards.service.port) -}}
  {{- end -}}
  {{- if $onwards.loadBalancer.enabled -}}
    {{- $_ := set $external (include "inference-stack.onwards.loadBalancerName" .) (dict "from" "LoadBalancer" "port" $onwards.loadBalancer.port) -}}
  {{- end -}}
  {{- range $name, $of := $external -}}
    {{- $address := printf "ADDRESS%s" (include "inference-stack.notes.port" $of.port) -}}
    {{- if eq $of.from "NodePort" -}}
      {{- $address = printf "NODE:%s" (int64 $onwards.service.nodePort | default "PORT" | toString) -}}
    {{- end -}}
    {{- $command := printf "%s service %s" $kubectl $name -}}
    {{- $urls = append $urls (dict "from" $of.from "url" (printf "http://%s/v1" $address) "command" $command) -}}
  {{- end -}}
  {{- uniq $urls | toJson -}}
{{- end -}}

{{- /* A port as a URL has it. Input: number. Output: ":8080", or nothing for 80. */ -}}
{{- define "inference-stack.notes.port" -}}
  {{- if ne (int64 .) 80 -}}
    {{- printf ":%d" (int64 .) -}}
  {{- end -}}
{{- end -}}

{{- /*
The table of models, a row for each alias and each group or provider that serves it.
Input: root. Output: JSON list of {alias, member, part (the share of its requests, or the place in the order)}.
*/ -}}
{{- define "inference-stack.notes.models" -}}
  {{- $rows := list -}}
  {{- range $alias, $target := .stack.targets -}}
    {{- $ordered := eq $target.strategy "priority" -}}
    {{- $total := 0 -}}
    {{- range $target.providers -}}
      {{- $total = add $total (int64 .weight) -}}
    {{- end -}}
    {{- $place := 0 -}}
    {{- range $.stack.members -}}
      {{- if has $alias .aliases -}}
        {{- $place = add1 $place -}}
        {{- $name := splitList "." .owner | last -}}
        {{- $engine := ternary "outside" (dig $name "computed" "engine" "" $.stack.modelGroups) (not (empty .external)) -}}
        {{- $part := printf "%d%%" (div (mul 100 (int64 .member.weight) (len .urls)) (max 1 $total)) -}}
        {{- if and $ordered (gt (len $target.providers) 1) -}}
          {{- $part = printf "no. %d" $place -}}
        {{- end -}}
        {{- $rows = append $rows (dict "alias" $alias "member" (printf "%s (%s)" $name $engine) "part" $part) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $rows -}}
{{- end -}}

{{- /*
Groups that are not enabled, but for the chart's own example while another is. Input: root. Output: JSON list of names.
*/ -}}
{{- define "inference-stack.notes.notDeployed" -}}
  {{- $names := list -}}
  {{- range $name, $_ := omit (.Values.modelGroups | default dict) "vllm-llama" -}}
    {{- if not (hasKey $.stack.modelGroups $name) -}}
      {{- $names = append $names $name -}}
    {{- end -}}
  {{- end -}}
  {{- sortAlpha $names | toJson -}}
{{- end -}}

{{- /*
The keys of Secrets that the release reads and does not create: of clients, engines and providers, and those that variables are set to.
Input: root. Output: JSON map name -> list of keys.
*/ -}}
{{- define "inference-stack.notes.secretKeys" -}}
  {{- $references := list -}}
  {{- range $owner, $reference := .stack.keys -}}
    {{- if not (hasKey $.stack.literalKeys $owner) -}}
      {{- $references = append $references $reference -}}
    {{- end -}}
  {{- end -}}
  {{- $env := .stack.onwards.env | default list -}}
  {{- range .stack.modelGroups -}}
    {{- $env = concat $env (.env | default list) -}}
    {{- $token := include "inference-stack.modelGroup.hubToken" (dict "group" .) | fromJson -}}
    {{- if or $token.file $token.env -}}
      {{- $references = append $references .hub.token -}}
    {{- end -}}
    {{- range compact (.initContainers | default list) -}}
      {{- $env = concat $env (.env | default list) -}}
    {{- end -}}
  {{- end -}}
  {{- range compact $env -}}
    {{- with (.valueFrom | default dict).secretKeyRef -}}
      {{- if not .optional -}}
        {{- $references = append $references . -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- $secrets := dict -}}
  {{- range $references -}}
    {{- if and .name .key -}}
      {{- $_ := set $secrets .name (append (index $secrets .name | default list) .key | uniq | sortAlpha) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $secrets -}}
{{- end -}}

{{- /*
The Secrets that must exist, and what `kubectl create secret` needs to create them. Each key has a value of its own, as two clients may not have one key.
Input: root. Output: JSON map name -> arguments.
*/ -}}
{{- define "inference-stack.notes.secrets" -}}
  {{- $secrets := dict -}}
  {{- $pull := list .stack.onwards.imagePullSecrets -}}
  {{- range .stack.modelGroups -}}
    {{- $pull = append $pull .imagePullSecrets -}}
    {{- range compact (.envFrom | default list) -}}
      {{- with (.secretRef | default dict).name -}}
        {{- $_ := set $secrets . (printf "generic %s --from-env-file=FILE" .) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- range $pull -}}
    {{- range include "inference-stack.imagePullSecrets" (dict "root" $ "own" .) | fromJsonArray -}}
      {{- $_ := set $secrets .name (printf "docker-registry %s --docker-server=HOST --docker-username=USER --docker-password=PASSWORD" .name) -}}
    {{- end -}}
  {{- end -}}
  {{- $issued := contains "cert-manager.io/" (toJson .stack.ingress.annotations) -}}
  {{- range .stack.ingress.tls -}}
    {{- if and .secretName $.stack.ingress.enabled (not $issued) -}}
      {{- $_ := set $secrets .secretName (printf "tls %s --cert=FILE --key=FILE" .secretName) -}}
    {{- end -}}
  {{- end -}}
  {{- range $name, $keys := include "inference-stack.notes.secretKeys" . | fromJson -}}
    {{- $words := list "generic" $name -}}
    {{- range $keys -}}
      {{- $words = append $words (printf "--from-literal=%s=YOUR-%s" . .) -}}
    {{- end -}}
    {{- $_ := set $secrets $name (join " " $words) -}}
  {{- end -}}
  {{- toJson $secrets -}}
{{- end -}}

{{- /* The command that waits until every pod is ready. Input: root. Output: string. */ -}}
{{- define "inference-stack.notes.watch" -}}
  {{- $kinds := list "deployment" -}}
  {{- range .stack.modelGroups -}}
    {{- if eq (include "inference-stack.modelGroup.workload" (dict "group" .)) "StatefulSet" -}}
      {{- $kinds = append $kinds "statefulset" | uniq -}}
    {{- end -}}
  {{- end -}}
  {{- $command := printf "kubectl -n %s rollout status %s -l app.kubernetes.io/instance=%s" .Release.Namespace (join "," $kinds) .Release.Name -}}
  {{- $minutes := include "inference-stack.modelGroups.startupMinutes" . -}}
  {{- include "inference-stack.notes.continued" (printf "%s --timeout=%sm" $command $minutes) -}}
  {{- range .stack.modelGroups -}}
    {{- if gt .computed.nodes 1 }}
  {{ include "inference-stack.notes.continued" (printf "kubectl -n %s wait --for=condition=Available leaderworkerset/%s --timeout=%sm"
            $.Release.Namespace .computed.setName $minutes) }}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /* Aliases that nobody serves while their groups sleep, and how long a request waits then. Input: root. Output: JSON list of lines. */ -}}
{{- define "inference-stack.notes.sleeping" -}}
  {{- $lines := list -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- if include "inference-stack.modelGroup.sleeps" (dict "group" $group) -}}
      {{- $start := include "inference-stack.modelGroup.startSeconds" (dict "group" $group) -}}
      {{- range $alias := $group.computed.aliases -}}
        {{- $held := index $.stack.holdSeconds $alias -}}
        {{- $wait := printf "held for up to %v s" $held -}}
        {{- if not $held -}}
          {{- $wait = "answered by the others that serve it, or 502" -}}
        {{- end -}}
        {{- $lines = append $lines (printf "%s (%s): starts in some %s s, requests are %s" $alias $name $start $wait) -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $lines -}}
{{- end -}}

{{- /* A command on lines of at most 98 columns, as a shell continues them. Input: string. Output: string. */ -}}
{{- define "inference-stack.notes.continued" -}}
  {{- wrap 92 . | replace "\n" " \\\n    " -}}
{{- end -}}

{{- /*
A request that fits a model, and the client whose key it needs: of the first alias that chats, else of the first.
Input: root. Output: JSON {path, body, client (a name, or empty)}, {} if nothing answers.
*/ -}}
{{- define "inference-stack.notes.request" -}}
  {{- $request := dict -}}
  {{- range include "inference-stack.test.requests" . | fromJsonArray -}}
    {{- $embeds := include "inference-stack.notes.embeds" (dict "root" $ "alias" .alias) -}}
    {{- if or (not $request) (and $request.embeds (not $embeds)) -}}
      {{- $request = dict "alias" .alias "client" .client "embeds" $embeds -}}
    {{- end -}}
  {{- end -}}
  {{- with $request -}}
    {{- $alias := toJson .alias | replace "'" "\\u0027" -}}
    {{- $path := ternary "embeddings" "chat/completions" (not (empty .embeds)) -}}
    {{- $chat := printf "{\"model\": %s, \"messages\": [{\"role\": \"user\", \"content\": \"Hello\"}]}" $alias -}}
    {{- $body := ternary (printf "{\"model\": %s, \"input\": \"Hello\"}" $alias) $chat (not (empty .embeds)) -}}
    {{- $request = dict "path" $path "body" $body "client" .client -}}
  {{- end -}}
  {{- toJson $request -}}
{{- end -}}

{{- /*
Whether an alias is one of embeddings: a group of it is, or its name shows it, or that of a provider's model. Input: dict root, alias. Output: "true" or
nothing.
*/ -}}
{{- define "inference-stack.notes.embeds" -}}
  {{- $embeds := eq (include "inference-stack.kindOf" .alias) "embedding" -}}
  {{- range .root.stack.members -}}
    {{- if has $.alias .aliases -}}
      {{- $name := include "inference-stack.text" .member.modelName -}}
      {{- $kind := (.member.computed | default dict).kind | default (include "inference-stack.kindOf" $name) -}}
      {{- $embeds = or $embeds (eq $kind "embedding") -}}
    {{- end -}}
  {{- end -}}
  {{- if $embeds -}}
true
  {{- end -}}
{{- end -}}

{{- /* The command that reads a client's key from its Secret. Input: dict root, client. Output: string. */ -}}
{{- define "inference-stack.notes.readKey" -}}
  {{- $secret := index .root.stack.keys (printf "onwards.clientKeys.%s" .client) -}}
  {{- $key := replace "." "\\." $secret.key -}}
  {{- $command := printf "KEY=$(kubectl -n %s get secret %s -o 'jsonpath={.data.%s}' | base64 -d)" .root.Release.Namespace $secret.name $key -}}
  {{- include "inference-stack.notes.continued" $command -}}
{{- end -}}
