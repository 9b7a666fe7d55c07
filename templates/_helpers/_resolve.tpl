{{- /*
Values that several templates read: computed once per render, in the order below, and cached on the root context as .stack. Treat them as read-only.
Every file that Helm executes begins with `include "inference-stack.resolve" .`; a step may read what earlier steps have set.

  .stack.defaults           values.yaml as the chart ships it (files/defaults.json): key -> its defaults
  .stack.given              the values, but for what a rule refuses and no helper expects: null as an item of a list, groups and the like that are no map
  .stack.onwards            the gateway's values; under computed: fullname, selectorLabels, labels, pods (the minimum number)
  .stack.modelGroupDefaults the values of that key, over the chart's
  .stack.ingress .httpRoute .networkPolicy .prometheus .serviceMonitor .prometheusRule .dashboards .tracing .images  the values of that key
  .stack.configMaps         name in configMaps -> {name (of the object), data}
  .stack.engines            engine -> its preset (files/engines)
  .stack.devices            what is known of each kind of device (files/devices.yaml)
  .stack.models             what is known of models by their names (files/models.yaml)
  .stack.externalProviders  name -> external provider, the enabled ones
  .stack.clients            id -> client of onwards.clientKeys
  .stack.routes             alias -> route; "" is the default route of aliases without their own
  .stack.modelGroups        name -> group, the enabled ones: the merged values, and under computed the derived ones (model-group/_complete.tpl)
  .stack.claims             claim -> what is known of it, and the groups that mount it (model-group/_storage.tpl)
  .stack.keys               owner's path -> {name, key} of the Secret that holds its key
  .stack.literalKeys        owner's path -> key, for keys set by value
  .stack.members            groups and providers that serve an alias, ordered by priority
  .stack.targets            alias -> pool, as the gateway's configuration has it
  .stack.holdSeconds        alias -> how long a request waits for an engine that is not there
  .stack.config             the gateway's configuration as JSON, with placeholders for keys

Input: root. Prints nothing.
*/ -}}
{{- define "inference-stack.resolve" -}}
  {{- if not (hasKey . "stack") -}}
    {{- $_ := set . "stack" dict -}}
    {{- $_ = set .stack "defaults" (.Files.Get "files/defaults.json" | fromJson) -}}
    {{- include "inference-stack.shapes.check" . -}}
    {{- include "inference-stack.given.resolve" . -}}
    {{- include "inference-stack.sections.resolve" . -}}
    {{- include "inference-stack.configMaps.resolve" . -}}
    {{- include "inference-stack.onwards.resolve" . -}}
    {{- include "inference-stack.engines.resolve" . -}}
    {{- include "inference-stack.devices.resolve" . -}}
    {{- include "inference-stack.models.resolve" . -}}
    {{- include "inference-stack.externalProviders.resolve" . -}}
    {{- include "inference-stack.clients.resolve" . -}}
    {{- include "inference-stack.routes.resolve" . -}}
    {{- include "inference-stack.modelGroups.resolve" . -}}
    {{- include "inference-stack.claims.resolve" . -}}
    {{- include "inference-stack.keys.resolve" . -}}
    {{- include "inference-stack.members.resolve" . -}}
    {{- include "inference-stack.targets.resolve" . -}}
    {{- include "inference-stack.config.resolve" . -}}
  {{- end -}}
{{- end -}}

{{- /* Sets .stack.given. Input: root. */ -}}
{{- define "inference-stack.given.resolve" -}}
  {{- $given := .Values -}}
  {{- if include "inference-stack.hasNullItems" $given -}}
    {{- $given = (include "inference-stack.withoutNullItems" $given | fromJson).value -}}
  {{- end -}}
  {{- range list "modelGroups" "externalProviders" "routes" -}}
    {{- if not (kindIs "map" (index $given .)) -}}
      {{- $given = omit $given . -}}
    {{- end -}}
  {{- end -}}
  {{- $_ := set .stack "given" $given -}}
{{- end -}}

{{- /*
Sets the values of each top-level key that applies to the release. The chart's defaults are laid under the values again:
`helm upgrade --reuse-values` replaces them by an older chart's, and a null removes them. A Kubernetes object is left as it is: where one, or a field of
it, is missing, a null has removed it. Only values of 0.4, which had no modelGroupDefaults, lack some that have a default now. Input: root.
*/ -}}
{{- define "inference-stack.sections.resolve" -}}
  {{- $defaults := .stack.defaults -}}
  {{- $objects := include "inference-stack.objects" . | fromJson -}}
  {{- $lists := include "inference-stack.namedLists" . | fromJson -}}
  {{- $current := kindIs "map" .stack.given.modelGroupDefaults -}}
  {{- range $key, $default := omit $defaults "modelGroups" -}}
    {{- $own := index $.stack.given $key -}}
    {{- $_ := set $.stack $key (include "inference-stack.layer" (dict
          "below" $default
          "own" $own
          "chart" $default
          "objects" (index $objects $key)
          "lists" $lists
          "whole" (and $current (kindIs "map" $own))) | fromJson) -}}
  {{- end -}}
{{- end -}}
