{{- /* Reading a command line as its engine would. */ -}}

{{- /* One word of a command line. A number from a values file is a float: printing it plainly would turn 1048576 into 1.048576e+06. Input: string or number, or nothing. Output: string. */ -}}
{{- define "inference-stack.word" -}}
{{- if kindIs "float64" . }}{{ toJson . }}{{ else if not (kindIs "invalid" .) }}{{ toString . }}{{ end -}}
{{- end -}}

{{- /* A command line as a list of strings. Input: list or string, or nothing. Output: JSON list. */ -}}
{{- define "inference-stack.words" -}}
{{- $words := list -}}
{{- if kindIs "slice" . -}}
{{- range . }}{{ $words = append $words (include "inference-stack.word" .) }}{{ end -}}
{{- else if . -}}
{{- $words = list (include "inference-stack.word" .) -}}
{{- end -}}
{{- toJson $words -}}
{{- end -}}

{{- /*
A flag in a command line: "--a b c", "--a=b", with _ for -, or shortened where argparse allows it; of several the last counts.
Input: dict words (list of strings), names (list, spelled with -). Output: JSON {given: bool, values: [string]}.
*/ -}}
{{- define "inference-stack.flag" -}}
{{- $names := .names -}}
{{- $given := false -}}
{{- $values := list -}}
{{- $open := false -}}
{{- range $word := .words -}}
{{- $letter := $word | trimPrefix "-" | trimPrefix "-" | trunc 1 -}}
{{- if and (hasPrefix "-" $word) (ne (lower $letter) (upper $letter)) -}}
{{- $open = false -}}
{{- $parts := splitn "=" 2 $word -}}
{{- $spelled := $parts._0 | replace "_" "-" -}}
{{- range $name := $names -}}
{{- if or (eq $spelled $name) (and (ge (len $spelled) 6) (hasPrefix $spelled $name)) -}}
{{- $given = true -}}
{{- $open = not (contains "=" $word) -}}
{{- $values = ternary list (list $parts._1) $open -}}
{{- end -}}
{{- end -}}
{{- else if $open -}}
{{- $values = append $values $word -}}
{{- end -}}
{{- end -}}
{{- toJson (dict "given" $given "values" $values) -}}
{{- end -}}
