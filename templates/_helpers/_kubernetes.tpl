{{- /* Features of the cluster. */ -}}

{{- /* Whether the cluster's Kubernetes is at least a version. Input: dict root, version. Output: "true" or nothing. */ -}}
{{- define "inference-stack.kubernetesAtLeast" -}}
  {{- if semverCompare (printf ">=%s-0" .version) .root.Capabilities.KubeVersion.Version -}}
true
  {{- end -}}
{{- end -}}

{{- /*
Whether the cluster is known not to have an API: only a render that asks one knows, and every cluster has the API of API services, which Helm's own list
lacks. Input: dict root, api (group/version). Output: "true" or nothing.
*/ -}}
{{- define "inference-stack.lacksApi" -}}
  {{- $apis := .root.Capabilities.APIVersions -}}
  {{- if and ($apis.Has "apiregistration.k8s.io/v1") (not ($apis.Has .api)) -}}
true
  {{- end -}}
{{- end -}}

{{- /* Kubernetes' version, as the render has it, for messages. Input: root. Output: string. */ -}}
{{- define "inference-stack.kubernetesVersion" -}}
  {{- .Capabilities.KubeVersion.Version -}}
{{- end -}}
