{{- /* What outside providers, clients and routes cannot be. */ -}}

{{- /* Whether a text can name a file and a key of a Secret, and be told from its neighbours. Input: string. Output: "true" or nothing. */ -}}
{{- define "inference-stack.isName" -}}
{{- if and (regexMatch "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$" .) (le (len .) 63) }}true{{ end -}}
{{- end -}}

{{- /* The problem of a name that is none. Input: dict keys (the way to the map), name. Output: a problem, or nothing. */ -}}
{{- define "inference-stack.nameProblem" -}}
{{- if not (include "inference-stack.isName" .name) -}}
{{- include "inference-stack.problem" (dict
      "path" (printf "%s.%s" (join "." .keys) .name)
      "why" (printf "%q is no name: up to 63 lower-case letters, digits and -, beginning and ending with a letter or digit." .name)
      "fix" (include "inference-stack.below" (dict "keys" .keys "yaml" "my-name: {}"))) -}}
{{- end -}}
{{- end -}}

{{- /* The problem of texts that look like a key's placeholder, whose place a key would take. Input: dict keys (the way to the map), field (its name), texts. Output: a problem, or nothing. */ -}}
{{- define "inference-stack.placeholderProblem" -}}
{{- if contains "@key:" (toJson .texts) -}}
{{- include "inference-stack.problem" (dict
      "path" (join "." (append .keys .field))
      "why" "a text in it begins like the chart's placeholder for a key, @key:, and a key could take its place."
      "fix" (include "inference-stack.below" (dict "keys" .keys "yaml" (printf "%s: null" .field)))) -}}
{{- end -}}
{{- end -}}

