{{- /* What `helm test` runs. */ -}}

{{- /* Input: root. Output: string. */ -}}
{{- define "inference-stack.test.name" -}}
  {{- include "inference-stack.objectName" (dict "root" . "part" "onwards-test") -}}
{{- end -}}

{{- /* Labels of its pods, which match no selector of the gateway or an engine. Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.test.selectorLabels" -}}
  {{- include "inference-stack.selectorLabels" (dict "root" . "component" "test") -}}
{{- end -}}

{{- /* Input: root. Output: JSON map. */ -}}
{{- define "inference-stack.test.labels" -}}
  {{- include "inference-stack.labels" (dict "root" . "selector" (include "inference-stack.test.selectorLabels" . | fromJson)) -}}
{{- end -}}

{{- /*
The requests that it sends: one to each alias that an OpenAI server serves at the gateway's routes and, if there are clients, a client may use; it uses
the key of such a client, preferably one without a limit. Input: root. Output: JSON list of {alias, client (empty: no key is needed)}.
*/ -}}
{{- define "inference-stack.test.requests" -}}
  {{- $requests := list -}}
  {{- $clients := .stack.clients -}}
  {{- $silent := list -}}
  {{- range .stack.modelGroups -}}
    {{- if or .computed.preset.noOpenAI .computed.otherRoutes -}}
      {{- $silent = concat $silent .computed.aliases -}}
    {{- end -}}
  {{- end -}}
  {{- range $alias := include "inference-stack.servedAliases" . | fromJsonArray -}}
    {{- $allowed := include "inference-stack.allowedClients" (dict "root" $ "alias" $alias) | fromJsonArray -}}
    {{- $unlimited := list -}}
    {{- range $allowed -}}
      {{- if not (index $clients .).requestsPerSecond -}}
        {{- $unlimited = append $unlimited . -}}
      {{- end -}}
    {{- end -}}
    {{- if and (not (has $alias $silent)) (or $allowed (not $clients)) -}}
      {{- $requests = append $requests (dict "alias" $alias "client" (first (concat $unlimited $allowed) | default "")) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $requests -}}
{{- end -}}

{{- /*
Its pods may reach the gateway and a DNS server (OpenShift's listens on 5353), and accept no connections. Input: root. Output: JSON map, without
podSelector.
*/ -}}
{{- define "inference-stack.test.networkPolicySpec" -}}
  {{- $gateway := dict "podSelector" (dict "matchLabels" .stack.onwards.computed.selectorLabels) -}}
  {{- $ports := dict "ports" (include "inference-stack.onwards.openPorts" . | fromJsonArray) -}}
  {{- $egress := list
        (dict "to" (list $gateway) "ports" (include "inference-stack.networkPolicy.ingressRule" $ports | fromJson).ports)
        (dict "ports" (include "inference-stack.networkPolicy.dnsPorts" (list 53 5353) | fromJsonArray)) -}}
  {{- include "inference-stack.networkPolicySpec" (dict "policyTypes" (list "Ingress" "Egress") "egress" $egress) -}}
{{- end -}}

{{- /* How long one answer may take, and all of them: less than the five minutes that `helm test` waits. Output: JSON map of seconds. */ -}}
{{- define "inference-stack.test.seconds" -}}
  {{- toJson (dict "answer" 60 "total" 270) -}}
{{- end -}}

{{- /*
Arguments of files/test.sh. The kubelet expands $(...), so a dollar sign in an alias is escaped. Input: dict root, requests. Output: JSON list of strings.
*/ -}}
{{- define "inference-stack.test.args" -}}
  {{- $onwards := .root.stack.onwards -}}
  {{- $seconds := include "inference-stack.test.seconds" . | fromJson -}}
  {{- $args := list
        $onwards.computed.fullname
        ($onwards.service.port | int64 | toString)
        (toString $seconds.answer)
        (toString $seconds.total) -}}
  {{- range .requests -}}
    {{- $args = concat $args (list (toJson .alias | replace "$" "\\u0024") .client) -}}
  {{- end -}}
  {{- toJson $args -}}
{{- end -}}

{{- /*
The keys of the clients that it uses, each as a file named after its client. Input: dict root, requests. Output: JSON list of
VolumeProjection.
*/ -}}
{{- define "inference-stack.test.keySources" -}}
  {{- $prefix := "onwards.clientKeys." -}}
  {{- $owners := list -}}
  {{- range .requests -}}
    {{- if .client -}}
      {{- $owners = append $owners (printf "%s%s" $prefix .client) -}}
    {{- end -}}
  {{- end -}}
  {{- include "inference-stack.keySources" (dict "root" .root "owners" (uniq $owners) "prefix" $prefix) -}}
{{- end -}}
