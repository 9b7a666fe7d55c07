{{- /* What a group's engine serves and answers to: its model, names, adapters, its own key, its paths. */ -}}

{{- /* An option of a group's command line or script. Input: dict group (computed), names. Output: JSON {given: bool, values: [string]}. */ -}}
{{- define "inference-stack.modelGroup.option" -}}
  {{- $computed := .group.computed -}}
  {{- $words := $computed.read -}}
  {{- if $computed.script -}}
    {{- $words = include "inference-stack.words" (dict "words" $words "script" true) | fromJsonArray -}}
  {{- end -}}
  {{- include "inference-stack.flag" (dict "words" $words "names" .names) -}}
{{- end -}}

{{- /*
The model that an engine is told to load, as its command line or the values have it. Input: dict group (computed). Output: string, empty if unknown.
*/ -}}
{{- define "inference-stack.modelGroup.loadedModel" -}}
  {{- $computed := .group.computed -}}
  {{- $model := "" -}}
  {{- if not $computed.script -}}
    {{- $words := $computed.read -}}
    {{- $model = include "inference-stack.modelGroup.flagValue" (dict "group" .group "names" $computed.preset.model.flags) -}}
    {{- if and $computed.preset.model.positional (not $model) -}}
      {{- $model = include "inference-stack.positionalModel" (dict "preset" $computed.preset "words" $words) -}}
    {{- end -}}
  {{- end -}}
  {{- $model | default (include "inference-stack.text" .group.modelName) -}}
{{- end -}}

{{- /*
How requests name the adapters behind a group's aliases: by the alias, or as base:adapter. Input: dict group (computed). Output: JSON map alias -> name.
*/ -}}
{{- define "inference-stack.modelGroup.adapters" -}}
  {{- $computed := .group.computed -}}
  {{- $line := dict "group" .group "words" $computed.read "script" $computed.script -}}
  {{- $adapters := include "inference-stack.modelGroup.adapterNames" $line | fromJsonArray -}}
  {{- $base := first (append $computed.servedNames "model") -}}
  {{- $asked := dict -}}
  {{- range $alias := $computed.aliases -}}
    {{- $ofBase := (($computed.preset.adapters | default dict).ofBase) -}}
    {{- if and (has $alias $adapters) $ofBase -}}
      {{- $_ := set $asked $alias (printf "%s:%s" $base $alias) -}}
    {{- else if or (has $alias $adapters) (and $ofBase (has (splitList ":" $alias | last) $adapters)) -}}
      {{- $_ := set $asked $alias $alias -}}
    {{- end -}}
  {{- end -}}
  {{- toJson $asked -}}
{{- end -}}

{{- /*
The key that a group's command or environment makes its engine require, where apiKey is not set. Input: dict group (computed). Output: JSON
{from (what sets it), secret: {name, key} (absent if it does not come from a Secret)}, {} if there is none.
*/ -}}
{{- define "inference-stack.modelGroup.engineKey" -}}
  {{- $computed := .group.computed -}}
  {{- $key := $computed.preset.apiKey -}}
  {{- $found := dict -}}
  {{- if not .group.apiKey -}}
    {{- $variables := dict -}}
    {{- range $name, $value := $computed.givenEnv -}}
      {{- $_ := set $variables $name (dict "value" $value) -}}
    {{- end -}}
    {{- range .group.env -}}
      {{- $_ := set $variables .name . -}}
    {{- end -}}
    {{- $read := list -}}
    {{- if not (hasKey $computed.preset.flags "apiKey") -}}
      {{- $read = compact (list $key.env) -}}
      {{- range $name, $image := $key.variables -}}
        {{- if regexMatch $image $computed.imageReference -}}
          {{- $read = append $read $name -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
    {{- range $name := $read -}}
      {{- $variable := index $variables $name | default dict -}}
      {{- if or $variable.value $variable.valueFrom -}}
        {{- $found = dict "from" (printf "its variable %s" $name) "value" (printf "$(%s)" $name) -}}
      {{- end -}}
    {{- end -}}
    {{- $flag := include "inference-stack.modelGroup.option" (dict "group" .group "names" $key.flags) | fromJson -}}
    {{- if first $flag.values -}}
      {{- $found = dict "from" (printf "%s in its command" (first $key.flags)) "value" (first $flag.values | default "") -}}
    {{- end -}}
    {{- range list "the variable" "a variable in its value" -}}
      {{- $name := regexFind "^\\$[({]?[A-Za-z_][A-Za-z0-9_]*[)}]?$" ($found.value | default "") | trimAll "$(){}" -}}
      {{- with index $variables $name -}}
        {{- $_ := set $found "value" (include "inference-stack.text" .value) -}}
        {{- with (.valueFrom | default dict).secretKeyRef -}}
          {{- $_ := set $found "secret" (pick . "name" "key") -}}
        {{- end -}}
      {{- end -}}
    {{- end -}}
  {{- end -}}
  {{- omit $found "value" | toJson -}}
{{- end -}}

{{- /*
What a model does, as its name, image and options show. Input: text. Output: audio, rerank, images or embedding; nothing if it does not show.
*/ -}}
{{- define "inference-stack.kindOf" -}}
  {{- $text := lower . -}}
  {{- $pictures := "stable-diffusion|(^|[ /_-])sdxl|flux\\.[12]|qwen-image|wan2\\.|hunyuanvideo|cogvideo|-diffusers|-[ti]2v|--ulysses-degree" -}}
  {{- $score := "rerank|cross-encoder|--task[= ](score|classify|reward)|--convert[= ]classify" -}}
  {{- $embeds := "(^|[ /_.-])(embed|embedder|embedding|embeddings|bge|gte|e5|minilm)([ :_.-]|$)" -}}
  {{- $pools := "--(is-embedding|embeddings?|runner[ =]pooling|task[ =]embed|convert[ =]embed)( |$)" -}}
  {{- if regexMatch "whisper|parakeet|speaches|kokoro|cosyvoice|(^|[ /_-])x?tts([ /_-]|$)|--task[= ]transcription" $text -}}
audio
  {{- else if regexMatch $score $text -}}
rerank
  {{- else if regexMatch $pictures $text -}}
images
  {{- else if or (regexMatch $embeds $text) (regexMatch $pools $text) -}}
embedding
  {{- end -}}
{{- end -}}

{{- /*
What a group's model does: what the group says, else what its name, image and options show, else what its engine does. Input: dict group (computed).
Output: chat, embedding, rerank, audio or images.
*/ -}}
{{- define "inference-stack.modelGroup.kind" -}}
  {{- $computed := .group.computed -}}
  {{- $image := regexReplaceAll ":[^/]*$" $computed.imageReference "" -}}
  {{- $words := concat (list (include "inference-stack.text" .group.modelName) $image) $computed.read -}}
  {{- $shown := include "inference-stack.kindOf" (join " " $words) -}}
  {{- include "inference-stack.text" .group.kind | default $shown | default $computed.preset.kind | default "chat" -}}
{{- end -}}

{{- /* Routes other than the gateway's that a group's model is asked at. Input: dict group (computed). Output: paths, or nothing. */ -}}
{{- define "inference-stack.modelGroup.otherRoutes" -}}
  {{- $routes := dict "audio" "/v1/audio" "rerank" "/v1/rerank and /v1/score" "images" "/v1/images and /v1/videos" -}}
  {{- index $routes .group.computed.kind | default "" -}}
{{- end -}}
