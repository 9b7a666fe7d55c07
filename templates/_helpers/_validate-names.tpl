{{- /* One rule for every name in the values. */ -}}

{{- /*
Names in a list of the user's. Input: dict keys (path to the list), list, field, kind, empty (true if none may be empty). Output: JSON list of names as
inference-stack.names.problems has them.
*/ -}}
{{- define "inference-stack.names.listed" -}}
  {{- $context := . -}}
  {{- $names := list -}}
  {{- range $index, $item := .list -}}
    {{- $name := index ($item | default dict) $context.field | include "inference-stack.text" -}}
    {{- if or $name $context.empty -}}
      {{- $names = append $names (dict "keys" $context.keys "list" $context.list "index" $index "field" $context.field "kind" $context.kind "name" $name) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /*
Names of values that may be empty. Input: dict keys (path to their owner), owner (map), fields (map field -> kind). Output: JSON list of names.
*/ -}}
{{- define "inference-stack.names.fields" -}}
  {{- $context := . -}}
  {{- $names := list -}}
  {{- range $field, $kind := .fields -}}
    {{- with index ($context.owner | default dict) $field | include "inference-stack.text" -}}
      {{- $names = append $names (dict "keys" (append $context.keys $field) "kind" $kind "name" .) -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* Keys of a map of the user's. Input: dict keys (path to the map), map, kind. Output: JSON list of names. */ -}}
{{- define "inference-stack.names.keys" -}}
  {{- $context := . -}}
  {{- $names := list -}}
  {{- range $key := keys (.map | default dict) | sortAlpha -}}
    {{- $names = append $names (dict "keys" $context.keys "key" true "kind" $context.kind "name" $key) -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* The names of a key's reference to a Secret. Input: dict keys (path to it), given. Output: JSON list of names. */ -}}
{{- define "inference-stack.names.secret" -}}
  {{- $owner := ternary .given dict (kindIs "map" .given) -}}
  {{- include "inference-stack.names.fields" (dict "keys" .keys "owner" $owner "fields" (dict "name" "object" "key" "file")) -}}
{{- end -}}

{{- /* Names in a group's values. Input: dict name, group. Output: JSON list of names. */ -}}
{{- define "inference-stack.modelGroup.givenNames" -}}
  {{- $keys := list "modelGroups" .name -}}
  {{- $group := .group -}}
  {{- $names := include "inference-stack.names.secret" (dict "keys" (append $keys "apiKey") "given" $group.apiKey) | fromJsonArray -}}
  {{- $account := dict "keys" (append $keys "serviceAccount") "owner" $group.serviceAccount "fields" (dict "name" "object") -}}
  {{- $names = concat $names (include "inference-stack.names.fields" $account | fromJsonArray) -}}
  {{- $classes := dict "keys" $keys "owner" $group "fields" (dict "priorityClassName" "object" "runtimeClassName" "object") -}}
  {{- $names = concat $names (include "inference-stack.names.fields" $classes | fromJsonArray) -}}
  {{- $volume := dict "name" "label" "existingClaim" "object" "storageClass" "class" "storageClassName" "class" -}}
  {{- range $list, $fields := dict
        "additionalPorts" (dict "name" "port")
        "containers" (dict "name" "label")
        "initContainers" (dict "name" "label")
        "volumes" (dict "name" "label")
        "persistentVolumes" $volume -}}
    {{- range $field, $kind := $fields -}}
      {{- $empty := and (eq $field "name") (ne $list "persistentVolumes") -}}
      {{- $of := dict "keys" (append $keys $list) "list" (index $group $list) "field" $field "kind" $kind "empty" $empty -}}
      {{- $names = concat $names (include "inference-stack.names.listed" $of | fromJsonArray) -}}
    {{- end -}}
  {{- end -}}
  {{- $names = concat $names (include "inference-stack.names.ofPodSpec" (dict "keys" $keys "spec" $group.podSpec) | fromJsonArray) -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* Names of containers in a podSpec. Input: dict keys (path to its owner), spec (map or nothing). Output: JSON list of names. */ -}}
{{- define "inference-stack.names.ofPodSpec" -}}
  {{- $names := list -}}
  {{- range $list := list "containers" "initContainers" -}}
    {{- $of := dict "keys" (concat $.keys (list "podSpec" $list)) "list" (index ($.spec | default dict) $list) "field" "name" "kind" "label" "empty" true -}}
    {{- $names = concat $names (include "inference-stack.names.listed" $of | fromJsonArray) -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* Every name in the values but those of the release and of groups. Input: root. Output: JSON list of names. */ -}}
{{- define "inference-stack.names.given" -}}
  {{- $onwards := .stack.onwards -}}
  {{- $gateway := list "onwards" -}}
  {{- $ingress := ternary .stack.ingress dict .stack.ingress.enabled -}}
  {{- $monitor := ternary .stack.serviceMonitor dict .stack.serviceMonitor.enabled -}}
  {{- $names := include "inference-stack.names.keys" (dict
        "keys" (append $gateway "clientKeys") "map" .stack.clients "kind" "label") | fromJsonArray -}}
  {{- $names = concat $names (include "inference-stack.names.keys" (dict
        "keys" (list "externalProviders") "map" .stack.externalProviders "kind" "label") | fromJsonArray) -}}
  {{- $names = concat $names (include "inference-stack.names.keys" (dict
        "keys" (list "configMaps") "map" .Values.configMaps "kind" "object") | fromJsonArray) -}}
  {{- range $name, $files := .Values.configMaps -}}
    {{- $names = concat $names (include "inference-stack.names.keys" (dict
          "keys" (list "configMaps" $name) "map" $files "kind" "file") | fromJsonArray) -}}
  {{- end -}}
  {{- range $of := list
        (dict
          "keys" (append $gateway "loadBalancer")
          "owner" (ternary $onwards.loadBalancer dict $onwards.loadBalancer.enabled)
          "fields" (dict "nameOverwrite" "service"))
        (dict "keys" (append $gateway "serviceAccount") "owner" $onwards.serviceAccount "fields" (dict "name" "object"))
        (dict "keys" $gateway "owner" $onwards "fields" (dict "priorityClassName" "object"))
        (dict "keys" (list "ingress") "owner" $ingress "fields" (dict "className" "object"))
        (dict "keys" (list "serviceMonitor") "owner" $monitor "fields" (dict "namespace" "label"))
        (dict "keys" (list "prometheusRule") "owner" .stack.prometheusRule "fields" (dict "namespace" "label"))
        (dict "keys" (list "dashboards") "owner" .stack.dashboards "fields" (dict "namespace" "label")) -}}
    {{- $names = concat $names (include "inference-stack.names.fields" $of | fromJsonArray) -}}
  {{- end -}}
  {{- $volumes := dict "keys" (append $gateway "volumes") "list" $onwards.volumes "field" "name" "kind" "label" "empty" true -}}
  {{- $names = concat $names (include "inference-stack.names.listed" $volumes | fromJsonArray) -}}
  {{- $containers := dict "keys" (append $gateway "containers") "list" $onwards.containers "field" "name" "kind" "label" "empty" true -}}
  {{- $names = concat $names (include "inference-stack.names.listed" $containers | fromJsonArray) -}}
  {{- $names = concat $names (include "inference-stack.names.ofPodSpec" (dict "keys" $gateway "spec" $onwards.podSpec) | fromJsonArray) -}}
  {{- $tls := dict "keys" (list "ingress" "tls") "list" $ingress.tls "field" "secretName" "kind" "object" "empty" false -}}
  {{- $names = concat $names (include "inference-stack.names.listed" $tls | fromJsonArray) -}}
  {{- range $path, $owners := dict "externalProviders" .stack.externalProviders "onwards.clientKeys" .stack.clients -}}
    {{- range $name, $owner := $owners -}}
      {{- $of := dict "keys" (concat (splitList "." $path) (list $name "apiKey")) "given" $owner.apiKey -}}
      {{- $names = concat $names (include "inference-stack.names.secret" $of | fromJsonArray) -}}
    {{- end -}}
  {{- end -}}
  {{- range $name, $group := .stack.modelGroups -}}
    {{- $names = concat $names (include "inference-stack.modelGroup.givenNames" (dict "name" $name "group" $group) | fromJsonArray) -}}
  {{- end -}}
  {{- toJson $names -}}
{{- end -}}

{{- /* Input: root. */ -}}
{{- define "inference-stack.names.problems" -}}
  {{- $kinds := include "inference-stack.nameKinds" . | fromJson -}}
  {{- include "inference-stack.names.rule.release" (dict "root" . "kinds" $kinds) -}}
  {{- range include "inference-stack.names.given" . | fromJsonArray -}}
    {{- $kind := index $kinds .kind -}}
    {{- if not (and (regexMatch $kind.pattern .name) (le (len .name) (int $kind.most))) -}}
      {{- include "inference-stack.names.rule.given" (dict "name" . "kind" $kind) -}}
    {{- end -}}
  {{- end -}}
{{- end -}}

{{- /*
Rule: Kubernetes takes a name. That of a Secret is not printed: someone may have taken it for the place of the key itself.
Input: dict name (one that it does not take), kind.
*/ -}}
{{- define "inference-stack.names.rule.given" -}}
  {{- $name := .name }}
  {{- $fit := include "inference-stack.fitName" $name.name | trunc (int .kind.most) | trimSuffix "-" }}
  {{- if eq $name.kind "file" }}
    {{- $fit = regexReplaceAll "[^-_a-zA-Z0-9.]+" $name.name "-" | trunc (int .kind.most) | trimAll ".-" | default "file" }}
  {{- end }}
  {{- $reference := has "apiKey" $name.keys }}
  {{- if $reference }}
    {{- $fit = ternary "api-key" "engine-keys" (eq $name.kind "file") }}
  {{- end }}
  {{- $path := join "." $name.keys }}
  {{- $scalar := printf "%s: %s" (last $name.keys) (include "inference-stack.yamlString" $fit) }}
  {{- $fix := include "inference-stack.nested" (dict "keys" (initial $name.keys) "yaml" $scalar) }}
  {{- if $name.list }}
    {{- $path = printf "%s[%d].%s" $path (int $name.index) $name.field }}
    {{- $fix = include "inference-stack.listFix" (dict
          "keys" $name.keys "list" $name.list "index" $name.index "fields" (dict $name.field $fit)) }}
  {{- else if $name.key }}
    {{- $path = regexReplaceAll "[[:cntrl:]]" $name.name " " | printf "%s.%s" $path }}
    {{- $content := ternary "\"\"" "{}" (eq $name.kind "file") }}
    {{- $fix = include "inference-stack.nested" (dict "keys" $name.keys "yaml" (printf "%s: %s" (include "inference-stack.yamlString" $fit) $content)) }}
  {{- end }}

{{ $path }}: {{ ternary "it" (quote $name.name) $reference }} is not a valid name: use up to {{ .kind.most }} {{ .kind.use }}.
Please set:
{{ indent 2 $fix }}
{{- end -}}

{{- /*
Rule: Services can have the prefix of all names, which comes from the release's own name, nameOverride and fullnameOverride; one that is too long is
shortened. Helm itself refuses capitals in a release's name, which helm-unittest has in its default. Input: dict root, kinds.
*/ -}}
{{- define "inference-stack.names.rule.release" -}}
  {{- $values := .root.Values }}
  {{- $prefix := include "inference-stack.prefix" .root }}
  {{- $service := .kinds.service }}
  {{- $path := "" }}
  {{- $given := $prefix }}
  {{- $use := $service.use }}
  {{- if and $values.nameOverride (not $values.fullnameOverride) (not (regexMatch .kinds.label.pattern $values.nameOverride)) }}
    {{- $path = "nameOverride" }}
    {{- $given = $values.nameOverride }}
    {{- $use = .kinds.label.use }}
  {{- else if not (regexMatch $service.pattern (ternary $prefix (lower $prefix) (contains $prefix (toString $values.fullnameOverride)))) }}
    {{- $path = "fullnameOverride" }}
  {{- else if not (regexMatch .kinds.value.pattern (include "inference-stack.name" .root)) }}
    {{- $path = "nameOverride" }}
    {{- $given = $values.nameOverride }}
    {{- $use = .kinds.value.use }}
  {{- end }}
  {{- if $path }}

{{ $path }}: {{ quote $given }} cannot begin the names of all objects: use {{ $use }}.
Please set:
  {{ $path }}: {{ include "inference-stack.fitName" $given | trunc 63 | trimSuffix "-" }}
  {{- end }}
{{- end -}}
