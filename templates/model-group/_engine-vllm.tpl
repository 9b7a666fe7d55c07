{{- /* vLLM. Facts: the engine's own parser and server, 0.32 and 0.33. */ -}}
{{- define "inference-stack.engine.vllm" -}}
image: {repository: vllm/vllm-openai, tag: v0.30.0}
recognise:
  command: '(^|[/\s])vllm\s+(serve|bench|run-batch)\b|vllm\.entrypoints'
  image: 'vllm'
launcher: [vllm, serve]
model: {positional: true, flags: [--model]}
flags:
  host: {names: [--host], add: [--host, 0.0.0.0]}
  port: {names: [--port], add: [--port, PORT]}
  servedNames: {names: [--served-model-name], add: [--served-model-name], style: words}
  tensorParallel: {add: [--tensor-parallel-size, GPUS]}
  drain: {names: [--shutdown-timeout], add: [--shutdown-timeout, DRAIN], since: 0.18.0}
apiKey: {env: VLLM_API_KEY, flags: [--api-key]}
parallelism:
  tensor: [--tensor-parallel-size, -tp]
  pipeline: [--pipeline-parallel-size, -pp]
  other: [--data-parallel-size, -dp]
  nodes: [--nnodes, --distributed-executor-backend]
probes:
  startup: {path: /health, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 180}
  readiness: {path: /health, periodSeconds: 5, timeoutSeconds: 5, failureThreshold: 3}
  liveness: {path: /health, periodSeconds: 10, timeoutSeconds: 10, failureThreshold: 6}
metricsPath: /metrics
nonRoot: true
cache: {HF_HOME: "", VLLM_CACHE_ROOT: /vllm}
env: {VLLM_NO_USAGE_STATS: "1", DO_NOT_TRACK: "1"}
openai: true
{{- end -}}
