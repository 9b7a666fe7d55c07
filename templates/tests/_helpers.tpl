{{- /* What `helm test` runs. */ -}}

{{- /* The labels of its pods: none by which the gateway or an engine is selected. Input: root. Output: YAML map. */ -}}
{{- define "inference-stack.test.selectorLabels" -}}
app.kubernetes.io/name: {{ include "inference-stack.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: test
{{- end -}}

{{- /*
The aliases that are asked: those that an OpenAI server serves, and that some client may use if there are clients. Each is asked by such a client, by one
without a limit if there is one.
Input: root. Kept: list of {alias, client (empty: no key is needed)}.
*/ -}}
{{- define "inference-stack.test.questions" -}}
{{- if not (hasKey . "questions") -}}
{{- $questions := list -}}
{{- $clients := include "inference-stack.clientKeys" . | get . -}}
{{- $routes := include "inference-stack.routes" . | get . -}}
{{- $silent := list -}}
{{- range include "inference-stack.modelGroups" . | get . }}{{ if not .preset.openai }}{{ $silent = concat $silent .modelAlias }}{{ end }}{{ end -}}
{{- range $alias := keys (include "inference-stack.onwards.targets" . | get .) | sortAlpha -}}
{{- $route := index $routes $alias | default (index $routes "") -}}
{{- $allowed := include "inference-stack.allowedClients" (dict "alias" $alias "clients" $clients "route" $route) | fromJsonArray -}}
{{- $unlimited := list -}}
{{- range $allowed }}{{ if not (index $clients .).requestsPerSecond }}{{ $unlimited = append $unlimited . }}{{ end }}{{ end -}}
{{- if and (not (has $alias $silent)) (or $allowed (not $clients)) -}}
{{- $questions = append $questions (dict "alias" $alias "client" (first (concat $unlimited $allowed) | default "")) -}}
{{- end -}}
{{- end -}}
{{- $_ := set . "questions" $questions -}}
{{- end -}}
questions
{{- end -}}

{{- /* Whom its pods reach: the gateway and a name server; nobody reaches them. Input: root. Output: YAML map, without podSelector. */ -}}
{{- define "inference-stack.test.networkPolicySpec" -}}
{{- $gateway := dict "podSelector" (dict "matchLabels" (include "inference-stack.onwards.selectorLabels" . | fromYaml)) -}}
{{- $egress := list
      (dict "to" (list $gateway) "ports" (list (dict "port" "http" "protocol" "TCP")))
      (dict "ports" (list (dict "port" 53 "protocol" "UDP") (dict "port" 53 "protocol" "TCP"))) -}}
{{- include "inference-stack.networkPolicySpec" (dict "policyTypes" (list "Ingress" "Egress") "egress" $egress) -}}
{{- end -}}

{{- /* What files/test.sh is told. The kubelet makes something of a dollar sign, so none is left in an alias. Input: root. Output: YAML list of strings. */ -}}
{{- define "inference-stack.test.args" -}}
{{- $args := list (include "inference-stack.onwards.fullname" .) (include "inference-stack.onwards.servicePort" .) -}}
{{- range include "inference-stack.test.questions" . | get . }}{{ $args = concat $args (list (toJson .alias | replace "$" "\\u0024") .client) }}{{ end -}}
{{- toYaml $args -}}
{{- end -}}

{{- /* Where the clients' keys come from, each as a file called by its client. Input: root. Output: YAML list of projected sources, empty if there are none. */ -}}
{{- define "inference-stack.test.keySources" -}}
{{- $keys := include "inference-stack.onwards.keys" . | get . -}}
{{- $sources := list -}}
{{- range include "inference-stack.test.clients" . | fromJsonArray -}}
{{- $secret := index $keys (printf "onwards.clientKeys.%s" .) -}}
{{- $sources = append $sources (dict "secret" (dict "name" $secret.name "items" (list (dict "key" $secret.key "path" .)))) -}}
{{- end -}}
{{- with $sources }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{- /* The clients that ask. Input: root. Output: JSON list of ids. */ -}}
{{- define "inference-stack.test.clients" -}}
{{- $clients := list -}}
{{- range include "inference-stack.test.questions" . | get . }}{{ with .client }}{{ $clients = append $clients . }}{{ end }}{{ end -}}
{{- $clients | uniq | toJson -}}
{{- end -}}
