{{- /* Features by Kubernetes version. */ -}}

{{- /* Whether the cluster's Kubernetes is at least a version. Input: dict root, version. Output: "true" or nothing. */ -}}
{{- define "inference-stack.kubernetesAtLeast" -}}
  {{- if semverCompare (printf ">=%s-0" .version) .root.Capabilities.KubeVersion.Version -}}
true
  {{- end -}}
{{- end -}}

{{- /* Kubernetes' version, as the render has it, for messages. Input: root. Output: string. */ -}}
{{- define "inference-stack.kubernetesVersion" -}}
  {{- .Capabilities.KubeVersion.Version -}}
{{- end -}}