{{- /* Everything that is wrong with routing. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.routing.problems" -}}
{{- toJson (concat
      (include "inference-stack.externalProviders.problems" . | fromJsonArray)
      (include "inference-stack.clientKeys.problems" . | fromJsonArray)
      (include "inference-stack.routes.problems" . | fromJsonArray)) -}}
{{- end -}}

{{- /* The aliases that somebody serves. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.servedAliases" -}}
{{- $aliases := list -}}
{{- range include "inference-stack.members" . | get . }}{{ $aliases = concat $aliases .member.modelAlias }}{{ end -}}
{{- toJson (uniq $aliases | sortAlpha) -}}
{{- end -}}

{{- /* Problems of the outside providers. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.externalProviders.problems" -}}
{{- $problems := list -}}
{{- $strict := (include "inference-stack.onwards" . | get .).strictMode -}}
{{- range $name, $provider := include "inference-stack.externalProviders" . | get . -}}
{{- $keys := list "externalProviders" $name -}}
{{- $path := join "." $keys -}}
{{- with include "inference-stack.nameProblem" (dict "keys" (list "externalProviders") "name" $name) }}{{ $problems = append $problems . }}{{ end -}}
{{- with include "inference-stack.secretProblem" (dict "path" (printf "%s.apiKey" $path) "given" $provider.apiKey "keys" (append $keys "apiKey") "name" "provider-keys" "key" $name) }}{{ $problems = append $problems . }}{{ end -}}
{{- with include "inference-stack.placeholderProblem" (dict "keys" $keys "field" "responseHeaders" "texts" $provider.responseHeaders) }}{{ $problems = append $problems . }}{{ end -}}
{{- if not $provider.url -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.url" $path)
      "why" "there is no URL, and none follows from a preset."
      "fix" (include "inference-stack.below" (dict "keys" $keys "yaml" "url: https://api.example.com/v1")))) -}}
{{- else if not (regexMatch "^https?://[^/]" (toString $provider.url)) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.url" $path)
      "why" (printf "%q does not begin with http:// or https://, so every request would fail." (toString $provider.url))
      "fix" (include "inference-stack.below" (dict "keys" $keys "yaml" "url: https://api.example.com/v1")))) -}}
{{- else if not (or $strict (regexMatch "^https?://[^/]+(/v1)?/?$" $provider.url)) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.url" $path)
      "why" (printf "outside strict mode the gateway adds a request's whole path, /v1 included, to %s, and the provider knows no such path." $provider.url)
      "fix" "onwards:\n  strictMode: true")) -}}
{{- end -}}
{{- if or (not $provider.modelAlias) (has "" $provider.modelAlias) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.modelAlias" $path)
      "why" "there is no alias, or an empty one, so no request could ask for it."
      "fix" (include "inference-stack.below" (dict "keys" (append $keys "modelAlias") "yaml" (printf "- %s" (without $provider.modelAlias "" | first | default (toString $provider.modelName) | default $name | include "inference-stack.pasted")))))) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Problems of the clients. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.clientKeys.problems" -}}
{{- $problems := list -}}
{{- $served := include "inference-stack.servedAliases" . | fromJsonArray -}}
{{- $texts := dict -}}
{{- range $id, $client := include "inference-stack.clientKeys" . | get . -}}
{{- $keys := list "onwards" "clientKeys" $id -}}
{{- $path := join "." $keys -}}
{{- with include "inference-stack.nameProblem" (dict "keys" (list "onwards" "clientKeys") "name" $id) }}{{ $problems = append $problems . }}{{ end -}}
{{- with include "inference-stack.secretProblem" (dict "path" (printf "%s.apiKey" $path) "given" $client.apiKey "keys" (append $keys "apiKey") "name" "client-keys" "key" $id) }}{{ $problems = append $problems . }}{{ end -}}
{{- with include "inference-stack.placeholderProblem" (dict "keys" $keys "field" "labels" "texts" $client.labels) }}{{ $problems = append $problems . }}{{ end -}}
{{- if not $client.apiKey -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.apiKey" $path)
      "why" "a client without a key could never be told from others."
      "fix" (include "inference-stack.below" (dict "keys" (append $keys "apiKey") "yaml" (printf "name: client-keys\nkey: %s" (include "inference-stack.pasted" $id)))))) -}}
{{- else -}}
{{- $text := include "inference-stack.word" $client.apiKey -}}
{{- with index $texts $text -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.apiKey" $path)
      "why" (printf "it is also the key of %s, and the gateway knows a client by its key alone." .)
      "fix" (include "inference-stack.below" (dict "keys" (append $keys "apiKey") "yaml" (printf "name: client-keys\nkey: %s" (include "inference-stack.pasted" $id)))))) -}}
{{- end -}}
{{- $_ := set $texts $text $path -}}
{{- end -}}
{{- range $client.allowedAliases -}}
{{- if not (has . $served) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "%s.allowedAliases" $path)
      "why" (printf "nobody serves the alias %q." .)
      "fix" (include "inference-stack.below" (dict "keys" (append $keys "allowedAliases") "yaml" (printf "- %s" (first $served | default "an-alias" | include "inference-stack.pasted")))))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /* Problems of the routes. Input: root. Output: JSON list. */ -}}
{{- define "inference-stack.routes.problems" -}}
{{- $problems := list -}}
{{- $served := include "inference-stack.servedAliases" . | fromJsonArray -}}
{{- $clients := include "inference-stack.clientKeys" . | get . -}}
{{- range $alias, $route := omit (include "inference-stack.routes" . | get .) "" -}}
{{- if not (has $alias $served) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "routes.%s" $alias)
      "why" "nobody serves this alias, so the route would do nothing."
      "fix" (printf "routes:\n  %s: null" (include "inference-stack.pasted" $alias)))) -}}
{{- end -}}
{{- range $route.allowedKeys -}}
{{- if not (hasKey $clients .) -}}
{{- $problems = append $problems (include "inference-stack.problem" (dict
      "path" (printf "routes.%s.allowedKeys" $alias)
      "why" (printf "there is no client %q in onwards.clientKeys." .)
      "fix" (printf "onwards:\n  clientKeys:\n    %s:\n      apiKey:\n        name: client-keys\n        key: %s" (include "inference-stack.pasted" .) (include "inference-stack.pasted" .)))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}
