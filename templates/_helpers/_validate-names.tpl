{{- /* Names that two objects would share, and names of nothing. */ -}}

{{- /* Names that two objects would have, and policies for groups that are not there. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.names.problems" -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- $problems := list -}}
{{- $claims := dict -}}
{{- $root := . -}}
{{- $groups := include "inference-stack.modelGroups" . | get . -}}
{{- $accounts := dict -}}
{{- if $onwards.serviceAccount.create }}{{ $_ := set $accounts (include "inference-stack.onwards.serviceAccountName" .) "onwards" }}{{ end -}}
{{- range $name, $group := $groups -}}
{{- $account := include "inference-stack.modelGroup.serviceAccountName" (dict "root" $root "name" $name "group" $group) -}}
{{- if and $group.serviceAccount.create (ne $name "onwards") -}}
{{- with index $accounts $account -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "modelGroups.%s.serviceAccount" $name)
      "why" (printf "the service account %s is made by %s already; one of them makes it, and the others use it." $account .)
      "fix" (printf "modelGroups:\n  %s:\n    serviceAccount:\n      create: false\n      name: %s" (include "inference-stack.pasted" $name) $account))) -}}
{{- end -}}
{{- $_ := set $accounts $account (index $accounts $account | default (printf "modelGroups.%s" $name)) -}}
{{- end -}}
{{- range $index, $volume := $group.persistentVolumes -}}
{{- if and $volume.name (not $volume.existingClaim) -}}
{{- $claim := include "inference-stack.modelGroup.claimName" (dict "root" $root "name" $name "volume" $volume) -}}
{{- $path := printf "modelGroups.%s.persistentVolumes" $name -}}
{{- with index $claims $claim -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" $path
      "why" (printf "the claim of volume %q would be called %s, as one of %s already is." $volume.name $claim .)
      "fix" (include "inference-stack.listFix" (dict "keys" (list "modelGroups" $name "persistentVolumes") "list" $group.persistentVolumes "index" $index "fields" (dict "name" (printf "%s-2" $volume.name)))))) -}}
{{- end -}}
{{- $_ := set $claims $claim $path -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if hasKey (.Values.configMaps | default dict) "onwards" -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "configMaps.onwards"
      "why" "\"onwards\" is the name of the gateway's own ConfigMap."
      "fix" "configMaps:\n  my-files: {}")) -}}
{{- end -}}
{{- $policy := include "inference-stack.networkPolicy" . | get . -}}
{{- if $policy.enabled -}}
{{- range $name, $_ := $policy.modelGroups -}}
{{- if not (hasKey ($root.Values.modelGroups | default dict) $name) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "networkPolicy.modelGroups.%s" $name)
      "why" "there is no model group of that name, so the policy would select nothing."
      "fix" (printf "networkPolicy:\n  modelGroups:\n    %s: {}" (keys ($root.Values.modelGroups | default dict) | sortAlpha | first | default "my-model" | include "inference-stack.pasted")))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $problems = concat $problems (include "inference-stack.access.problems" . | fromJsonArray) -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Ways in from outside that two owners claim, and references that lack a part. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.access.problems" -}}
{{- $problems := list -}}
{{- $root := . -}}
{{- $onwards := include "inference-stack.onwards" . | get . -}}
{{- if $onwards.loadBalancer.enabled -}}
{{- $name := include "inference-stack.onwards.loadBalancerName" . -}}
{{- $services := dict (include "inference-stack.onwards.fullname" .) "onwards" -}}
{{- range $group, $_ := include "inference-stack.modelGroups" . | get . -}}
{{- $_ := set $services (include "inference-stack.modelGroup.fullname" (dict "root" $root "name" $group)) (printf "modelGroups.%s" $group) -}}
{{- end -}}
{{- with index $services $name -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "onwards.loadBalancer.nameOverwrite"
      "why" (printf "%s is the name of the Service of %s." $name .)
      "fix" (printf "onwards:\n  loadBalancer:\n    nameOverwrite: %s-public" $name))) -}}
{{- end -}}
{{- end -}}
{{- $replicas := dict -}}
{{- range $name, $group := include "inference-stack.modelGroups" . | get . -}}
{{- if eq $group.balancing "perReplica" }}{{ $_ := set $replicas (include "inference-stack.modelGroup.replicasName" (dict "root" $root "name" $name)) $name }}{{ end -}}
{{- end -}}
{{- range $name, $_ := include "inference-stack.modelGroups" . | get . -}}
{{- with index $replicas (include "inference-stack.modelGroup.fullname" (dict "root" $root "name" $name)) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "modelGroups.%s" $name)
      "why" (printf "its Service would be called as the one that gives the replicas of modelGroups.%s their addresses." .)
      "fix" (printf "modelGroups:\n  %s:\n    balancing: service" (include "inference-stack.pasted" .)))) -}}
{{- end -}}
{{- end -}}
{{- $route := include "inference-stack.httpRoute" . | get . -}}
{{- if and $route.enabled (not $route.parentRefs) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "httpRoute.parentRefs"
      "why" "a route that is attached to no Gateway lets nobody in."
      "fix" "httpRoute:\n  parentRefs:\n    - name: my-gateway")) -}}
{{- end -}}
{{- $ingress := include "inference-stack.ingress" . | get . -}}
{{- if $ingress.enabled -}}
{{- $seen := list -}}
{{- range include "inference-stack.ingress.hosts" . | fromJsonArray -}}
{{- $host := .host -}}
{{- range .paths -}}
{{- $key := printf "%s%s" $host .path -}}
{{- if has $key $seen -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" "ingress.hosts"
      "why" (printf "the path %s of %s is there twice, and which one counts depends on the controller." .path ($host | default "all hosts"))
      "fix" (include "inference-stack.below" (dict "keys" (list "ingress" "hosts") "yaml" (toYaml (list (dict "host" $host "paths" (list (dict "path" .path "pathType" .pathType)))))))) ) -}}
{{- end -}}
{{- $seen = append $seen $key -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $monitor := include "inference-stack.serviceMonitor" . | get . -}}
{{- if $monitor.enabled -}}
{{- with include "inference-stack.secretProblem" (dict "path" "serviceMonitor.bearerTokenSecret" "given" $monitor.bearerTokenSecret "keys" (list "serviceMonitor" "bearerTokenSecret") "name" "metrics-token" "key" "token") -}}
{{- $problems = append $problems . -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
