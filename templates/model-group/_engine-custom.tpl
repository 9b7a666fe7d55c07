{{- /* Any other OpenAI server. Nothing is known of it, so nothing is added to it: it must listen on all addresses at containerPort, and answer modelName (or the alias, if modelName is empty). */ -}}
{{- define "inference-stack.engine.custom" -}}
recognise: {}
launcher: []
model: {positional: false, flags: []}
flags:
  servedNames: {names: [], add: [], style: model}
apiKey: {env: "", flags: []}
probes:
  startup: {path: /health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 180}
  readiness: {path: /health, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3}
  liveness: {path: /health, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6}
metricsPath: /metrics
nonRoot: false
cache: {HF_HOME: ""}
openai: true
{{- end -}}
