{{- /*
Values that several templates read: computed once per render, in the order below, and cached on the root context as .stack. Treat them as read-only.
Every file that Helm executes begins with `include "inference-stack.resolve" .`; a step may read what earlier steps have set.

  .stack.defaults           values.yaml as the chart ships it (files/defaults.json): key -> its defaults
  .stack.onwards            the gateway's values; under computed: fullname, selectorLabels, labels, pods (the minimum number)
  .stack.ingress .httpRoute .networkPolicy .serviceMonitor    the values of that key
  .stack.engines            engine -> its preset (files/engines)
  .stack.externalProviders  name -> external provider, the enabled ones
  .stack.clients            id -> client of onwards.clientKeys
  .stack.routes             alias -> route; "" is the default route of aliases without their own
  .stack.modelGroups        name -> group, the enabled ones: the merged values, and under computed the derived ones (model-group/_complete.tpl)
  .stack.claims             claim -> what is known of it, and the groups that mount it (model-group/_storage.tpl)
  .stack.keys               owner's path -> {name, key} of the Secret that holds its key
  .stack.literalKeys        owner's path -> key, for keys set by value
  .stack.members            groups and providers that serve an alias, ordered by priority
  .stack.targets            alias -> pool, as the gateway's configuration has it

Input: root. Prints nothing.
*/ -}}
{{- define "inference-stack.resolve" -}}
  {{- if not (hasKey . "stack") -}}
    {{- $_ := set . "stack" dict -}}
    {{- include "inference-stack.sections.resolve" . -}}
    {{- include "inference-stack.onwards.resolve" . -}}
    {{- include "inference-stack.engines.resolve" . -}}
    {{- include "inference-stack.externalProviders.resolve" . -}}
    {{- include "inference-stack.clients.resolve" . -}}
    {{- include "inference-stack.routes.resolve" . -}}
    {{- include "inference-stack.modelGroups.resolve" . -}}
    {{- include "inference-stack.claims.resolve" . -}}
    {{- include "inference-stack.keys.resolve" . -}}
    {{- include "inference-stack.members.resolve" . -}}
    {{- include "inference-stack.targets.resolve" . -}}
  {{- end -}}
{{- end -}}

{{- /*
Sets .stack.defaults, and the values of each top-level key that applies to the release. The chart's defaults are merged under the values again:
`helm upgrade --reuse-values` replaces them by an older chart's, and a null removes them. Input: root.
*/ -}}
{{- define "inference-stack.sections.resolve" -}}
  {{- $defaults := .Files.Get "files/defaults.json" | fromJson -}}
  {{- $_ := set .stack "defaults" $defaults -}}
  {{- range $key, $default := omit $defaults "modelGroupDefaults" -}}
    {{- $_ := set $.stack $key (include "inference-stack.overlay" (dict "defaults" $default "own" (index $.Values $key)) | fromJson) -}}
  {{- end -}}
{{- end -}}
